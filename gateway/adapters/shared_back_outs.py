"""Back-outs of canaries, told to all workers and gateways by the server that they share.

Each worker counts its own calls, as it does for a breaker; what it has found out holds for all. Otherwise, of an
application that is sent to a canary, some calls would go there and some not, and each worker would have to fail so
many calls by itself. Without the server a worker backs out alone.
"""

import asyncio
from typing import Final

import structlog

from gateway.adapters.shared_store import SharedStore, StateUnavailableError
from policies.canaries import Canaries, Canary

log = structlog.get_logger()

SCRIPT: Final = """
local left = redis.call('PTTL', KEYS[1])
local asked = tonumber(ARGV[1])
if asked > 0 and asked > left then
  redis.call('SET', KEYS[1], '', 'PX', asked)
  return {asked}
end
return {left}
"""
_PREFIX: Final = "ostiary:canary:"
_LOOK: Final = 0
"""Milliseconds of a back-out that is only asked about."""
EVERY: Final = 1.0
"""Seconds between two looks."""


class SharedBackOuts:
    """What one worker tells and is told."""

    def __init__(self, store: SharedStore) -> None:
        self._store = store
        self._told: set[asyncio.Task[None]] = set()

    def tell(self, canary: Canary) -> None:
        """Nobody is sent to the canary any more: what this worker has found out."""
        task = asyncio.get_running_loop().create_task(self._tell(canary.key, canary.length))
        self._told.add(task)
        task.add_done_callback(self._told.discard)

    async def watch(self, canaries: Canaries) -> None:
        """Follows what others have found out, until it is cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.look(canaries)

    async def look(self, canaries: Canaries) -> None:
        """Backs out of those of which another has."""
        for canary in canaries.every():
            if canary.backed_out:
                continue
            try:
                left = (await self._store.run(_PREFIX + canary.key, _LOOK))[0]
            except StateUnavailableError:
                return
            if left > 0:
                canary.follow(left / 1000.0)

    async def close(self) -> None:
        await asyncio.gather(*self._told)
        await self._store.close()

    async def _tell(self, key: str, seconds: float) -> None:
        try:
            await self._store.run(_PREFIX + key, int(seconds * 1000))
        except StateUnavailableError:
            log.warning("back-out of a canary not told to other workers")
