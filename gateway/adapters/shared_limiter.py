"""Limits that several workers count together, on a Redis or Valkey server.

One script decides over several counters at once, by the server's clock. Where that changes nothing a worker takes
permits ahead, a block for each counter, so that most requests need no round trip. What a block holds was taken
before it is spent: all workers together never exceed a limit, and at the end of a window at most a block in each
worker was not spent. A request spends from all its counters or from none: permits that are at hand are put aside
while the server is asked about the others, and put back where it refuses.

Without the server each limit does as it says. A worker that enforces its share notes what it gave, and tells the
server when that is back: nobody is refused or let through because of an outage alone.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.adapters.limiter import InProcessLimiter
from gateway.adapters.limiting.counter import Counter
from gateway.adapters.limiting.outage import Shares
from gateway.adapters.shared_store import SharedStore, StateUnavailableError
from policies.exchange import Allowance
from policies.limits.meter import Meter

_FIRST_SWEEP: Final = 1024
_METERS: Final = 8192
"""Meters of which it is known where their counters are."""


class _Held:
    """The counters of one meter: those of which permits are taken ahead, and those that are asked `each_time`."""

    __slots__ = ("ahead", "each", "each_time", "meter")

    def __init__(self, meter: Meter, each: list[Counter]) -> None:
        self.meter = meter
        self.each = each
        self.ahead = [counter for counter in each if counter.ahead]
        self.each_time = [counter for counter in each if not counter.ahead]

    def granted(self, now: float) -> Allowance:
        left: list[int] = []
        for counter in self.each:
            left += counter.count(now)
        return Allowance(self.meter.limits, left)

    def refused(self, cost: int, now: float) -> bool:
        """Whether what the server said just now implies that it would refuse so much."""
        return any(0 < counter.refused <= cost and now < counter.refused_until for counter in self.each)

    def refusal(self, cost: int, now: float) -> Allowance:
        """By those that refused so much when they were asked last."""
        allowance = self.granted(now)
        allowance.violated = tuple(each.limit.name for each in self.each if 0 < each.refused <= cost)
        return allowance


class SharedLimiter:
    """Implements `policies.ports.Limiter`. `share` workers divide each limit among them while the server is down;
    with `exact` every request asks the server, and none is held ahead.

    `locally` counts the decisions made without the server. `wall` gives Unix seconds. Of one event loop alone.
    """

    def __init__(
        self,
        store: SharedStore,
        *,
        share: int,
        exact: bool = False,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._exact = exact
        self._clock = clock
        self._wall = wall
        self._shares = Shares(InProcessLimiter(clock, wall), share)
        self._counters: dict[str, Counter] = {}
        self._held: dict[Meter, _Held] = {}
        self._renewals: dict[Counter, asyncio.Task[bool]] = {}
        self._sweep_at = _FIRST_SWEEP
        self.locally = 0

    def take(self, meter: Meter, cost: int, /) -> Allowance | Awaitable[Allowance]:
        """Takes `cost` units from every limit of the meter, or from none of them."""
        now = self._clock()
        held = self._held.get(meter)
        if held is None:
            held = self._find(meter, now)
        for counter in held.ahead:
            if counter.left < cost or now >= counter.ends:
                break
        else:
            if not held.each_time:
                for counter in held.ahead:
                    counter.left -= cost
                return held.granted(now)
        if held.refused(cost, now):
            return held.refusal(cost, now)
        if not self._store.worth_asking and not any(counter in self._renewals for counter in held.ahead):
            return self._alone(held, cost)
        return self._ask(held, cost)

    def __len__(self) -> int:
        """How many counters are held."""
        return len(self._counters)

    async def _ask(self, held: _Held, cost: int) -> Allowance:
        """Has permits of all counters, or the refusal of one of them."""
        while True:
            now = self._clock()
            if held.refused(cost, now):
                return held.refusal(cost, now)
            lacking = [counter for counter in held.ahead if not counter.has(cost, now)]
            if not lacking:
                return await self._ask_the_rest(held, cost)
            if not all(await asyncio.gather(*(self._renewal(counter, cost) for counter in lacking))):
                return self._alone(held, cost)

    async def _ask_the_rest(self, held: _Held, cost: int) -> Allowance:
        """About those that are asked about each time, while what is needed of the others is put aside."""
        aside = [(counter, counter.stamp) for counter in held.ahead]
        for counter in held.ahead:
            counter.left -= cost
        granted = False
        try:
            granted = not held.each_time or await self._decided(held.each_time, cost)
        except StateUnavailableError:
            return self._alone(held, cost)
        finally:
            if not granted:
                for counter, stamp in aside:
                    if counter.stamp == stamp:
                        counter.left += cost
        now = self._clock()
        return held.granted(now) if granted else held.refusal(cost, now)

    async def _decided(self, counters: list[Counter], cost: int) -> bool:
        """Whether the server granted it, of all. Raises StateUnavailableError."""
        if self._store.spread and len(counters) > 1:
            return await self._decided_apart(counters, cost)
        asked_at, wall = self._clock(), self._wall()
        calls = tuple(counter.asked(cost, cost, asked_at, wall) for counter in counters)
        try:
            answer = await self._store.run_over(tuple(counter.key for counter in counters), calls)
        except StateUnavailableError:
            for counter in counters:
                counter.unheard()
            raise
        words = answer[0].split()
        granted = [counter.take(words, index, cost, asked_at) for index, counter in enumerate(counters)]
        return all(units == cost for units in granted)

    async def _decided_apart(self, counters: list[Counter], cost: int) -> bool:
        """The same where no two counters are in one place: what was granted goes back where one refuses."""
        told = await asyncio.gather(
            *(self._decided([counter], cost) for counter in counters), return_exceptions=True
        )
        if all(each is True for each in told):
            return True
        pairs = zip(counters, told, strict=True)
        back = [self._give_back(counter, cost) for counter, granted in pairs if granted is True]
        await asyncio.gather(*back)
        for each in told:
            if isinstance(each, BaseException):
                raise each
        return False

    async def _give_back(self, counter: Counter, units: int) -> None:
        asked_at = self._clock()
        call = counter.asked(0, 0, asked_at, self._wall(), back=units)
        with contextlib.suppress(StateUnavailableError):  # then they stay unspent
            answer = await self._store.run(counter.key, call)
            counter.take(answer[0].split(), 0, 0, asked_at)

    def _renewal(self, counter: Counter, need: int) -> Awaitable[bool]:
        """Asks the server for a block, once for all who wait for the same counter."""
        task = self._renewals.get(counter)
        if task is None:
            task = self._renewals[counter] = asyncio.create_task(self._renew(counter, need))
        # Shielded: a client that goes away takes nobody else's answer with it.
        return asyncio.shield(task)

    async def _renew(self, counter: Counter, need: int) -> bool:
        """Whether the server answered."""
        asked_at = self._clock()
        call = counter.asked(need, max(need, counter.block), asked_at, self._wall())
        try:
            answer = await self._store.run(counter.key, call)
            counter.left += counter.take(answer[0].split(), 0, need, asked_at)
        except StateUnavailableError:
            counter.unheard()
            return False
        finally:
            del self._renewals[counter]
        return True

    def _alone(self, held: _Held, cost: int) -> Allowance:
        """Without the server."""
        self.locally += 1
        return self._shares.take(held.meter, held.each, cost, self._clock())

    def _find(self, meter: Meter, now: float) -> _Held:
        if len(self._counters) >= self._sweep_at:
            # Amortised: the next sweep comes when as many again have been added as were left.
            self._counters = {
                key: each for key, each in self._counters.items() if each.over > now or each in self._renewals
            }
            self._sweep_at = max(_FIRST_SWEEP, 2 * len(self._counters))
            self._held.clear()
        elif len(self._held) >= _METERS:
            self._held.clear()
        each: list[Counter] = []
        for limit, key in zip(meter.limits, meter.keys, strict=True):
            counter = self._counters.get(key)
            if counter is None:
                counter = self._counters[key] = Counter(limit, key, exact=self._exact)
            elif counter.limit != limit:
                counter.hold(limit, exact=self._exact)
            each.append(counter)
        held = self._held[meter] = _Held(meter, each)
        return held
