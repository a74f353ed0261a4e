"""The calendar as iCalendar, read by a library that is not ours."""

from datetime import UTC, datetime

import icalendar
import msgspec
from hypothesis import given
from hypothesis import strategies as st

from catalog.calendar.entries import calendar_of
from catalog.calendar.events import CalendarEvent, events_of
from catalog.calendar.ical import icalendar as written
from contracts.operations import Brownout, Lifecycle
from tests.catalog.calendar.views import DAY, DEPRECATION, SUNSET, View

NOW = DEPRECATION - DAY
WINDOWS = (Brownout(SUNSET - 30 * DAY, SUNSET - 29 * DAY), Brownout(SUNSET - DAY, SUNSET))


def events(sunset: int = SUNSET) -> tuple[CalendarEvent, ...]:
    calendar = Lifecycle("deprecated", DEPRECATION, sunset, "v2", "https://docs.example/v2;x=1,2", WINDOWS)
    return events_of(calendar_of(View(v1=calendar), {("shop-web", "orders", "v1"): SUNSET + DAY}))


def read(text: str) -> list[icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(text)
    assert isinstance(calendar, icalendar.Calendar)
    assert calendar["VERSION"] == "2.0"
    return [each for each in calendar.walk("VEVENT") if isinstance(each, icalendar.Event)]


def test_a_library_reads_what_was_meant() -> None:
    made = events()
    found = read(written(made, "acme", NOW))
    assert [each.decoded("DTSTART") for each in found] == [datetime.fromtimestamp(each.at, UTC) for each in made]
    assert [str(each["SUMMARY"]) for each in found] == [each.text for each in made]
    ends = [each.decoded("DTEND") if "DTEND" in each else None for each in found]
    assert ends == [None if each.until is None else datetime.fromtimestamp(each.until, UTC) for each in made]
    assert {each.decoded("DTSTAMP") for each in found} == {datetime.fromtimestamp(NOW, UTC)}
    assert str(found[0]["URL"]) == "https://docs.example/v2;x=1,2"
    assert str(found[0]["DESCRIPTION"]) == "How to move: https://docs.example/v2;x=1,2"


def test_a_date_that_moves_keeps_its_uid() -> None:
    before, after = (read(written(events(sunset), "acme", NOW)) for sunset in (SUNSET, SUNSET + 5 * DAY))
    uids = [[str(each["UID"]) for each in made] for made in (before, after)]
    assert sorted(uids[0]) == sorted(uids[1])
    assert len(set(uids[0])) == len(uids[0]) == 5


def test_lines_end_and_fold_as_the_standard_says() -> None:
    text = written(events(), "acme", NOW)
    assert text.endswith("END:VCALENDAR\r\n")
    lines = text.encode().split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert not any(b"\n" in line or b"\r" in line for line in lines)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=300), st.integers(0, 5))
def test_any_text_comes_through_folding_and_escaping(text: str, breaks: int) -> None:
    whole = text + "".join(f"\n{number};\\,é€😀" for number in range(breaks))
    event = msgspec.structs.replace(events()[0], text=whole)
    made = written([event], "acme", NOW)
    assert all(len(line) <= 75 for line in made.encode().split(b"\r\n"))
    assert str(read(made)[0]["SUMMARY"]) == whole


def test_an_empty_calendar_is_one() -> None:
    assert read(written([], "acme", NOW)) == []
