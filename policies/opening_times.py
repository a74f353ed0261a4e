"""Opening times, as people mean them: by the clock on a wall, through its changes to summer time and back.

It is open while the clock of the place shows a time that is listed. So of an hour that it skips nobody misses any,
and one that it shows twice is open twice. A window that ends before it begins goes on until the next day; a closed
day is closed from midnight to midnight, and what would begin on it does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DAY: Final = 86_400
_STEP: Final = 21_600
"""Seconds within which a place changes its clocks once at most."""
_DAYS_AHEAD: Final = 1_100
"""Days of which the next opening is looked for: three years."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` until just before `end`, in seconds of the wall clock from the day's midnight on; `end` may lie
    on the next day. It is every week on `weekdays` (0 is Monday), and on `dates`."""

    start: int
    end: int
    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()

    def is_on(self, day: date) -> bool:
        return day.weekday() in self.weekdays or day in self.dates


@dataclass(frozen=True, slots=True)
class Spell:
    """From `start` until just before `end`, in Unix seconds, it stays so; with an `end` of None for good."""

    open: bool
    start: float
    end: float | None

    def holds(self, now: float) -> bool:
        return self.start <= now and (self.end is None or now < self.end)


class OpeningTimes:
    """The windows of a place."""

    __slots__ = ("_closed", "_windows", "_zone")

    def __init__(self, zone: ZoneInfo, windows: tuple[Window, ...], closed: frozenset[date]) -> None:
        self._zone = zone
        self._windows = windows
        self._closed = closed

    def spell(self, now: float) -> Spell:
        """Whether it is open, and until when that is known. Closed for three years is for good."""
        for opens, closes in self._openings(datetime.fromtimestamp(now, self._zone).date()):
            if now < closes:
                return Spell(True, opens, closes) if opens <= now else Spell(False, now, opens)
        return Spell(False, now, None)

    def _openings(self, today: date) -> Iterator[tuple[int, int]]:
        """In order, from before today's on; what follows on each other without a pause is one, up to a week."""
        held: tuple[int, int] | None = None
        for ahead in range(-1, _DAYS_AHEAD):
            for opens, closes in self._of_day(today + timedelta(days=ahead)):
                if held is not None and opens <= held[1] and closes - held[0] <= 7 * DAY:
                    held = (held[0], max(held[1], closes))
                    continue
                if held is not None:
                    yield held
                held = (opens, closes)
        if held is not None:
            yield held

    def _of_day(self, day: date) -> list[tuple[int, int]]:
        """The openings within one day of the wall clock, in Unix seconds and in order."""
        shown = sorted(self._shown(day))
        if not shown:
            return []
        midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        found: list[tuple[int, int]] = []
        for begins, ends, offset in self._offsets(midnight - DAY, midnight + 2 * DAY):
            for start, end in shown:
                opens = max(begins, midnight + start - offset)
                closes = min(ends, midnight + end - offset)
                if opens < closes:
                    found.append((opens, closes))
        return sorted(found)

    def _shown(self, day: date) -> Iterator[tuple[int, int]]:
        """What of the windows falls on a day, in seconds of its wall clock."""
        if day in self._closed:
            return
        before = day - timedelta(days=1)
        for window in self._windows:
            if window.is_on(day):
                yield window.start, min(window.end, DAY)
            if window.end > DAY and window.is_on(before) and before not in self._closed:
                yield 0, window.end - DAY

    def _offsets(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """The times with one offset from UTC each, in seconds east."""
        begins, offset = start, self._offset(start)
        for at in range(start + _STEP, end + _STEP, _STEP):
            if self._offset(at) != offset:
                change = self._change(at - _STEP, at)
                yield begins, change, offset
                begins, offset = change, self._offset(at)
        yield begins, end, offset

    def _change(self, low: int, high: int) -> int:
        """The first second with the offset that holds at `high`."""
        offset = self._offset(low)
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(middle) == offset:
                low = middle
            else:
                high = middle
        return high

    def _offset(self, at: int) -> int:
        found = datetime.fromtimestamp(at, self._zone).utcoffset()
        assert found is not None
        return int(found.total_seconds())
