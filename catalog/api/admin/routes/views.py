"""Questions that a member keeps by a name: `contract/security.yaml`."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from catalog.api.admin.answers import Answer, Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import page
from catalog.api.admin.routing import AdminRoute
from catalog.clock import moment
from catalog.people.saved_views import Room, SavedView, SavedViews
from catalog.refusal import Refusal


class ViewView(msgspec.Struct, frozen=True):
    room: Room
    name: str
    query: Mapping[str, str]
    saved_at: datetime


class Kept(msgspec.Struct, frozen=True):
    query: dict[str, str]


class ViewRoutes:
    """The handlers."""

    def __init__(self, views: SavedViews) -> None:
        self._views = views
        self.routes = (
            AdminRoute("listViews", self.list_views),
            AdminRoute("saveView", self.save),
            AdminRoute("dropView", self.drop),
        )

    async def list_views(self, request: AdminRequest) -> Result:
        found = await self._views.list(request.principal.name, request.query["room"])
        return page(request, [_view(each) for each in found], lambda each: each.name)

    async def save(self, request: AdminRequest) -> Result:
        room, name = request.path["room"], request.path["name"]
        made = await self._views.save(request.principal.name, room, name, request.body_as(Kept).query)
        return made if isinstance(made, Refusal) else _view(made)

    async def drop(self, request: AdminRequest) -> Result:
        room, name = request.path["room"], request.path["name"]
        return await self._views.drop(request.principal.name, room, name) or Answer(status=204)


def _view(saved: SavedView) -> ViewView:
    return ViewView(saved.room, saved.name, saved.query, moment(saved.saved_at))
