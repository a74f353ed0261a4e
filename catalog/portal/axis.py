"""Time from left to right, as pictures of it need it: where a moment is, and which months are marked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_MARKS: Final = 8
"""Months that are marked at most, or about so many: their labels must not touch."""
_EDGE: Final = timedelta(days=20)


@dataclass(frozen=True, slots=True)
class Axis:
    """From `begin` at `left` to `end` at `right`, in the picture's units."""

    begin: datetime
    end: datetime
    left: float
    right: float

    def at(self, moment: datetime) -> float:
        """Where a moment is; what lies outside is at the edge."""
        share = (moment - self.begin) / (self.end - self.begin)
        return round(self.left + (self.right - self.left) * min(max(share, 0.0), 1.0), 1)

    def months(self) -> Iterator[tuple[float, datetime]]:
        """The first days of months that are marked."""
        step = max(1, round((self.end - self.begin).days / 30 / _MARKS))
        year, month = self.begin.year, self.begin.month
        while True:
            month += step
            year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
            mark = datetime(year, month, 1, tzinfo=UTC)
            if mark >= self.end - _EDGE:
                return
            yield self.at(mark), mark


def moment_of(text: str | datetime) -> datetime:
    """A moment of the admin API; without a zone it is UTC."""
    moment = datetime.fromisoformat(text) if isinstance(text, str) else text
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
