"""How far the gateways are with what is published: `contract/security.yaml`."""

from collections import Counter
from datetime import datetime
from typing import Literal

import msgspec

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.routing import AdminRoute
from catalog.clock import Clock, moment
from catalog.credentials.rights import guards
from catalog.publishing.followers import Followers
from catalog.publishing.published import CurrentPublished

State = Literal["enforcing", "behind", "silent"]


class GatewayView(msgspec.Struct, frozen=True):
    gateway: str
    state: State
    since: datetime
    seen_at: datetime


class EnforcementView(msgspec.Struct, frozen=True):
    serial: int
    issued_at: datetime | None
    enforcing: int
    behind: int
    silent: int
    gateways: tuple[GatewayView, ...]


class EnforcementRoutes:
    """The handler."""

    def __init__(self, followers: Followers, published: CurrentPublished, clock: Clock) -> None:
        self._followers = followers
        self._published = published
        self._clock = clock
        self.routes = (AdminRoute("showEnforcement", self.show),)

    async def show(self, request: AdminRequest) -> Result:
        published, now = self._published(), self._clock()
        digest = "" if published is None else published.digest
        views: list[GatewayView] = []
        for each in await self._followers.list():
            state: State = "enforcing" if each.manifest == digest else "behind"
            state = "silent" if each.silent(now) else state
            views.append(GatewayView(each.gateway, state, moment(each.since), moment(each.seen_at)))
        counted = Counter(each.state for each in views)
        return EnforcementView(
            0 if published is None else published.manifest.serial,
            None if published is None else moment(published.manifest.issued_at),
            counted["enforcing"],
            counted["behind"],
            counted["silent"],
            tuple(views) if guards(request.principal) else (),
        )
