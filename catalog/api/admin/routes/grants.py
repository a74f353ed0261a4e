"""What members let applications do: `contract/grants.yaml`."""

from datetime import datetime

import msgspec

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import page
from catalog.api.admin.routing import AdminRoute
from catalog.clock import moment, moment_or_none
from catalog.credentials.rights import guards
from catalog.oauth.authorization.room import AuthorizationRoom
from catalog.oauth.grants.consent import Consent, ConsentState
from catalog.oauth.grants.ending import By
from catalog.oauth.grants.grants import Grant, GrantState
from catalog.refusal import Refusal


class ConsentView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    client_id: str
    member: str
    state: ConsentState
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None


class GrantView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    client_id: str
    member: str
    consent: str
    state: GrantState
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    bound: bool
    authenticated_at: datetime
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None


class GrantRoutes:
    """The handlers."""

    def __init__(self, room: AuthorizationRoom) -> None:
        self._room = room
        self.routes = (
            AdminRoute("listClientConsents", self.list_consents),
            AdminRoute("withdrawClientConsent", self.withdraw),
            AdminRoute("listGrants", self.list_grants),
            AdminRoute("endGrant", self.end),
        )

    async def list_consents(self, request: AdminRequest) -> Result:
        found = await self._room.consents.list(_whose(request))
        views = [each for each in map(self._consent, found) if _is_chosen(request, each)]
        return page(request, views, lambda each: each.id)

    async def withdraw(self, request: AdminRequest) -> Result:
        made = await self._room.consents.withdraw(request.path["consent"], _by(request), _whose(request))
        return made if isinstance(made, Refusal) else self._consent(made)

    async def list_grants(self, request: AdminRequest) -> Result:
        found = await self._room.grants(_whose(request))
        views = [each for each in map(self._grant, found) if _is_chosen(request, each)]
        return page(request, views, lambda each: each.id)

    async def end(self, request: AdminRequest) -> Result:
        made = await self._room.ending.end_one(request.path["grant"], _by(request), _whose(request))
        return made if isinstance(made, Refusal) else self._grant(made)

    def _consent(self, consent: Consent) -> ConsentView:
        return ConsentView(
            id=consent.id,
            client_id=consent.client_id,
            member=consent.member,
            state=consent.state(self._room.clock()),
            scopes=consent.scopes,
            resources=consent.resources,
            created_at=moment(consent.created_at),
            expires_at=moment(consent.expires_at),
            withdrawn_at=moment_or_none(consent.withdrawn_at),
            withdrawn_by=consent.withdrawn_by or None,
        )

    def _grant(self, grant: Grant) -> GrantView:
        return GrantView(
            id=grant.id,
            client_id=grant.client_id,
            member=grant.member,
            consent=grant.consent,
            state=grant.state(self._room.clock()),
            scopes=grant.scopes,
            resources=grant.resources,
            bound=bool(grant.bound_to),
            authenticated_at=moment(grant.authenticated_at),
            created_at=moment(grant.created_at),
            last_used_at=moment(grant.last_used_at),
            expires_at=moment(grant.expires_at),
            ended_at=moment_or_none(grant.ended_at),
            ended_by=grant.ended_by or None,
            ended_reason=grant.ended_reason or None,
        )


def _whose(request: AdminRequest) -> str | None:
    """The one member whose it is to see and to end; None for all, which is for guards."""
    return None if guards(request.principal) else request.principal.name


def _by(request: AdminRequest) -> By:
    return By(request.principal.name, request.query["reason"], request.request_id)


def _is_chosen(request: AdminRequest, view: ConsentView | GrantView) -> bool:
    return all(getattr(view, name) == request.query.get(name, getattr(view, name)) for name in _CHOICES)


_CHOICES = ("member", "client_id", "state")
