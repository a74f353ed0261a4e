"""The calendar as a picture in SVG: a line for each version, from its announcement to the last extension.

All of it stands in the table beside the picture, to which each line leads.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from catalog.portal.axis import Axis, moment_of

WIDTH: Final = 960
LEFT: Final = 170
ROW: Final = 40
FOOT: Final = 28

_BEFORE: Final = timedelta(days=60)
_AFTER: Final = timedelta(days=90)
_NARROWEST: Final = 4.0
"""An hour's brown-out would be too thin to be seen in a picture of years."""

Kind = Literal["announced", "deprecated", "extended", "brown-out"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time of a version."""

    kind: Kind
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Line:
    """A version's line. `extended_until` is the last of its extensions, None without one."""

    entry: Mapping[str, Any]
    y: int
    spans: tuple[Span, ...]
    extended_until: datetime | None


@dataclass(frozen=True, slots=True)
class Gantt:
    """The picture. `months` are marks, `now` is where today is."""

    lines: tuple[Line, ...]
    months: tuple[tuple[float, datetime], ...]
    now: float
    height: int


def gantt_of(entries: Sequence[Mapping[str, Any]], now: datetime) -> Gantt:
    """`entries` as the admin API has them."""
    moments = [now, *(moment for entry in entries for moment in _moments(entry))]
    axis = Axis(min(moments) - _BEFORE, max(moments) + _AFTER, LEFT, WIDTH)
    lines = tuple(
        Line(entry, number * ROW + 8, tuple(_spans(entry, axis)), _extended(entry))
        for number, entry in enumerate(entries)
    )
    return Gantt(lines, tuple(axis.months()), axis.at(now), len(entries) * ROW + FOOT)


def _moments(entry: Mapping[str, Any]) -> Iterator[datetime]:
    yield from (moment_of(entry[name]) for name in ("deprecation", "sunset") if entry[name])
    yield from (moment_of(window["until"]) for window in entry["brown_outs"])
    extended = _extended(entry)
    if extended is not None:
        yield extended


def _extended(entry: Mapping[str, Any]) -> datetime | None:
    dates = (moment_of(each["extended_until"]) for each in entry["subscribers"] if each["extended_until"])
    return max(dates, default=None)


def _spans(entry: Mapping[str, Any], axis: Axis) -> Iterator[Span]:
    """Later ones are drawn over earlier ones."""
    deprecation, sunset = (moment_of(entry[name]) if entry[name] else None for name in ("deprecation", "sunset"))
    end = axis.right if sunset is None else axis.at(sunset)
    begin = axis.left if deprecation is None else axis.at(deprecation)
    if entry["state"] in ("deprecated", "retired") and deprecation is None:
        yield _span("deprecated", axis.left, end)
    elif deprecation is None:
        yield _span("announced", axis.left, end)
    else:
        yield _span("announced", axis.left, begin)
        yield _span("deprecated", begin, end)
    extended = _extended(entry)
    if extended is not None and sunset is not None and extended > sunset:
        yield _span("extended", end, axis.at(extended))
    for window in entry["brown_outs"]:
        yield _span("brown-out", axis.at(moment_of(window["from"])), axis.at(moment_of(window["until"])))


def _span(kind: Kind, begin: float, end: float) -> Span:
    return Span(kind, begin, round(max(end - begin, _NARROWEST), 1))
