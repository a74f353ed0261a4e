"""Subscriptions that are asked for: who may ask and decide, what comes into force, when the file holds."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.access import Subscription
from tests.catalog.changes.office import BOOKS_API, CONSUMERS
from tests.catalog.subscriptions.partners import Partners, partners
from tests.support.migrated import sqlite_store

MORE = (Subscription("books", "v1", "standard", ("books:read", "books:write")),)
FILE = (Subscription("books", "v1", "trial", ("books:read",)),)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Partners]:
    async with partners(tmp_path, sqlite_store(tmp_path / "catalog.db")) as made:
        yield made


async def test_what_an_owner_approves_is_in_force_until_it_ends(tmp_path: Path, store_url: str) -> None:
    async with partners(tmp_path, store_url) as desk:
        asked = await desk.ask()
        assert (asked.status, asked.body["state"]) == (201, "requested")
        assert asked.headers["location"] == "/admin/v1/subscription-requests/1"
        assert desk.granted("reader") == FILE
        assert await desk.office.notices("subscription-request/1") == ["subscription:1:requested:owner"]

        approved = await desk.decide("ada", 1)
        assert (approved.status, approved.body["state"], approved.body["decided_by"]) == (200, "approved", "ada")
        assert desk.granted("reader") == MORE
        assert set(await desk.office.notices("subscription-request/1")) == {
            "subscription:1:requested:owner",
            "subscription:1:approved:owner",
            "subscription:1:approved:member:carl",
            "subscription:1:approved:consumer:reading-club",
        }
        # Another catalog that starts on the store grants the same, and follows.
        await desk.office.start(directory=True)
        assert desk.granted("reader") == MORE

        ended = await desk.withdraw("carl", 1)
        assert (ended.status, ended.body["state"]) == (200, "ended")
        await desk.office.catalog.publisher.follow()
        assert desk.granted("reader") == FILE
        actions = [each.action for each in await desk.office.events("subscription")]
        assert actions == ["requested", "approved", "ended"]


async def test_an_application_without_a_subscription_gets_its_first(desk: Partners) -> None:
    await desk.ask(application="shelf")
    await desk.decide("ada", 1)
    assert desk.granted("shelf") == MORE
    assert [each["client_id"] for each in await subscribers(desk)] == ["reader", "shelf"]
    await desk.withdraw("carl", 1)
    assert desk.granted("shelf") == ()
    assert [each["client_id"] for each in await subscribers(desk)] == ["reader"]


async def subscribers(desk: Partners) -> list[dict[str, object]]:
    """The applications that the registry shows as subscribed to books."""
    consumers = (await desk.client("sara", "GET", "/consumers")).body["items"]
    applications = [each for consumer in consumers for each in consumer["applications"]]
    return [each for each in applications if any(one["api"] == "books" for one in each["subscriptions"])]


async def test_who_changes_the_file_later_decides_anew(desk: Partners) -> None:
    await desk.ask()
    await desk.decide("ada", 1)
    await desk.edited((CONSUMERS, 'plan: trial, scopes: ["books:read"]', 'plan: trial, scopes: ["books:write"]'))
    assert desk.granted("reader") == (Subscription("books", "v1", "trial", ("books:write",)),)
    # What is asked for now is granted upon what the file says now.
    await desk.ask()
    await desk.decide("ada", 2)
    assert desk.granted("reader") == MORE
    assert (await desk.client("ada", "GET", "/subscription-requests/1")).body["state"] == "replaced"


async def test_a_catalog_that_starts_with_a_broken_directory_still_ends_what_was_granted(desk: Partners) -> None:
    await desk.ask()
    await desk.decide("ada", 1)
    desk.office.edit((BOOKS_API, "title: Books", "titel: Books"))
    await desk.office.start(directory=True)
    assert desk.granted("reader") == MORE
    room = desk.office.catalog.subscriptions
    await room.desk.withdraw(await desk.office.who("carl"), 1, "over")
    assert desk.granted("reader") == FILE


async def test_only_who_acts_for_the_consumer_asks(desk: Partners) -> None:
    for member, status in (("rita", 404), ("cleo", 404), ("paul", 404), ("ada", 403), ("sara", 403)):
        assert (await desk.ask(member)).status == status, member
    assert (await desk.ask(application="nobodys")).status == 404
    assert (await desk.client("sara", "GET", "/subscription-requests")).body["items"] == []


async def test_only_an_owner_who_did_not_ask_decides(desk: Partners) -> None:
    await desk.ask()
    for member, status in (("carl", 403), ("rita", 404), ("omar", 403), ("sara", 403)):
        assert (await desk.decide(member, 1)).status == status, member
    assert (await desk.decide("ada", 1, seen='"7"')).status == 409
    assert (await desk.decide("ada", 1, seen='"none"')).status == 409
    assert desk.granted("reader") == FILE
    refused = await desk.decide("ada", 1, "refusal")
    assert (refused.status, refused.body["state"], refused.body["decision"]) == (200, "refused", "As agreed.")
    assert (await desk.decide("ada", 1)).status == 409
    assert desk.granted("reader") == FILE
    told = await desk.office.notices("subscription-request/1")
    assert "subscription:1:refused:member:carl" in told
    assert not [each for each in told if "consumer:" in each]


async def test_an_owner_who_asked_as_a_partner_does_not_decide(desk: Partners) -> None:
    """Nor does another by the role that who asked has delegated."""
    await desk.edited(
        (
            "teams.yaml",
            "      cleo: {",
            "      ada: { name: Ada Example, email: ada@example.com, roles: [partner-developer] }\n      cleo: {",
        )
    )
    assert (await desk.ask("ada")).status == 201
    body = {"receiver": "otto", "role": "api-owner", "until": "2026-12-01T00:00:00Z", "reason": "away"}
    assert (await desk.client("ada", "POST", "/delegations", body)).status in (200, 201)
    assert (await desk.decide("ada", 1)).status == 403
    assert (await desk.decide("otto", 1)).status == 403
    assert (await desk.decide("bea", 1)).status == 200


async def test_partners_do_not_learn_of_each_other(desk: Partners) -> None:
    await desk.ask()
    listed = {
        name: [each["number"] for each in (await desk.client(name, "GET", "/subscription-requests")).body["items"]]
        for name in ("carl", "rita", "cleo", "ada", "omar")
    }
    assert listed == {"carl": [1], "rita": [], "cleo": [], "ada": [1], "omar": [1]}
    assert (await desk.client("rita", "GET", "/subscription-requests/1")).status == 404
    assert (await desk.withdraw("rita", 1)).status == 404
    mine = await desk.client("omar", "GET", "/subscription-requests?mine=true")
    assert mine.body["items"] == []
    assert len((await desk.client("ada", "GET", "/subscription-requests?mine=true")).body["items"]) == 1


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"version": "v2"}, "/version"),
        ({"api": "nothing"}, "/version"),
        ({"plan": "gold"}, "/plan"),
        ({"scopes": ["books:burn"]}, "/scopes"),
        ({"scopes": []}, "/scopes"),
        ({"plan": "trial", "scopes": ["books:read"]}, "/version"),
    ],
)
async def test_what_nobody_can_grant_is_said_at_its_place(
    desk: Partners, changes: dict[str, object], pointer: str
) -> None:
    refused = await desk.ask(**changes)
    assert refused.status == 422
    assert [each["pointer"] for each in refused.body["violations"]] == [pointer]


async def test_the_same_is_asked_for_once(desk: Partners) -> None:
    await desk.ask()
    again = await desk.ask(plan="trial")
    assert (again.status, again.body["current"]["number"]) == (409, 1)
    assert (await desk.withdraw("carl", 1)).body["state"] == "withdrawn"
    assert (await desk.withdraw("carl", 1)).status == 409
    assert (await desk.ask(plan="trial")).status == 201


async def test_a_list_is_paged(desk: Partners) -> None:
    for _ in range(3):
        number = (await desk.ask()).body["number"]
        await desk.withdraw("carl", number)
    first = (await desk.client("carl", "GET", "/subscription-requests?limit=2")).body
    assert ([each["number"] for each in first["items"]], first["next"]) == ([3, 2], "2")
    last = (await desk.client("carl", "GET", "/subscription-requests?limit=2&after=2")).body
    assert ([each["number"] for each in last["items"]], last["next"]) == ([1], None)
    assert (await desk.client("carl", "GET", "/subscription-requests?after=99999999999999999999")).body[
        "items"
    ] == []


async def test_a_deprecated_version_gets_no_new_subscriber(desk: Partners) -> None:
    """Who is subscribed already may still ask for more of it."""
    await desk.edited(
        (BOOKS_API, "state: published", "state: deprecated\n    deprecation: 2026-01-01\n    sunset: 2027-12-31 #")
    )
    refused = await desk.ask(application="shelf")
    assert refused.status == 422
    assert "deprecated" in refused.body["violations"][0]["message"]
    assert (await desk.ask()).status == 201


async def test_who_got_a_subscription_beside_the_estate_stands_in_the_calendar(desk: Partners) -> None:
    await desk.ask(application="shelf")
    await desk.decide("ada", 1)
    await desk.edited(
        (BOOKS_API, "state: published", "state: deprecated\n    deprecation: 2026-01-01\n    sunset: 2027-12-31 #")
    )
    [entry] = (await desk.client("ada", "GET", "/calendar")).body["items"]
    assert [each["application"] for each in entry["subscribers"]] == ["reader", "shelf"]
