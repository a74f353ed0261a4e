"""Promises and how they are kept: what failed, what is left of the budget, how fast it burns, and latency."""

import pytest

from catalog.clock import DAY
from catalog.health.overview import standing_of
from catalog.health.promises import Promise, burn_rate, latency_of, record_of
from catalog.health.traffic import Sum, Traffic
from catalog.usage.periods import HOUR, day_of, hour_of

NOW = 1_795_000_000
PROMISE = Promise(99.0, 500)


def counted(start: int, calls: int, bad: int = 0, within: tuple[int, int, int, int] | None = None) -> Traffic:
    return Traffic(start, "orders", "v1", calls, bad, within or (calls, 0, 0, 0))


def test_a_promise_that_is_kept() -> None:
    days = [counted(day_of(NOW), 1000, 2), counted(day_of(NOW) - DAY, 1000, 3)]
    record = record_of(PROMISE, days, [counted(hour_of(NOW), 1000, 2)], NOW)
    assert (record.standing, record.available) == ("kept", 0.9975)
    assert record.budget_left == pytest.approx(0.75)
    assert [burn.rate for burn in record.burns] == [pytest.approx(0.2)] * 3
    assert len(record.days) == 30
    assert (record.days[-1].available, record.days[-2].available) == (0.998, 0.997)
    assert record.days[0].available is None


@pytest.mark.parametrize(
    ("days", "hours", "standing"),
    [
        ([], [], "no-calls"),
        ([counted(day_of(NOW), 1000, 11)], [], "broken"),
        ([counted(day_of(NOW), 1000, 5, (0, 0, 900, 100))], [], "broken"),
        ([counted(day_of(NOW), 100_000, 200)], [counted(hour_of(NOW), 1000, 200)], "at-risk"),
        ([counted(day_of(NOW), 100_000, 200)], [counted(hour_of(NOW), 99, 99)], "kept"),
    ],
)
def test_standing(days: list[Traffic], hours: list[Traffic], standing: str) -> None:
    assert record_of(PROMISE, days, hours, NOW).standing == standing


def test_a_burn_looks_back_over_its_hours_alone() -> None:
    hours = [counted(hour_of(NOW) - 5 * HOUR, 1000, 1000), counted(hour_of(NOW), 1000)]
    hour, six, three_days = record_of(PROMISE, hours, hours, NOW).burns
    assert (hour.rate, hour.alarming) == (0.0, False)
    assert six.rate == pytest.approx(50)
    assert six.alarming
    assert three_days.alarming


def test_what_is_promised_whole_burns_at_the_first_failure() -> None:
    rate = burn_rate(Promise(100, None), Sum(1000, 1))
    assert rate is not None
    assert rate > 14.4
    assert burn_rate(Promise(100, None), Sum(1000, 0)) == 0


@pytest.mark.parametrize(
    ("within", "promised", "expected"),
    [
        ((95, 5, 0, 0), 100, (0, 25, True)),
        ((94, 6, 0, 0), 100, (25, 100, True)),
        ((0, 90, 10, 0), 300, (100, 500, None)),
        ((0, 0, 90, 10), 500, (500, 2500, False)),
        ((0, 0, 90, 0), 2000, (2500, None, False)),
        ((0, 0, 90, 0), None, (2500, None, None)),
    ],
)
def test_latency_lies_between_bounds(
    within: tuple[int, ...], promised: int | None, expected: tuple[int, int | None, bool | None]
) -> None:
    found = latency_of(Sum(100, 0, within), promised)
    assert found is not None
    assert (found.over, found.within, found.kept) == expected


@pytest.mark.parametrize(
    ("calls", "bad", "standing"), [(0, 0, "quiet"), (100, 1, "good"), (100, 2, "impaired"), (10, 2, "failing")]
)
def test_an_api_stands_by_what_failed_lately(calls: int, bad: int, standing: str) -> None:
    assert standing_of(Sum(calls, bad), PROMISE) == standing
    assert standing_of(Sum(calls, bad), None) == standing
