"""Credentials over the admin API: the ledger, rotation with overlap, and what is revoked at once."""

import base64
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from catalog.audit.log import Filter
from catalog.clock import moment
from catalog.credentials.secrets import parse
from catalog.oauth.token_client import TokenError, request_token
from catalog.storage.tables.calendar import notices
from catalog.storage.tables.credentials import credentials
from contracts.estate_files import CredentialsEntry, EstateFile
from contracts.usage.batch import Batch, Row, Tally, encode
from tests.catalog.admin import AdminClient, Reply, company, compiled
from tests.catalog.usage.test_usage_endpoint import post

DAY = 86_400
WANTED = {
    "kind": "client-secret",
    "application": "web-shop",
    "team": "sales",
    "owner": "anna",
    "purpose": "The shop's order import.",
    "expires_days": 90,
}
GUARD = "sara"


async def issue(admin: AdminClient, member: str = GUARD, **changes: Any) -> Reply:
    return await admin(member, "POST", "/credentials", {**WANTED, **changes})


async def issued(admin: AdminClient, **changes: Any) -> Any:
    answer = await issue(admin, **changes)
    assert answer.status == 201
    return answer.body


def later(admin: AdminClient, days: float) -> str:
    return moment(admin.world.now + days * DAY).isoformat().replace("+00:00", "Z")


async def token_of(admin: AdminClient, secret: str, client_id: str = "web-shop") -> str:
    """An access token, or the error's code."""
    try:
        answer = await request_token(admin.world.url, client_id, secret)
    except TokenError as error:
        return error.code
    return str(answer["access_token"])


def revoked(admin: AdminClient) -> Any:
    """What the snapshot in force tells gateways."""
    current = admin.world.publisher.current
    assert current is not None
    return current.revoked


async def test_a_secret_is_issued_with_an_owner_and_an_end_and_shown_once(admin: AdminClient) -> None:
    answer = await issue(admin)
    assert (answer.status, answer.headers["cache-control"]) == (201, "no-store")
    made = answer.body["credential"]
    assert answer.headers["location"] == f"/admin/v1/credentials/{made['key_id']}"
    assert (made["team"], made["owner"], made["created_by"], made["state"]) == ("sales", "anna", GUARD, "active")
    assert made["expires_at"] == later(admin, 90)
    assert (await token_of(admin, answer.body["secret"])).count(".") == 2
    shown = await admin(GUARD, "GET", f"/credentials/{made['key_id']}")
    assert shown.body["credential"] == made
    assert [(each["action"], each["actor"], each["reason"]) for each in shown.body["history"]] == [
        ("issued", GUARD, WANTED["purpose"])
    ]
    listed = await admin(GUARD, "GET", "/credentials?application=web-shop")
    assert [each["key_id"] for each in listed.body["items"]] == [made["key_id"]]
    assert answer.body["secret"] not in str((shown, listed))
    entries = [entry.event async for entry in admin.world.audit.entries(Filter(subject="client-secret"))]
    assert [(each.action, each.object, each.actor) for each in entries] == [
        ("issued", f"web-shop/{made['key_id']}", GUARD)
    ]
    assert answer.body["secret"] not in str(entries)


async def test_the_store_has_no_text_of_a_secret(admin: AdminClient) -> None:
    for kind in ("client-secret", "api-key"):
        text = (await issued(admin, kind=kind))["secret"]
        row = await admin.world.store.one(sa.select(credentials).where(credentials.c.kind == kind))
        assert row is not None
        assert text not in str(tuple(row))
        assert text.encode() not in row.digest


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"application": "nobody"}, 404),
        ({"owner": "sara"}, 422),  # of another team
        ({"owner": "stranger"}, 422),
        ({"expires_days": 0}, 422),
        ({"expires_days": 367}, 422),
        ({"purpose": ""}, 422),
        ({"networks": ["192.0.2.0/24"]}, 422),  # of a client secret
        ({"scopes": ["orders:delete"]}, 422),
        ({"kind": "api-key", "scopes": ["orders:delete"]}, 422),  # that was not granted
        ({"kind": "api-key", "networks": ["10.0.0.1/8"]}, 422),
        ({"kind": "member-token"}, 422),
    ],
)
async def test_what_must_not_be_issued_is_not(admin: AdminClient, changes: dict[str, Any], status: int) -> None:
    assert (await issue(admin, **changes)).status == status
    assert await admin.world.store.all(sa.select(credentials)) == []


