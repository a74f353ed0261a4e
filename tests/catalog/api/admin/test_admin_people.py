"""Who may call the admin API, and what members do about themselves there."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from catalog.audit.log import Filter
from catalog.people.tokens import MemberTokens
from catalog.storage.tables.calendar import retirement_overrides
from contracts.estate_files import TeamsFile
from tests.catalog.admin import TEAMS, AdminClient, company, compiled

DAY = 86_400


async def audited(admin: AdminClient, subject: str) -> list[tuple[str, str, str, str]]:
    entries = [entry async for entry in admin.world.audit.entries(Filter(subject=subject))]
    return [(e.event.action, e.event.object, e.event.actor, e.event.reason) for e in entries]


def later(admin: AdminClient, days: float) -> str:
    from catalog.clock import moment

    return moment(admin.world.now + days * DAY).isoformat().replace("+00:00", "Z")


async def delegate(admin: AdminClient, giver: str, receiver: str, role: str, days: float = 10) -> Any:
    body = {"receiver": receiver, "role": role, "until": later(admin, days), "reason": "On leave."}
    return await admin(giver, "POST", "/delegations", body)


async def test_a_member_is_told_who_it_is(admin: AdminClient) -> None:
    answer = await admin("dora", "GET", "/whoami")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.body["name"] == "dora"
    assert answer.body["memberships"] == [
        {"team": "platform", "roles": ["architect"]},
        {"team": "sales", "roles": ["partner-developer"]},
    ]


async def test_without_a_token_there_is_a_challenge_and_no_error_code(admin: AdminClient) -> None:
    refused = await admin(None, "GET", "/whoami")
    assert refused.status == 401
    assert refused.body["type"] == "urn:ostiary:problem:credentials-missing"
    assert refused.headers["www-authenticate"] == 'Bearer realm="ostiary-catalog"'


@pytest.mark.parametrize("value", ["Bearer x", "Bearer", "Basic YTpi", "bearer ost_test_000000000000_" + "s" * 49])
async def test_what_is_no_token_of_a_member_is_refused(admin: AdminClient, value: str) -> None:
    refused = await admin(None, "GET", "/whoami", headers={"Authorization": value})
    assert refused.status == 401
    assert refused.headers["www-authenticate"] == 'Bearer realm="ostiary-catalog", error="invalid_token"'


async def test_a_client_secret_and_the_gateways_token_open_nothing(admin: AdminClient) -> None:
    secret = await admin.world.ledger.issue("web-shop", actor="test")
    for token in (secret.secret, "gateway-token-of-this-test"):
        refused = await admin(None, "GET", "/whoami", headers={"Authorization": f"Bearer {token}"})
        assert refused.status == 401
    assert not await admin.world.ledger.verify("anna", await admin.token("anna"))


async def test_a_token_ends_at_its_date(admin: AdminClient) -> None:
    await admin.token("anna")
    admin.world.now += 30 * DAY - 1
    assert (await admin("anna", "GET", "/whoami")).status == 200
    admin.world.now += 1
    assert (await admin("anna", "GET", "/whoami")).status == 401


async def test_who_leaves_the_teams_acts_no_more(admin: AdminClient) -> None:
    assert (await admin("anna", "GET", "/whoami")).status == 200
    admin.world.compiled = compiled(company(TeamsFile({"platform": TEAMS.teams["platform"]})))
    await admin.world.publisher.publish()
    refused = await admin("anna", "GET", "/whoami")
    assert (refused.status, refused.body["type"]) == (403, "urn:ostiary:problem:member-unknown")
    assert (await admin("omar", "GET", "/whoami")).status == 200


async def test_tokens_are_listed_without_their_text_and_with_their_last_use(admin: AdminClient) -> None:
    token = await admin.token("anna")
    await admin("anna", "GET", "/whoami")
    await admin.world.catalog.tokens.flush_last_used()
    answer = await admin("anna", "GET", "/tokens")
    [entry] = answer.body["items"]
    assert (entry["member"], entry["key_id"]) == ("anna", token.split("_")[2])
    assert entry["last_used_at"] is not None
    assert token.split("_")[3] not in str(answer.body)


async def test_another_members_tokens_are_for_security_and_operators(admin: AdminClient) -> None:
    await admin.token("anna")
    for member in ("sara", "omar"):
        assert len((await admin(member, "GET", "/tokens?member=anna")).body["items"]) == 1
    refused = await admin("ben", "GET", "/tokens?member=anna")
    assert refused.status == 403
    assert refused.body["roles"] == ["operator", "security"]


async def test_a_token_is_revoked_at_once_by_its_member_or_by_security(admin: AdminClient) -> None:
    key = (await admin.token("anna")).split("_")[2]
    path = f"/tokens/{key}?reason=Lost%20laptop"
    assert (await admin("ben", "DELETE", path)).status == 404
    revoked = await admin("sara", "DELETE", path)
    assert (revoked.status, revoked.body["key_id"]) == (200, key)
    assert (await admin("anna", "GET", "/whoami")).status == 401
    again = await admin("sara", "DELETE", path)
    assert again.status == 409
    assert again.body["current"]["revoked_at"] == revoked.body["revoked_at"]
    assert (await audited(admin, "member-token"))[-1] == ("revoked", f"anna/{key}", "sara", "Lost laptop")


async def test_pages_follow_each_other(admin: AdminClient) -> None:
    for _ in range(5):
        admin.world.now += 1
        await admin.world.catalog.tokens.issue("anna", 30, actor="test")
    await admin.token("anna")
    seen: list[str] = []
    after = ""
    while True:
        answer = await admin("anna", "GET", f"/tokens?limit=4{after}")
        seen += [each["key_id"] for each in answer.body["items"]]
        if answer.body["next"] is None:
            break
        after = f"&after={answer.body['next']}"
    assert len(seen) == len(set(seen)) == 6
    assert (await admin("anna", "GET", "/tokens?after=goneagain")).body == {"items": [], "next": None}
    assert (await admin("anna", "GET", "/tokens?limit=0")).status == 422


async def test_a_role_is_delegated_and_taken_back(admin: AdminClient) -> None:
    granted = await delegate(admin, "omar", "anna", "architect")
    assert granted.status == 201
    identity = granted.body["id"]
    assert granted.headers["location"] == f"/admin/v1/delegations/{identity}"
    [delegated] = (await admin("anna", "GET", "/whoami")).body["delegated"]
    assert (delegated["role"], delegated["giver"]) == ("architect", "omar")

    principal = await admin.world.catalog.directory.principal("anna")
    assert principal is not None
    assert principal.right("architect", team="platform") is not None
    assert principal.right("architect", team="sales") is None
    assert principal.right("architect", without=frozenset({"omar"})) is None

    assert (await admin("ben", "DELETE", f"/delegations/{identity}?reason=no")).status == 403
    assert (await admin("anna", "DELETE", f"/delegations/{identity}?reason=Back")).status == 200
    assert (await admin("omar", "DELETE", f"/delegations/{identity}?reason=Back")).status == 409
    assert (await admin("anna", "GET", "/whoami")).body["delegated"] == []
    assert [action for action, *_ in await audited(admin, "delegation")] == ["granted", "revoked"]


async def test_a_delegation_ends_at_its_date_and_with_its_givers_role(admin: AdminClient) -> None:
    await delegate(admin, "omar", "anna", "architect", days=10)
    await delegate(admin, "sara", "anna", "security", days=20)
    without_sara = {name: each for name, each in TEAMS.teams["platform"].members.items() if name != "sara"}
    teams = {**TEAMS.teams, "platform": type(TEAMS.teams["platform"])("P", "p@example.com", without_sara)}
    admin.world.compiled = compiled(company(TeamsFile(teams)))
    await admin.world.publisher.publish()
    assert [each["giver"] for each in (await admin("anna", "GET", "/whoami")).body["delegated"]] == ["omar"]
    admin.world.now += 10 * DAY
    assert (await admin("anna", "GET", "/whoami")).body["delegated"] == []


@pytest.mark.parametrize(
    ("giver", "receiver", "role", "days", "status", "what"),
    [
        ("anna", "ben", "architect", 10, 403, "role-missing"),
        ("omar", "nobody", "architect", 10, 404, "resource-not-found"),
        ("omar", "omar", "architect", 10, 422, "/receiver"),
        ("omar", "anna", "architect", 93, 422, "/until"),
        ("omar", "anna", "architect", -1, 422, "/until"),
    ],
)
async def test_what_cannot_be_delegated(
    admin: AdminClient, giver: str, receiver: str, role: str, days: float, status: int, what: str
) -> None:
    refused = await delegate(admin, giver, receiver, role, days)
    assert refused.status == status
    assert what in refused.body["type"] or refused.body["violations"][0]["pointer"] == what
    assert (await admin(giver, "GET", "/delegations")).body["items"] == []


async def test_what_was_delegated_is_not_handed_on(admin: AdminClient) -> None:
    await delegate(admin, "omar", "anna", "operator")
    assert (await delegate(admin, "anna", "ben", "operator")).status == 403


async def test_of_two_who_take_the_same_back_at_once_one_is_told_of_the_other(admin: AdminClient) -> None:
    identity = (await delegate(admin, "omar", "anna", "architect")).body["id"]
    for member in ("omar", "anna", "sara"):
        await admin.token(member)
    path = f"/delegations/{identity}?reason=Now"
    replies = await asyncio.gather(*(admin(member, "DELETE", path) for member in ("omar", "anna", "sara")))
    assert sorted(each.status for each in replies) == [200, 409, 409]
    [won] = [each for each in replies if each.status == 200]
    assert {each.body["current"]["revoked_at"] for each in replies if each.status == 409} == {
        won.body["revoked_at"]
    }
    assert [action for action, *_ in await audited(admin, "delegation")] == ["granted", "revoked"]


async def test_a_token_is_good_in_its_environment_and_under_its_pepper_alone(admin: AdminClient) -> None:
    world, text = admin.world, await admin.token("anna")
    for pepper, environment, good in (
        (world.keys.pepper, "test", True),
        (world.keys.pepper, "production", False),
        (bytes(32), "test", False),
    ):
        tokens = MemberTokens(world.store, pepper, environment, lambda: world.now, world.audit)
        assert (await tokens.verify(text) is not None) is good
    assert text not in repr(await world.catalog.tokens.issue("anna", 1, actor="test"))


async def test_what_was_decided_in_whose_name_is_shown_to_those_who_decide(admin: AdminClient) -> None:
    rows = [
        {"given_by": "anna", "giver": "omar", "at": 1_795_000_000},
        {"given_by": "otto", "giver": "", "at": 1_795_000_100},
    ]
    shared = {"api": "orders", "api_version": "v1", "sunset": 0, "reason": "it leaks"}
    async with admin.world.store.write() as connection:
        await connection.execute(sa.insert(retirement_overrides), [shared | row for row in rows])
    decision = {
        "at": "2026-11-18T11:06:40Z",
        "giver": "omar",
        "receiver": "anna",
        "subject": "override",
        "object": "orders/v1",
        "action": "overridden",
    }
    for member in ("otto", "sara"):
        assert (await admin(member, "GET", "/delegated-decisions")).body == {"items": [decision], "next": None}
    assert (await admin("otto", "GET", "/delegated-decisions?giver=otto")).body["items"] == []
    refused = await admin("anna", "GET", "/delegated-decisions")
    assert (refused.status, refused.body["roles"]) == (403, ["architect", "security"])
