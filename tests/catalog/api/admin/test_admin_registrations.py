"""Registrations over the admin API: who decides, about what they saw, and what can be granted."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from catalog.audit.log import Filter
from tests.catalog.admin import AdminClient, Reply
from tests.conformance.oauth.authorizing import people_world
from tests.conformance.oauth.registering import call, member_token, register

GRANT = {"api": "orders", "version": "v2", "plan": "standard", "scopes": ["orders:read"]}
APPROVAL = {"consumer": "acme", "subscriptions": [GRANT], "expires_days": 30, "reason": "agreed"}


@pytest.fixture
async def admin(tmp_path: Path) -> AsyncIterator[AdminClient]:
    async with people_world(tmp_path) as world:
        yield AdminClient(world)


async def asked(admin: AdminClient, **changes: Any) -> str:
    """The path of a registration that waits."""
    told = await register(admin.world, await member_token(admin.world), **changes)
    assert told.status == 201, told.body
    return f"/registrations/{told.body['client_id']}"


async def decide(
    admin: AdminClient, path: str, action: str, body: Any, member: str = "sara", seen: str | None = None
) -> Reply:
    etag = seen or (await admin("sara", "GET", path)).headers["etag"]
    return await admin(member, "POST", f"{path}/{action}", body, headers={"If-Match": etag})


async def test_it_is_approved_and_stands_in_the_snapshot(admin: AdminClient) -> None:
    path = await asked(admin)
    [waiting] = (await admin("omar", "GET", "/registrations?state=pending")).body["items"]
    assert (waiting["name"], waiting["owner"], waiting["consumer"]) == ("Diary", "dora", None)
    done = await decide(admin, path, "approval", APPROVAL)
    assert done.status == 200
    assert (done.body["state"], done.body["consumer"], done.body["decided_by"]) == ("approved", "acme", "sara")
    assert done.body["subscriptions"] == [GRANT]
    current = admin.world.publisher.current
    assert current is not None
    application = current.applications[done.body["client_id"]]
    assert application.oauth is not None
    assert application.oauth.redirect_uris == ("https://diary.example/callback",)
    entries = [each.event async for each in admin.world.audit.entries(Filter(subject="registration"))]
    assert [(each.action, each.actor) for each in entries] == [("requested", "dora"), ("approved", "sara")]


async def test_to_approve_again_changes_what_is_granted(admin: AdminClient) -> None:
    path = await asked(admin)
    await decide(admin, path, "approval", APPROVAL)
    more = {**GRANT, "scopes": ["orders:read", "orders:write"]}
    done = await decide(admin, path, "approval", {**APPROVAL, "subscriptions": [more], "expires_days": 90})
    current = admin.world.publisher.current
    assert current is not None
    [subscription] = current.applications[done.body["client_id"]].subscriptions
    assert subscription.scopes == ("orders:read", "orders:write")


@pytest.mark.parametrize(
    "changes",
    [
        {"consumer": "nobody"},
        {"expires_days": 367},
        {"reason": ""},
        {"profile": "fapi-2"},  # it has a secret
        {"profile": "other"},
        {"subscriptions": [{**GRANT, "api": "unknown"}]},
        {"subscriptions": [{**GRANT, "version": "v9"}]},
        {"subscriptions": [{**GRANT, "plan": "gold"}]},
        {"subscriptions": [{**GRANT, "scopes": ["partners:read"]}]},
        {"subscriptions": [GRANT, GRANT]},
    ],
)
async def test_what_cannot_be_granted_is_not(admin: AdminClient, changes: dict[str, Any]) -> None:
    path = await asked(admin)
    refused = await decide(admin, path, "approval", {**APPROVAL, **changes})
    assert refused.status == 422
    assert (await admin("sara", "GET", path)).body["state"] == "pending"


async def test_no_more_is_granted_than_the_client_asked_for(admin: AdminClient) -> None:
    path = await asked(admin, scope="orders:write")
    assert (await decide(admin, path, "approval", APPROVAL)).status == 422
    wanted = {**GRANT, "scopes": ["orders:write"]}
    assert (await decide(admin, path, "approval", {**APPROVAL, "subscriptions": [wanted]})).status == 200


async def test_nobody_approves_what_they_did_not_see(admin: AdminClient) -> None:
    world = admin.world
    told = (await register(world, await member_token(world))).body
    path = f"/registrations/{told['client_id']}"
    seen = (await admin("sara", "GET", path)).headers["etag"]
    metadata = {"client_id": told["client_id"], "client_name": "Diary", "redirect_uris": ["https://evil.example/"]}
    url, token = told["registration_client_uri"], told["registration_access_token"]
    assert (await call(world, "PUT", url, token, metadata)).status == 200
    refused = await decide(admin, path, "approval", APPROVAL, seen=seen)
    assert (refused.status, refused.body["current"]["state"]) == (409, "pending")
    assert (await admin("sara", "POST", f"{path}/approval", APPROVAL)).status == 422, "If-Match is demanded"


async def test_a_refused_one_is_over(admin: AdminClient) -> None:
    world = admin.world
    told = (await register(world, await member_token(world))).body
    path = f"/registrations/{told['client_id']}"
    done = await decide(admin, path, "refusal", {"reason": "unknown"})
    assert (done.status, done.body["state"], done.body["decided_reason"]) == (200, "refused", "unknown")
    for action, body in (("approval", APPROVAL), ("refusal", {"reason": "again"})):
        assert (await decide(admin, path, action, body)).status == 409
    gone = await call(world, "GET", told["registration_client_uri"], told["registration_access_token"])
    assert gone.status == 401
    [secret] = (await admin("sara", "GET", f"/credentials?application={told['client_id']}")).body["items"]
    assert secret["state"] == "revoked"


async def test_an_update_is_refused_and_the_client_goes_on(admin: AdminClient) -> None:
    world = admin.world
    told = (await register(world, await member_token(world))).body
    path = f"/registrations/{told['client_id']}"
    await decide(admin, path, "approval", APPROVAL)
    metadata = {
        "client_id": told["client_id"],
        "client_name": "Bank",
        "redirect_uris": ["https://diary.example/x"],
    }
    await call(world, "PUT", told["registration_client_uri"], told["registration_access_token"], metadata)
    shown = (await admin("sara", "GET", path)).body
    assert (shown["update_pending"], shown["wanted"]["client_name"], shown["name"]) == (True, "Bank", "Diary")
    done = await decide(admin, path, "refusal", {"reason": "no bank"})
    assert (done.body["state"], done.body["wanted"], done.body["name"]) == ("approved", None, "Diary")


async def test_it_is_ended_by_a_guard(admin: AdminClient) -> None:
    path = await asked(admin)
    await decide(admin, path, "approval", APPROVAL)
    done = await admin("omar", "DELETE", f"{path}?reason=contract%20ended")
    assert (done.status, done.body["state"], done.body["decided_by"]) == (200, "deleted", "omar")
    current = admin.world.publisher.current
    assert current is not None
    assert done.body["client_id"] not in current.applications
    assert (await admin("omar", "DELETE", f"{path}?reason=again")).status == 409
    assert (await admin("omar", "DELETE", "/registrations/reg-unknown?reason=x")).status == 404


@pytest.mark.parametrize(
    ("member", "listed", "seen"), [("anna", 200, 404), ("dora", 200, 404), ("otto", 403, 403)]
)
async def test_others_neither_see_nor_decide(admin: AdminClient, member: str, listed: int, seen: int) -> None:
    """Of another team; who answers for no registration at all may not even ask."""
    path = await asked(admin)
    answer = await admin(member, "GET", "/registrations")
    assert (answer.status, answer.body.get("items", [])) == (listed, [])
    assert (await admin(member, "GET", path)).status == seen
    assert (await admin(member, "DELETE", f"{path}?reason=x")).status == seen
    assert (await admin(member, "GET", "/initial-access-tokens")).status == 403
    assert (await admin(member, "POST", "/initial-access-tokens", {})).status == 403
    assert (await decide(admin, path, "approval", APPROVAL, member)).status == 403
    assert (await decide(admin, path, "refusal", {"reason": "x"}, member)).status == 403


async def test_initial_access_tokens_are_shown_without_their_texts(admin: AdminClient) -> None:
    wanted = {"team": "sales", "owner": "dora", "purpose": "installer", "expires_days": 14, "uses": 2}
    made = await admin("sara", "POST", "/initial-access-tokens", wanted)
    assert made.status == 201
    assert made.headers["location"].endswith(made.body["token"]["key_id"])
    assert (await register(admin.world, made.body["secret"])).status == 201
    listed = await admin("sara", "GET", "/initial-access-tokens")
    assert [(each["owner"], each["uses_left"]) for each in listed.body["items"]] == [("dora", 1)]
    assert made.body["secret"] not in str(listed)
    for changes in ({"owner": "otto"}, {"team": "nobody"}):
        assert (await admin("sara", "POST", "/initial-access-tokens", {**wanted, **changes})).status == 404
    key_id = made.body["token"]["key_id"]
    assert (await admin("omar", "DELETE", f"/initial-access-tokens/{key_id}?reason=lost")).status == 200
    assert (await admin("omar", "DELETE", f"/initial-access-tokens/{key_id}?reason=lost")).status == 409
    assert (await register(admin.world, made.body["secret"], client_name="Two")).status == 401
