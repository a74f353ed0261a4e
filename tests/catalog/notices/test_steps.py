"""A whole year of the calendar, walked through: who is told what, when, and never twice."""

from collections.abc import Iterable
from datetime import UTC, datetime

from catalog.calendar.callers import Caller
from catalog.calendar.entries import CalendarEntry, calendar_of
from catalog.calendar.extension import Extension, extended
from catalog.notices.notice import Notice
from catalog.notices.steps import Facts, calendar_notices
from contracts.operations import Brownout, Lifecycle
from tests.catalog.calendar.views import DAY, DEPRECATION, SUNSET, View

WINDOWS = (
    Brownout(SUNSET - 30 * DAY + 36_000, SUNSET - 30 * DAY + 39_600),
    Brownout(SUNSET - 4 * DAY + 36_000, SUNSET - 4 * DAY + 50_400),
)
CALENDAR = Lifecycle("deprecated", DEPRECATION, SUNSET, "v2", "https://docs.example/v2", WINDOWS)
ANNOUNCED = DEPRECATION - 20 * DAY

OWNER_YEAR = [
    "2026-12-12 deprecated owner",
    "2027-04-02 sunset 90 owner",
    "2027-05-25 brown-out 7 owner",
    "2027-05-31 brown-out 1 owner",
    "2027-06-01 sunset 30 owner",
    "2027-06-20 brown-out 7 owner",
    "2027-06-24 sunset 7 owner",
    "2027-06-26 brown-out 1 owner",
    "2027-06-30 sunset 1 owner",
    "2027-07-01 ended owner",
]
CALLED = [Caller(consumer="shop", application="shop-web", calls=3, last_seen=SUNSET + 2 * DAY)]


def spared(consumer: str, application: str, until: int, granted_at: int) -> Extension:
    return Extension(
        number=7,
        consumer=consumer,
        application=application,
        api="orders",
        api_version="v1",
        until=until,
        reason="",
        requested_by="ines",
        requested_at=ANNOUNCED,
        state="granted",
        decided_at=granted_at,
    )


class Walk:
    """Days go by; what was told is all that is remembered from one to the next."""

    def __init__(self, view: View | None = None) -> None:
        self.view = view or View(v1=CALENDAR)
        self.spared: tuple[Extension, ...] = ()
        self.told: dict[str, int] = {}
        self.sent: list[tuple[int, Notice]] = []
        self.called: list[Caller] = []

    def entries(self) -> tuple[CalendarEntry, ...]:
        return calendar_of(self.view, extended(self.spared))

    def at(self, now: float) -> list[Notice]:
        facts = Facts(self.view, self.entries(), self.spared, dict(self.told), {"orders/v1": self.called})
        found = calendar_notices(facts, now)
        assert len({each.key for each in found}) == len(found)
        for each in found:
            assert each.key not in self.told
            assert each.due_at <= now
            assert each.useless_at is None or now < each.useless_at
            self.told[each.key] = int(now)
            self.sent.append((int(now), each))
        return found

    def days(self, numbers: Iterable[float]) -> "Walk":
        for number in numbers:
            self.at(ANNOUNCED + number * DAY)
        return self

    def lines(self, audience: str) -> list[str]:
        """What one audience was told: when it was due, what, and how many days before."""
        found = []
        for _, each in self.sent:
            what, _, *middle, who = each.key.replace("consumer:", "").split(":")
            if who == audience:
                days = [middle[-1]] if what in ("sunset", "brown-out", "extension-ending") else []
                day = datetime.fromtimestamp(each.due_at, UTC).strftime("%Y-%m-%d")
                found.append(" ".join((day, what, *days, audience)))
        return found


def test_a_year_day_by_day_tells_exactly_this() -> None:
    walk = Walk().days(range(365))
    assert walk.lines("owner") == OWNER_YEAR
    for consumer in ("shop", "carrier"):
        assert walk.lines(consumer) == [line.replace("owner", consumer) for line in OWNER_YEAR]
    assert len(walk.sent) == 3 * len(OWNER_YEAR)


def test_a_year_hour_by_hour_tells_the_same_on_the_hour() -> None:
    walk = Walk().days(hour / 24 for hour in range(365 * 24))
    assert walk.lines("owner") == OWNER_YEAR
    late = [now - each.due_at for now, each in walk.sent]
    assert set(late) == {0}
    assert {each.due_at for _, each in walk.sent if each.kind == "brown-out-reminder"} == {
        window.start - days * DAY for window in WINDOWS for days in (7, 1)
    }


def test_a_catalog_that_was_down_tells_only_what_is_still_news() -> None:
    walk = Walk().days([0, 1])
    # Down for half a year, until five days before the end: of ten steps two are still news.
    walk.at(SUNSET - 5 * DAY)
    assert walk.lines("owner") == [
        "2026-12-12 deprecated owner",
        "2027-06-20 brown-out 7 owner",
        "2027-06-24 sunset 7 owner",
    ]


