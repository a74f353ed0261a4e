"""Times at which an operation is open, through changes of the clock; and what is told outside of them."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import yaml

from policies.hours import EXAMPLE, HoursConfig, bind, check
from policies.opening_times import DAY, OpeningTimes, Spell, Window
from policies.policy import Setting
from policies.verdict import ALLOW, Deny, Verdict
from tests.support.policy_world import World, exchange, operation, version

WEEK = {"zone": "Europe/Madrid", "open": [{"days": ["mon", "fri"], "from": "08:00", "until": "18:00"}]}


def config(**settings: Any) -> HoursConfig:
    return msgspec.convert(settings, HoursConfig)


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def call(moment: str, **settings: Any) -> Verdict:
    world = World()
    world.now = at(moment)
    stage = bind(config(**settings), version(), operation(), world.ports())
    assert stage is not None
    verdict = stage(exchange())
    assert verdict is ALLOW or isinstance(verdict, Deny)
    return verdict


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2027-01-01T07:59:59+01:00", False),  # a Friday
        ("2027-01-01T08:00:00+01:00", True),
        ("2027-01-01T17:59:59+01:00", True),
        ("2027-01-01T18:00:00+01:00", False),
        ("2027-01-02T12:00:00+01:00", False),
        ("2027-01-04T12:00:00+01:00", True),
        ("2027-07-02T08:00:00+02:00", True),  # summer time
        ("2027-07-02T07:59:00+02:00", False),
    ],
)
def test_it_is_open_by_the_clock_of_the_place(moment: str, is_open: bool) -> None:
    assert (call(moment, **WEEK) is ALLOW) is is_open


def test_outside_of_them_the_next_opening_is_told() -> None:
    verdict = call("2027-01-02T12:00:00+01:00", **WEEK)
    assert isinstance(verdict, Deny)
    assert (verdict.policy, verdict.problem.type.id, verdict.problem.status) == ("hours", "outside-hours", 503)
    assert verdict.problem.extensions == {"opens": "2027-01-04T07:00:00Z"}
    assert verdict.problem.headers == (("retry-after", str(44 * 3600 + 1)),)


def test_a_client_that_waits_as_it_was_told_is_let_in() -> None:
    world = World()
    stage = bind(config(**WEEK), version(), operation(), world.ports())
    assert stage is not None
    world.now = at("2027-03-27T23:59:00+01:00") + 0.4
    verdict = stage(exchange())
    assert isinstance(verdict, Deny)
    world.now += int(verdict.problem.headers[0][1])
    assert stage(exchange()) is ALLOW


def test_what_never_opens_again_says_so() -> None:
    verdict = call("2027-01-02T12:00:00Z", open=[{"dates": ["2026-12-24"]}])
    assert isinstance(verdict, Deny)
    assert verdict.problem.headers == ()


def test_closed_days_and_single_days() -> None:
    settings = {"open": [{"days": ["fri"]}, {"dates": ["2027-01-02"], "until": "12:00"}], "closed": ["2027-01-01"]}
    assert call("2027-01-01T12:00:00Z", **settings) is not ALLOW
    assert call("2027-01-02T11:59:59Z", **settings) is ALLOW
    assert call("2027-01-02T12:00:00Z", **settings) is not ALLOW
    assert call("2027-01-08T23:59:59Z", **settings) is ALLOW


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    night = {"open": [{"days": ["fri"], "from": "22:00", "until": "06:00"}]}
    assert call("2027-01-01T21:59:59Z", **night) is not ALLOW
    assert call("2027-01-02T05:59:59Z", **night) is ALLOW
    assert call("2027-01-02T06:00:00Z", **night) is not ALLOW
    assert call("2027-01-01T03:00:00Z", **night) is not ALLOW
    assert call("2027-01-02T03:00:00Z", **night, closed=["2027-01-01"]) is not ALLOW
    assert call("2027-01-02T03:00:00Z", **night, closed=["2027-01-02"]) is not ALLOW
    assert call("2027-01-01T23:00:00Z", **night, closed=["2027-01-02"]) is ALLOW


def windows(*spans: tuple[int, int], **days: frozenset[Any]) -> tuple[Window, ...]:
    return tuple(
        Window(start * 60, end * 60, **(days or {"weekdays": frozenset(range(7))})) for start, end in spans
    )


def spell(zone: str, moment: str, *spans: tuple[int, int]) -> Spell:
    return OpeningTimes(ZoneInfo(zone), windows(*spans), frozenset()).spell(at(moment))


def test_an_hour_that_is_skipped_is_not_opened_in() -> None:
    """In Madrid the clock goes from 02:00 to 03:00 on 28 March 2027, at 01:00 UTC."""
    skipped = spell("Europe/Madrid", "2027-03-28T00:30:00Z", (135, 165))
    assert skipped == Spell(False, at("2027-03-28T00:30:00Z"), at("2027-03-29T00:15:00Z"))
    across = spell("Europe/Madrid", "2027-03-28T00:59:00Z", (90, 210))
    assert across == Spell(True, at("2027-03-28T00:30:00Z"), at("2027-03-28T01:30:00Z"))


def test_an_hour_that_is_shown_twice_is_open_twice() -> None:
    """In Madrid the clock goes from 03:00 back to 02:00 on 31 October 2027, at 01:00 UTC."""
    first = spell("Europe/Madrid", "2027-10-31T00:20:00Z", (135, 165))
    assert first == Spell(True, at("2027-10-31T00:15:00Z"), at("2027-10-31T00:45:00Z"))
    between = spell("Europe/Madrid", "2027-10-31T00:50:00Z", (135, 165))
    assert between.end == at("2027-10-31T01:15:00Z")
    assert spell("Europe/Madrid", "2027-10-31T01:20:00Z", (135, 165)).open


def test_what_is_always_open_is_known_to_be_for_a_while() -> None:
    always = spell("UTC", "2027-01-01T12:00:00Z", (0, 1440))
    assert always.open
    assert always.end is not None
    assert always.end >= at("2027-01-02T00:00:00Z")


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Madrid", "2027-03-27"),
        ("Europe/Madrid", "2027-10-30"),
        ("America/New_York", "2027-11-06"),
        ("Africa/Cairo", "2027-04-29"),  # its midnight is skipped
        ("Australia/Lord_Howe", "2027-04-03"),  # by half an hour
        ("Asia/Kathmandu", "2027-05-01"),
        ("Pacific/Apia", "2011-12-29"),  # the 30th was no day at all
        ("America/Sao_Paulo", "2018-11-03"),
    ],
)
def test_every_minute_is_as_the_clock_on_the_wall_has_it(zone: str, day: str) -> None:
    """Three days around a change of the clock, minute by minute, for windows of any kind."""
    dice = random.Random(f"{zone} {day}")
    place = ZoneInfo(zone)
    for _ in range(4):
        spans = [(start, start + dice.randint(1, 1439)) for start in dice.sample(range(1440), 2)]
        weekdays = frozenset(dice.sample(range(7), 4))
        closed = frozenset({date.fromisoformat(day) + timedelta(days=dice.randint(0, 3))})
        made = windows(*spans, weekdays=weekdays)
        times = OpeningTimes(place, made, closed)
        begin = int(datetime.fromisoformat(f"{day}T00:00:00Z").timestamp())
        shown = [_is_open(minute, place, made, closed) for minute in range(begin, begin + 3 * DAY, 60)]
        known = Spell(False, 0.0, 0.0)
        for index, is_open in enumerate(shown):
            now = begin + 60 * index
            if not known.holds(now):
                known = times.spell(now)
            assert known.open is is_open, datetime.fromtimestamp(now, UTC)


def _is_open(now: int, place: ZoneInfo, made: tuple[Window, ...], closed: frozenset[date]) -> bool:
    """What somebody would say who looks at the clock and the calendar."""
    shown = datetime.fromtimestamp(now, place)
    today, yesterday = shown.date(), shown.date() - timedelta(days=1)
    second = shown.hour * 3600 + shown.minute * 60
    if today in closed:
        return False
    return any(
        (each.is_on(today) and each.start <= second < each.end)
        or (each.is_on(yesterday) and yesterday not in closed and second + DAY < each.end)
        for each in made
    )


@pytest.mark.parametrize(
    ("settings", "pointer", "said"),
    [
        ({"zone": "Europe/Nowhere", "open": [{}]}, "/zone", "no time zone"),
        ({"zone": "../etc/passwd", "open": [{}]}, "/zone", "no time zone"),
        ({}, "", "never `open`"),
        ({"open": [{"from": "08:00", "until": "08:00"}]}, "/open/0/from", "is no time"),
        ({"open": [{"from": "24:00"}]}, "/open/0/from", "is no time"),
        ({"open": [{"dates": ["2027-02-29"]}]}, "/open/0/dates/0", "no day 2027-02-29"),
        ({"open": [{}], "closed": ["2027-13-01"]}, "/closed/0", "no day 2027-13-01"),
    ],
    ids=str,
)
def test_places_and_days_that_there_are_not_are_found(settings: dict[str, Any], pointer: str, said: str) -> None:
    (fault,) = check(Setting(config(**settings), "enforce"), version(), operation())
    assert fault.pointer == pointer
    assert said in fault.message


def test_the_example_works() -> None:
    setting = Setting(config(**yaml.safe_load(EXAMPLE)), "enforce")
    assert list(check(setting, version(), operation())) == []
