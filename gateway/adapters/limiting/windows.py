"""What is counted of one limit under one key, for each kind of window.

Times are those of the limiter's clock, in seconds, but for the calendar's. Windows without an edge count in whole
milliseconds and whole units, exactly, as the script on the shared server does.
"""

import time
from collections import deque
from collections.abc import Callable

from contracts.limits import RateLimit
from policies.limits.calendar import period_at


class Window:
    """How many units are free comes first, with the time: the other methods are about that very moment.

    `over` is when nothing of it matters any more.
    """

    __slots__ = ("over",)

    def __init__(self) -> None:
        self.over = 0.0

    def free(self, limit: RateLimit, now: float) -> int:
        """Units that could be taken now; less than none where the limit was lowered."""
        raise NotImplementedError

    def take(self, limit: RateLimit, units: int) -> None:
        """Takes what is free."""
        raise NotImplementedError

    def wait(self, limit: RateLimit, units: int) -> float:
        """Seconds until that many will be free that are not; where they never are, until all are."""
        raise NotImplementedError

    def reset(self, limit: RateLimit) -> float:
        """Seconds until all will be free."""
        raise NotImplementedError


class FixedWindow(Window):
    """Begins with the first call in it."""

    __slots__ = ("end", "now", "used")

    def __init__(self) -> None:
        super().__init__()
        self.end = 0.0
        self.used = 0
        self.now = 0.0

    def free(self, limit: RateLimit, now: float) -> int:
        self.now = now
        if self.end <= now:
            self.over = self.end = now + limit.window
            self.used = 0
        return limit.quota - self.used

    def take(self, limit: RateLimit, units: int) -> None:
        self.used += units

    def wait(self, limit: RateLimit, units: int) -> float:
        return self.reset(limit)

    def reset(self, limit: RateLimit) -> float:
        return min(self.end - self.now, limit.window)  # the sum of two floats may be more than exact


class CalendarWindow(Window):
    """A day or a month. `wall` gives Unix seconds."""

    __slots__ = ("_end", "_left", "_used", "_wall")

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._wall = wall
        self._end = 0
        self._used = 0
        self._left = 0.0

    def free(self, limit: RateLimit, now: float) -> int:
        wall = self._wall()
        if self._end <= wall:
            self._end = period_at(limit, wall)[1]
            self._used = 0
        self._left = self._end - wall
        self.over = now + self._left
        return limit.quota - self._used

    def take(self, limit: RateLimit, units: int) -> None:
        self._used += units

    def wait(self, limit: RateLimit, units: int) -> float:
        return self._left

    def reset(self, limit: RateLimit) -> float:
        return self._left


class SlidingWindow(Window):
    """Two windows, one after the other; the earlier one counts by the share of it that has not slid out yet.

    That takes its calls to have come evenly (the sliding window counter of Cloudflare, and of `limits`).
    """

    __slots__ = ("_before", "_end", "_left", "_used")

    def __init__(self) -> None:
        super().__init__()
        self._before = 0
        self._used = 0
        self._end = 0  # of the later one, ms
        self._left = 0

    def free(self, limit: RateLimit, now: float) -> int:
        at, length = int(now * 1000), limit.window * 1000
        if self._end + length <= at:
            self._before = self._used = 0
            self._end = at + length
        elif self._end <= at:
            self._before, self._used = self._used, 0
            self._end += length
        self._left = self._end - at
        self.over = (self._end + length) / 1000
        return limit.quota - self._used - -(-self._before * self._left // length)

    def take(self, limit: RateLimit, units: int) -> None:
        self._used += units

    def wait(self, limit: RateLimit, units: int) -> float:
        length = limit.window * 1000
        room = limit.quota - self._used - units
        if room >= 0 and self._before:
            return (self._left - room * length // self._before) / 1000
        if units > limit.quota:
            return self.reset(limit)
        # Not before the window that is now the later one has become the earlier one.
        return (self._left + length - (limit.quota - units) * length // max(1, self._used)) / 1000

    def reset(self, limit: RateLimit) -> float:
        return (self._left + (limit.window * 1000 if self._used else 0)) / 1000


class LogWindow(Window):
    """Each call with its time: exactly what came in the last `window` seconds."""

    __slots__ = ("_at", "_calls", "_used")

    def __init__(self) -> None:
        super().__init__()
        self._calls: deque[tuple[int, int]] = deque()
        self._used = 0
        self._at = 0

    def free(self, limit: RateLimit, now: float) -> int:
        at = self._at = int(now * 1000)
        calls, gone = self._calls, at - limit.window * 1000
        while calls and calls[0][0] <= gone:
            self._used -= calls.popleft()[1]
        return limit.quota - self._used

    def take(self, limit: RateLimit, units: int) -> None:
        if units:
            self._calls.append((self._at, units))
            self._used += units
            self.over = self._at / 1000 + limit.window

    def wait(self, limit: RateLimit, units: int) -> float:
        missing = self._used + units - limit.quota
        for at, taken in self._calls:
            missing -= taken
            if missing <= 0:
                return (at + limit.window * 1000 - self._at) / 1000
        return self.reset(limit)

    def reset(self, limit: RateLimit) -> float:
        return (self._calls[-1][0] + limit.window * 1000 - self._at) / 1000 if self._calls else 0.0


class GcraWindow(Window):
    """The generic cell rate algorithm in its leaky-bucket form (ITU-T I.371, annex A).

    What is in the bucket is counted in units times milliseconds of the window: `quota` a millisecond run out.
    """

    __slots__ = ("_at", "_level")

    def __init__(self) -> None:
        super().__init__()
        self._level = 0
        self._at = 0

    def free(self, limit: RateLimit, now: float) -> int:
        at, length = int(now * 1000), limit.window * 1000
        self._level = max(0, self._level - limit.quota * max(0, at - self._at))
        self._at = at
        self.over = (at + self._level / limit.quota) / 1000
        return (limit.burst * length - self._level) // length

    def take(self, limit: RateLimit, units: int) -> None:
        self._level += units * limit.window * 1000
        self.over = (self._at + self._level / limit.quota) / 1000

    def wait(self, limit: RateLimit, units: int) -> float:
        length = limit.window * 1000
        if units > limit.burst:
            return self.reset(limit)
        return -(-(self._level + (units - limit.burst) * length) // limit.quota) / 1000

    def reset(self, limit: RateLimit) -> float:
        return -(-self._level // limit.quota) / 1000
