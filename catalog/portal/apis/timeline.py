"""The versions of an API on a time line: when each is deprecated and when it ends, as a picture in SVG.

The same stands beside it as a table: the picture is for those who see it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from catalog.portal.axis import Axis, moment_of

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
    moments = [moment_of(each[key]) for each in versions for key in ("deprecation", "sunset") if each[key]]
    begin, end = min([now, *moments]) - _BEFORE, max([now, *moments]) + _AFTER
    axis = Axis(begin, end, LEFT, WIDTH)
    bars = []
    for number, each in enumerate(versions):
        sunset = moment_of(each["sunset"]) if each["sunset"] else None
        deprecated = moment_of(each["deprecation"]) if each["deprecation"] else None
        until = axis.at(sunset) if sunset is not None else float(WIDTH)
        bars.append(
            Bar(
                each["version"],
                each["state"],
                number * ROW + 8,
                float(LEFT),
                round(until - LEFT, 1),
                None if deprecated is None else axis.at(deprecated),
                None if sunset is None else until,
            )
        )
    return Timeline(tuple(bars), tuple(axis.months()), axis.at(now), len(versions) * ROW + 28)
