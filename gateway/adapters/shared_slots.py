"""Slots that several workers share, on a Redis or Valkey server.

Each worker has its own number in a counter: how many of the slots it holds, and until when that is believed. It
always says the number, and never a difference, so that whatever was lost, of a message or of the server's memory,
is right again with the next one. A worker that is killed says no more, and its slots are free when its lease ends.

Without the server each limit does as it says. A worker that enforces its share counts what it has open already.
"""

import asyncio
from collections.abc import Awaitable
from typing import Final
from uuid import uuid4

from gateway.adapters.shared_store import Answer, SharedStore, StateUnavailableError
from policies.limits.slots import TAKEN, SlotLimit, SlotMeter, Taken, full_of

LEASE: Final = 15.0
"""Seconds for which a worker's number is believed. After a third of them it says it again."""

SCRIPT: Final = """
-- KEYS: the counters, hashes with `<number> <until, ms>` by worker. ARGV: the worker, its lease (ms), then for
-- each counter its number there, with what it asks for, and the most that all may have, or -1 where it asks for
-- nothing. Returns for each whether that is too many. Where one is, those numbers hold that it had before.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local worker, lease = ARGV[1], tonumber(ARGV[2])
local full, any = {}, false
for i, key in ipairs(KEYS) do
  local number, most, others = tonumber(ARGV[1 + 2 * i]), tonumber(ARGV[2 + 2 * i]), 0
  local held = redis.call('HGETALL', key)
  for j = 1, #held, 2 do
    local count, until_ms = string.match(held[j + 1], '(%d+) (%d+)')
    if tonumber(until_ms) <= now then redis.call('HDEL', key, held[j])
    elseif held[j] ~= worker then others = others + tonumber(count) end
  end
  full[i] = most >= 0 and others + number > most and 1 or 0
  any = any or full[i] == 1
end
for i, key in ipairs(KEYS) do
  local number = tonumber(ARGV[1 + 2 * i])
  if any then number = number - 1 end
  if number > 0 then
    redis.call('HSET', key, worker, string.format('%d %d', number, now + lease))
    redis.call('PEXPIRE', key, lease + 1000)
  else
    redis.call('HDEL', key, worker)
  end
end
return full
"""


class SharedSlots:
    """Implements `policies.limits.slots.Slots`. `share` workers divide each limit while the server is down.

    `locally` counts the decisions made without the server. Runs on the event loop alone.
    """

    def __init__(self, store: SharedStore, *, share: int, lease: float = LEASE) -> None:
        self._store = store
        self._share = share
        self._lease = lease
        self._worker = uuid4().hex[:16]
        self._open: dict[str, int] = {}
        self._unsaid: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self.locally = 0
        self._saying: set[asyncio.Future[Answer]] = set()

    def take(self, meter: SlotMeter, /) -> Taken | Awaitable[Taken]:
        return self._ask(meter) if self._store.worth_asking else self._alone(meter)

    def release(self, meter: SlotMeter, /) -> None:
        for key in meter.keys:
            self._add(key, -1)
        if not self._unsaid:
            asyncio.get_running_loop().call_soon(self._say)
        self._unsaid.update(meter.keys)

    async def close(self) -> None:
        """Says what it holds, and no more: what is open still is free when the lease is over."""
        if self._timer is not None:
            self._timer.cancel()
        self._say()
        await asyncio.gather(*self._saying, return_exceptions=True)
        self._closed = True
        await self._store.close()

    def __len__(self) -> int:
        """Under how many keys something is open."""
        return len(self._open)

    async def _ask(self, meter: SlotMeter) -> Taken:
        """Counts what it asks for as its own until it is refused, so that those who ask at once do not overlap."""
        numbers: list[int] = []
        for limit, key in zip(meter.limits, meter.keys, strict=True):
            numbers += (self._add(key, 1), limit.most)
        try:
            full = await self._asked(meter, numbers)
        except StateUnavailableError:
            for key in meter.keys:
                self._add(key, -1)
            return self._alone(meter)
        except asyncio.CancelledError:
            self.release(meter)  # the client has gone away meanwhile
            raise
        if any(full):
            self.release(meter)
            pairs = zip(meter.limits, full, strict=True)
            return Taken(tuple(limit.name for limit, is_full in pairs if is_full))
        self._keep()
        return TAKEN

    async def _asked(self, meter: SlotMeter, numbers: list[int]) -> Answer:
        """As the script says it. On a Cluster each counter is asked apart; `release` says what is not held after
        all."""
        worker = (self._worker, int(self._lease * 1000))
        keys = tuple(map(_named, meter.keys))
        if not self._store.spread:
            return await self._store.run_over(keys, (*worker, *numbers))
        asked = (self._store.run(key, *worker, *numbers[2 * i : 2 * i + 2]) for i, key in enumerate(keys))
        return [each for answer in await asyncio.gather(*asked) for each in answer]

    def _alone(self, meter: SlotMeter) -> Taken:
        """Without the server."""
        self.locally += 1
        closed = tuple(limit.name for limit in meter.limits if limit.on_unavailable == "closed")
        if closed:
            return Taken(undecided=closed)
        full = full_of(meter, self._share_of, self._open)
        if full:
            return Taken(full)
        for key in meter.keys:
            self._add(key, 1)
        self._keep()
        return TAKEN

    def _share_of(self, limit: SlotLimit) -> int:
        return max(1, limit.most // self._share) if limit.on_unavailable == "local" else 2**31

    def _add(self, key: str, number: int) -> int:
        there = self._open.get(key, 0) + number
        if there:
            self._open[key] = there
        else:
            del self._open[key]
        return there

    def _keep(self) -> None:
        """Has said again what is held, as long as anything is."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._lease / 3, self._beat)

    def _beat(self) -> None:
        self._timer = None
        if self._open:
            self._unsaid.update(self._open)
            self._say()
            self._keep()

    def _say(self) -> None:
        """What is held under the keys of which it was not said. That it was heard matters little: see `_beat`."""
        unsaid, self._unsaid = self._unsaid, set()
        for key in unsaid:
            if self._store.worth_asking and not self._closed:
                number = self._open.get(key, 0)
                said = self._store.run(_named(key), self._worker, int(self._lease * 1000), number, -1)
                self._saying.add(said)
                said.add_done_callback(self._said)

    def _said(self, said: "asyncio.Future[Answer]") -> None:
        self._saying.discard(said)
        if not said.cancelled():
            said.exception()


def _named(key: str) -> str:
    return f"ostiary:slots:{{{key}}}"
