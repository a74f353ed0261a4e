"""RFC 7592, dynamic client registration management: a client reads, changes and deletes itself."""

from typing import Any

import pytest
import sqlalchemy as sa

from catalog.storage.tables.credentials import credentials
from catalog.storage.tables.oauth import grants
from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import Asking, redeem, refresh
from tests.conformance.oauth.registering import METADATA, Told, approve, call, member_token, register


async def registered(people: World, **changes: Any) -> dict[str, Any]:
    told = await register(people, await member_token(people), **changes)
    assert told.status == 201, told.body
    body: dict[str, Any] = told.body
    return body


async def manage(world: World, of: dict[str, Any], method: str, token: str | None = "", body: Any = None) -> Told:
    """A request at the client's configuration endpoint, by its own token unless another is given."""
    given = of["registration_access_token"] if token == "" else token
    return await call(world, method, of["registration_client_uri"], given, body)


async def update(world: World, of: dict[str, Any], **changes: Any) -> Told:
    metadata = {**METADATA, "client_id": of["client_id"], **changes}
    return await manage(world, of, "PUT", body={name: each for name, each in metadata.items() if each is not None})


async def test_2_1_it_reads_what_is_registered(people: World) -> None:
    made = await registered(people)
    told = await manage(people, made, "GET")
    assert (told.status, told.headers["cache-control"]) == (200, "no-store")
    assert told.body["registration_state"] == "pending"
    for name in ("client_id", "redirect_uris", "registration_access_token", "registration_client_uri"):
        assert told.body[name] == made[name]
    assert "client_secret" not in told.body, "its text is stored nowhere"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_2_without_its_token_nobody_learns_that_there_is_such_a_client(people: World, method: str) -> None:
    made, other = await registered(people), await registered(people, client_name="Other")
    unknown = {**made, "registration_client_uri": made["registration_client_uri"][:-1] + "-"}
    answers = [
        await manage(people, made, method, token)
        for token in (None, "x", other["registration_access_token"], made["client_secret"])
    ]
    answers.append(await manage(people, made, method, await member_token(people)))
    answers.append(await manage(people, unknown, method))
    assert {each.status for each in answers} == {401}
    assert len({str(each.body) for each in answers}) == 1
    assert (await manage(people, made, "GET")).status == 200


async def test_2_2_what_is_not_approved_yet_is_simply_replaced(people: World) -> None:
    made = await registered(people)
    told = await update(people, made, client_name="Journal", redirect_uris=["https://journal.example/"])
    assert (told.status, told.body["client_name"], told.body["registration_state"]) == (200, "Journal", "pending")
    assert "refresh_token" in told.body["grant_types"]
    told = await update(people, made, grant_types=None)
    assert told.body["grant_types"] == ["authorization_code"], "what is left out is not as it was (§2.2)"


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uris": ["https://diary.example/callback", "https://evil.example/"]},
        {"redirect_uris": ["https://evil.example/"]},
        {"client_name": "Bank"},
        {"client_uri": "https://bank.example/"},
        {"grant_types": ["authorization_code", "refresh_token", "client_credentials"]},
    ],
)
async def test_what_widens_an_approved_client_waits_and_what_was_approved_holds(
    people: World, browser: Browser, changes: dict[str, Any]
) -> None:
    made = await registered(people)
    await approve(people, made["client_id"])
    told = await update(people, made, **changes)
    assert told.status == 200
    assert told.body["registration_state"] == "update-pending"
    assert told.body["redirect_uris"] == METADATA["redirect_uris"]
    asking = Asking(made["client_id"], "https://diary.example/callback")
    page = await asking.go(browser)
    assert (page.status, "Diary" in page.text) == (200, True)
    assert (await Asking(made["client_id"], "https://evil.example/").go(browser)).status == 400
    done = await approve(people, made["client_id"])
    assert done.wanted is None
    told = await manage(people, made, "GET")
    assert told.body["registration_state"] == "approved"
    for name, value in changes.items():
        assert told.body[name] == value


async def test_what_narrows_an_approved_client_holds_at_once(people: World, browser: Browser) -> None:
    uris = ["https://diary.example/callback", "https://old.example/callback"]
    made = await registered(people, redirect_uris=uris)
    await approve(people, made["client_id"])
    assert (await Asking(made["client_id"], uris[1]).go(browser)).status == 200
    told = await update(people, made, redirect_uris=uris[:1])
    assert told.body["registration_state"] == "approved"
    assert (await Asking(made["client_id"], uris[1]).go(browser)).status == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "planner"},
        {"client_secret": "chosen by the client"},
        {"client_secret": 7},
        {"registration_access_token": "x"},
        {"registration_client_uri": "https://evil.example/"},
        {"client_secret_expires_at": 0},
        {"client_id_issued_at": 0},
        {"token_endpoint_auth_method": "none"},
        {"client_name": "Planner"},
        {"client_name": None},
    ],
)
async def test_2_2_what_is_not_the_clients_to_choose_is_refused(people: World, changes: dict[str, Any]) -> None:
    made = await registered(people)
    told = await update(people, made, **changes)
    assert (told.status, told.error) == (400, "invalid_client_metadata")
    assert (await manage(people, made, "GET")).body["client_name"] == "Diary"


async def test_2_2_its_own_secret_may_be_shown(people: World) -> None:
    made = await registered(people)
    assert (await update(people, made, client_secret=made["client_secret"])).status == 200


async def test_2_3_deleting_ends_everything(people: World, browser: Browser) -> None:
    made = await registered(people)
    await approve(people, made["client_id"])
    asking = Asking(made["client_id"], "https://diary.example/callback")
    code = await asking.code(browser)
    answer = await redeem(people, code, made["client_secret"], asking=asking)
    told = await manage(people, made, "DELETE")
    assert (told.status, told.body) == (204, None)
    assert (await manage(people, made, "GET")).status == 401
    assert (await manage(people, made, "DELETE")).status == 401
    given = {"client_id": made["client_id"]}
    refused = await refresh(people, answer.body["refresh_token"], made["client_secret"], **given)
    assert (refused.status, refused.error) == (401, "invalid_client")
    current = people.publisher.current
    assert current is not None
    assert made["client_id"] not in current.applications
    grant, secret = await people.store.one(sa.select(grants)), await people.store.one(sa.select(credentials))
    assert grant is not None
    assert secret is not None
    assert grant.ended_by == made["client_id"]
    assert secret.revoked_by == made["client_id"]


async def test_a_deleted_client_does_not_come_back_with_an_earlier_snapshot(people: World) -> None:
    """A catalog without a directory publishes again what it published last."""
    made = await registered(people)
    await approve(people, made["client_id"])
    people.compiled = OSError("the directory is gone")
    await people.publisher.restore()
    await manage(people, made, "DELETE")
    await people.publisher.publish()
    current = people.publisher.current
    assert current is not None
    assert made["client_id"] not in current.applications
    assert "planner" in current.applications
