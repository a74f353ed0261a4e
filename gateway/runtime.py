"""The runtime: a snapshot made ready to serve. Built beside the one in force, then swapped in whole.

One bad API version never blocks the rest: it keeps its last good form, and is reported. An upstream whose
settings did not change keeps its connections.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import aiohttp
import structlog

from contracts.operations import ApiVersion, HttpBackend, OdooBackend, Operation
from contracts.problems import Problem, problem
from contracts.snapshot import Snapshot, SnapshotError, Upstream
from gateway import protected_resource, shedding
from gateway.access import AccessView
from gateway.adapters.keys import IssuerKeys
from gateway.routing import Router
from gateway.secrets import UpstreamSecrets
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.resilience.http_service import HttpService, Repeat
from gateway.upstreams.resilience.odoo_service import OdooService
from gateway.upstreams.tls import UpstreamTlsError, client_context
from policies import response_schema
from policies.ports import Clock, Limiter, Ports
from policies.request_schema import needs_body
from policies.response_schema import ResponseCheck
from policies.stages import BoundStages, bind_all

log = structlog.get_logger()

AnyUpstream: TypeAlias = HttpService | OdooService

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


Credential: TypeAlias = tuple[tuple[bytes, bytes] | None, Problem | None]
"""The header that proves the gateway to an upstream, or why nothing is sent to it; neither where none is named."""

_NO_CREDENTIAL: Final = problem(
    "upstream-refused-credential", "The gateway holds no usable credential for this upstream."
)


@dataclass(frozen=True, slots=True)
class Route:
    """One operation, bound: everything that a request needs is looked up here, nothing is computed."""

    version: ApiVersion
    operation: Operation
    stages: BoundStages
    response_check: ResponseCheck | None
    buffers: bool
    """Whether the request body is read whole before the upstream is called."""
    http: HttpService | None
    credential: tuple[bytes, bytes] | None
    """The header that authenticates the gateway to the upstream."""
    unusable: Problem | None
    """Why nothing is sent to the upstream: the credential that the estate names is not there, or is none."""
    host: bytes
    room: int
    """Open requests of the gateway up to which this one is taken."""
    prefix: str
    """The path of the upstream's URL; it takes the place of the version's base path."""
    repeat: Repeat
    """What of calls to the HTTP upstream may be tried again."""
    odoo: OdooService | None
    odoo_backend: OdooBackend | None


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the pipeline reads. A runtime is never changed; the next one replaces it."""

    snapshot: Snapshot
    router: Router[Route]
    upstreams: Mapping[str, tuple[Upstream, AnyUpstream]]
    well_known: Mapping[str, bytes]
    rejected: Mapping[str, str]
    """Versions (`orders/v1`) that could not be bound, with the reason; they serve their last good form."""

    def operations(self) -> set[tuple[str, str, str]]:
        """API, version and operation of everything that is served."""
        return {
            (route.version.api, route.version.version, route.operation.id) for _, _, route in self.router.routes
        }


