"""Where feed readers get feeds. The token is in the query, which no log of ours has."""

import hashlib
from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.api.problems import problem_response, store_unavailable
from catalog.clock import Clock
from catalog.feeds.atom import MEDIA_TYPE, atom
from catalog.feeds.desk import FeedDesk
from catalog.feeds.entries import Entries
from contracts.problems import problem

FEEDS_PATH: Final = "/feeds"

_UNKNOWN: Final = problem("resource-not-found", "There is no such feed, or it was ended.")


class FeedEndpoint:
    """`GET /feeds?token=…`."""

    def __init__(self, desk: FeedDesk, entries: Entries, base: str, clock: Clock) -> None:
        self._desk = desk
        self._entries = entries
        self._base = base
        self._clock = clock
        self.routes = (Route(FEEDS_PATH, self.feed, methods=["GET"]),)

    @property
    def address_of(self) -> Callable[[str], str]:
        """The address of a feed, by its token."""
        return lambda token: f"{self._base}{FEEDS_PATH}?token={token}"

    async def feed(self, request: Request) -> Response:
        """The feed; 304 to who has it as it is (RFC 9110 §13.1.2)."""
        identity: str = request.state.request_id
        try:
            found = await self._desk.open(request.query_params.get("token", ""))
            if found is None:
                return problem_response(_UNKNOWN, identity)
            entries = await self._entries.of(found.kind, found.name, self._clock())
        except SQLAlchemyError as error:
            return problem_response(store_unavailable(error), identity)
        body = atom(found, entries, self._base)
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"cache-control": "private, no-cache", "etag": tag, "x-content-type-options": "nosniff"}
        given = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
        if tag in given:
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=MEDIA_TYPE)