async def test_the_estate_sets_the_longest_life(admin: AdminClient) -> None:
    file = EstateFile("test", {}, {}, credentials=CredentialsEntry(max_days=30))
    admin.world.compiled = compiled(company(file=file))
    await admin.world.publisher.publish()
    assert (await issue(admin, expires_days=31)).status == 422
    made = await issued(admin, expires_days=30)
    path = f"/credentials/{made['credential']['key_id']}/rotation"
    refused = await admin(GUARD, "POST", path, {"overlap_until": later(admin, 1), "expires_days": 31})
    assert refused.status == 422


async def test_who_may_what(admin: AdminClient) -> None:
    """Dora is a partner developer of sales, otto an architect, omar an operator."""
    assert (await issue(admin, "otto")).status == 403
    assert (await issue(admin, "dora")).status == 403
    assert (await issue(admin, "omar")).status == 201
    key_id = (await issued(admin))["credential"]["key_id"]
    assert (await admin("otto", "GET", f"/credentials/{key_id}")).status == 404
    assert (await admin("otto", "GET", "/credentials?kind=client-secret")).body["items"] == []
    assert (await admin("dora", "GET", f"/credentials/{key_id}")).status == 200
    assert len((await admin("dora", "GET", "/credentials?kind=client-secret")).body["items"]) == 2
    body = {"credential": key_id, "reason": "gone"}
    assert (await admin("otto", "POST", "/revocations", body)).status == 404
    assert (
        await admin("dora", "POST", "/revocations", {"application": "web-shop", "reason": "gone"})
    ).status == 403
    assert (await admin("dora", "POST", "/revocations", body)).status == 200


async def test_rotation_overlaps_until_the_chosen_time(admin: AdminClient) -> None:
    old = await issued(admin)
    path = f"/credentials/{old['credential']['key_id']}/rotation"
    rotated = await admin("anna", "POST", path, {"overlap_until": later(admin, 7)})
    assert rotated.status == 201
    new = rotated.body
    assert new["credential"]["predecessor"] == old["credential"]["key_id"]
    assert new["credential"]["expires_at"] == later(admin, 90)
    assert (await admin("anna", "POST", path, {"overlap_until": later(admin, 7)})).status == 409
    for each in (old, new):
        assert (await token_of(admin, each["secret"])).count(".") == 2
    admin.world.now += DAY
    assert (await token_of(admin, old["secret"])).count(".") == 2
    await admin.world.ledger.flush_last_used()
    shown = {
        each["key_id"]: each
        for each in (await admin(GUARD, "GET", "/credentials?kind=client-secret")).body["items"]
    }
    before, after = shown[old["credential"]["key_id"]], shown[new["credential"]["key_id"]]
    assert (before["state"], before["successor"]) == ("replaced", after["key_id"])
    assert before["last_used_at"] > after["last_used_at"], "it does not show that the old one is still used"
    admin.world.now += 6 * DAY
    assert await token_of(admin, old["secret"]) == "invalid_client"
    assert (await token_of(admin, new["secret"])).count(".") == 2


async def test_a_revoked_secret_opens_nothing_and_gateways_hear_of_it(admin: AdminClient) -> None:
    made = await issued(admin)
    key_id = made["credential"]["key_id"]
    asked = await admin(GUARD, "POST", "/revocations", {"credential": key_id, "reason": "leaked", "dry_run": True})
    assert asked.body["reached"]["credentials"] == [key_id]
    assert asked.body["credential"] is None
    assert (await token_of(admin, made["secret"])).count(".") == 2
    assert revoked(admin) is None
    done = await admin(GUARD, "POST", "/revocations", {"credential": key_id, "reason": "leaked"})
    assert done.body["credential"]["state"] == "revoked"
    assert await token_of(admin, made["secret"]) == "invalid_client"
    assert revoked(admin).credentials == (key_id,)
    again = await admin(GUARD, "POST", "/revocations", {"credential": key_id, "reason": "leaked"})
    assert (again.status, again.body["current"]["state"]) == (409, "revoked")
    [notice] = await admin.world.store.all(sa.select(notices))
    assert (notice.kind, "anna@example.com" in notice.recipients) == ("credential-revoked", True)
    admin.world.now += 3 * 3600
    await admin.world.publisher.publish()
    assert revoked(admin) is None, "tokens that were obtained by it are over by now"


