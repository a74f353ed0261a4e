"""A circuit breaker (Nygard, *Release It!*): calls to an upstream that is down are refused at once.

Closed, it counts; open, it refuses; half-open, it lets a few probes through. Pure: time comes from a clock.
"""

import math
from collections.abc import Callable
from enum import Enum
from typing import Final

from contracts.resilience import BreakerSettings

_SLICES: Final = 10
"""Parts of the rolling window; each is forgotten as a whole."""


class State(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """Each call is admitted, and its outcome told once, with the era that `admit` gave.

    An era lasts from one change of state to the next. An outcome of an earlier era says nothing about this one:
    a call that began before the breaker opened must not close it, nor count as a probe.
    """

    __slots__ = (
        "_calls",
        "_changed",
        "_clock",
        "_closed",
        "_consecutive",
        "_era",
        "_failures",
        "_opened_at",
        "_passed",
        "_probing",
        "_settings",
        "_slice",
        "_slice_of",
        "_state",
        "opened",
        "refused",
    )

    def __init__(
        self,
        settings: BreakerSettings,
        clock: Callable[[], float],
        changed: Callable[[State], None] = lambda state: None,
    ) -> None:
        """`changed` is told of each new state."""
        self.opened = 0
        self.refused = 0
        self._settings = settings
        self._clock = clock
        self._changed = changed
        self._slice_of = settings.window / _SLICES
        self._state = State.CLOSED
        self._closed = True  # the same once more: members of an Enum are looked up anew each time
        self._era = 1
        self._opened_at = 0.0
        self._probing = 0
        self._passed = 0
        self._forget()

    @property
    def state(self) -> State:
        """As the next call would find it."""
        if self._state is State.OPEN and self._left() <= 0.0:
            return State.HALF_OPEN
        return self._state

    @property
    def retry_after(self) -> int:
        """Whole seconds until a refused call is worth another try; at least 1."""
        if self._state is not State.OPEN:
            return 1
        return max(1, math.ceil(self._left()))

    def admit(self) -> int:
        """The era of a call that may be made, which is never 0; 0 for one that may not."""
        if self._closed:
            return self._era
        if self._state is State.OPEN and self._left() <= 0.0:
            self._turn(State.HALF_OPEN)
        if self._state is State.OPEN or self._probing >= self._settings.probes:
            self.refused += 1
            return 0
        self._probing += 1
        return self._era

    def awaits(self, era: int) -> bool:
        """Whether the outcome of a call of that era still says anything."""
        return era == self._era

    def succeeded(self, era: int) -> None:
        if era != self._era:
            return
        if self._closed:
            self._consecutive = 0
            self._calls[self._current()] += 1
            return
        self._probing -= 1
        self._passed += 1
        if self._passed >= self._settings.probes:
            self._turn(State.CLOSED)

    def failed(self, era: int) -> None:
        if era != self._era:
            return
        if self._state is State.HALF_OPEN:
            self._open()
            return
        current = self._current()
        self._consecutive += 1
        self._calls[current] += 1
        self._failures[current] += 1
        settings = self._settings
        calls = sum(self._calls)
        if self._consecutive >= settings.consecutive or (
            calls >= settings.minimum and sum(self._failures) >= settings.rate * calls
        ):
            self._open()

    def abandoned(self, era: int) -> None:
        """The call ended without telling anything of the upstream: its client left, or it was never sent."""
        if era == self._era and self._state is State.HALF_OPEN:
            self._probing -= 1

    def _left(self) -> float:
        """Seconds for which it stays open."""
        return self._settings.open_for - (self._clock() - self._opened_at)

    def _open(self) -> None:
        self.opened += 1
        self._opened_at = self._clock()
        self._turn(State.OPEN)

    def _turn(self, state: State) -> None:
        self._state = state
        self._closed = state is State.CLOSED
        self._era += 1
        self._probing = self._passed = 0
        self._forget()
        self._changed(state)

    def _forget(self) -> None:
        self._consecutive = 0
        self._calls = [0] * _SLICES
        self._failures = [0] * _SLICES
        self._slice = 0

    def _current(self) -> int:
        """The index of the present slice of the window, those that went by since emptied."""
        now = int(self._clock() / self._slice_of)
        passed = now - self._slice
        if passed:
            for number in range(now - min(passed, _SLICES) + 1, now + 1):
                self._calls[number % _SLICES] = self._failures[number % _SLICES] = 0
            self._slice = now
        return now % _SLICES
