"""What an entry in `api.yaml` and the estate's policy make of a version's calendar."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.estate.calendar import DAY, lifecycle_of
from contracts.estate_files import BrownOutEntry, BrownOutRule, DeprecationPolicyEntry, VersionEntry
from contracts.operations import Brownout, Lifecycle

POLICY = DeprecationPolicyEntry(
    notice_days=90,
    brown_outs=(BrownOutRule(days_before=30, minutes=60), BrownOutRule(days_before=1, minutes=600, at="16:30")),
)


def shown(calendar: Lifecycle) -> list[str]:
    return [f"{_shown(each.start)}-{_shown(each.end)}" for each in calendar.brownouts]


def _shown(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%m-%d %H:%M")


def entry(**members: object) -> VersionEntry:
    dates = {"deprecation": "2027-01-01", "sunset": "2027-07-01", **members}
    return msgspec.convert(dates, VersionEntry)


def test_the_policy_makes_brown_outs_of_a_sunset() -> None:
    assert shown(lifecycle_of(entry(), POLICY)) == ["06-01 10:00-06-01 11:00", "06-30 16:30-07-01 00:00"]


def test_days_are_counted_from_the_day_of_the_sunset() -> None:
    made = lifecycle_of(entry(sunset="2027-06-30T23:59:59Z"), POLICY)
    assert shown(made) == ["05-31 10:00-05-31 11:00", "06-29 16:30-06-30 02:30"]


def test_what_would_come_before_the_deprecation_is_left_out() -> None:
    made = lifecycle_of(entry(deprecation="2027-06-01T10:00:01Z"), POLICY)
    assert shown(made) == ["06-30 16:30-07-01 00:00"]


def test_a_version_adds_windows_of_its_own_and_those_that_touch_are_one() -> None:
    own = [
        {"from": "2027-06-01T11:00:00Z", "until": "2027-06-01T12:00:00Z"},
        {"from": "2027-03-01", "until": "2027-03-02"},
    ]
    made = lifecycle_of(entry(**{"brown-outs": own}), POLICY)
    assert shown(made) == ["03-01 00:00-03-02 00:00", "06-01 10:00-06-01 12:00", "06-30 16:30-07-01 00:00"]


@pytest.mark.parametrize("missing", ["deprecation", "sunset"])
def test_without_both_dates_there_is_no_brown_out(missing: str) -> None:
    assert lifecycle_of(entry(**{missing: None}), POLICY).brownouts == ()


def test_a_retired_version_has_no_brown_out() -> None:
    assert lifecycle_of(entry(state="retired"), POLICY).brownouts == ()


def test_a_date_that_is_none_is_left_to_the_rules() -> None:
    made = lifecycle_of(entry(sunset="2027-02-30"), POLICY)
    assert (made.sunset, made.brownouts) == (None, ())


def test_without_brown_outs_the_compiled_form_is_what_it_was() -> None:
    text = msgspec.json.encode(lifecycle_of(entry(), None))
    assert text == b'{"deprecation":1798761600,"sunset":1814400000}'


@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.integers(1, 1440), st.integers(0, 23), st.integers(0, 59)), max_size=8
    ),
    st.lists(st.tuples(st.integers(0, 180 * 24), st.integers(1, 400)), max_size=6),
    st.integers(0, DAY - 1),
)
def test_windows_are_apart_in_order_and_between_the_dates(
    rules: list[tuple[int, int, int, int]], own: list[tuple[int, int]], clock: int
) -> None:
    first = 1_798_761_600
    sunset = first + 200 * DAY + clock
    policy = DeprecationPolicyEntry(
        notice_days=1,
        brown_outs=tuple(
            BrownOutRule(days_before=days, minutes=minutes, at=f"{hour:02}:{minute:02}")
            for days, minutes, hour, minute in rules
        ),
    )

    def at(seconds: int) -> str:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    windows = [(first + hours * 3600, first + (hours + length) * 3600) for hours, length in own]
    version = VersionEntry(
        deprecation=at(first),
        sunset=at(sunset),
        brown_outs=tuple(BrownOutEntry(start=at(start), until=at(end)) for start, end in windows),
    )
    made = lifecycle_of(version, policy).brownouts
    edges = [edge for each in made for edge in (each.start, each.end)]
    assert edges == sorted(set(edges))
    assert not edges or (first <= edges[0] and edges[-1] <= max(sunset, *(end for _, end in windows), 0))
    for start, end in windows:
        assert any(each.start <= start and end <= each.end for each in made)


def test_brown_outs_are_values() -> None:
    assert hash(Lifecycle(brownouts=(Brownout(1, 2),))) == hash(Lifecycle(brownouts=(Brownout(1, 2),)))
