"""Days and months of a time zone, beside a count of the hours that its clocks show."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.limits import RateLimit
from policies.limits.calendar import period_at

ZONES = (
    "UTC",
    "Europe/Brussels",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # half an hour of summer time
    "America/Havana",  # clocks go back at one, and forward at midnight
    "Africa/Cairo",  # and forward at midnight, the last Friday of April
    "Pacific/Apia",
)


def limit(zone: str, period: str = "day") -> RateLimit:
    return RateLimit("x", 1, 86_400, "calendar", period=period, time_zone=zone)  # type: ignore[arg-type]


@given(st.sampled_from(ZONES), st.integers(1_600_000_000, 2_000_000_000), st.sampled_from(["day", "month"]))
def test_a_period_has_all_its_moments_and_no_other(zone: str, at: int, period: str) -> None:
    def shown(moment: int) -> tuple[int, ...]:
        local = datetime.fromtimestamp(moment, ZoneInfo(zone))
        return (local.year, local.month, local.day) if period == "day" else (local.year, local.month)

    start, end = period_at(limit(zone, period), at)
    assert start <= at < end
    assert shown(start) == shown(end - 1) == shown(at)
    assert shown(start - 1) != shown(at) != shown(end)
    assert period_at(limit(zone, period), end)[0] == end
    assert period_at(limit(zone, period), start - 1)[1] == start


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Brussels", "2026-03-29", 23),
        ("Europe/Brussels", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Africa/Cairo", "2026-04-24", 23),
        ("America/Havana", "2026-03-08", 23),
        ("Asia/Kathmandu", "2026-03-29", 24),
    ],
)
def test_days_on_which_clocks_are_changed(zone: str, day: str, hours: float) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo(zone))
    start, end = period_at(limit(zone), noon.timestamp())
    assert (end - start) / 3600 == hours


def test_months_have_their_days() -> None:
    at = datetime(2028, 2, 29, 23, 59, 59, tzinfo=ZoneInfo("Europe/Brussels"))
    start, end = period_at(limit("Europe/Brussels", "month"), at.timestamp())
    assert timedelta(seconds=end - start) == timedelta(days=29)
    assert end == at.timestamp() + 1
