"""Least privilege: what is granted and was not used for long enough, and one step to be rid of it."""

import base64
from typing import Any

import msgspec
import pytest

from catalog.audit.log import Filter
from contracts.estate_files import ApplicationEntry, ConsumerEntry, ConsumersFile, SubscriptionEntry
from contracts.operations import HttpBackend, Operation
from contracts.snapshot import ContractsPart
from contracts.usage.batch import Batch, CredentialUsed, Exercised, Row, Tally, encode
from tests.catalog.admin import AdminClient, company, compiled
from tests.catalog.api.admin.test_admin_credentials import DAY, GUARD, issued, token_of
from tests.catalog.serving import AUDIENCE, GOOD
from tests.catalog.usage.test_usage_endpoint import post
from tests.support.policy_world import version

READ, WRITE, PARTNERS = "orders:read", "orders:write", "partners:read"


def operation(name: str, *scopes: str) -> Operation:
    return Operation(name, "GET", f"/{name}", f"/{name}", HttpBackend("shop"), scopes=(scopes,))


ORDERS = version(operation("list", READ), operation("add", WRITE), version="v2", base_path="/orders/v2")
CONTRACTS = ContractsPart(AUDIENCE, (), (), (ORDERS,))
CONSUMERS = ConsumersFile(
    {
        "acme": ConsumerEntry(
            "Acme",
            "it@acme.example",
            {
                "web-shop": ApplicationEntry(
                    "Web shop",
                    (
                        SubscriptionEntry("drafts", "v1", "standard", ()),
                        SubscriptionEntry("orders", "v2", "standard", (READ, WRITE)),
                        SubscriptionEntry("partners", "v1", "standard", (PARTNERS,)),
                    ),
                )
            },
        )
    }
)


@pytest.fixture
async def estate(admin: AdminClient) -> AdminClient:
    """With consumers and a contract, granted long ago."""
    made = compiled(company(consumers=CONSUMERS))
    admin.world.compiled = type(made)((), CONTRACTS, GOOD.applications, made.estate)
    await admin.world.publisher.publish()
    await admin.world.catalog.credentials.rounds.make()
    return admin


async def use(admin: AdminClient, key_id: str, operation_id: str, scope: str, sequence: int) -> None:
    now = int(admin.world.now)
    row = Row(
        "orders", "v2", operation_id, "web-shop", "acme", now, now, (Tally("200", 1, 1, 0, (1, 0, 0, 0, 0)),)
    )
    used = CredentialUsed(key_id, "web-shop", now, "", "orders", "v2", (Exercised("orders", "v2", (scope,)),))
    batch = Batch(1, "edge", "0" * 32, sequence, now - 10, now, (row,), credentials=(used,))
    assert (await post(admin.world, encode(batch)))[0] == 204


def later(admin: AdminClient, days: int) -> None:
    """The members' tokens do not live that long."""
    admin.world.now += days * DAY
    admin.tokens.clear()


async def report(admin: AdminClient, member: str = GUARD, query: str = "") -> Any:
    return (await admin(member, "GET", f"/least-privilege{query}")).body


async def aged(admin: AdminClient) -> tuple[str, str, str]:
    """Three credentials of the shop, 91 days later: one that reads, one that was used long ago, one never used."""
    ids = [(await issued(admin, kind=kind, expires_days=300))["credential"]["key_id"] for kind in ("api-key",) * 3]
    await use(admin, ids[1], "add", WRITE, 1)
    later(admin, 91)
    await use(admin, ids[0], "list", READ, 2)
    return ids[0], ids[1], ids[2]


