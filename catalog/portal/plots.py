"""Usage as a picture: calls by day, stacked by status or by version, as SVG that the server draws.

The same stands beside it as a table, and each part of a bar has a text: the picture is for those who see it.
`templates/plots.html` has the macros that show it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

WIDTH: Final = 720
HEIGHT: Final = 200
LEFT: Final = 64
BOTTOM: Final = 24

MOST_DAYS: Final = 400
"""Bars of one picture: as long as days are kept."""
MOST_KINDS: Final = 8
"""Kinds that are told apart; what is rarer is one kind."""

REST: Final = "…"
"""The kind of what is rarer than the others."""

Mark: TypeAlias = Literal["", "hatch", "dots"]
"""What a kind has over its colour, for those to whom two colours are one."""

_MARKS: Final[tuple[Mark, ...]] = ("", "hatch", "dots")
_STATUSES: Final[Mapping[str, tuple[str, Mark]]] = {
    "2xx": ("good", ""),
    "3xx": ("plain", ""),
    "4xx": ("warn", "hatch"),
    "429": ("warn", "dots"),
    "499": ("plain", "hatch"),
    "5xx": ("bad", "hatch"),
    "aborted": ("bad", "dots"),
}
_LABELS: Final = 6
_TICKS: Final = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """What calls are told apart by: a status or a version. `tone` is the class of its colour."""

    name: str
    tone: str
    mark: Mark
    calls: int


@dataclass(frozen=True, slots=True)
class Segment:
    """The calls of one kind in a day, in the picture's units."""

    kind: Kind
    y: float
    height: float
    calls: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One day. `calls` are those of each kind, in the order of the plot's kinds."""

    day: date
    x: float
    width: float
    segments: tuple[Segment, ...]
    calls: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.calls)


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture. `ticks` are heights with their counts, `labels` are places with their days; `quota_y` is the
    height of what a plan admits in a day, None where that is not shown."""

    name: str
    kinds: tuple[Kind, ...]
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, int], ...]
    labels: tuple[tuple[float, date], ...]
    quota: int | None = None
    quota_y: float | None = None

    @property
    def total(self) -> int:
        return sum(kind.calls for kind in self.kinds)


def by_status(
    points: Iterable[Mapping[str, Any]],
    since: date,
    until: date,
    *,
    name: str = "status",
    quota: int | None = None,
) -> Plot:
    """Points of `getUsage` by what became of the calls. Limits that were over are told apart."""
    counts = [(_day(point["start"]), status_kind(point["status"]), point["calls"]) for point in points]
    seen = {kind for _, kind, _ in counts}
    kinds = [(kind, *look) for kind, look in _STATUSES.items() if kind in seen]
    return _plot(name, counts, kinds, since, until, quota)


def by_version(points: Iterable[Mapping[str, Any]], since: date, until: date, *, name: str = "version") -> Plot:
    """Points of `getUsage` by API and version, the most calls first."""
    counts = [(_day(point["start"]), f"{point['api']} {point['version']}", point["calls"]) for point in points]
    totals: dict[str, int] = {}
    for _, kind, calls in counts:
        totals[kind] = totals.get(kind, 0) + calls
    ordered = sorted(totals, key=lambda kind: (-totals[kind], kind))
    shown = ordered if len(ordered) <= MOST_KINDS else ordered[: MOST_KINDS - 1]
    counts = [(day, kind if kind in shown else REST, calls) for day, kind, calls in counts]
    names = [*shown, *([REST] if len(shown) < len(ordered) else [])]
    kinds = [(kind, f"k{number}", _MARKS[number % len(_MARKS)]) for number, kind in enumerate(names)]
    return _plot(name, counts, kinds, since, until, None)


def status_kind(status: str) -> str:
    """The class of a status as usage has it; `429` and `499` are told apart, and what broke off is `aborted`."""
    if status in _STATUSES:
        return status
    return f"{status[0]}xx" if status[:1] in "2345" else "2xx" if status[:1] == "1" else "aborted"


def _plot(
    name: str,
    counts: Sequence[tuple[date, str, int]],
    kinds: Sequence[tuple[str, str, Mark]],
    since: date,
    until: date,
    quota: int | None,
) -> Plot:
    days = _days(since, until)
    table: dict[date, dict[str, int]] = {day: {} for day in days}
    for day, kind, calls in counts:
        if day in table:
            table[day][kind] = table[day].get(kind, 0) + calls
    made = tuple(
        Kind(kind, tone, mark, sum(row.get(kind, 0) for row in table.values())) for kind, tone, mark in kinds
    )
    most = max((sum(row.values()) for row in table.values()), default=0)
    # A quota far above what is called would leave nothing to be seen of the calls.
    shown = quota if quota is not None and quota <= 2 * most else None
    top = _round(max(most, shown or 0))
    step = (WIDTH - LEFT) / len(days)
    ground = HEIGHT - BOTTOM

    def height(calls: int) -> float:
        return round((ground - 8) * calls / top, 1)

    bars = []
    for number, day in enumerate(days):
        row, y, segments = table[day], float(ground), []
        for each in made:
            calls = row.get(each.name, 0)
            if calls:
                y = round(y - height(calls), 1)
                segments.append(Segment(each, y, height(calls), calls))
        width = round(max(step * 0.8, 1), 2)
        counted = tuple(row.get(each.name, 0) for each in made)
        bars.append(Bar(day, round(LEFT + step * (number + 0.1), 2), width, tuple(segments), counted))
    ticks = tuple(
        (round(ground - height(top * part // _TICKS), 1), top * part // _TICKS) for part in range(_TICKS + 1)
    )
    every = -(-len(days) // _LABELS)
    labels = tuple((round(LEFT + step * (at + 0.5), 1), days[at]) for at in range(0, len(days), every))
    line = None if shown is None else round(ground - height(shown), 1)
    return Plot(name, made, tuple(bars), ticks, labels, shown, line)


def _days(since: date, until: date) -> list[date]:
    """Each day from the first to the last, of which there is one at least."""
    number = min(max((until - since).days, 0), MOST_DAYS - 1)
    return [until - timedelta(days=back) for back in range(number, -1, -1)]


def _round(most: int) -> int:
    """A number at which an axis ends: four equal steps of whole calls."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor * _TICKS >= most:
                return step * factor * _TICKS
        step *= 10


def _day(start: datetime | str) -> date:
    moment = datetime.fromisoformat(start) if isinstance(start, str) else start
    return moment.astimezone(UTC).date()
