"""Findings of the linter over publications, as a picture in SVG: errors below, warnings above them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

WIDTH: Final = 720
HEIGHT: Final = 140
LEFT: Final = 48
BOTTOM: Final = 20
_WIDEST: Final = 40.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A look: its place, and where its parts begin and how high they are."""

    look: Mapping[str, Any]
    x: float
    width: float
    errors_y: float
    errors_height: float
    warnings_y: float
    warnings_height: float


@dataclass(frozen=True, slots=True)
class Trend:
    """The picture; `most` findings is its top."""

    bars: tuple[Bar, ...]
    most: int


def trend_of(looks: Sequence[Mapping[str, Any]]) -> Trend:
    """`looks` as the admin API has them, the oldest first."""
    most = max((each["errors"] + each["warnings"] for each in looks), default=0)
    step = min((WIDTH - LEFT) / max(len(looks), 1), _WIDEST)
    floor = HEIGHT - BOTTOM
    high = (floor - 12) / max(most, 1)
    bars = []
    for number, look in enumerate(looks):
        errors, warnings = round(look["errors"] * high, 1), round(look["warnings"] * high, 1)
        above = round(floor - errors - warnings, 1)
        x = round(LEFT + number * step, 1)
        bars.append(Bar(look, x, round(step * 0.8, 1), round(floor - errors, 1), errors, above, warnings))
    return Trend(tuple(bars), most)