@pytest.mark.parametrize("target", [{"application": "web-shop"}, {"consumer": "acme"}])
async def test_an_application_is_cut_off_until_it_is_let_in_again(
    admin: AdminClient, target: dict[str, str]
) -> None:
    made = await issued(admin)
    done = await admin(GUARD, "POST", "/revocations", {**target, "reason": "theft"})
    assert {"client_id": "web-shop", "consumer": "acme"} in done.body["reached"]["applications"]
    assert done.body["reached"]["credentials"] == [made["credential"]["key_id"]]
    assert await token_of(admin, made["secret"]) == "invalid_client"
    assert (await admin(GUARD, "POST", "/revocations", {**target, "reason": "theft"})).status == 409
    number = done.body["revocation"]["number"]
    assert (await admin("anna", "DELETE", f"/revocations/{number}?reason=found")).status == 403
    lifted = await admin(GUARD, "DELETE", f"/revocations/{number}?reason=found")
    assert lifted.body["lifted_by"] == GUARD
    assert (await admin(GUARD, "DELETE", f"/revocations/{number}?reason=found")).status == 409
    assert (await token_of(admin, made["secret"])).count(".") == 2
    assert revoked(admin) is None
    assert len((await admin(GUARD, "GET", "/revocations")).body["items"]) == 1


async def test_tokens_are_revoked_by_their_age(admin: AdminClient) -> None:
    done = await admin(GUARD, "POST", "/revocations", {"issued_before": "now", "reason": "key lost"})
    assert done.status == 200
    [before] = revoked(admin).issued_before
    assert (before.time, before.client_id, before.consumer) == (int(admin.world.now) + 1, "", "")
    number = done.body["revocation"]["number"]
    assert (await admin(GUARD, "DELETE", f"/revocations/{number}?reason=mistake")).status == 409
    future = {"issued_before": later(admin, 1), "application": "web-shop", "reason": "key lost"}
    assert (await admin(GUARD, "POST", "/revocations", future)).status == 422


@pytest.mark.parametrize(
    "target",
    [
        {},
        {"application": "web-shop", "consumer": "acme"},
        {"credential": "k2V0aW1lbGVz", "issued_before": "now"},
        {"credential": "k2V0aW1lbGVz", "application": "web-shop"},
        {"signing_key": "k", "application": "web-shop"},
        {"signing_key": "k", "issued_before": "now"},
    ],
)
async def test_what_is_unclear_is_not_revoked(admin: AdminClient, target: dict[str, str]) -> None:
    assert (await admin(GUARD, "POST", "/revocations", {**target, "reason": "x"})).status == 422
    assert (await admin(GUARD, "GET", "/revocations")).body["items"] == []


async def test_a_signing_key_is_withdrawn_with_all_that_it_signed(admin: AdminClient) -> None:
    await admin.world.catalog.signing.round()
    made = await issued(admin)
    current = admin.world.publisher.current
    assert current is not None
    [kid] = current.signing_keys
    now = int(admin.world.now)
    row = Row("orders", "v2", "list", "web-shop", "acme", now, now, (Tally("200", 3, 1, 0, (3, 0, 0, 0, 0)),))
    assert (await post(admin.world, encode(Batch(1, "edge", "0" * 32, 1, now, now, (row,)))))[0] == 204
    target = {"signing_key": kid, "reason": "its file was in a back-up"}
    asked = await admin(GUARD, "POST", "/revocations", {**target, "dry_run": True})
    assert asked.body["reached"]["applications"] == [{"client_id": "web-shop", "consumer": "acme"}]
    assert [(each["operation"], each["calls"]) for each in asked.body["reached"]["called"]] == [("list", 3)]
    assert asked.body["signs_now"] is None
    assert revoked(admin) is None
    assert (await admin("anna", "POST", "/revocations", target)).status == 403
    done = await admin(GUARD, "POST", "/revocations", target)
    assert done.body["reached"] == asked.body["reached"]
    assert done.body["signs_now"] not in (None, kid)
    assert revoked(admin).signing_keys == ((admin.world.url, kid),)
    header = (await token_of(admin, made["secret"])).split(".")[0]
    assert msgspec.json.decode(base64.urlsafe_b64decode(header + "=="))["kid"] == done.body["signs_now"]
    assert (await admin(GUARD, "POST", "/revocations", target)).status == 404


async def test_who_is_unknown_is_not_cut_off(admin: AdminClient) -> None:
    for target in ({"application": "nobody"}, {"consumer": "nobody"}, {"credential": "k2V0aW1lbGVz"}):
        assert (await admin(GUARD, "POST", "/revocations", {**target, "reason": "x"})).status == 404


