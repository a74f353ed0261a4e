"""How canaries fare beside the upstreams that they are to replace, and which were backed out of.

A canary is watched over a rolling window, in all and by operation: one operation of which every call fails would
drown among the others. Where it fails in more of its calls than the contract's own upstream does in its, by a
given share, nobody is sent there any more; after a time it is tried anew, and each further back-out lasts twice as
long as the one before. Pure: time comes from a clock.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final
from weakref import WeakValueDictionary

_SLICES: Final = 10
"""Parts of the rolling window; each is forgotten as a whole."""
LONGEST: Final = 86_400.0
"""Seconds that a back-out lasts at most."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a canary is backed out of: `error_rate` is the share of failed calls (0 to 1) by which it exceeds the
    stable upstream's, among at least `minimum_calls` in the last `window` seconds; `cool_down` is in seconds."""

    error_rate: float
    minimum_calls: int
    window: float
    cool_down: float


@dataclass(frozen=True, slots=True)
class CanaryName:
    """Whose canary it is."""

    api: str
    version: str
    upstream: str


class _Rate:
    """Calls and failures of the last window."""

    __slots__ = ("_calls", "_failures", "_slice")

    def __init__(self) -> None:
        self._calls = [0] * _SLICES
        self._failures = [0] * _SLICES
        self._slice = 0

    def add(self, now: int, failed: bool) -> None:
        """`now` is the number of the present slice."""
        self._forget(now)
        self._calls[now % _SLICES] += 1
        self._failures[now % _SLICES] += failed

    def read(self, now: int) -> tuple[int, int]:
        """Calls, and those of them that failed."""
        self._forget(now)
        return sum(self._calls), sum(self._failures)

    def _forget(self, now: int) -> None:
        passed = min(now - self._slice, _SLICES)
        for number in range(now - passed + 1, now + 1):
            self._calls[number % _SLICES] = self._failures[number % _SLICES] = 0
        self._slice = now


class Canary:
    """One canary as a worker knows it. Counts of calls and failures are (stable, canary)."""

    __slots__ = (
        "__weakref__",
        "_bounds",
        "_changed",
        "_clock",
        "_rates",
        "_slice_of",
        "_until",
        "back_outs",
        "calls",
        "failures",
        "key",
        "length",
        "name",
        "reason",
    )

    def __init__(
        self,
        name: CanaryName,
        bounds: Bounds,
        clock: Callable[[], float],
        changed: Callable[["Canary"], None],
        key: str = "",
    ) -> None:
        self.name = name
        self.key = key
        """The same at every worker that has the same settings."""
        self.calls = [0, 0]
        self.failures = [0, 0]
        self.back_outs = 0
        self.length = 0.0
        """Seconds that the last back-out lasts."""
        self.reason = ""
        """The operation by which it was backed out of last; empty where it was all of them together."""
        self._bounds = bounds
        self._clock = clock
        self._changed = changed
        self._slice_of = bounds.window / _SLICES
        self._rates: dict[str, tuple[_Rate, _Rate]] = {}
        self._until = 0.0

    @property
    def backed_out(self) -> bool:
        return self._clock() < self._until

    def ended(self, operation: str, there: bool, failed: bool) -> None:
        """A call has ended: `there` is at the canary."""
        self.calls[there] += 1
        self.failures[there] += failed
        if self.backed_out:
            return  # of calls that were on their way
        now = int(self._clock() / self._slice_of)
        for key in ("", operation):
            rates = self._rates.get(key)
            if rates is None:
                rates = self._rates[key] = (_Rate(), _Rate())
            rates[there].add(now, failed)
            if there and failed and self._exceeds(rates, now):
                self._back_out(key)
                return

    def _exceeds(self, rates: tuple[_Rate, _Rate], now: int) -> bool:
        calls, failures = rates[1].read(now)
        if calls < self._bounds.minimum_calls:
            return False
        known, failed = rates[0].read(now)
        # A handful of calls says too little of what is usual to excuse a canary by it.
        usual = failed / known if known >= self._bounds.minimum_calls else 0.0
        return failures / calls > usual + self._bounds.error_rate

    def _back_out(self, operation: str) -> None:
        length = min(self._bounds.cool_down * 2.0 ** min(self.back_outs, 32), LONGEST)
        self._end(operation, length)
        self._changed(self)

    def follow(self, seconds: float) -> None:
        """Another worker has backed out of it, for so long from now on."""
        self._end("", seconds)

    def _end(self, operation: str, seconds: float) -> None:
        self.back_outs += 1
        self.length = seconds
        self.reason = operation
        self._until = self._clock() + seconds
        self._rates = {}


def _say_nothing(canary: Canary) -> None: ...


class Canaries:
    """The canaries of one worker. They outlive snapshots, and begin afresh where their settings change.

    `changed` is told of each that this worker has backed out of. Settings are told apart by their `repr`.
    """

    def __init__(
        self,
        changed: Callable[[Canary], None] = _say_nothing,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._changed = changed
        self._clock = clock
        # What is bound holds them. Nothing else does, so that those of settings that are gone go too.
        self._known: WeakValueDictionary[Hashable, Canary] = WeakValueDictionary()

    def find(self, name: CanaryName, settings: Hashable, bounds: Bounds) -> Canary:
        """The one for these settings, which have the `bounds` among them."""
        key = (name, settings)
        found = self._known.get(key)
        if found is None:
            digest = blake2b(repr(key).encode(), digest_size=16).hexdigest()
            found = self._known[key] = Canary(name, bounds, self._clock, self._changed, digest)
        return found

    def every(self) -> list[Canary]:
        """In the order of their names."""
        return sorted(
            self._known.values(), key=lambda each: (each.name.api, each.name.version, each.name.upstream)
        )
