"""The in-process limiter: fixed windows in a dictionary, for a gateway with one worker.

Not the `limits` package, which reads the limits of an estate: measured here, its fixed window takes 2.6 µs to hit
and 2.9 µs more to say what is left, for each limit; it hits several limits one by one, so that a refusal by the
second has used up the first; it takes no clock; and its memory storage starts a thread every 10 ms to sweep. This
one decides over all limits at once, in 0.8 µs for one and 1 µs for two.
"""

import time
from collections.abc import Callable
from math import ceil
from typing import Final

from contracts.snapshot import RateLimit
from policies.exchange import LimitState
from policies.ports import Allowance

_FIRST_SWEEP: Final = 1024


class _Windows:
    """The windows of one key: when each ends, and what was taken in it."""

    __slots__ = ("ends", "limits", "used")

    def __init__(self, limits: tuple[RateLimit, ...]) -> None:
        self.limits = limits
        self.ends = [0.0] * len(limits)
        self.used = [0] * len(limits)

    def moved_to(self, limits: tuple[RateLimit, ...]) -> "_Windows":
        """The same windows under changed limits: what is used stays used, where name and length are the same."""
        there = {(limit.name, limit.window): index for index, limit in enumerate(self.limits)}
        moved = _Windows(limits)
        for index, limit in enumerate(limits):
            old = there.get((limit.name, limit.window))
            if old is not None:
                moved.ends[index], moved.used[index] = self.ends[old], self.used[old]
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
        ends, used = windows.ends, windows.used
        violated: tuple[str, ...] = ()
        states = []
        index = 0
        for limit in limits:
            if ends[index] <= now:
                ends[index] = now + limit.window
                used[index] = 0
            remaining = limit.quota - used[index] - cost
            if remaining < 0:
                violated += (limit.name,)
            reset = ceil(ends[index] - now)
            if reset > limit.window:
                reset = limit.window  # the sum of two floats may be a little more than exact
            states.append(LimitState(limit.name, limit.quota, limit.window, remaining, reset))
            index += 1
        if violated:
            return Allowance(_untaken(states, cost), violated)
        while index:
            index -= 1
            used[index] += cost
        return Allowance(tuple(states), ())

    def __len__(self) -> int:
        """How many keys are held."""
        return len(self._windows)

    def _add(self, key: str, windows: _Windows, now: float) -> _Windows:
        if len(self._windows) >= self._sweep_at:
            # Amortised: the next sweep comes when as many again have been added as were left.
            self._windows = {held: kept for held, kept in self._windows.items() if max(kept.ends) > now}
            self._sweep_at = max(_FIRST_SWEEP, 2 * len(self._windows))
        self._windows[key] = windows
        return windows


def _untaken(states: list[LimitState], cost: int) -> tuple[LimitState, ...]:
    """The states of a decision that took nothing after all."""
    return tuple(
        LimitState(state.name, state.quota, state.window, max(0, state.remaining + cost), state.reset)
        for state in states
    )
