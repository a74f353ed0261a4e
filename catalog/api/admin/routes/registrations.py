"""Dynamic registrations: `contract/registrations.yaml`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from catalog.api.admin.answers import Answer, Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import page
from catalog.api.admin.routing import AdminRoute
from catalog.clock import moment, moment_or_none
from catalog.oauth.registration.approval import Approval
from catalog.oauth.registration.initial_access import InitialAccessToken, WantedInitialAccess
from catalog.oauth.registration.members import answering_teams
from catalog.oauth.registration.registration import Registration, RegistrationState
from catalog.oauth.registration.room import RegistrationRoom
from catalog.people.members import Members
from catalog.refusal import Refusal
from contracts.oauth_client import Profile


class SubscriptionView(msgspec.Struct, frozen=True):
    api: str
    version: str
    plan: str
    scopes: tuple[str, ...]


class RegistrationView(msgspec.Struct, frozen=True, kw_only=True):
    client_id: str
    name: str
    state: RegistrationState
    update_pending: bool
    team: str
    owner: str
    consumer: str | None
    profile: Profile
    subscriptions: tuple[SubscriptionView, ...]
    metadata: dict[str, Any]
    wanted: dict[str, Any] | None
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    decided_reason: str | None


class RegisteredView(msgspec.Struct, frozen=True):
    registration: RegistrationView
    client_secret: str | None
    client_secret_expires_at: datetime | None
    registration_access_token: str

    def __repr__(self) -> str:
        return f"RegisteredView({self.registration.client_id})"


class IssuedInitialView(msgspec.Struct, frozen=True):
    token: InitialAccessToken
    secret: str

    def __repr__(self) -> str:
        return f"IssuedInitialView({self.token.key_id})"


class RegistrationRoutes:
    """The handlers. `members` gives those of the estate in force."""

    def __init__(self, room: RegistrationRoom, members: Callable[[], Members]) -> None:
        self._room = room
        self._members = members
        self.routes = (
            AdminRoute("listRegistrations", self.list_registrations),
            AdminRoute("showRegistration", self.show),
            AdminRoute("approveRegistration", self.approve),
            AdminRoute("refuseRegistration", self.refuse),
            AdminRoute("endRegistration", self.end),
            AdminRoute("registerApplication", self.register),
            AdminRoute("replaceApplicationKeys", self.replace_keys),
            AdminRoute("listInitialAccessTokens", self.list_initial),
            AdminRoute("issueInitialAccessToken", self.issue_initial),
            AdminRoute("revokeInitialAccessToken", self.revoke_initial),
        )

    async def list_registrations(self, request: AdminRequest) -> Result:
        found = await self._room.review.list(request.query.get("state"), answering_teams(request.principal))
        return page(request, [self._view(each) for each in found], lambda each: each.client_id)

    async def show(self, request: AdminRequest) -> Result:
        return self._answer(await self._room.review.find(request.principal, request.path["client_id"]))

    async def approve(self, request: AdminRequest) -> Result:
        return self._answer(
            await self._room.review.approve(
                request.principal,
                request.path["client_id"],
                request.if_match or "",
                request.body_as(Approval),
                request_id=request.request_id,
            )
        )

    async def refuse(self, request: AdminRequest) -> Result:
        return self._answer(
            await self._room.review.refuse(
                request.principal,
                request.path["client_id"],
                request.if_match or "",
                request.body["reason"],
                request_id=request.request_id,
            )
        )

    async def end(self, request: AdminRequest) -> Result:
        return self._answer(
            await self._room.review.end(
                request.principal,
                request.path["client_id"],
                request.query["reason"],
                request_id=request.request_id,
            )
        )

    async def register(self, request: AdminRequest) -> Result:
        made = await self._room.members.register(
            request.principal, request.body["consumer"], request.body["metadata"], request_id=request.request_id
        )
        if isinstance(made, Refusal):
            return made
        ends = None if made.secret is None else moment(made.secret.credential.expires_at)
        view = RegisteredView(
            self._view(made.registration), None if made.secret is None else made.secret.secret, ends, made.token
        )
        return Answer(view, 201, location=f"/registrations/{made.registration.client_id}")

    async def replace_keys(self, request: AdminRequest) -> Result:
        return self._answer(
            await self._room.members.replace_keys(
                request.principal, request.path["client_id"], request.body["jwks"], request_id=request.request_id
            )
        )

    async def list_initial(self, request: AdminRequest) -> Result:
        return page(request, await self._room.initial.list(), lambda each: each.key_id)

    async def issue_initial(self, request: AdminRequest) -> Result:
        made = await self._room.initial.issue(
            request.principal,
            self._members(),
            request.body_as(WantedInitialAccess),
            request_id=request.request_id,
        )
        if isinstance(made, Refusal):
            return made
        location = f"/initial-access-tokens/{made.token.key_id}"
        return Answer(IssuedInitialView(made.token, made.text), 201, location=location)

    async def revoke_initial(self, request: AdminRequest) -> Result:
        return await self._room.initial.revoke(
            request.principal, request.path["key_id"], request.query["reason"], request_id=request.request_id
        )

    def _answer(self, made: Registration | Refusal) -> Result:
        return made if isinstance(made, Refusal) else Answer(self._view(made), etag=made.etag)

    def _view(self, registration: Registration) -> RegistrationView:
        wanted = registration.wanted
        return RegistrationView(
            client_id=registration.client_id,
            name=registration.metadata.client_name,
            state=registration.state_at(self._room.clock()),
            update_pending=wanted is not None,
            team=registration.team,
            owner=registration.owner,
            consumer=registration.consumer or None,
            profile=registration.profile,
            subscriptions=tuple(
                SubscriptionView(each.api, each.version, each.plan, each.scopes)
                for each in registration.subscriptions
            ),
            metadata=registration.metadata.told(),
            wanted=None if wanted is None else wanted.told(),
            created_at=moment(registration.created_at),
            expires_at=moment(registration.expires_at),
            decided_at=moment_or_none(registration.decided_at),
            decided_by=registration.decided_by or None,
            decided_reason=registration.decided_reason or None,
        )
