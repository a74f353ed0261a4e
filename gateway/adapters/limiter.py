"""The in-process limiter: fixed windows in a dictionary, for a gateway with one worker.

Not the `limits` package, which reads the limits of an estate: measured here, its fixed window takes 2.6 µs to hit
and 2.9 µs more to say what is left, for each limit; it hits several limits one by one, so that a refusal by the
second has used up the first; it takes no clock; and its memory storage starts a thread every 10 ms to sweep. This
one decides over all limits at once, in a quarter of that for two.
"""

import time
from collections.abc import Callable
from math import ceil
from typing import Final

from contracts.snapshot import RateLimit
from policies.exchange import Allowance

_FIRST_SWEEP: Final = 1024


class _Window:
    """One limit of one key: what it gives in how many seconds, when its window ends, and what was taken of it."""

    __slots__ = ("end", "length", "quota", "used")

    def __init__(self, limit: RateLimit) -> None:
        self.quota = limit.quota
        self.length = limit.window
        self.end = 0.0
        self.used = 0


class _Windows:
    """The windows of one key, one for each of its limits."""

    __slots__ = ("each", "limits")

    def __init__(self, limits: tuple[RateLimit, ...]) -> None:
        self.limits = limits
        self.each = [_Window(limit) for limit in limits]

    def moved_to(self, limits: tuple[RateLimit, ...]) -> "_Windows":
        """The same windows under changed limits: what is used stays used, where name and length are the same."""
        there = {(limit.name, limit.window): old for limit, old in zip(self.limits, self.each, strict=True)}
        moved = _Windows(limits)
        for limit, window in zip(limits, moved.each, strict=True):
            old = there.get((limit.name, limit.window))
            if old is not None:
                window.end, window.used = old.end, old.used
        return moved


class InProcessLimiter:
    """Implements `policies.ports.Limiter`. A window starts with the first request in it.

    `clock` gives seconds that never go back. Runs on the event loop alone, and needs no lock.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[str, _Windows] = {}
        self._sweep_at = _FIRST_SWEEP

    def take(self, key: str, limits: tuple[RateLimit, ...], cost: int, /) -> Allowance:
        """Takes `cost` units from every limit under `key`, or from none of them."""
        now = self._clock()
        windows = self._windows.get(key)
        if windows is None:
            windows = self._add(key, _Windows(limits), now)
        elif windows.limits is not limits and windows.limits != limits:
            windows = self._windows[key] = windows.moved_to(limits)
        left: list[int] = []
        full = False
        for window in windows.each:
            if window.end <= now:
                window.end = now + window.length
                window.used = 0
            remaining = window.quota - window.used - cost
            if remaining < 0:
                full = True
            left.append(remaining)
            reset = ceil(window.end - now)
            left.append(min(reset, window.length))  # the sum of two floats may be more than exact
        if full:
            return _refusal(limits, left, cost)
        for window in windows.each:
            window.used += cost
        return Allowance(limits, left)

    def __len__(self) -> int:
        """How many keys are held."""
        return len(self._windows)

    def _add(self, key: str, windows: _Windows, now: float) -> _Windows:
        if len(self._windows) >= self._sweep_at:
            # Amortised: the next sweep comes when as many again have been added as were left.
            self._windows = {
                held: kept for held, kept in self._windows.items() if max(window.end for window in kept.each) > now
            }
            self._sweep_at = max(_FIRST_SWEEP, 2 * len(self._windows))
        self._windows[key] = windows
        return windows


def _refusal(limits: tuple[RateLimit, ...], left: list[int], cost: int) -> Allowance:
    """The decision that takes nothing after all."""
    violated = tuple(limit.name for index, limit in enumerate(limits) if left[2 * index] < 0)
    for index in range(len(limits)):
        left[2 * index] = max(0, left[2 * index] + cost)
    return Allowance(limits, left, violated)