async def test_the_owner_is_reminded_once_at_each_step(admin: AdminClient) -> None:
    await issued(admin)
    rounds = admin.world.catalog.credentials.rounds
    told = []
    for days in (0, 59, 60, 61, 83, 84, 89, 90):
        admin.world.now = 1_795_000_000.0 + days * DAY
        told.append(await rounds.make() + await rounds.make())
    assert told == [0, 0, 1, 0, 1, 0, 1, 0]
    row = (await admin.world.store.all(sa.select(notices)))[0]
    assert (row.kind, "anna@example.com" in row.recipients, "sales@example.com" in row.recipients) == (
        "credential-ending",
        True,
        True,
    )


async def test_another_member_answers_for_it_when_it_was_handed_over(admin: AdminClient) -> None:
    key_id = (await issued(admin))["credential"]["key_id"]
    wanted = {"team": "platform", "owner": "omar", "reason": "Anna has left."}
    assert (await admin("otto", "PUT", f"/credentials/{key_id}/owner", wanted)).status == 404
    assert (await admin("anna", "PUT", f"/credentials/{key_id}/owner", {**wanted, "owner": "ben"})).status == 404
    assert (await admin("anna", "PUT", f"/credentials/{key_id}/owner", wanted)).body["owner"] == "omar"
    assert (await admin("anna", "GET", f"/credentials/{key_id}")).status == 404


async def test_member_tokens_are_in_the_ledger(admin: AdminClient) -> None:
    mine = await admin("anna", "GET", "/credentials?kind=member-token")
    assert [(each["owner"], each["team"]) for each in mine.body["items"]] == [("anna", "sales")]
    await admin("otto", "GET", "/whoami")
    everybody = await admin(GUARD, "GET", "/credentials?kind=member-token")
    assert {each["owner"] for each in everybody.body["items"]} == {"anna", "otto", GUARD}


async def test_signing_keys_are_in_the_ledger_for_those_who_see_all(admin: AdminClient) -> None:
    await admin.world.catalog.signing.round()
    [first] = (await admin(GUARD, "GET", "/credentials?kind=signing-key")).body["items"]
    assert (first["state"], first["application"], first["last_used_at"] is None) == ("active", None, False)
    assert (await admin("anna", "GET", "/credentials?kind=signing-key")).body["items"] == []
    await admin(GUARD, "POST", "/revocations", {"signing_key": first["key_id"], "reason": "leaked"})
    found = (await admin(GUARD, "GET", "/credentials?kind=signing-key")).body["items"]
    assert {each["key_id"]: each["state"] for each in found if each["key_id"] == first["key_id"]} == {
        first["key_id"]: "revoked"
    }
    assert [each["state"] for each in found].count("active") == 1
    everything = (await admin(GUARD, "GET", "/credentials?limit=1")).body
    assert everything["next"] is not None


async def test_an_api_key_is_told_to_gateways_by_its_digest_and_is_no_client_secret(admin: AdminClient) -> None:
    made = await issued(admin, kind="api-key", scopes=["orders:read"], networks=["192.0.2.0/24"])
    secret = parse(made["secret"])
    assert secret is not None
    assert secret.is_api_key
    current = admin.world.publisher.current
    assert current is not None
    [key] = current.applications["web-shop"].keys
    assert key.digest == secret.digest(admin.world.keys.key_pepper)
    assert (key.id, key.scopes, key.networks) == (secret.key_id, ("orders:read",), ("192.0.2.0/24",))
    assert await token_of(admin, made["secret"]) == "invalid_client"
    rotated = await admin(GUARD, "POST", f"/credentials/{key.id}/rotation", {"overlap_until": later(admin, 2)})
    assert rotated.status == 201
    current = admin.world.publisher.current
    assert current is not None
    keys = {each.id: each.expires for each in current.applications["web-shop"].keys}
    assert keys == {
        key.id: int(admin.world.now) + 2 * DAY,
        rotated.body["credential"]["key_id"]: int(admin.world.now) + 90 * DAY,
    }
    await admin(GUARD, "POST", "/revocations", {"credential": key.id, "reason": "leaked"})
    current = admin.world.publisher.current
    assert current is not None
    assert [each.id for each in current.applications["web-shop"].keys] == [rotated.body["credential"]["key_id"]]
