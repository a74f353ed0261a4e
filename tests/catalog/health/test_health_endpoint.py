"""What the admin API answers of how things are, from what gateways told."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from catalog.health.traffic import traffic
from contracts.estate_files import ApiFile, EstateFile, SloEntry, TeamEntry, TeamsFile, UpstreamEntry, VersionEntry
from contracts.usage import batch as usage
from contracts.usage.batch import Tally
from contracts.usage.report import UpstreamState, encode
from tests.catalog.admin import TEAMS, AdminClient, company, compiled, member
from tests.catalog.reporting.test_failures_store import NOW, report
from tests.catalog.serving import GATEWAY_TOKEN, World, serving
from tests.catalog.usage.test_usage_store import batch, row

ORDERS = ApiFile(
    "Orders", "sales", "a@acme.example", "odoo", "internal", {"v1": VersionEntry()}, slo=SloEntry(99.0, 500)
)
BOOKS = ApiFile("Books", "sales", "a@acme.example", "erp", "internal", {"v1": VersionEntry(upstream="odoo")})
FILE = EstateFile(
    "test", {"odoo": UpstreamEntry("http://127.0.0.1:1"), "erp": UpstreamEntry("http://127.0.0.1:2")}, {}
)
PARTNERS = TeamEntry("Partners", "p@example.com", {"pia": member("pia", "partner-developer")})
ODOO = UpstreamState("odoo", "open", 3, 1, 0, 0, 0, 0)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    estate = company(
        TeamsFile({**TEAMS.teams, "partners": PARTNERS}), apis={"orders": ORDERS, "books": BOOKS}, file=FILE
    )
    async with serving(tmp_path, compiled=compiled(estate)) as world:
        yield world


async def told(world: World, path: str, data: bytes) -> None:
    headers = {"authorization": f"Bearer {GATEWAY_TOKEN}"}
    async with world.session.post(world.url + path, data=io.BytesIO(data), headers=headers) as answer:
        assert answer.status == 204


def tally(status: str, calls: int) -> Tally:
    return Tally(status, calls, 1000 * calls, 10 * calls, (calls, 0, 0, 0, 0))


async def test_how_things_are_is_what_gateways_told(world: World) -> None:
    await told(world, "/gateway/report", encode(report(upstreams=(ODOO,), age=1.47)))
    tallies = (tally("200", 960), tally("404", 20), tally("503", 15), tally("aborted", 5), tally("499", 500))
    await told(world, "/gateway/usage", usage.encode(batch(1, row(tallies=tallies))))
    client = AdminClient(world)
    found = (await client("sara", "GET", "/health")).body
    books, orders = found["apis"]
    assert (orders["standing"], orders["calls"], orders["bad"], orders["behind"]) == ("impaired", 1000, 20, "down")
    assert (orders["promise"]["standing"], orders["promise"]["available"]) == ("broken", 0.98)
    assert (books["standing"], books["upstreams"], books["promise"]) == ("quiet", ["odoo"], None)
    assert [(each["name"], each["standing"]) for each in found["upstreams"]] == [
        ("erp", "unknown"),
        ("odoo", "down"),
    ]
    assert [(each["name"], each["serial"], each["age"]) for each in found["gateways"]] == [("edge-1", 7, 1.5)]


async def test_a_partner_sees_no_gateway(world: World) -> None:
    await told(world, "/gateway/report", encode(report(upstreams=(ODOO,))))
    overview = (await AdminClient(world)("pia", "GET", "/health")).body
    assert len(overview["upstreams"]) == 2
    assert overview["gateways"] == []


async def test_the_record_of_a_promise(world: World) -> None:
    await told(world, "/gateway/usage", usage.encode(batch(1, row(tallies=(tally("200", 99), tally("500", 1))))))
    client = AdminClient(world)
    record = (await client("anna", "GET", "/apis/orders/promise")).body
    assert record["promise"]["availability"] == 99.0
    assert (len(record["days"]), record["days"][-1]["available"]) == (30, 0.99)
    assert (await client("anna", "GET", "/apis/books/promise")).status == 404
    assert (await client("anna", "GET", "/apis/nothing/promise")).status == 404


async def test_what_was_read_is_kept_for_seconds(world: World) -> None:
    client = AdminClient(world)
    assert (await client("sara", "GET", "/health")).body["apis"][1]["calls"] == 0
    await told(world, "/gateway/usage", usage.encode(batch(1, row())))
    assert (await client("sara", "GET", "/health")).body["apis"][1]["calls"] == 0
    world.now += 6
    assert (await client("sara", "GET", "/health")).body["apis"][1]["calls"] == 3


async def test_traffic_is_of_the_hours_that_are_asked_for(world: World) -> None:
    await told(world, "/gateway/usage", usage.encode(batch(1, row(), row("analyst", api="books"))))
    (books, orders) = await traffic(world.store, NOW, "hour")
    assert (books.api, orders.api, orders.calls, orders.within) == ("books", "orders", 3, (3, 0, 0, 0))
    assert await traffic(world.store, NOW + 7200, "hour") == ()
    assert [each.api for each in await traffic(world.store, NOW, "day", "orders")] == ["orders"]
