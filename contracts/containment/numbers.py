"""Is there a number within bounds, a multiple of some divisors and not of others, and none of a list?"""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor, gcd, lcm
from typing import Any, Final

from contracts.containment.results import NEVER, Budget, Found, Lost, Result
from contracts.containment.terms import Term
from contracts.containment.values import FRACTION, INTEGER, Key, plain

_MOST: Final = 4_000
_OFFSETS: Final = [
    Fraction(n, 20) for n in (0, 10, 20, 2, 5, 6, 14, 13, 40, 7, 1, 60, 19, 30, 3, 9, 33, 100, 2000)
]
_PARTS: Final = [Fraction(n, 64) for n in (32, 16, 48, 8, 24, 40, 56, 1, 5, 13, 21, 29, 43, 61)]


class _Interval:
    def __init__(self) -> None:
        self.low: tuple[Fraction, bool] | None = None
        self.high: tuple[Fraction, bool] | None = None

    def above(self, bound: Fraction, exclusive: bool) -> None:
        if self.low is None or (bound, exclusive) > self.low:
            self.low = (bound, exclusive)

    def below(self, bound: Fraction, exclusive: bool) -> None:
        if self.high is None or (-bound, exclusive) > (-self.high[0], self.high[1]):
            self.high = (bound, exclusive)

    def holds(self, value: Fraction) -> bool:
        if self.low is not None and not (value > self.low[0] or (value == self.low[0] and not self.low[1])):
            return False
        return self.high is None or value < self.high[0] or (value == self.high[0] and not self.high[1])

    @property
    def is_empty(self) -> bool:
        if self.low is None or self.high is None or self.low[0] < self.high[0]:
            return False
        return self.low[0] > self.high[0] or self.low[1] or self.high[1]


def solve_number(budget: Budget, literals: list[tuple[Term, bool]], mask: int, excluded: frozenset[Key]) -> Result:
    """`literals` with whether each is negated; `mask` has INTEGER, FRACTION or both."""
    interval, steps, never = _Interval(), list[Fraction](), list[Fraction]()
    for term, negated in literals:
        kind, args = term.kind, term.args
        if kind == "lower":
            interval.below(args[0], not args[1]) if negated else interval.above(*args)
        elif kind == "upper":
            interval.above(args[0], not args[1]) if negated else interval.below(*args)
        elif kind == "multiple":
            (never if negated else steps).append(args[0])
    if mask == INTEGER:
        steps.append(Fraction(1))
    elif mask == FRACTION:
        never.append(Fraction(1))
    if interval.is_empty:
        return NEVER
    if not steps:
        return _first(budget, _reals(interval), interval, never, excluded)
    step = steps[0]
    for other in steps[1:]:
        step = Fraction(lcm(step.numerator, other.numerator), gcd(step.denominator, other.denominator))
    if any((step / divisor).denominator == 1 for divisor in never):
        return NEVER
    low = high = None
    if interval.low is not None:
        low = ceil(interval.low[0] / step)
        low += interval.low[1] and low * step == interval.low[0]
    if interval.high is not None:
        high = floor(interval.high[0] / step)
        high -= interval.high[1] and high * step == interval.high[0]
    if low is not None and high is not None and low > high:
        return NEVER
    result = _first(budget, (step * k for k in _integers(low, high)), interval, never, excluded)
    if isinstance(result, Lost) and low is not None and high is not None and high - low < _MOST:
        return NEVER if not result.reason.startswith("no double") else result
    return result


def _first(
    budget: Budget,
    values: Iterator[Fraction],
    interval: _Interval,
    never: list[Fraction],
    excluded: frozenset[Key],
) -> Result:
    reason = "no number was found"
    alone = interval.low is not None and interval.high is not None and interval.low[0] == interval.high[0]
    for tried, value in enumerate(values):
        if tried % 16 == 0:
            budget.spend()
        if not interval.holds(value) or ("f", value) in excluded:
            continue
        if any((value / divisor).denominator == 1 for divisor in never):
            continue
        number: Any = plain(value)
        if number is not None:
            return Found(number)
        reason = "no double holds the numbers in question"
    return NEVER if alone and reason == "no number was found" else Lost(reason)


def _integers(low: int | None, high: int | None) -> Iterator[int]:
    if low is not None:
        stop = low + _MOST if high is None else min(high + 1, low + _MOST)
        yield from range(low, stop)
        if high is not None and high >= stop:
            yield from range(high, max(high - 64, stop), -1)
    elif high is not None:
        yield from range(high, high - _MOST, -1)
    else:
        yield 0
        for k in range(1, _MOST // 2):
            yield k
            yield -k


def _reals(interval: _Interval) -> Iterator[Fraction]:
    low = interval.low[0] if interval.low else None
    high = interval.high[0] if interval.high else None
    if low is not None and high is not None:
        yield low
        yield high
    for offset in _OFFSETS:
        if low is not None:
            yield low + offset
        if high is not None:
            yield high - offset
        if low is None and high is None:
            yield offset
            yield -offset
    if low is not None and high is not None:
        yield from (low + (high - low) * part for part in _PARTS)
    anchor = low if low is not None else high if high is not None else Fraction(0)
    sign = 1 if low is not None or high is None else -1
    for k in range(_MOST // 8):
        yield anchor + sign * Fraction(7 * k + 3, 10)
        yield anchor + sign * Fraction(k + 1, 1000)
