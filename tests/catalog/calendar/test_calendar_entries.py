"""The calendar of an estate: which versions, in which order, and where each stands."""

import pytest

from catalog.calendar.entries import Subscriber, calendar_of, entry_of
from catalog.calendar.events import between, events_of
from contracts.estate_files import ApiFile, VersionEntry
from contracts.operations import Brownout, Lifecycle
from tests.catalog.calendar.views import DAY, DEPRECATION, SUNSET, View
from tests.support.policy_world import version


def test_an_entry_says_all_that_concerns_an_end() -> None:
    (entry,) = calendar_of(View(), {("shop-web", "orders", "v1"): SUNSET + DAY})
    assert (entry.about, entry.name, entry.state) == ("orders/v1", "Orders v1", "deprecated")
    assert (entry.owner, entry.contact, entry.notice_days) == ("sales", "sales@acme.example", 90)
    assert (entry.deprecation, entry.sunset, entry.successor) == (DEPRECATION, SUNSET, "v2")
    assert entry.migration_guide == "https://docs.example/v2"
    assert entry.subscribers == (
        Subscriber(consumer="carrier", application="carrier-app"),
        Subscriber(consumer="carrier", application="carrier-bot"),
        Subscriber(consumer="shop", application="shop-web", extended_until=SUNSET + DAY),
    )


def test_an_api_may_promise_another_notice_than_the_estate() -> None:
    view = View()
    view.apis["orders"] = ApiFile(
        "Orders", "sales", "s@x", "erp", "internal", {"v1": VersionEntry()}, notice_days=7
    )
    assert calendar_of(view)[0].notice_days == 7
    view = View(policy=None)
    assert calendar_of(view)[0].notice_days is None


@pytest.mark.parametrize(
    ("calendar", "is_there"),
    [
        (Lifecycle(), False),
        (Lifecycle("draft", deprecation=1, sunset=2), False),
        (Lifecycle(deprecation=1), True),
        (Lifecycle(sunset=1), True),
        (Lifecycle("retired"), True),
    ],
)
def test_who_has_a_calendar(calendar: Lifecycle, is_there: bool) -> None:
    assert bool(calendar_of(View(v1=calendar))) is is_there


def test_the_first_to_end_comes_first() -> None:
    more = (
        version(api="books", lifecycle=Lifecycle("deprecated", 1)),
        version(api="books", version="v2", lifecycle=Lifecycle("deprecated", 1, SUNSET - 1)),
    )
    assert [each.about for each in calendar_of(View(more=more))] == ["books/v2", "orders/v1", "books/v1"]


def test_phases() -> None:
    window = Brownout(SUNSET - 2 * DAY, SUNSET - DAY)
    (entry,) = calendar_of(View(v1=Lifecycle("published", DEPRECATION, SUNSET, brownouts=(window,))))
    times = (DEPRECATION - 1, DEPRECATION, window.start, window.end - 0.5, window.end, SUNSET)
    assert [entry.phase(each) for each in times] == [
        "announced",
        "deprecated",
        "brown-out",
        "brown-out",
        "deprecated",
        "ended",
    ]
    # A state that is written down before its date is no other one than the date's.
    (ahead,) = calendar_of(View(v1=Lifecycle("deprecated", DEPRECATION, SUNSET)))
    assert [ahead.phase(each) for each in (DEPRECATION - 1, DEPRECATION)] == ["announced", "deprecated"]
    (undated,) = calendar_of(View(v1=Lifecycle("deprecated")))
    assert undated.phase(0) == "deprecated"
    (retired,) = calendar_of(View(v1=Lifecycle("retired", DEPRECATION, SUNSET)))
    assert retired.phase(0) == "retired"


def test_every_date_is_an_event() -> None:
    window = Brownout(SUNSET - 2 * DAY, SUNSET - DAY)
    view = View(v1=Lifecycle("deprecated", DEPRECATION, SUNSET, "v2", brownouts=(window,)))
    events = events_of(calendar_of(view, {("shop-web", "orders", "v1"): SUNSET + DAY}))
    assert [(each.at, each.kind, each.until, each.text) for each in events] == [
        (DEPRECATION, "deprecation", None, "Orders v1 is deprecated; its successor is v2"),
        (window.start, "brown-out", window.end, "Orders v1 refuses every call"),
        (SUNSET, "sunset", None, "Orders v1 ends; its successor is v2"),
        (SUNSET + DAY, "extension-end", None, "Orders v1 ends for shop-web of shop"),
    ]
    # A brown-out that goes on is not over; one that begins at the end of the time is not in it.
    assert [each.kind for each in between(events, window.start + 1, SUNSET)] == ["brown-out"]
    assert [each.kind for each in between(events, window.end, SUNSET + 1)] == ["sunset"]
    assert between(events, None, None) == events


def test_the_entry_of_a_version() -> None:
    entries = calendar_of(View())
    assert entry_of(entries, "orders", "v1") == entries[0]
    assert entry_of(entries, "orders", "v2") is None
