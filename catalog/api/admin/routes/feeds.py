"""Feeds of what is new: `contract/feeds.yaml`."""

from datetime import datetime

import msgspec

from catalog.api.admin.answers import Answer, Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import page
from catalog.api.admin.routing import AdminRoute
from catalog.clock import moment, moment_or_none
from catalog.feeds.feed import Feed, FeedKind
from catalog.feeds.room import FeedsRoom
from catalog.refusal import Refusal


class FeedView(msgspec.Struct, frozen=True):
    key_id: str
    kind: FeedKind
    name: str
    mail: bool
    created_at: datetime
    ended_at: datetime | None


class NewFeedView(msgspec.Struct, frozen=True):
    feed: FeedView
    address: str

    def __repr__(self) -> str:
        return f"NewFeedView({self.feed.key_id})"


class FeedRoutes:
    """The handlers."""

    def __init__(self, room: FeedsRoom) -> None:
        self._room = room
        self.routes = (
            AdminRoute("listFeeds", self.list_feeds),
            AdminRoute("makeFeed", self.make),
            AdminRoute("endFeed", self.end),
        )

    async def list_feeds(self, request: AdminRequest) -> Result:
        found = await self._room.desk.list(request.principal)
        return page(request, [_view(each) for each in found], lambda each: each.key_id)

    async def make(self, request: AdminRequest) -> Result:
        body = request.body
        made = await self._room.desk.make(
            request.principal,
            body["kind"],
            body["name"],
            mail=body.get("mail", False),
            request_id=request.request_id,
        )
        if isinstance(made, Refusal):
            return made
        view = NewFeedView(_view(made.feed), self._room.endpoint.address_of(made.token))
        return Answer(view, 201, location=f"/feeds/{made.feed.key_id}")

    async def end(self, request: AdminRequest) -> Result:
        ended = await self._room.desk.end(request.principal, request.path["key_id"], request_id=request.request_id)
        return ended if isinstance(ended, Refusal) else _view(ended)


def _view(feed: Feed) -> FeedView:
    ended = moment_or_none(feed.ended_at)
    return FeedView(feed.key_id, feed.kind, feed.name, feed.mail, moment(feed.created_at), ended)
