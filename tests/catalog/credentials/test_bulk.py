"""One action on many credentials: who is hit is shown first, and it is done to all of them or to none."""

from typing import Any

import pytest

from catalog.audit.log import Filter
from contracts.estate_files import CredentialsEntry, EstateFile
from tests.catalog.admin import AdminClient, Reply, company, compiled
from tests.catalog.api.admin.test_admin_credentials import DAY, GUARD, issued, later, token_of


async def act(admin: AdminClient, member: str = GUARD, **wanted: Any) -> Reply:
    return await admin(member, "POST", "/credential-actions", {"reason": "to be sure", **wanted})


async def ledger(admin: AdminClient) -> dict[str, Any]:
    items = (await admin(GUARD, "GET", "/credentials?limit=100")).body["items"]
    return {each["key_id"]: each for each in items if each["application"] is not None}


async def three(admin: AdminClient) -> list[Any]:
    """Two of acme's shop, a key and a secret; one of another firm's analyst."""
    return [
        await issued(admin),
        await issued(admin, kind="api-key"),
        await issued(admin, application="analyst", team="platform", owner="omar"),
    ]


@pytest.mark.parametrize(
    ("whose", "hit"),
    [
        ({"consumer": "acme"}, (0, 1)),
        ({"application": "analyst"}, (2,)),
        ({"team": "sales"}, (0, 1)),
        ({"api": "orders"}, (0, 1, 2)),
        ({"api": "partners"}, (0, 1)),
        ({"api": "orders", "kind": "api-key"}, (1,)),
        ({"consumer": "nobody"}, ()),
    ],
)
async def test_it_shows_who_is_hit_and_then_hits_them(
    admin: AdminClient, whose: dict[str, str], hit: tuple[int, ...]
) -> None:
    made = await three(admin)
    wanted = {made[index]["credential"]["key_id"] for index in hit}
    before = await ledger(admin)
    asked = await act(admin, action="revoke", dry_run=True, **whose)
    assert set(asked.body["reached"]["credentials"]) == wanted
    assert await ledger(admin) == before
    done = await act(admin, action="revoke", expected=len(wanted), **whose)
    assert done.body["reached"] == asked.body["reached"]
    states = {key_id: each["state"] for key_id, each in (await ledger(admin)).items()}
    assert {key_id for key_id, state in states.items() if state == "revoked"} == wanted
    entries = [each.event async for each in admin.world.audit.entries(Filter())]
    assert {each.object.partition("/")[2] for each in entries if each.action == "revoked"} == wanted


async def test_all_are_rotated_and_each_new_secret_is_shown_once(admin: AdminClient) -> None:
    made = await three(admin)
    done = await act(admin, action="rotate", consumer="acme", overlap_until=later(admin, 7))
    assert (done.status, done.headers["cache-control"]) == (200, "no-store")
    new = {each["credential"]["predecessor"]: each for each in done.body["issued"]}
    old = {each["credential"]["key_id"]: each for each in made[:2]}
    assert set(new) == set(old)
    secret = made[0]["credential"]["key_id"]
    for text in (old[secret]["secret"], new[secret]["secret"]):
        assert (await token_of(admin, text)).count(".") == 2
    admin.world.now += 8 * DAY
    assert await token_of(admin, old[secret]["secret"]) == "invalid_client"
    again = await act(admin, action="rotate", consumer="acme", overlap_until=later(admin, 7), dry_run=True)
    assert len(again.body["credentials"]) == 2, "successors are replaced in their turn, and what ended is not"
    assert again.body["issued"] == []


async def test_no_expiry_goes_beyond_the_maximum_not_even_one_of_many(admin: AdminClient) -> None:
    file = EstateFile("test", {}, {}, credentials=CredentialsEntry(max_days=100))
    admin.world.compiled = compiled(company(file=file))
    await admin.world.publisher.publish()
    await issued(admin)
    admin.world.now += 29 * DAY
    await issued(admin, kind="api-key")
    before = await ledger(admin)
    refused = await act(admin, action="extend", consumer="acme", expires_days=80)
    assert refused.status == 409
    assert await ledger(admin) == before, "one of them was extended all the same"
    done = await act(admin, action="extend", consumer="acme", expires_days=70)
    assert [each["expires_at"] for each in done.body["credentials"]] == [later(admin, 70)]


async def test_another_member_answers_for_all_of_them(admin: AdminClient) -> None:
    await three(admin)
    wrong = await act(admin, action="hand-over", team="sales", new_team="sales", new_owner="omar")
    assert wrong.status == 422
    done = await act(admin, action="hand-over", team="sales", new_team="platform", new_owner="omar")
    assert {(each["team"], each["owner"]) for each in done.body["credentials"]} == {("platform", "omar")}
    assert {each["owner"] for each in (await ledger(admin)).values()} == {"omar"}


async def test_nobody_acts_on_what_another_team_answers_for(admin: AdminClient) -> None:
    made = await three(admin)
    done = await act(admin, "anna", action="revoke", api="orders")
    assert set(done.body["reached"]["credentials"]) == {each["credential"]["key_id"] for each in made[:2]}
    assert (await ledger(admin))[made[2]["credential"]["key_id"]]["state"] == "active"
    assert (await act(admin, "otto", action="revoke", api="orders")).body["credentials"] == []


async def test_what_was_not_expected_is_not_done(admin: AdminClient) -> None:
    await three(admin)
    before = await ledger(admin)
    assert (await act(admin, action="revoke", consumer="acme", expected=1)).status == 409
    for unclear in (
        {"action": "revoke"},
        {"action": "extend", "consumer": "acme"},
        {"action": "extend", "consumer": "acme", "expires_days": 367},
        {"action": "rotate", "consumer": "acme"},
        {"action": "delete", "consumer": "acme"},
    ):
        assert (await act(admin, **unclear)).status == 422, unclear
    assert await ledger(admin) == before
