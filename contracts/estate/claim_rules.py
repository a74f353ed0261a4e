"""The rules for what tokens say of consumers: no claim stands for what the catalog knows itself, and those by
which calls are held to a caller's own records are there, and of the kind that is asked for."""

from collections.abc import Iterator
from typing import Final

from contracts.documents.document import escape
from contracts.estate.catalogue import finding
from contracts.estate.loading import Sources
from contracts.estate_files import ConsumerEntry, SubscriptionEntry
from contracts.findings import Finding
from contracts.operations import ApiVersion, OdooBackend, Operation, is_claimed

RESERVED: Final = frozenset(
    # RFC 7519 §4.1, RFC 9068 §2.2, RFC 8693 §4, RFC 7800 §3.1, OpenID Connect Core §2 and our own.
    (
        *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "typ", "client_id", "scope", "act", "may_act", "cnf"),
        *("auth_time", "acr", "amr", "azp", "nonce", "sid", "at_hash", "c_hash", "s_hash", "events"),
        *("active", "token_type", "username", "credential_id", "grant_id"),
    )
)
"""Claims that tell who calls, for what and how long: the catalog writes them, or gateways read them so."""

_NUMBERS: Final = frozenset({"integer", "reference-id", "reference-ids"})


def claim_rules(sources: Sources) -> Iterator[Finding]:
    """All findings about `claims` of consumers."""
    file = sources.consumers
    for consumer, entry in file.value.consumers.items():
        above = f"/consumers/{escape(consumer)}"
        for name in entry.claims:
            if name in RESERVED:
                message = f"the claim {name!r} of consumer {consumer!r} is one that tokens have already"
                yield finding("claim-reserved", file.place_of_key(f"{above}/claims/{escape(name)}"), message)
        for client_id, application in entry.applications.items():
            if application.identities:
                continue  # another issuer's tokens have other claims
            for index, subscription in enumerate(application.subscriptions):
                api = sources.apis.get(subscription.api)
                version = None if api is None else api.compiled.get(subscription.version)
                if version is None:
                    continue
                place = file.place(f"{above}/applications/{escape(client_id)}/subscriptions/{index}")
                for message in _unfit(version, subscription, consumer, entry):
                    yield finding("claim-unfit", place, f"of {client_id!r} {message}")


def _unfit(
    version: ApiVersion, subscription: SubscriptionEntry, consumer: str, entry: ConsumerEntry
) -> Iterator[str]:
    seen: set[str] = set()
    for operation in version.operations:
        for claim, kind in _needed(operation, subscription):
            fault = _fault(claim, kind, consumer, entry)
            if fault and claim not in seen:
                seen.add(claim)
                yield f"calls of {version.api!r} {version.version} are refused, such as {operation.id!r}: {fault}"


def _needed(operation: Operation, subscription: SubscriptionEntry) -> Iterator[tuple[str, str]]:
    """The claims that a call of it needs, and of which kind they are: of those that the subscription opens."""
    backend, granted = operation.backend, set(subscription.scopes)
    if not isinstance(backend, OdooBackend):
        return
    if operation.scopes and not any(granted.issuperset(each) for each in operation.scopes):
        return
    terms = list(backend.domain)
    for name, model in () if backend.guard is None else backend.guard.models.items():
        if any(scope.startswith(f"odoo:{name}:") for scope in granted):
            terms.extend(model.domain)
    for _, _, value in filter(is_claimed, terms):
        yield value["claim"], value["as"]
    for choice in backend.choices:
        if choice.source == "claim":
            yield choice.name, choice.value


def _fault(claim: str, kind: str, consumer: str, entry: ConsumerEntry) -> str:
    if claim in RESERVED:
        return ""
    given = entry.claims.get(claim)
    if given is None:
        return f"they need the claim {claim!r}, which is not among 'claims' of consumer {consumer!r}"
    several = given if isinstance(given, tuple) else (given,)
    if kind in _NUMBERS and not all(_is_number(each) for each in several):
        return f"the claim {claim!r} of consumer {consumer!r} is no {kind}"
    return ""


def _is_number(value: str | int | bool) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdigit()
    return not isinstance(value, bool)
