"""Purges: the catalog's, each of which is followed once, and those that are asked for at the admin listener."""

from collections.abc import Collection
from typing import Final

import msgspec
import structlog
from aiohttp import web

from contracts.access import Purge
from policies.caching.labels import purge_label
from policies.caching.memory import AnswerCache

log = structlog.get_logger()

PURGE_PATH: Final = "/cache/purge"


class Purging:
    """Follows the purges of the access part in force."""

    def __init__(self, cache: AnswerCache) -> None:
        self._cache = cache
        self._known: frozenset[Purge] = frozenset()

    def follow(self, purges: Collection[Purge]) -> None:
        """Drops what those name that were not there before. What is no longer there was dropped long ago."""
        fresh = [each for each in purges if each not in self._known]
        self._known = frozenset(purges)
        if fresh:
            dropped = self._cache.drop({purge_label(each) for each in fresh}, tell=False)
            log.info("answers purged", purges=len(fresh), dropped=dropped)


async def read_purge(request: web.Request) -> Purge | web.Response:
    """What a request to the admin listener wants dropped: a `Purge` in JSON, or the refusal. A page in a browser
    cannot send one: without asking first it has no way to say that it is JSON."""
    if request.content_type != "application/json":
        return web.json_response({"error": "send application/json"}, status=415)
    try:
        wanted = msgspec.json.decode(await request.read())
        return msgspec.convert({**wanted, "number": 0}, Purge)
    except (msgspec.DecodeError, TypeError) as error:
        return web.json_response({"error": str(error)}, status=400)
