"""Applications as their consumer's people see them: found, shown, registered, given keys, and what they use."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from catalog.subscriptions.applications import Applications, Sought
from catalog.usage.ingest import UsageIntake
from tests.catalog.changes.office import BOOKS_API
from tests.catalog.subscriptions.partners import Partners, partners
from tests.catalog.usage.test_usage_store import batch, row
from tests.support.migrated import sqlite_store

DAY = 86_400
SERVICE = {
    "client_name": "Catalogue screen",
    "grant_types": ["client_credentials"],
    "token_endpoint_auth_method": "client_secret_basic",
}
KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "kid": "2027",
    "alg": "ES256",
    "use": "sig",
}
DEPRECATED = (
    BOOKS_API,
    "state: published",
    "state: deprecated\n    deprecation: 2026-01-01\n    sunset: 2027-12-31 #",
)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Partners]:
    async with partners(tmp_path, sqlite_store(tmp_path / "catalog.db")) as made:
        yield made


async def called(desk: Partners, *operations: str, application: str = "reader", calls: int = 3) -> None:
    """The gateways tell of calls to books v1 just now."""
    now = int(desk.office.now)
    rows = [
        row(
            application,
            calls,
            api="books",
            version="v1",
            operation=each,
            consumer="c",
            first=now - 5,
            last=now - 1,
        )
        for each in operations
    ]
    await UsageIntake(desk.office.store, desk.office.clock).take(batch(1, *rows, begin=now - 10))


async def test_partners_find_their_own_and_those_who_decide_all(desk: Partners) -> None:
    listed = {
        name: [each["client_id"] for each in (await desk.client(name, "GET", "/applications")).body["items"]]
        for name in ("carl", "rita", "cleo", "paul", "ada", "otto")
    }
    every = ["reader", "shelf", "spy"]
    assert listed == {
        "carl": ["reader", "shelf"],
        "rita": ["spy"],
        "cleo": [],
        "paul": [],
        "ada": every,
        "otto": every,
    }
    sought = (await desk.client("ada", "GET", "/applications?q=READ&consumer=reading-club")).body["items"]
    assert [each["client_id"] for each in sought] == ["reader"]
    assert (await desk.client("carl", "GET", "/applications?consumer=rivals")).body["items"] == []


async def test_the_list_is_paged(desk: Partners) -> None:
    first = (await desk.client("ada", "GET", "/applications?limit=2")).body
    assert ([each["client_id"] for each in first["items"]], first["next"]) == (["reader", "shelf"], "shelf")
    last = (await desk.client("ada", "GET", "/applications?limit=2&after=shelf")).body
    assert ([each["client_id"] for each in last["items"]], last["next"]) == (["spy"], None)


async def test_a_page_is_put_in_order_once_for_a_snapshot(desk: Partners) -> None:
    catalog = desk.office.catalog
    applications: Applications = catalog.subscriptions.applications
    sara = await desk.office.who("sara")
    first = applications.page(sara, Sought(), 1)
    order = applications._order
    assert applications.page(sara, Sought(), 1, first[-1].client_id)[0].client_id == "shelf"
    assert applications._order is order
    await desk.ask()
    await desk.decide("ada", 1)
    applications.page(sara, Sought(), 1)
    assert applications._order is not order


async def test_an_application_shows_by_whose_word_it_may_call_what(desk: Partners) -> None:
    shown = (await desk.client("carl", "GET", "/applications/reader")).body
    assert (shown["consumer"], shown["team"], shown["registered"]) == ("reading-club", "club", False)
    [granted] = shown["subscriptions"]
    assert (granted["plan"], granted["origin"], granted["request"], granted["state"]) == (
        "trial",
        "estate",
        None,
        "published",
    )
    await desk.ask()
    await desk.decide("ada", 1)
    [granted] = (await desk.client("carl", "GET", "/applications/reader")).body["subscriptions"]
    assert (granted["plan"], granted["origin"], granted["request"]) == ("standard", "request", 1)
    for path in ("", "/usage", "/unused-scopes"):
        assert (await desk.client("rita", "GET", f"/applications/reader{path}")).status == 404
    assert (await desk.client("rita", "GET", "/to-do?application=reader")).status == 404


async def test_its_calls_over_time_are_its_peoples_to_see(desk: Partners) -> None:
    await called(desk, "listBooks", calls=41)
    [point] = (await desk.client("carl", "GET", "/applications/reader/usage")).body["points"]
    assert (point["api"], point["status"], point["calls"]) == ("books", "200", 41)
    assert (await desk.client("carl", "GET", "/applications/shelf/usage")).body["points"] == []


async def test_what_was_granted_for_long_and_not_used_is_named(desk: Partners) -> None:
    await desk.ask()
    await desk.decide("ada", 1)
    await desk.office.catalog.credentials.rounds.make()  # from now on it is known to be granted
    desk.office.now += 100 * DAY
    desk.client.tokens.clear()  # they live for thirty days
    desk.client.tokens.clear()  # they live for thirty days
    await called(desk, "listBooks")
    [unused] = (await desk.client("carl", "GET", "/applications/reader/unused-scopes?days=90")).body["items"]
    assert (unused["api"], unused["called"], unused["unused"]) == ("books", True, ["books:write"])
    assert (await desk.client("carl", "GET", "/applications/reader/unused-scopes?days=300")).body["items"] == []


async def test_what_is_to_be_changed_by_when(desk: Partners) -> None:
    await desk.edited(DEPRECATED)
    assert (await desk.client("rita", "GET", "/to-do")).body["items"] == []
    [before] = (await desk.client("carl", "GET", "/to-do")).body["items"]
    assert (before["application"], before["phase"], before["called"]) == ("reader", "deprecated", [])
    assert before["due"] == before["sunset"] == "2027-12-31T00:00:00Z"
    await called(desk, "listBooks", "getBook")
    await called(desk, "listBooks", application="shelf")
    todo = (await desk.client("carl", "GET", "/to-do")).body["items"]
    assert [(each["application"], [one["operation"] for one in each["called"]]) for each in todo] == [
        ("reader", ["getBook", "listBooks"])
    ]
    assert (await desk.client("ada", "GET", "/to-do?application=reader")).body["items"] == todo
    assert (await desk.client("ada", "GET", "/to-do")).body["items"] == []  # she acts for nobody


async def register(desk: Partners, member: str = "carl", consumer: str = "reading-club", **changes: Any) -> Any:
    body = {"consumer": consumer, "metadata": SERVICE | changes}
    return await desk.client(member, "POST", "/applications", body)


async def test_a_partner_registers_an_application_that_opens_nothing_before_it_is_approved(desk: Partners) -> None:
    made = await register(desk)
    assert made.status == 201
    client_id = made.body["registration"]["client_id"]
    assert made.headers["location"] == f"/admin/v1/registrations/{client_id}"
    assert made.body["client_secret"].startswith("ost_test_")
    assert client_id not in desk.office.published.applications
    mine = (await desk.client("carl", "GET", "/registrations")).body["items"]
    assert [(each["client_id"], each["state"], each["consumer"]) for each in mine] == [
        (client_id, "pending", "reading-club")
    ]
    assert made.body["client_secret"] not in str(mine)
    for other in ("rita", "ada"):
        assert (await desk.client(other, "GET", "/registrations")).body["items"] == []
        assert (await desk.client(other, "GET", f"/registrations/{client_id}")).status == 404
    seen = (await desk.client("sara", "GET", f"/registrations/{client_id}")).headers["etag"]
    approval = {"consumer": "reading-club", "subscriptions": [], "expires_days": 90, "reason": "As agreed."}
    path = f"/registrations/{client_id}/approval"
    refused = await desk.client("carl", "POST", path, approval, headers={"If-Match": seen})
    assert refused.status == 403
    await desk.client("sara", "POST", path, approval, headers={"If-Match": seen})
    # And now it can be asked for what it is to call.
    await desk.ask(application=client_id)
    assert (await desk.decide("ada", 1)).status == 200
    [granted] = (await desk.client("carl", "GET", f"/applications/{client_id}")).body["subscriptions"]
    assert (granted["api"], granted["origin"]) == ("books", "request")
    ended = await desk.client("carl", "DELETE", f"/registrations/{client_id}?reason=over")
    assert (ended.status, ended.body["state"]) == (200, "deleted")
    assert client_id not in desk.office.published.applications


async def test_an_application_is_registered_for_ones_own_consumer_alone(desk: Partners) -> None:
    for member, consumer in (("carl", "rivals"), ("carl", "nobody"), ("cleo", "reading-club"), ("ada", "rivals")):
        assert (await register(desk, member, consumer)).status == 403, (member, consumer)
    wrong = await register(desk, grant_types=["password"])
    assert (wrong.status, wrong.body["violations"][0]["pointer"]) == (422, "/metadata")
    client_id = (await register(desk)).body["registration"]["client_id"]
    assert (await desk.client("rita", "DELETE", f"/registrations/{client_id}?reason=mine")).status == 404


async def test_one_member_does_not_register_without_end(desk: Partners) -> None:
    for number in range(10):
        assert (await register(desk, client_name=f"Screen {number}")).status == 201
    assert (await register(desk, client_name="One more")).status == 429
    desk.office.now += 3601
    assert (await register(desk, client_name="One more")).status == 201


async def test_keys_are_uploaded_and_those_of_an_approved_client_wait(desk: Partners) -> None:
    made = await register(desk, token_endpoint_auth_method="private_key_jwt", jwks={"keys": [KEY]})
    assert (made.status, made.body["client_secret"]) == (201, None)
    client_id = made.body["registration"]["client_id"]
    path, other = f"/applications/{client_id}/keys", KEY | {"kid": "2028"}
    assert (await desk.client("rita", "PUT", path, {"jwks": {"keys": [other]}})).status == 404
    secret = await desk.client("carl", "PUT", path, {"jwks": {"keys": [KEY | {"d": "AAAA"}]}})
    assert (secret.status, secret.body["violations"][0]["pointer"]) == (422, "/jwks")
    replaced = await desk.client("carl", "PUT", path, {"jwks": {"keys": [other]}})
    assert replaced.body["metadata"]["jwks"]["keys"] == [other]
    seen = (await desk.client("sara", "GET", f"/registrations/{client_id}")).headers["etag"]
    approval = {"consumer": "reading-club", "subscriptions": [], "expires_days": 90, "reason": "As agreed."}
    await desk.client("sara", "POST", f"/registrations/{client_id}/approval", approval, headers={"If-Match": seen})
    waits = (await desk.client("carl", "PUT", path, {"jwks": {"keys": [other, KEY]}})).body
    assert (waits["update_pending"], waits["metadata"]["jwks"]["keys"]) == (True, [other])
    assert (await desk.client("carl", "GET", f"/applications/{client_id}")).body["keys"] == 1


async def test_a_client_with_a_secret_gets_no_keys(desk: Partners) -> None:
    client_id = (await register(desk)).body["registration"]["client_id"]
    assert (
        await desk.client("carl", "PUT", f"/applications/{client_id}/keys", {"jwks": {"keys": []}})
    ).status == 409


async def test_credentials_are_issued_and_rotated_by_those_whose_application_it_is(desk: Partners) -> None:
    wanted = {
        "kind": "client-secret",
        "application": "reader",
        "team": "club",
        "owner": "carl",
        "purpose": "The reading room",
        "expires_days": 90,
    }
    made = await desk.client("carl", "POST", "/credentials", wanted)
    assert made.status == 201
    key_id = made.body["credential"]["key_id"]
    listed = (await desk.client("carl", "GET", "/credentials?application=reader")).body["items"]
    assert [each["key_id"] for each in listed] == [key_id]
    rotated = await desk.client(
        "carl", "POST", f"/credentials/{key_id}/rotation", {"overlap_until": "2026-11-20T00:00:00Z"}
    )
    assert rotated.status == 201
    # Neither to others' applications, nor in the name of another team, nor by who does not act for it.
    for member, changes in (
        ("carl", {"application": "spy"}),
        ("carl", {"team": "books", "owner": "ada"}),
        ("rita", {"team": "rivals", "owner": "rita"}),
        ("cleo", {}),
    ):
        assert (await desk.client(member, "POST", "/credentials", wanted | changes)).status == 403, (
            member,
            changes,
        )


async def test_partners_do_not_learn_from_the_calendar_who_else_is_there(desk: Partners) -> None:
    await desk.edited(DEPRECATED)
    await desk.edited(("consumers.yaml", "{ api: films, version: v1", "{ api: books, version: v1"))

    async def subscribers(member: str) -> list[str]:
        [entry] = (await desk.client(member, "GET", "/calendar")).body["items"]
        return [each["application"] for each in entry["subscribers"]]

    assert await subscribers("ada") == ["reader", "spy"]
    assert await subscribers("carl") == ["reader"]
    assert await subscribers("cleo") == []
    body = {"api": "books", "version": "v1", "until": "2028-01-15T00:00:00Z", "reason": "Late."}
    assert (await desk.client("carl", "POST", "/extensions", body | {"application": "spy"})).status == 404
    assert (await desk.client("carl", "POST", "/extensions", body | {"application": "reader"})).status == 201
    assert (await desk.client("rita", "GET", "/extensions")).body["items"] == []
    assert (await desk.client("rita", "GET", "/extensions/1")).status == 404
    assert [each["application"] for each in (await desk.client("carl", "GET", "/extensions")).body["items"]] == [
        "reader"
    ]
