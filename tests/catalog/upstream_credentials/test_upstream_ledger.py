"""Upstream credentials over the admin API: who answers for one, when it ends, how it is replaced and revoked."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from catalog.audit.log import Filter
from catalog.storage.tables import metadata
from catalog.storage.tables.calendar import notices
from catalog.usage.ingest import UsageIntake
from contracts.estate_files import CredentialsEntry, EstateFile
from tests.catalog.admin import AdminClient, company, compiled
from tests.catalog.serving import World
from tests.catalog.upstream_credentials.upstream_world import ORDERS, SECRET, WANTED, WITH_UPSTREAMS, put, replaced
from tests.catalog.usage.test_usage_store import batch, row

DAY = 86_400
NAME = "/upstream-credentials/odoo-key"


@pytest.fixture
async def admin(world: World) -> AdminClient:
    world.compiled = WITH_UPSTREAMS
    await world.publisher.publish()
    return AdminClient(world)


async def states(admin: AdminClient) -> dict[int, str]:
    shown = (await admin("sara", "GET", NAME)).body["credential"]
    return {each["version"]: each["state"] for each in shown["values"]}


async def everything_stored(admin: AdminClient) -> str:
    tables = [await admin.world.store.all(sa.select(table)) for table in metadata.sorted_tables]
    return repr(tables)


async def test_it_has_an_owner_an_end_and_a_runbook_and_shows_no_value(admin: AdminClient) -> None:
    answer = await put(admin)
    made = answer.body["credential"]
    assert (answer.status, made["state"], made["current"], made["team"], made["owner"]) == (
        200,
        "current",
        1,
        "sales",
        "anna",
    )
    assert made["upstreams"] == ["odoo"]
    assert made["runbook"] == WANTED["runbook"]
    listed = await admin("sara", "GET", "/upstream-credentials")
    assert [(each["name"], each["state"]) for each in listed.body["items"]] == [
        ("carrier-key", "none"),
        ("odoo-ca", "none"),
        ("odoo-key", "current"),
    ]
    entries = [entry.event async for entry in admin.world.audit.entries(Filter(subject="upstream-credential"))]
    assert [(each.action, each.object, each.actor) for each in entries] == [("set", "odoo-key/1", "sara")]
    assert SECRET not in f"{answer}{listed}{entries}{await everything_stored(admin)}"


async def test_a_new_name_says_who_answers_for_it(admin: AdminClient) -> None:
    for member in ("team", "owner", "purpose"):
        wanted = {key: value for key, value in WANTED.items() if key != member}
        answer = await admin("sara", "PUT", NAME, wanted)
        assert answer.status == 422
        assert [each["pointer"] for each in answer.body["violations"]] == [f"/{member}"]
    assert (await put(admin, owner="omar")).body["violations"][0]["pointer"] == "/owner"
    assert (await admin("sara", "GET", NAME)).status == 404


@pytest.mark.parametrize("value", ["", "  \n", "a\0b", "x" * 65_537, "\u00e9" * 40_000])
async def test_a_value_that_cannot_be_one_is_refused(value: str, admin: AdminClient) -> None:
    answer = await put(admin, value=value)
    assert answer.status == 422
    assert [each["pointer"] for each in answer.body["violations"]] == ["/value"]
    assert not value.strip() or value not in str(answer.body)


async def test_the_estate_says_how_long_one_may_live(admin: AdminClient) -> None:
    assert (await put(admin, expires_days=91)).body["violations"][0]["rule"] == "maximum"
    file = EstateFile("test", {}, {}, credentials=CredentialsEntry(upstream_max_days=365))
    admin.world.compiled = compiled(company(file=file))
    await admin.world.publisher.publish()
    assert (await put(admin, expires_days=365)).status == 200


async def test_a_replaced_value_can_be_returned_to_for_a_while(admin: AdminClient) -> None:
    await put(admin)
    made = await replaced(admin, "second", keep_days=3)
    assert (made["current"], await states(admin)) == (2, {2: "current", 1: "kept"})
    back = await admin("anna", "POST", f"{NAME}/return", {"reason": "Odoo refuses it."})
    assert (back.body["credential"]["current"], await states(admin)) == (1, {2: "kept", 1: "current"})
    await replaced(admin, "third")
    admin.world.now += 3 * DAY
    room = admin.world.catalog.upstream_credentials
    assert await room.desk.forget_replaced() == 1
    assert await states(admin) == {3: "current", 2: "replaced", 1: "kept"}
    admin.world.now += 5 * DAY
    assert await room.desk.forget_replaced() == 1
    assert await room.desk.forget_replaced() == 0
    refused = await admin("anna", "POST", f"{NAME}/return", {"reason": "again"})
    assert (refused.status, await states(admin)) == (409, {3: "current", 2: "replaced", 1: "replaced"})


async def test_what_breaks_is_shown_before_and_after_it_is_revoked(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    current = admin.world.publisher.current
    assert current is not None
    serving = replace(current, contracts=msgspec.structs.replace(current.contracts, versions=(ORDERS,)))
    monkeypatch.setattr(admin.world.catalog.upstream_credentials.desk, "_published", lambda: serving)
    await put(admin)
    calls = (
        row(version="v2", calls=7),
        row(version="v2", operation="track", calls=5),
        row("analyst", version="v2"),
    )
    now = admin.world.now
    await UsageIntake(admin.world.store, lambda: now).take(batch(1, *calls, begin=int(now) - 100))
    asked = await admin("sara", "POST", f"{NAME}/revocation", {"reason": "leaked", "dry_run": True})
    depending = asked.body["depending"]
    assert depending["apis"] == [{"api": "orders", "version": "v2", "operations": 1}]
    assert {each["client_id"] for each in depending["applications"]} == {"analyst", "web-shop"}
    called = [(each["application"], each["operation"], each["calls"]) for each in depending["called"]]
    assert called == [("web-shop", "listOrders", 7), ("analyst", "listOrders", 3)]
    assert (asked.body["dry_run"], asked.body["credential"]["state"]) == (True, "current")
    assert asked.body["credential"]["last_used_at"] is not None
    done = await admin("anna", "POST", f"{NAME}/revocation", {"reason": "leaked"})
    assert (done.body["credential"]["state"], done.body["credential"]["current"]) == ("none", None)
    assert done.body["depending"] == depending
    value = done.body["credential"]["values"][0]
    assert (value["state"], value["revoked_by"], value["revoked_reason"]) == ("revoked", "anna", "leaked")
    again = await admin("anna", "POST", f"{NAME}/revocation", {"reason": "leaked"})
    assert again.status == 409
    assert (await replaced(admin, "a new one"))["current"] == 2


async def test_one_value_can_be_revoked_alone(admin: AdminClient) -> None:
    await put(admin)
    await replaced(admin, "second")
    body = {"reason": "only the old one", "version": 1}
    assert (await admin("anna", "POST", f"{NAME}/revocation", body)).status == 200
    assert await states(admin) == {2: "current", 1: "revoked"}
    assert (await admin("anna", "POST", f"{NAME}/return", {"reason": "no way"})).status == 409


@pytest.mark.parametrize(
    ("member", "status"), [("sara", 200), ("omar", 200), ("anna", 200), ("dora", 404), ("otto", 404)]
)
async def test_who_may_do_what(member: str, status: int, admin: AdminClient) -> None:
    """Security and operators all; an api-owner what the own team answers for; nobody else knows of it."""
    await put(admin)
    assert (await admin(member, "GET", NAME)).status == status
    assert (await put(admin, member, value="another")).status == status
    listed = (await admin(member, "GET", "/upstream-credentials")).body["items"]
    assert ("odoo-key" in {each["name"] for each in listed}) is (status == 200)
    hand_over = {"team": "platform", "owner": "otto", "reason": "ours now"}
    assert (await admin(member, "PUT", f"{NAME}/owner", hand_over)).status == status
    if status == 200:
        assert (await admin("anna", "GET", NAME)).status == 404
    revoked = await admin(member, "POST", f"{NAME}/revocation", {"reason": "over"})
    assert revoked.status == (404 if member == "anna" else status)
    expected = 200 if member in ("sara", "omar") else 403
    assert (await admin(member, "POST", "/master-key/rewrap")).status == expected


async def test_nobody_makes_one_for_another_team(admin: AdminClient) -> None:
    refused = await put(admin, "anna", team="platform", owner="otto")
    assert (refused.status, refused.body["roles"]) == (403, ["security", "operator", "api-owner"])
    assert (await put(admin, "anna")).status == 200
    moved = await put(admin, "anna", team="platform", owner="otto")
    assert moved.status == 403, "it would not be given back"


async def test_those_who_answer_for_it_are_told_before_it_ends_and_once(admin: AdminClient) -> None:
    await put(admin)
    rounds, told = admin.world.catalog.upstream_credentials.rounds, []
    for day in range(95):
        told += [day] * await rounds.make()
        assert await rounds.make() == 0
        admin.world.now += DAY
    assert told == [60, 83, 89, 90]
    columns = notices.c
    rows = await admin.world.store.all(sa.select(columns.subject, columns.body, columns.recipients))
    subjects = {row.subject.split(" ends ")[0].removeprefix("Reminder: ") for row in rows}
    assert subjects == {"The upstream credential odoo-key", "The upstream credential odoo-key is past its day"}
    assert all("delete the old one" in row.body and "anna@example.com" in str(row.recipients) for row in rows)
    admin.tokens.clear()  # they lived for a month
    assert (await states(admin))[1] == "expired"
    await replaced(admin, "in time again")
    assert await rounds.make() == 0


async def test_another_master_key_takes_over_all_of_them(admin: AdminClient) -> None:
    await put(admin)
    await put(admin, name="carrier-key", value="carrier-secret")
    answer: Any = await admin("sara", "POST", "/master-key/rewrap")
    assert (answer.status, answer.body["rewrapped"]) == (200, 0)
    entries = [entry.event async for entry in admin.world.audit.entries(Filter(subject="master-key"))]
    assert [(each.action, each.object) for each in entries] == [("rewrapped", answer.body["master_key"])]