class RuntimeBuilder:
    """Builds runtimes, one after the other, out of the process's collaborators."""

    def __init__(
        self,
        *,
        clock: Clock,
        limiter: Limiter,
        keys: IssuerKeys,
        access: AccessView,
        secrets: UpstreamSecrets,
        session: aiohttp.ClientSession,
        make_http: Callable[..., HttpUpstream] = HttpUpstream,
        max_open: int = 4_096,
    ) -> None:
        self._clock = clock
        self._limiter = limiter
        self._keys = keys
        self._access = access
        self._secrets = secrets
        self._session = session
        self._make_http = make_http
        self._max_open = max_open

    def build(self, snapshot: Snapshot, current: Runtime | None) -> Runtime:
        """The runtime of a snapshot. Raises SnapshotError where nothing of it can be served."""
        part = snapshot.contracts
        if current is not None and current.snapshot.manifest.contracts == snapshot.manifest.contracts:
            return Runtime(
                snapshot,
                current.router,
                current.upstreams,
                protected_resource.documents(part.audience, part.versions, snapshot.access.issuers),
                current.rejected,
            )
        upstreams, unusable = self._upstreams(part.upstreams, current)
        credentials = {
            upstream.name: self._credential(upstream) for upstream in part.upstreams if upstream.kind == "http"
        }
        ports = Ports(
            clock=self._clock,
            limiter=self._limiter,
            keys=self._keys,
            access=self._access,
            audience=part.audience,
            plans={plan.name: plan.limits for plan in part.plans},
        )
        routes: list[tuple[str, str, Route]] = []
        rejected: dict[str, str] = {}
        previous = _versions(current)
        for version in part.versions:
            name = f"{version.api}/{version.version}"
            try:
                _refuse_unusable(version, unusable)
                bound = self._bind_version(version, ports, upstreams, credentials)
            except Exception as error:  # whatever is wrong with one API stays with that API
                rejected[name] = f"{type(error).__name__}: {error}"
                bound = previous.get(name, [])
                log.error("api version not bound", version=name, error=rejected[name], kept=bool(bound))
            routes.extend(bound)
        if rejected and not routes:
            raise SnapshotError(f"no API version of the snapshot could be bound: {rejected}")
        return Runtime(
            snapshot,
            Router(routes),
            upstreams,
            protected_resource.documents(part.audience, part.versions, snapshot.access.issuers),
            rejected,
        )

    def adopt(self, runtime: Runtime, previous: Runtime | None) -> None:
        """Puts the access part in force and closes the upstreams that the new runtime no longer has."""
        self._keys.update(runtime.snapshot.access.issuers)
        self._access.swap(runtime.snapshot.access)
        for _, upstream in runtime.upstreams.values():
            upstream.start()
        if previous is None:
            return
        kept = {id(upstream) for _, upstream in runtime.upstreams.values()}
        for _, upstream in previous.upstreams.values():
            if id(upstream) not in kept:
                upstream.retire()

    def close(self, runtime: Runtime) -> None:
        """Breaks off what is still open, when the process ends."""
        for _, upstream in runtime.upstreams.values():
            upstream.close()

    def _upstreams(
        self, wanted: tuple[Upstream, ...], current: Runtime | None
    ) -> tuple[dict[str, tuple[Upstream, AnyUpstream]], dict[str, str]]:
        """By name, and why those cannot be used that cannot be trusted."""
        there = current.upstreams if current is not None else {}
        upstreams: dict[str, tuple[Upstream, AnyUpstream]] = {}
        unusable: dict[str, str] = {}
        for upstream in wanted:
            known = there.get(upstream.name)
            if known is not None and known[0] == upstream:
                upstreams[upstream.name] = known
                continue
            try:
                tls = client_context(upstream, self._secrets)
            except UpstreamTlsError as error:
                unusable[upstream.name] = str(error)
                continue
            if upstream.kind == "odoo":
                secret = self._secret(upstream)
                upstreams[upstream.name] = (upstream, OdooService(upstream, self._session, secret or "", tls))
            else:
                upstreams[upstream.name] = (upstream, HttpService(upstream, self._session, self._make_http, tls))
        return upstreams, unusable

    def _secret(self, upstream: Upstream) -> str | None:
        if upstream.credential is None:
            return None
        try:
            secret = self._secrets.find(upstream.credential)
        except (OSError, UnicodeError):
            secret = None  # one file that cannot be read is the fault of one upstream, not of the snapshot
        if secret is None:
            log.error("upstream credential missing", upstream=upstream.name, credential=upstream.credential)
        return secret

    def _bind_version(
        self,
        version: ApiVersion,
        ports: Ports,
        upstreams: Mapping[str, tuple[Upstream, AnyUpstream]],
        credentials: Mapping[str, Credential],
    ) -> list[tuple[str, str, Route]]:
        bound: list[tuple[str, str, Route]] = []
        for operation in version.operations:
            upstream, server = upstreams[operation.backend.upstream]
            http = server if isinstance(server, HttpService) else None
            odoo = server if isinstance(server, OdooService) else None
            if isinstance(operation.backend, HttpBackend) is not (http is not None):
                raise SnapshotError(f"{operation.id}: upstream {upstream.name!r} is of kind {upstream.kind!r}")
            credential, unusable = credentials.get(upstream.name, (None, None))
            authority, _, path = upstream.url.partition("://")[2].partition("/")
            route = Route(
                version=version,
                operation=operation,
                stages=bind_all(version, operation, ports),
                response_check=response_schema.bind(version, operation),
                buffers=needs_body(operation),
                http=http,
                credential=credential,
                unusable=unusable,
                host=authority.encode("ascii"),
                prefix="/" + path.rstrip("/") if path.rstrip("/") else "",
                room=shedding.room(self._max_open, version.criticality),
                repeat=_repeat(operation),
                odoo=odoo,
                odoo_backend=operation.backend if isinstance(operation.backend, OdooBackend) else None,
            )
            bound.append((operation.method, version.base_path + operation.path, route))
        Router(bound)  # two operations that claim one path are this version's fault alone
        return bound

    def _credential(self, upstream: Upstream) -> Credential:
        """The header with the upstream's credential, or why there can be none. Nothing is sent without it."""
        if upstream.credential is None:
            return None, None
        secret = self._secret(upstream)
        if secret is None or not (secret.isascii() and secret.isprintable()):
            return None, _NO_CREDENTIAL
        value = f"{upstream.credential_scheme} {secret}" if upstream.credential_scheme else secret
        return (upstream.credential_header.lower().encode("ascii"), value.encode("ascii")), None


def _repeat(operation: Operation) -> Repeat:
    """What the contract says; else RFC 9110 §9.2.1: what only reads may be repeated. That a PUT or DELETE is
    idempotent (§9.2.2) is more than most servers keep, so that it has to be said."""
    if operation.retry is not None:
        return Repeat.SAFE if operation.retry == "safe" else Repeat.NEVER
    return Repeat.SAFE if operation.method in _READING else Repeat.UNSENT


def _refuse_unusable(version: ApiVersion, unusable: Mapping[str, str]) -> None:
    for operation in version.operations:
        if operation.backend.upstream in unusable:
            raise SnapshotError(unusable[operation.backend.upstream])


def _versions(runtime: Runtime | None) -> dict[str, list[tuple[str, str, Route]]]:
    """The bound routes in force, by version."""
    found: dict[str, list[tuple[str, str, Route]]] = {}
    if runtime is not None:
        for method, template, route in runtime.router.routes:
            found.setdefault(f"{route.version.api}/{route.version.version}", []).append((method, template, route))
    return found
