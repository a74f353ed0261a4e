"""The versions of an API on a time line: when each is deprecated and when it ends, as a picture in SVG.

The same stands beside it as a table: the picture is for those who see it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

WIDTH = 640
ROW = 34
LEFT = 56

_BEFORE = timedelta(days=120)
_AFTER = timedelta(days=240)


@dataclass(frozen=True, slots=True)
class Bar:
    """A version's line. `x` and `width` are in the picture's units; `deprecated_at` is None where it is not."""

    version: str
    state: str
    y: int
    x: float
    width: float
    deprecated_at: float | None
    sunset_at: float | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The picture. `months` are marks with their labels."""

    bars: tuple[Bar, ...]
    months: tuple[tuple[float, datetime], ...]
    now: float
    height: int


def timeline_of(versions: Sequence[Mapping[str, Any]], now: datetime) -> Timeline:
    """`versions` as the admin API has them."""
    moments = [_moment(each[key]) for each in versions for key in ("deprecation", "sunset") if each[key]]
    begin, end = min([now, *moments]) - _BEFORE, max([now, *moments]) + _AFTER
    span = (end - begin).total_seconds()

    def at(moment: datetime) -> float:
        return round(LEFT + (WIDTH - LEFT) * (moment - begin).total_seconds() / span, 1)

    bars = []
    for number, each in enumerate(versions):
        sunset = _moment(each["sunset"]) if each["sunset"] else None
        deprecated = _moment(each["deprecation"]) if each["deprecation"] else None
        until = at(sunset) if sunset is not None else float(WIDTH)
        bars.append(
            Bar(
                each["version"],
                each["state"],
                number * ROW + 8,
                float(LEFT),
                round(until - LEFT, 1),
                None if deprecated is None else at(deprecated),
                None if sunset is None else until,
            )
        )
    return Timeline(tuple(bars), tuple(_months(begin, end, at)), at(now), len(versions) * ROW + 28)


def _months(begin: datetime, end: datetime, at: Any) -> list[tuple[float, datetime]]:
    """The first day of so many months that their labels do not touch."""
    months = max(1, round((end - begin).days / 30 / 8))
    found: list[tuple[float, datetime]] = []
    year, month = begin.year, begin.month
    while True:
        month += months
        year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
        mark = datetime(year, month, 1, tzinfo=UTC)
        if mark >= end - timedelta(days=20):
            return found
        found.append((at(mark), mark))


def _moment(text: str | datetime) -> datetime:
    moment = datetime.fromisoformat(text) if isinstance(text, str) else text
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
