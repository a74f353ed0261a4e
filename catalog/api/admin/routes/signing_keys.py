"""The keys that sign access tokens: `contract/signing_keys.yaml`."""

from datetime import datetime

import msgspec

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import page
from catalog.api.admin.routing import AdminRoute
from catalog.clock import Clock, moment, moment_or_none
from catalog.oauth.keys.desk import KeyDesk
from catalog.oauth.keys.schedule import KeyRecord, KeyState, state_of
from catalog.refusal import Refusal


class SigningKeyView(msgspec.Struct, frozen=True):
    kid: str
    algorithm: str
    state: KeyState
    created_at: datetime
    created_by: str
    signs_from: datetime
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None


class EndedView(msgspec.Struct, frozen=True):
    ended: SigningKeyView
    signing: SigningKeyView


class NewKey(msgspec.Struct, frozen=True):
    ahead_minutes: int
    reason: str


class KeyEnd(msgspec.Struct, frozen=True):
    withdraw: bool
    reason: str


class SigningKeyRoutes:
    """The handlers."""

    def __init__(self, desk: KeyDesk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self.routes = (
            AdminRoute("listSigningKeys", self.list_keys),
            AdminRoute("rotateSigningKey", self.rotate),
            AdminRoute("endSigningKey", self.end),
        )

    async def list_keys(self, request: AdminRequest) -> Result:
        return page(request, [self._view(each) for each in await self._desk.list()], lambda each: each.kid)

    async def rotate(self, request: AdminRequest) -> Result:
        wanted = request.body_as(NewKey)
        made = await self._desk.rotate(
            request.principal, wanted.ahead_minutes * 60, wanted.reason, request_id=request.request_id
        )
        return made if isinstance(made, Refusal) else self._view(made)

    async def end(self, request: AdminRequest) -> Result:
        wanted = request.body_as(KeyEnd)
        done = await self._desk.end(
            request.principal,
            request.path["kid"],
            wanted.reason,
            withdrawn=wanted.withdraw,
            request_id=request.request_id,
        )
        return done if isinstance(done, Refusal) else EndedView(self._view(done.ended), self._view(done.signing))

    def _view(self, record: KeyRecord) -> SigningKeyView:
        return SigningKeyView(
            record.kid,
            record.algorithm,
            state_of(record, self._desk.records, self._clock()),
            moment(record.created_at),
            record.created_by,
            moment(record.signs_from),
            moment_or_none(record.ended_at),
            record.ended_by or None,
            record.ended_reason or None,
        )
