"""Limits that several workers count together, on a Redis or Valkey server.

One script decides over all limits of a plan at once, by the server's clock. A worker takes permits ahead, a block
for each subscription that calls, so that most requests need no round trip. What a block holds was taken from
every limit before it is spent: all workers together never exceed a limit, and at the end of a window at most a
block in each worker was not spent. What of a block outlives one of its windows goes back into the others.

Without the server each worker enforces its share of the limits (failure mode `local`), and takes blocks again when
the server is back: nobody is refused or let through because of an outage alone.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from math import ceil
from typing import Final

from contracts.snapshot import RateLimit
from gateway.adapters.limiter import InProcessLimiter
from gateway.adapters.shared_store import Answer, SharedStore, StateUnavailableError
from policies.limits.meter import Meter
from policies.ports import Allowance

BLOCKS: Final = 100
"""Into how many blocks a limit is cut: a block is a hundredth of the smallest quota, and at least one permit."""

REFUSED: Final = 0.1
"""Seconds for which a refusal by the server is repeated without asking it again."""

_FIRST_SWEEP: Final = 1024

SCRIPT: Final = """
-- KEYS[1]: a hash with `<limit>:e` (when its window ends, ms) and `<limit>:u` (units used), for each limit.
-- ARGV: units needed, units wanted, then for each limit: name, quota, window in ms, and what goes back of which
-- window: units, and the window's end. Returns units granted, then for each limit: used, ms left, the end.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local need, grant = tonumber(ARGV[1]), tonumber(ARGV[2])
local limits, longest = {}, 0
for i = 3, #ARGV, 5 do
  local name, quota, window = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local held = redis.call('HMGET', KEYS[1], name .. ':e', name .. ':u')
  local ends, used = tonumber(held[1] or 0), tonumber(held[2] or 0)
  if ends <= now or ends > now + window then ends = now + window; used = 0 end
  if ends == tonumber(ARGV[i + 4]) then used = math.max(0, used - tonumber(ARGV[i + 3])) end
  grant = math.min(grant, quota - used)
  longest = math.max(longest, ends)
  limits[#limits + 1] = {name, ends, used}
end
if grant < need then grant = 0 end
local answer, fields = {grant}, {}
for _, limit in ipairs(limits) do
  local used = limit[3] + grant
  fields[#fields + 1] = limit[1] .. ':e'
  fields[#fields + 1] = limit[2]
  fields[#fields + 1] = limit[1] .. ':u'
  fields[#fields + 1] = used
  answer[#answer + 1] = used
  answer[#answer + 1] = limit[2] - now
  answer[#answer + 1] = limit[2]
end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('PEXPIREAT', KEYS[1], longest + 1000)
return answer
"""


class _Lease:
    """What a worker holds for one key. `remaining`, `ends` and `windows` are per limit, as of the last answer."""

    __slots__ = ("block", "ends", "left", "limits", "refused", "refused_until", "remaining", "renewal", "windows")

    def __init__(self, limits: tuple[RateLimit, ...]) -> None:
        self.limits = limits
        self.block = max(1, min(limit.quota for limit in limits) // BLOCKS)
        self.left = 0
        self.remaining = [0] * len(limits)
        self.ends = [0.0] * len(limits)
        self.windows = [0] * len(limits)
        self.refused = 0  # units that the server refused, 0 where its last answer was a grant
        self.refused_until = 0.0
        self.renewal: asyncio.Task[bool] | None = None

    def spend(self, cost: int, now: float) -> Allowance | None:
        """The decision, where what is held suffices for one. None where the server has to be asked."""
        if self.left >= cost and now < min(self.ends):
            self.left -= cost
            return Allowance(self.limits, self.counts(now))
        if now < self.refused_until:
            return self.refusal(cost, now)
        return None

    def refusal(self, cost: int, now: float) -> Allowance | None:
        """The refusal of `cost` units, where the last answer implies it."""
        if not self.refused or cost < self.refused:
            return None
        pairs = zip(self.limits, self.remaining, strict=True)
        return Allowance(self.limits, self.counts(now), tuple(limit.name for limit, left in pairs if left < cost))

    def counts(self, now: float) -> list[int]:
        """As `Allowance.left`."""
        counts: list[int] = []
        for limit, remaining, ends in zip(self.limits, self.remaining, self.ends, strict=True):
            counts.append(remaining + self.left)
            counts.append(min(limit.window, max(0, ceil(ends - now))))
        return counts

    def arguments(self, need: int) -> list[str | int]:
        """For the script. What is left goes back, and is asked for again in the windows of now."""
        back, self.left = self.left, 0
        return _arguments(self.limits, need, max(need, self.block), back, self.windows)

    def take(self, answer: Answer, need: int, asked_at: float) -> None:
        """Holds what the server granted. Windows end by its clock: seen from when it was asked, never later."""
        self.left = int(answer[0])
        for index, limit in enumerate(self.limits):
            used, until, window = (int(value) for value in answer[1 + 3 * index : 4 + 3 * index])
            self.remaining[index] = max(0, limit.quota - used)
            self.ends[index] = asked_at + until / 1000
            self.windows[index] = window
        self.refused = 0 if self.left else need
        self.refused_until = 0.0 if self.left else min(asked_at + REFUSED, *self.ends)


class SharedLimiter:
    """Implements `policies.ports.Limiter`. `share` workers divide each limit among them while the server is down;
    with `exact` every request asks the server, and none is held ahead.

    `locally` counts the decisions made without the server. Runs on the event loop alone.
    """

    def __init__(
        self,
        store: SharedStore,
        *,
        share: int,
        exact: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._share = share
        self._exact = exact
        self._clock = clock
        self._local = InProcessLimiter(clock)
        self._shares: dict[tuple[RateLimit, ...], tuple[RateLimit, ...]] = {}
        self._leases: dict[str, _Lease] = {}
        self._sweep_at = _FIRST_SWEEP
        self.locally = 0

    def take(self, meter: Meter, cost: int, /) -> Allowance | Awaitable[Allowance]:
        """Takes `cost` units from every limit of the meter, or from none of them."""
        key, limits = "|".join(meter.keys), meter.limits
        if self._exact:
            return self._one(key, limits, cost) if self._store.worth_asking else self._alone(key, limits, cost)
        now = self._clock()
        lease = self._leases.get(key)
        if lease is None or (lease.limits is not limits and lease.limits != limits):
            lease = self._add(key, limits, now)
        taken = lease.spend(cost, now)
        if taken is not None:
            return taken
        if lease.renewal is None and not self._store.worth_asking:
            return self._alone(key, limits, cost)
        return self._ask(key, lease, cost)

    def __len__(self) -> int:
        """How many keys are held."""
        return len(self._leases)

    async def _one(self, key: str, limits: tuple[RateLimit, ...], cost: int) -> Allowance:
        """A decision of the server's about one request."""
        single = _Lease(limits)
        single.block = cost
        asked_at = self._clock()
        try:
            answer = await self._store.run(_named(key), *single.arguments(cost))
        except StateUnavailableError:
            return self._alone(key, limits, cost)
        single.take(answer, cost, asked_at)
        now = self._clock()
        return single.refusal(cost, now) or _spent(single, now)

    async def _ask(self, key: str, lease: _Lease, cost: int) -> Allowance:
        """Asks the server, once for all who wait for the same key; then decides by what it granted."""
        while True:
            if lease.renewal is None:
                lease.renewal = asyncio.create_task(self._renew(key, lease, cost))
            # Shielded: a client that goes away takes nobody else's answer with it.
            if not await asyncio.shield(lease.renewal):
                return self._alone(key, lease.limits, cost)
            now = self._clock()
            taken = lease.spend(cost, now) or lease.refusal(cost, now)
            if taken is not None:
                return taken

    async def _renew(self, key: str, lease: _Lease, need: int) -> bool:
        """Whether the server answered."""
        asked_at = self._clock()
        try:
            lease.take(await self._store.run(_named(key), *lease.arguments(need)), need, asked_at)
        except StateUnavailableError:
            return False
        finally:
            lease.renewal = None
        return True

    def _alone(self, key: str, limits: tuple[RateLimit, ...], cost: int) -> Allowance:
        """Without the server: this worker's share."""
        self.locally += 1
        shares = self._shares.get(limits)
        if shares is None:
            if len(self._shares) >= _FIRST_SWEEP:
                self._shares.clear()
            shares = tuple(
                RateLimit(limit.name, max(1, limit.quota // self._share), limit.window) for limit in limits
            )
            self._shares[limits] = shares
        return self._local.take(Meter(shares, [key] * len(shares)), cost)

    def _add(self, key: str, limits: tuple[RateLimit, ...], now: float) -> _Lease:
        leases = self._leases
        if len(leases) >= self._sweep_at:
            # Amortised: the next sweep comes when as many again have been added as were left.
            self._leases = leases = {
                held: lease for held, lease in leases.items() if lease.renewal or max(lease.ends) > now
            }
            self._sweep_at = max(_FIRST_SWEEP, 2 * len(leases))
        lease = leases[key] = _Lease(limits)
        return lease


def _named(key: str) -> str:
    """The key on the server, which holds all limits of a plan; all of it decides on the slot of a cluster."""
    return f"ostiary:limit:{{{key}}}"


def _arguments(
    limits: tuple[RateLimit, ...], need: int, want: int, back: int, windows: list[int]
) -> list[str | int]:
    arguments: list[str | int] = [need, want]
    for limit, window in zip(limits, windows, strict=True):
        arguments += [f"{limit.name}/{limit.window}", limit.quota, limit.window * 1000, back, window]
    return arguments


def _spent(lease: _Lease, now: float) -> Allowance:
    lease.left = 0
    return Allowance(lease.limits, lease.counts(now))
