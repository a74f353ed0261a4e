"""The calendar over the admin API: dates, extensions up to the snapshot, consents, overrides, notices."""

import hashlib

import icalendar
import pytest

from catalog.publishing.compilation import Compilation
from catalog.usage.ingest import UsageIntake
from contracts.estate_files import EstateFile
from contracts.snapshot import Application, Subscription
from tests.catalog.admin import AdminClient, Reply, company
from tests.catalog.calendar.views import CONSUMERS, DAY, POLICY, SUNSET, View
from tests.catalog.serving import GOOD
from tests.catalog.usage.test_usage_store import batch, row

DIGEST = "sha256:" + hashlib.sha256(b"We agree.").hexdigest()
REQUEST = {
    "application": "shop-web",
    "api": "orders",
    "version": "v1",
    "until": "2027-08-01T00:00:00Z",
    "reason": "their release is in July",
}
SHOP_WEB = Application(
    "shop-web",
    "Web shop",
    "shop",
    (Subscription("orders", "v1", "gold", ("s",)), Subscription("orders", "v2", "gold", ("s",))),
)


def later(ending: AdminClient, days: int) -> None:
    """Tokens are over by then, and issued anew."""
    ending.world.now += days * DAY
    ending.tokens.clear()


@pytest.fixture
async def ending(admin: AdminClient) -> AdminClient:
    """The admin API of a catalog in which Orders v1 ends on 1 July 2027."""
    view = View()
    estate = company(
        consumers=CONSUMERS,
        apis=view.apis,
        versions=view.versions,
        file=EstateFile("acme", {}, {}, deprecation_policy=POLICY),
    )
    admin.world.compiled = Compilation((), GOOD.contracts, (SHOP_WEB,), estate)
    await admin.world.publisher.publish()
    return admin


async def asked(ending: AdminClient, member: str = "anna", **changes: str) -> Reply:
    return await ending(member, "POST", "/extensions", REQUEST | changes)


async def decide(ending: AdminClient, member: str, what: str, etag: str = '"1"', number: int = 1) -> Reply:
    return await ending(
        member, "POST", f"/extensions/{number}/{what}", {"comment": "as agreed"}, headers={"If-Match": etag}
    )


async def test_the_calendar_is_there_for_everyone_and_callers_for_those_who_decide(ending: AdminClient) -> None:
    world = ending.world
    intake = UsageIntake(world.store, lambda: world.now)
    await intake.take(batch(1, row("shop-web", version="v1"), begin=int(world.now) - 100))
    (entry,) = (await ending("anna", "GET", "/calendar")).body["items"]
    assert (entry["api"], entry["version"], entry["phase"]) == ("orders", "v1", "announced")
    assert (entry["deprecation"], entry["sunset"]) == ("2027-01-01T00:00:00Z", "2027-07-01T00:00:00Z")
    assert entry["subscribers"][0] == {
        "consumer": "carrier",
        "application": "carrier-app",
        "extended_until": None,
    }
    (caller,) = entry["callers"]
    assert (caller["application"], caller["calls"]) == ("shop-web", row().tallies[0].calls)
    # The calls were of this day; those of a longer time ago are not asked for.
    later(ending, 40)
    assert (await ending("anna", "GET", "/calendar?days=30")).body["items"][0]["callers"] == []
    assert len((await ending("anna", "GET", "/calendar?days=90")).body["items"][0]["callers"]) == 1


async def test_dates_are_listed_and_chosen(ending: AdminClient) -> None:
    events = (await ending("dora", "GET", "/calendar/events")).body["items"]
    assert [(each["at"], each["kind"]) for each in events] == [
        ("2027-01-01T00:00:00Z", "deprecation"),
        ("2027-07-01T00:00:00Z", "sunset"),
    ]
    chosen = "/calendar/events?from=2027-01-01T00:00:01Z"
    assert [each["kind"] for each in (await ending("dora", "GET", chosen)).body["items"]] == ["sunset"]
    assert (await ending("dora", "GET", "/calendar/events?api=books")).body["items"] == []
    assert (await ending("dora", "GET", "/calendar?until=2026-12-31T00:00:00Z")).body["items"] == []
    paged = (await ending("dora", "GET", "/calendar/events?limit=1")).body
    assert len(paged["items"]) == 1
    rest = await ending("dora", "GET", f"/calendar/events?limit=1&after={paged['next'].replace('+', '%2B')}")
    assert (rest.body["items"], rest.body["next"]) == (events[1:], None)
    assert (await ending("dora", "GET", "/calendar?from=yesterday")).status == 422


async def test_icalendar(ending: AdminClient) -> None:
    answer = await ending("dora", "GET", "/calendar/ical?api=orders")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    events = icalendar.Calendar.from_ical(answer.body).walk("VEVENT")
    assert [str(each["SUMMARY"]) for each in events] == [
        "Orders v1 is deprecated; its successor is v2",
        "Orders v1 ends; its successor is v2",
    ]


