"""What is enforced on each operation of an estate, said in one place: for `ostiary routes` and the portal."""

from dataclasses import dataclass

from contracts.dates import written
from contracts.estate.estate import Estate
from contracts.estate.versioning import how_chosen
from contracts.limits_text import parse_limit
from contracts.operations import ApiVersion, OdooBackend, Operation
from contracts.policy_settings import Mode
from contracts.snapshot import RateLimit


@dataclass(frozen=True, slots=True)
class PlanInForce:
    """A plan under which applications are subscribed to a version; `applications` are their client ids."""

    name: str
    limits: tuple[RateLimit, ...]
    applications: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParameterInForce:
    """One parameter that is checked: where it stands, and whether a request without it is refused."""

    name: str
    location: str
    required: bool


@dataclass(frozen=True, slots=True)
class BodyInForce:
    """One media type that is accepted, and whether the body is validated against a schema."""

    media_type: str
    validated: bool
    required: bool


@dataclass(frozen=True, slots=True)
class BackendInForce:
    """Where the call goes. `model` and `method` are Odoo's; None for a plain HTTP upstream."""

    upstream: str
    kind: str
    model: str | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """A policy that was set for an operation, beside those that follow from its contract. `mode` is None where it
    is the policy's own; `consumers` have another."""

    policy: str
    mode: Mode | None
    consumers: dict[str, Mode]


@dataclass(frozen=True, slots=True)
class EnforcedOperation:
    """One operation as the gateway treats it. `scopes` are alternatives; `max_body` is in bytes; `cost` is what
    one call takes from each limit; dates are ISO 8601. `chosen_by` is what a request says beside its path to be
    for this version, `default_path` is the base path for those that name none, and `served_by` is the operation of
    another version that serves it."""

    method: str
    path: str
    operation_id: str
    api: str
    version: str
    base_path: str
    state: str
    public: bool
    scopes: tuple[tuple[str, ...], ...]
    cost: int
    plans: tuple[PlanInForce, ...]
    parameters: tuple[ParameterInForce, ...]
    unknown_query: str
    body: tuple[BodyInForce, ...]
    max_body: int
    backend: BackendInForce
    deprecated: bool
    deprecation: str | None
    sunset: str | None
    successor: str | None
    owner: str
    classification: str
    chosen_by: str | None
    default_path: str | None
    served_by: str | None
    policies: tuple[PolicyInForce, ...]


def enforced(estate: Estate) -> tuple[EnforcedOperation, ...]:
    """Every operation of every version, in the order of the contracts. Drafts are listed with their state."""
    return tuple(
        _operation(version, operation, plans)
        for version in estate.versions
        for plans in [_plans(estate, version)]
        for operation in version.operations
    )


def _plans(estate: Estate, version: ApiVersion) -> tuple[PlanInForce, ...]:
    subscribed: dict[str, list[str]] = {}
    for consumer in estate.consumers.consumers.values():
        for client_id, application in consumer.applications.items():
            for each in application.subscriptions:
                if (each.api, each.version) == (version.api, version.version):
                    subscribed.setdefault(each.plan, []).append(client_id)
    return tuple(
        PlanInForce(
            name,
            tuple(parse_limit(limit, text) for limit, text in estate.file.plans[name].limits.items()),
            tuple(sorted(applications)),
        )
        for name, applications in sorted(subscribed.items())
    )


def _operation(version: ApiVersion, operation: Operation, plans: tuple[PlanInForce, ...]) -> EnforcedOperation:
    lifecycle, body = version.lifecycle, operation.body
    return EnforcedOperation(
        method=operation.method,
        path=version.base_path + operation.path,
        operation_id=operation.id,
        api=version.api,
        version=version.version,
        base_path=version.base_path,
        state=lifecycle.state,
        public=operation.public,
        scopes=operation.scopes,
        cost=operation.cost,
        # Limits are an application's; a public operation has no application to count for.
        plans=() if operation.public else plans,
        parameters=tuple(
            ParameterInForce(each.name, each.location, each.required) for each in operation.parameters
        ),
        unknown_query=operation.unknown_query,
        body=tuple(BodyInForce(each.range, each.schema is not None, body.required) for each in body.content)
        if body
        else (),
        max_body=operation.max_body,
        backend=_backend(operation),
        deprecated=operation.deprecated or lifecycle.state == "deprecated",
        deprecation=None if lifecycle.deprecation is None else written(lifecycle.deprecation),
        sunset=None if lifecycle.sunset is None else written(lifecycle.sunset),
        successor=lifecycle.successor,
        owner=version.owner,
        classification=version.classification,
        chosen_by=how_chosen(version) or None,
        default_path=version.default_path,
        served_by=None
        if operation.adapted is None
        else f"{operation.adapted.version} {operation.adapted.operation}",
        policies=tuple(PolicyInForce(each.policy, each.mode, each.consumers) for each in operation.policies),
    )


_ODOO_METHODS = {
    "list": "search_read",
    "get": "search_read",
    "create": "create",
    "update": "write",
    "delete": "unlink",
    "rpc": "execute_kw",
}


def _backend(operation: Operation) -> BackendInForce:
    backend = operation.backend
    if isinstance(backend, OdooBackend):
        method = backend.method or _ODOO_METHODS[backend.action]
        return BackendInForce(backend.upstream, "odoo", backend.model, method)
    return BackendInForce(backend.upstream, "http")
