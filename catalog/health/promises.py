"""What an API promises, and how it kept it: availability, latency, and the budget of errors. No I/O.

The budget is what a promise leaves: with 99.5 % of calls answered, 0.5 % may fail. Its burn rate is how many times
faster than that they fail: at 1 it lasts exactly as long as the window. The windows and rates at which somebody
has to look are those of the *Site Reliability Workbook* (Google, 2018), chapter 5, "Multiple Burn Rate Alerts".
"""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from catalog.clock import DAY
from catalog.health.traffic import BOUNDS_MS, Sum, Traffic, total
from catalog.usage.periods import HOUR, day_of, hour_of

WINDOW_DAYS: Final = 30

RATES: Final[tuple[tuple[int, float], ...]] = ((1, 14.4), (6, 6.0), (72, 1.0))
"""Hours, and the burn rate over them from which on the promise is at risk."""

Standing: TypeAlias = Literal["no-calls", "kept", "at-risk", "broken"]
"""`at-risk`: kept so far, and burnt faster than it may be. `broken`: more failed than was promised."""

_LEAST: Final = 100
"""Calls in a window below which its burn says nothing."""
_P: Final = 0.95


class Promise(msgspec.Struct, frozen=True):
    """`availability` in per cent of calls; `latency_p95` in milliseconds, within which 95 of 100 calls end."""

    availability: float
    latency_p95: int | None

    @property
    def allowed(self) -> float:
        """The share of calls that may fail."""
        return 1 - self.availability / 100


class Latency(msgspec.Struct, frozen=True):
    """Between which bounds (milliseconds) the 95th percentile lies, as usage counts; `over` is 0 where it is below
    the first, `within` None where it is above the last. `kept` is None where the promise lies between them."""

    over: int
    within: int | None
    kept: bool | None


class Burn(msgspec.Struct, frozen=True):
    """How fast the budget burns over the last `hours`, the hour that has begun included; None without enough
    calls. `alarming` says that it is from `rate` on that somebody has to look."""

    hours: int
    rate: float | None
    alarm_at: float

    @property
    def alarming(self) -> bool:
        return self.rate is not None and self.rate >= self.alarm_at


class PromisedDay(msgspec.Struct, frozen=True):
    """A day by its first second. `available` is a share of its calls, None where there were none."""

    start: int
    available: float | None
    latency: Latency | None


class Record(msgspec.Struct, frozen=True):
    """How a promise was kept in the window. `budget_left` is a share of the budget, below 0 where more failed than
    was promised; None without calls."""

    promise: Promise
    standing: Standing
    available: float | None
    budget_left: float | None
    latency: Latency | None
    burns: tuple[Burn, ...]
    days: tuple[PromisedDay, ...]


def record_of(promise: Promise, days: Sequence[Traffic], hours: Sequence[Traffic], now: int) -> Record:
    """`days` are those of the window, `hours` at least those of the longest rate."""
    whole = total(days)
    share = whole.bad_share
    left = None if share is None else budget_left(promise, share)
    burns = tuple(Burn(hours_, burn_rate(promise, _last(hours, hours_, now)), alarm) for hours_, alarm in RATES)
    latency = latency_of(whole, promise.latency_p95)
    standing: Standing = "kept"
    if left is None:
        standing = "no-calls"
    elif left < 0 or (latency is not None and latency.kept is False):
        standing = "broken"
    elif any(burn.alarming for burn in burns):
        standing = "at-risk"
    available = None if share is None else 1 - share
    return Record(promise, standing, available, left, latency, burns, _days(promise, days, now))


def burn_rate(promise: Promise, over: Sum) -> float | None:
    """How many times faster than it may the budget burns; None where so few calls say nothing."""
    if over.calls < _LEAST or over.bad_share is None:
        return None
    return over.bad_share / max(promise.allowed, 1e-6)


def budget_left(promise: Promise, bad_share: float) -> float:
    """The share of the budget that is left."""
    return 1 - bad_share / max(promise.allowed, 1e-6)


def latency_of(over: Sum, promised: int | None) -> Latency | None:
    """Where the 95th percentile lies; None where nothing was called."""
    if not over.calls:
        return None
    counted, below = 0, 0
    for bound, calls in zip(BOUNDS_MS, over.within, strict=True):
        counted += calls
        if counted >= _P * over.calls:
            return Latency(below, bound, _kept(below, bound, promised))
        below = bound
    return Latency(below, None, _kept(below, None, promised))


def _kept(over: int, within: int | None, promised: int | None) -> bool | None:
    if promised is None:
        return None
    if within is not None and within <= promised:
        return True
    return False if over >= promised else None


def _last(hours: Sequence[Traffic], number: int, now: int) -> Sum:
    since = hour_of(now - number * HOUR)
    return total(each for each in hours if each.start >= since)


def _days(promise: Promise, days: Sequence[Traffic], now: int) -> tuple[PromisedDay, ...]:
    by_day: dict[int, list[Traffic]] = {}
    for each in days:
        by_day.setdefault(each.start, []).append(each)
    found = []
    for start in range(day_of(now) - (WINDOW_DAYS - 1) * DAY, day_of(now) + 1, DAY):
        over = total(by_day.get(start, ()))
        share = over.bad_share
        available = None if share is None else 1 - share
        found.append(PromisedDay(start, available, latency_of(over, promise.latency_p95)))
    return tuple(found)