async def test_an_extension_reaches_the_snapshot_with_the_decision(ending: AdminClient) -> None:
    world = ending.world
    made = await asked(ending)
    assert (made.status, made.headers["location"], made.headers["etag"]) == (201, "/admin/v1/extensions/1", '"1"')
    before = world.publisher.current
    assert before is not None
    granted = await decide(ending, "omar", "grant")
    assert (granted.status, granted.body["state"], granted.body["decided_by"]) == (200, "granted", "omar")
    now = world.publisher.current
    assert now is not None
    assert now.manifest.serial == before.manifest.serial + 1
    until = SUNSET + 31 * DAY
    assert [each.extended_until for each in now.applications["shop-web"].subscriptions] == [until, None]
    # It stays so when the estate is published again, and goes once it is revoked.
    await world.publisher.publish()
    assert world.publisher.current is now
    (entry,) = (await ending("anna", "GET", "/calendar")).body["items"]
    assert entry["subscribers"][2]["extended_until"] == "2027-08-01T00:00:00Z"
    assert (await decide(ending, "otto", "revocation", '"2"')).body["state"] == "revoked"
    assert world.publisher.current.applications == {"shop-web": SHOP_WEB}
    listed = (await ending("dora", "GET", "/extensions?state=revoked&api=orders")).body["items"]
    assert listed == [(await ending("dora", "GET", "/extensions/1")).body]


async def test_a_refused_decision_publishes_nothing(ending: AdminClient) -> None:
    world = ending.world
    await asked(ending, "otto")
    before = world.publisher.current
    refused = await decide(ending, "otto", "grant")
    assert (refused.status, refused.body["type"]) == (403, "urn:ostiary:problem:role-missing")
    assert refused.body["roles"] == ["architect"]
    assert (await decide(ending, "anna", "grant")).status == 403
    stale = await decide(ending, "omar", "grant", '"7"')
    assert (stale.status, stale.body["current"]["state"]) == (409, "requested")
    assert (await decide(ending, "omar", "grant", '"x"')).status == 409
    assert (await decide(ending, "omar", "grant", number=9)).status == 404
    assert (await ending("omar", "POST", "/extensions/1/grant", {"comment": "x"})).status == 422
    assert world.publisher.current is before
    assert (await ending("dora", "GET", "/extensions/1")).body["state"] == "requested"


async def test_bad_requests(ending: AdminClient) -> None:
    late = await asked(ending, until="2028-01-01T00:00:00Z")
    assert late.status == 422
    assert late.body["violations"] == [
        {
            "in": "body",
            "pointer": "/until",
            "rule": "extension",
            "message": "must be within 60 days after the sunset, by 2027-08-30",
        }
    ]
    assert (await asked(ending, version="v2")).status == 404
    assert (await asked(ending, reason="")).status == 422
    assert (await asked(ending, "sara")).status == 403
    assert (await ending(None, "GET", "/extensions")).status == 401
    assert (await ending("anna", "GET", "/extensions/1")).status == 404
    await asked(ending)
    twice = await asked(ending)
    assert (twice.status, twice.body["current"]["number"]) == (409, 1)
    assert (await ending("anna", "POST", "/extensions/1/withdrawal", {"comment": "moot"})).body[
        "state"
    ] == "withdrawn"


async def test_consents_and_overrides(ending: AdminClient) -> None:
    consent = {
        "consumer": "shop",
        "api": "orders",
        "version": "v1",
        "given_by": "Sam Sommer",
        "text_digest": DIGEST,
    }
    made = await ending("anna", "POST", "/consents", consent)
    assert (made.status, made.body["sunset"], made.body["recorded_by"]) == (200, "2027-07-01T00:00:00Z", "anna")
    again = await ending("ben", "POST", "/consents", consent)
    assert (again.status, again.body["current"]) == (409, made.body)
    listed = await ending("anna", "GET", "/consents?api=orders&version=v1")
    assert listed.body["items"] == [made.body]
    assert (await ending("anna", "POST", "/consents", consent | {"text_digest": "md5:1"})).status == 422
    override = {"api": "orders", "version": "v1", "reason": "it leaks"}
    assert (await ending("anna", "POST", "/retirement-overrides", override)).status == 403
    done = await ending("omar", "POST", "/retirement-overrides", override)
    assert (done.status, done.body["given_by"]) == (200, "omar")
    assert (await ending("omar", "POST", "/retirement-overrides", override)).status == 409


async def test_notices_are_shown_with_how_they_went(ending: AdminClient) -> None:
    world = ending.world
    assert await world.catalog.calendar.rounds.make() == 3
    assert await world.catalog.calendar.rounds.make() == 0
    notices = (await ending("anna", "GET", "/notices?about=orders/v1")).body["items"]
    assert {each["kind"] for each in notices} == {"version-deprecated"}
    assert sorted(each["recipients"][0] for each in notices) == [
        "dev@shop.example",
        "it@carrier.example",
        "sales@acme.example",
    ]
    assert notices[0]["deliveries"] == []
    later(ending, 175)  # fifty days before the end
    assert await world.catalog.calendar.rounds.make() == 3
    assert len((await ending("anna", "GET", "/notices?limit=4")).body["items"]) == 4
