"""Clients that a partner's developers register for their consumer, and look after. Nothing is approved by it."""

from typing import Any, Final

import msgspec

from catalog.calendar.entries import CurrentView
from catalog.credentials.rights import HOLDERS, guards
from catalog.oauth.registration import table
from catalog.oauth.registration.admission import AN_HOUR, Admitted, TooMany
from catalog.oauth.registration.metadata import MetadataFault, read_metadata
from catalog.oauth.registration.registrar import Registered, Registrar
from catalog.oauth.registration.registration import Registration
from catalog.people.principal import Principal
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.subscriptions.rights import acting_right, team_of

UNKNOWN: Final = Refusal("resource-not-found", "There is no such registration, or it is another's.")


class MemberRegistrations:
    """Every method raises SQLAlchemyError."""

    def __init__(self, store: Store, registrar: Registrar, view: CurrentView) -> None:
        self._store = store
        self._registrar = registrar
        self._view = view

    async def register(
        self, principal: Principal, consumer: str, document: Any, *, request_id: str = ""
    ) -> Registered | Refusal:
        """A client of a consumer for which the principal acts. It waits for approval, as every registration does;
        `document` is its metadata (RFC 7591 §2)."""
        view = self._view()
        team = team_of(view, consumer)
        if team is None or acting_right(principal, view, consumer) is None:
            detail = "Applications are registered by partner developers of the consumer's team."
            return Refusal("role-missing", detail, {"roles": ["partner-developer"]})
        metadata = read_metadata(document)
        if isinstance(metadata, MetadataFault):
            return _wrong("/metadata", metadata)
        admitted = Admitted(team, principal.name, principal.credential or "a log-in", consumer=consumer)
        try:
            made = await self._registrar.register(admitted, metadata, request_id)
        except TooMany:
            return Refusal("quota-exceeded", f"One member answers for {AN_HOUR} new ones in an hour at most.")
        assert made is not None  # no token was spent
        return _wrong("/metadata", made) if isinstance(made, MetadataFault) else made

    async def replace_keys(
        self, principal: Principal, client_id: str, keys: dict[str, Any], *, request_id: str = ""
    ) -> Registration | Refusal:
        """Public keys (a JWK set, RFC 7517) in place of those that the client has. A key that an approved client
        did not have waits for approval; until then those before hold."""
        async with self._store.snapshot() as connection:
            known = await table.find(connection, client_id)
        if known is None or not answers_for(principal, known):
            return UNKNOWN
        if known.metadata.token_endpoint_auth_method != "private_key_jwt":  # noqa: S105 (a method's name)
            return Refusal(
                "state-conflict", "The client does not prove itself by keys; that does not change later."
            )
        wanted = {**msgspec.to_builtins(known.under_review), "jwks": keys}
        wanted.pop("jwks_uri", None)
        metadata = read_metadata(wanted)
        if isinstance(metadata, MetadataFault):
            return _wrong("/jwks", metadata)
        made = await self._registrar.update(known, metadata, request_id, principal.name)
        return _wrong("/jwks", made) if isinstance(made, MetadataFault) else made


def answers_for(principal: Principal, registration: Registration) -> bool:
    """Whether a registration is the principal's to see and to end."""
    team = registration.team
    return guards(principal) or any(principal.right(role, team=team) is not None for role in HOLDERS)


def answering_teams(principal: Principal) -> frozenset[str] | None:
    """The teams whose registrations are the principal's to see; None for all."""
    if guards(principal):
        return None
    delegated = (team for each in principal.delegated for team in each.giver_teams)
    every = {*principal.teams, *delegated}
    return frozenset(team for team in every if any(principal.right(role, team=team) for role in HOLDERS))


def _wrong(pointer: str, fault: MetadataFault) -> Refusal:
    violation = {"in": "body", "pointer": pointer, "rule": fault.error, "message": fault.description}
    return Refusal("schema-violation", fault.description, {"violations": [violation]})
