"""Purges over the admin API: who may, of what, and what gateways are told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalog.purging import desk
from contracts.access import PURGES_KEPT, Purge
from contracts.snapshot import AccessPart, assemble
from tests.catalog.admin import AdminClient, Reply, company, compiled
from tests.catalog.serving import World, serving
from tests.gateway.gateway_world import orders

WHY = "Prices were imported."


@pytest.fixture
async def admin(tmp_path: Path, store_url: str) -> AsyncIterator[AdminClient]:
    """Of a catalog with the orders of the sales team, and the books of another."""
    books = orders(api="books", base_path="/books/v1", owner="platform")
    estate = compiled(company())
    assert estate.contracts is not None
    contracts = msgspec.structs.replace(estate.contracts, versions=(orders(), books))
    async with serving(tmp_path, store_url=store_url, compiled=replace(estate, contracts=contracts)) as world:
        yield AdminClient(world)


async def purge(admin: AdminClient, member: str = "omar", status: int = 200, **named: str) -> Reply:
    reply = await admin(member, "POST", "/purges", {"api": "orders", "reason": WHY, **named})
    assert reply.status == status, reply.body
    return reply


async def told(world: World) -> tuple[Purge, ...]:
    """What the access part in force says."""
    current = world.publisher.current
    assert current is not None
    parts = {
        digest: await world.table.part(digest) for digest in (current.manifest.contracts, current.manifest.access)
    }
    access: AccessPart = assemble(current.manifest, parts).access  # type: ignore[arg-type]
    return access.purges


async def test_a_purge_is_told_to_gateways_and_recorded(admin: AdminClient) -> None:
    serial = admin.world.publisher.current.manifest.serial  # type: ignore[union-attr]
    made = await purge(admin, version="v1", operation="listOrders")
    assert (made.body["purged_by"], made.body["reason"], made.body["path"]) == ("omar", WHY, "")
    assert await told(admin.world) == (Purge(made.body["number"], "orders", "v1", "listOrders"),)
    assert admin.world.publisher.current.manifest.serial == serial + 1  # type: ignore[union-attr]
    listed = (await admin("dora", "GET", "/purges")).body["items"]
    assert [each["number"] for each in listed] == [made.body["number"]]
    entries = (await admin("sara", "GET", "/audit/entries?subject=cache")).body["items"]
    assert [(each["action"], each["object"], each["actor"]) for each in entries] == [
        ("purged", "orders/v1/listOrders", "omar")
    ]


async def test_the_same_again_is_a_new_purge_in_place_of_the_old_one(admin: AdminClient) -> None:
    first = await purge(admin, tag="prices")
    other = await purge(admin, tag="stock")
    again = await purge(admin, tag="prices")
    assert again.body["number"] > other.body["number"] > first.body["number"]
    assert [each.number for each in await told(admin.world)] == [other.body["number"], again.body["number"]]
    whole = await purge(admin)
    assert await told(admin.world) == (Purge(whole.body["number"], "orders"),)


async def test_it_is_told_for_two_weeks(admin: AdminClient) -> None:
    await purge(admin)
    admin.world.now += PURGES_KEPT
    await admin.world.publisher.publish()
    assert await told(admin.world) == ()
    assert (await admin("omar", "GET", "/purges")).body["items"] == []
    later = await purge(admin)
    assert [each.number for each in await told(admin.world)] == [later.body["number"]]


@pytest.mark.parametrize(
    ("member", "status"), [("omar", 200), ("sara", 200), ("anna", 200), ("otto", 403), ("dora", 403)]
)
async def test_who_may(admin: AdminClient, member: str, status: int) -> None:
    reply = await purge(admin, member, status)
    if status == 403:
        assert reply.body["roles"] == ["security", "operator", "api-owner"]
        assert await told(admin.world) == ()


@pytest.mark.parametrize(
    "named",
    [
        {"api": "unknown"},
        {"version": "v9"},
        {"version": "v1", "operation": "unknown"},
        {"path": "/books/v1/books"},
        {"path": "/orders/v10"},
    ],
)
async def test_what_there_is_not_cannot_be_purged(admin: AdminClient, named: dict[str, str]) -> None:
    await purge(admin, status=404, **named)
    assert await told(admin.world) == ()


@pytest.mark.parametrize(
    "named",
    [
        {"operation": "listOrders"},
        {"path": "/orders/v1/orders", "tag": "a"},
        {"path": "/orders/v1/orders", "version": "v1"},
        {"path": "/orders/v1/orders?a=1"},
        {"tag": "a b"},
        {"reason": ""},
    ],
)
async def test_what_cannot_be_meant_is_refused(admin: AdminClient, named: dict[str, str]) -> None:
    await purge(admin, status=422, **named)


async def test_so_many_and_no_more(admin: AdminClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "MOST", 2)
    await purge(admin, path="/orders/v1/orders/1")
    await purge(admin, path="/orders/v1/orders/2")
    refused: Any = await purge(admin, status=409, path="/orders/v1/orders/3")
    assert "as a whole" in refused.body["detail"]
    await purge(admin)
    await purge(admin, path="/orders/v1/orders/3")
