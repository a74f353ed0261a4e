"""What one worker or gateway drops of the answers that it keeps, told to all others on the same server.

A message is lost where nobody listens: whoever was cut off from the server does not know what was dropped
meanwhile, and so drops everything when the server is back. Until then it goes on with what it keeps, which is as
old as the contract lets it be.
"""

import asyncio
import random
import secrets
from typing import Any, Final

import msgspec
import redis.asyncio
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.adapters.shared_servers import node_url
from gateway.adapters.shared_store import FIRST_PAUSE, LONGEST_PAUSE, TIMEOUT, SharedStore
from policies.caching.memory import AnswerCache

log = structlog.get_logger()

SCRIPT: Final = "return {redis.call('PUBLISH', KEYS[1], ARGV[1])}"
CHANNEL: Final = "ostiary:cache:drops"

_SILENCE: Final = 10.0
"""Seconds without a message after which the server is asked whether it is there."""


class Dropped(msgspec.Struct, frozen=True, array_like=True):
    """A message: who says it, and the labels of what was dropped."""

    origin: str
    labels: list[str]


class SharedDrops:
    """Tells and listens. `store` runs SCRIPT on the server at `url`. Raises ValueError for a URL that is none."""

    def __init__(self, url: str, store: SharedStore) -> None:
        self._store = store
        self._origin = secrets.token_hex(8)
        self._client = redis.asyncio.Redis.from_url(
            node_url(url), socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0), max_connections=1
        )

    async def watch(self, cache: AnswerCache) -> None:
        """Joins a cache with those of others, until it is cancelled."""
        cache.on_drop = self._tell
        lost, pause = False, FIRST_PAUSE
        while True:
            pubsub = self._client.pubsub()
            try:
                await pubsub.subscribe(CHANNEL)
                while True:
                    message = await pubsub.get_message(timeout=_SILENCE)
                    if message is None:
                        await asyncio.wait_for(pubsub.ping(), TIMEOUT)
                    elif message["type"] == "subscribe":
                        if lost:
                            cache.clear()
                            log.info("cache dropped", reason="the shared state was lost meanwhile")
                        lost, pause = False, FIRST_PAUSE
                    elif message["type"] == "message":
                        self._heard(cache, message["data"])
            except (RedisError, OSError, TimeoutError) as error:
                if not lost:
                    log.warning("cut off from what others drop", reason=type(error).__name__)
                lost = True
            finally:
                await pubsub.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(LONGEST_PAUSE, pause * 2)

    async def close(self) -> None:
        await self._store.close()
        await self._client.aclose()

    def _tell(self, labels: tuple[str, ...]) -> None:
        text = msgspec.json.encode(Dropped(self._origin, list(labels)))
        # Who is not told is cut off from the server too, or is about to find out.
        self._store.run(CHANNEL, text).add_done_callback(_forget)

    def _heard(self, cache: AnswerCache, text: Any) -> None:
        try:
            dropped = msgspec.json.decode(text, type=Dropped)
        except (msgspec.DecodeError, TypeError):
            log.warning("what another worker dropped was not understood")
            cache.clear()
            return
        if dropped.origin != self._origin:
            cache.drop(dropped.labels, tell=False)


def _forget(told: asyncio.Future[Any]) -> None:
    if not told.cancelled():
        told.exception()