def test_days_that_are_skipped_make_a_notice_late_and_never_double() -> None:
    for skipped in range(2, 40):
        walk = Walk().days(range(0, 365, skipped))
        lines = walk.lines("owner")
        assert len(lines) == len(set(lines))
        assert set(lines) <= set(OWNER_YEAR)
        assert lines[0] == OWNER_YEAR[0]
        assert lines[-1] == OWNER_YEAR[-1] or skipped > 7


def test_a_late_announcement_does_not_come_with_reminders_of_what_is_past() -> None:
    walk = Walk().days([150.5])  # fifty days before the end
    assert walk.lines("owner") == ["2027-05-11 deprecated owner"]
    walk.days([151, 152])
    assert walk.lines("owner") == ["2027-05-11 deprecated owner"]
    assert walk.days(range(153, 365)).lines("owner")[1:] == OWNER_YEAR[2:]


def test_a_calendar_that_changes_is_announced_again() -> None:
    walk = Walk().days([0])
    walk.view.v1 = Lifecycle("deprecated", DEPRECATION, SUNSET + 30 * DAY, "v2")
    (owner, *_) = walk.at(ANNOUNCED + DAY)
    assert owner.subject == "Orders v1 ends on 31 July 2027"


def test_without_a_sunset_there_is_only_the_announcement() -> None:
    walk = Walk(View(v1=Lifecycle("deprecated", DEPRECATION))).days(range(365))
    assert walk.lines("owner") == ["2026-12-12 deprecated owner"]


def test_an_end_of_long_ago_is_no_news() -> None:
    assert Walk().at(SUNSET + 8 * DAY) == []


def test_a_retired_version_is_silent() -> None:
    walk = Walk(View(v1=Lifecycle("retired", DEPRECATION, SUNSET)))
    walk.called = CALLED
    assert walk.days(range(365)).sent == []


def test_who_still_calls_after_the_end_is_told_once_and_learns_of_nobody_else() -> None:
    walk = Walk()
    walk.called = [*CALLED, Caller(consumer="carrier", application="carrier-bot", calls=1, last_seen=SUNSET)]
    walk.days(range(195, 300))
    sent = {each.key.rpartition(":")[2]: each for _, each in walk.sent if each.kind == "version-ended-called"}
    assert sorted(sent) == ["carrier", "owner", "shop"]
    assert len([each for _, each in walk.sent if each.kind == "version-ended-called"]) == 3
    assert min(now for now, each in walk.sent if each.kind == "version-ended-called") == SUNSET + DAY
    assert "- shop-web of shop: 3 calls, the last on 3 July 2027" in sent["owner"].body
    assert "- carrier-bot of carrier: 1 call, the last on 1 July 2027" in sent["owner"].body
    assert "shop" not in sent["carrier"].body
    assert "carrier" not in sent["shop"].body


def test_whom_an_extension_spares_is_reminded_of_its_end_and_not_of_the_others() -> None:
    walk = Walk().days([0])
    until = SUNSET + 60 * DAY
    walk.spared = (spared("shop", "shop-web", until, SUNSET - 100 * DAY),)
    walk.called = CALLED
    walk.days(range(101, 365))
    assert walk.lines("shop") == [
        "2026-12-12 deprecated shop",
        "2027-06-01 extension-ending 90 shop",
        "2027-07-31 extension-ending 30 shop",
        "2027-08-23 extension-ending 7 shop",
        "2027-08-29 extension-ending 1 shop",
        # Its extension is over, and it has not noticed.
        "2027-08-30 ended-called shop",
    ]
    assert "2027-07-01 ended owner" in walk.lines("owner")
    assert "2027-07-01 ended carrier" in walk.lines("carrier")


def test_only_some_applications_of_a_consumer_are_spared() -> None:
    walk = Walk()
    walk.spared = (spared("carrier", "carrier-bot", SUNSET + DAY, ANNOUNCED),)
    walk.days([0])
    sent = {each.key: each for each in walk.at(SUNSET - 90 * DAY)}
    body = sent[f"sunset:orders/v1:{SUNSET}:90:consumer:carrier"].body
    assert "It concerns your applications: carrier-app." in body


def test_the_words_of_an_announcement() -> None:
    owner, carrier, shop = Walk().at(ANNOUNCED)
    assert owner.recipients == ("sales@acme.example", "ines@acme.example", "olga@acme.example")
    assert shop.recipients == ("dev@shop.example",)
    assert carrier.subject == "Orders v1 ends on 1 July 2027"
    assert carrier.body == (
        "Orders v1 is deprecated as of 1 January 2027.\n\n"
        "It ends on 1 July 2027: from then on every call gets 410.\n\n"
        "Before that, it refuses every call in these windows:\n"
        "- from 1 June 2027, 10:00 UTC until 11:00 UTC\n"
        "- from 27 June 2027, 10:00 UTC until 14:00 UTC\n\n"
        "It concerns your applications: carrier-app, carrier-bot.\n\n"
        "Its successor is Orders v2. How to move: https://docs.example/v2\n\n"
        "Questions: sales@acme.example\n"
    )


def test_without_a_policy_the_usual_steps_hold() -> None:
    walk = Walk(View(v1=CALENDAR, policy=None)).days(range(365))
    assert walk.lines("owner") == OWNER_YEAR