async def test_it_finds_what_was_granted_and_not_used(estate: AdminClient) -> None:
    reads, long_ago, never = await aged(estate)
    found = await report(estate)
    spare = {each["key_id"]: each for each in found["credentials"]}
    assert (spare[reads]["unused"], spare[reads]["kept"], spare[reads]["idle"]) == (
        [WRITE, PARTNERS],
        [READ],
        False,
    )
    assert spare[long_ago]["idle"]
    assert spare[never]["idle"]
    assert {(each["api"], each["called"], *each["unused"]) for each in found["subscriptions"]} == {
        ("orders", True, WRITE),
        ("partners", False, PARTNERS),
    }
    at = "/consumers/acme/applications/web-shop/subscriptions"
    assert found["patch"] == [
        {"op": "test", "path": f"{at}/1/scopes", "value": [READ, WRITE]},
        {"op": "replace", "path": f"{at}/1/scopes", "value": [READ]},
        {"op": "test", "path": f"{at}/2/scopes", "value": [PARTNERS]},
        {"op": "replace", "path": f"{at}/2/scopes", "value": []},
    ]


async def test_what_is_young_is_not_called_unused(estate: AdminClient) -> None:
    await issued(estate)
    later(estate, 89)
    found = await report(estate)
    assert (found["credentials"], found["subscriptions"]) == ([], [])
    assert len((await report(estate, query="?days=80"))["subscriptions"]) == 2


async def test_what_is_granted_anew_is_young_again(estate: AdminClient) -> None:
    made = estate.world.compiled
    assert not isinstance(made, Exception)
    rounds = estate.world.catalog.credentials.rounds
    estate.world.compiled = type(made)((), CONTRACTS, GOOD.applications[:2], made.estate)
    await estate.world.publisher.publish()
    await rounds.make()
    later(estate, 60)
    estate.world.compiled = made
    await estate.world.publisher.publish()
    await rounds.make()
    later(estate, 60)
    assert (await report(estate))["subscriptions"] == []


async def test_one_step_narrows_what_was_used_and_leaves_what_was_not(estate: AdminClient) -> None:
    reads, _, never = await aged(estate)
    wanted = {"reason": "least privilege", "dry_run": True}
    asked = await estate(GUARD, "POST", "/least-privilege/reduction", wanted)
    assert asked.body["narrowed"] == [{"key_id": reads, "application": "web-shop", "before": [], "after": [READ]}]
    assert keys(estate)[reads] == ()
    done = await estate(GUARD, "POST", "/least-privilege/reduction", {"reason": "least privilege"})
    assert done.body == {**asked.body, "dry_run": False}
    assert keys(estate)[reads] == (READ,)
    assert keys(estate)[never] == (), "without scopes it would be good for everything, and it is"
    entries = [each.event async for each in estate.world.audit.entries(Filter(subject="api-key"))]
    assert [(each.object, each.reason) for each in entries if each.action == "narrowed"] == [
        (f"web-shop/{reads}", f"least privilege (good for {READ} from now on)")
    ]
    again = await estate(GUARD, "POST", "/least-privilege/reduction", {"reason": "least privilege"})
    assert again.body["narrowed"] == []


async def test_a_narrowed_secret_obtains_no_more_than_it_is_good_for(estate: AdminClient) -> None:
    made = await issued(estate, expires_days=300)
    later(estate, 91)
    await use(estate, made["credential"]["key_id"], "list", READ, 1)
    await estate(GUARD, "POST", "/least-privilege/reduction", {"reason": "least privilege"})
    payload = (await token_of(estate, made["secret"])).split(".")[1]
    assert msgspec.json.decode(base64.urlsafe_b64decode(payload + "=="))["scope"] == READ


async def test_nobody_sees_or_narrows_what_is_anothers(estate: AdminClient) -> None:
    reads, _, _ = await aged(estate)
    assert (await report(estate, "otto"))["credentials"] == []
    assert (await report(estate, "otto"))["subscriptions"] == []
    done = await estate("otto", "POST", "/least-privilege/reduction", {"reason": "least privilege"})
    assert done.body["narrowed"] == []
    assert reads in {each["key_id"] for each in (await report(estate, "anna"))["credentials"]}


def keys(admin: AdminClient) -> dict[str, tuple[str, ...]]:
    current = admin.world.publisher.current
    assert current is not None
    return {each.id: each.scopes for each in current.applications["web-shop"].keys}
