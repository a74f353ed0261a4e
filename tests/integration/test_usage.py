"""From calls to counts, with real processes: each call counts once, whoever dies or hears of it twice."""

import asyncio
import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from catalog.demo.tour import fetch
from contracts.usage.batch import Batch, Row, Sight, Tally, encode
from tests.integration.test_snapshots_in_force import PATIENCE, Stack, restart, until
from tests.integration.test_snapshots_in_force import world as running_stack  # noqa: F401  (a fixture)

pytestmark = pytest.mark.xdist_group("stack")

PARCEL = {
    "order": "S00001",
    "destination": {
        "name": "Ada",
        "street": "Rue Neuve 1",
        "city": "Bruxelles",
        "postal_code": "1000",
        "country": "BE",
    },
    "parcels": [{"weight_kg": 1}],
}


class World:
    """The stack, and what its catalog's store says of usage."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._tokens: dict[str, str] = {}
        port = stack.running.catalog_url.rpartition(":")[2]
        self._catalog = {**_environment(stack.child("catalog").process.pid), "OSTIARY_CATALOG_PORT": port}

    def call(self, status: int, path: str, who: str = "aurora-shop", body: Any = None) -> None:
        if who not in self._tokens:
            self._tokens[who] = self.stack.visitor.token(who)
        headers = {"Authorization": f"Bearer {self._tokens[who]}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        method = "GET" if body is None else "POST"
        url = self.stack.running.gateway_url + "/shipments/v1" + path
        answer = fetch(url, method=method, headers=headers, body=data)
        assert answer.status == status, (path, answer.status, answer.body)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        path = self.stack.running.data / "catalog" / "catalog.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()

    def calls(self) -> dict[tuple[str, str, str], int]:
        """By application, operation and status."""
        found = self.rows(
            "SELECT application, operation, status, sum(calls) FROM usage_days JOIN usage_callers ON id = caller "
            "GROUP BY 1, 2, 3"
        )
        return {(application, operation, status): calls for application, operation, status, calls in found}

    def seen(self) -> dict[str, int]:
        """Of creating shipments, by name and value."""
        found = self.rows(
            "SELECT name || '=' || value, sum(calls) FROM usage_seen JOIN usage_sights ON id = sight "
            "WHERE operation = 'bookShipment' GROUP BY 1"
        )
        return dict(found)

    async def told(self, expected: dict[tuple[str, str, str], int]) -> None:
        """Waits until the store says exactly this, or never will."""
        await until(lambda: sum(self.calls().values()) >= sum(expected.values()), f"{self.calls()}")
        assert self.calls() == expected

    def metric(self, name: str) -> float:
        text = fetch(self.stack.running.admin_url + "/metrics").body.decode()
        return float(next(line for line in text.splitlines() if line.startswith(name + " ")).split()[1])

    async def start_catalog(self) -> None:
        """The catalog once more, as it was started, at the same address."""
        port_file = self.stack.running.data / "catalog.json"
        port_file.unlink()
        child = self.stack.members.start("catalog", ["-m", "catalog"], self._catalog)
        await asyncio.to_thread(self.stack.members.wait_for_file, child, port_file, PATIENCE)


def _environment(process: int) -> dict[str, str]:
    """The catalog's settings (proc(5))."""
    pairs = (pair.partition("=") for pair in Path(f"/proc/{process}/environ").read_text().split("\0"))
    return {name: value for name, _, value in pairs if name.startswith("OSTIARY_CATALOG_")}


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the stack starts."""
    monkeypatch.setenv("OSTIARY_GATEWAY_USAGE_INTERVAL", "0.2")


@pytest.fixture
async def world(often: None, running_stack: Stack) -> World:  # noqa: F811
    return World(running_stack)


LISTED = ("aurora-shop", "listShipments", "200")
REFUSED = ("aurora-shop", "listShipments", "422")
OTHER = ("polar-dispatch", "getShipment", "200")
MADE = ("aurora-shop", "bookShipment", "201")


async def test_each_call_counts_once_over_outages_and_restarts(world: World) -> None:
    def traffic(calls: int) -> None:
        for _ in range(calls):
            world.call(200, "/shipments?limit=1")
        world.call(422, "/shipments?limit=none")
        world.call(200, "/shipments/SHP-000001", "polar-dispatch")
        world.call(201, "/shipments", body=PARCEL)

    def expected(calls: int, rounds: int) -> dict[tuple[str, str, str], int]:
        return {LISTED: calls, REFUSED: rounds, OTHER: rounds, MADE: rounds}

    await asyncio.to_thread(traffic, 7)
    await world.told(expected(7, 1))

    # The catalog is away: what is counted meanwhile waits for it.
    catalog = world.stack.child("catalog")
    catalog.process.send_signal(signal.SIGKILL)
    catalog.process.wait()
    await asyncio.to_thread(traffic, 5)
    await until(lambda: world.metric("ostiary_usage_waiting_bytes") > 0, "nothing waits for the catalog")
    await world.start_catalog()
    await world.told(expected(12, 2))
    await until(lambda: world.metric("ostiary_usage_waiting_bytes") == 0, "something still waits")
    assert world.metric("ostiary_usage_batches_dropped_total") == 0
    assert world.metric("ostiary_usage_calls_lost_total") == 0

    # A gateway that stops tells the rest, and the next one begins anew.
    gateway = world.stack.child("gateway")
    gateway.process.terminate()
    await asyncio.to_thread(gateway.process.wait)
    await restart(world.stack, OSTIARY_GATEWAY_USAGE_INTERVAL="3600")
    await asyncio.to_thread(traffic, 3)
    assert world.calls() == expected(12, 2)
    gateway = world.stack.child("gateway")
    gateway.process.terminate()
    await asyncio.to_thread(gateway.process.wait)
    assert world.calls() == expected(15, 3)

    # What failed is told by its request id, each call once, of all the outages.
    failed = world.rows("SELECT application, operation, status, problem, upstream FROM failures")
    assert failed == [("aurora-shop", "listShipments", 422, "schema-violation", "not-called")] * 3
    assert len(set(world.rows("SELECT request_id FROM failures"))) == 3

    seen = world.seen()
    assert (seen["/order="], seen["/destination/country="], seen["/parcels/*/weight_kg="]) == (3, 3, 3)
    assert "Ada" not in str(seen)
    boots = world.rows("SELECT boot, lost_calls FROM usage_sources")
    assert len({boot for boot, _ in boots}) == 2
    assert {lost for _, lost in boots} == {0}


async def test_what_is_told_twice_counts_once(world: World) -> None:
    await asyncio.to_thread(world.call, 200, "/shipments?limit=1")
    await world.told({LISTED: 1})
    ((gateway, boot, sequence),) = world.rows("SELECT gateway, boot, sequence FROM usage_sources")
    row = Row(
        api="shipments",
        version="v1",
        operation="listShipments",
        application="aurora-shop",
        consumer="aurora",
        first=1_700_000_000,
        last=1_700_000_000,
        tallies=(Tally("200", 1, 1, 0, (1, 0, 0, 0, 0)),),
        seen=(Sight("query", "limit", "", 1),),
    )
    token = (world.stack.running.data / "catalog" / "keys" / "gateway.token").read_text().strip()
    url = world.stack.running.catalog_url + "/gateway/usage"
    async with aiohttp.ClientSession(headers={"authorization": f"Bearer {token}"}) as session:
        for number in (sequence, sequence, sequence - 1 or 1):
            again = Batch(1, gateway, boot, number, 1_700_000_000, 1_700_000_010, (row,))
            async with session.post(url, data=encode(again)) as answer:
                assert answer.status == 204
    assert world.calls() == {LISTED: 1}


async def test_what_waits_in_a_gateway_that_is_killed_is_lost_and_nothing_else(world: World) -> None:
    await asyncio.to_thread(world.call, 200, "/shipments?limit=1")
    await world.told({LISTED: 1})
    gateway = world.stack.child("gateway")
    gateway.process.terminate()
    await asyncio.to_thread(gateway.process.wait)
    await restart(world.stack, OSTIARY_GATEWAY_USAGE_INTERVAL="3600")
    await asyncio.to_thread(world.call, 200, "/shipments?limit=1")
    gateway = world.stack.child("gateway")
    gateway.process.kill()
    gateway.process.wait()
    await restart(world.stack)
    await asyncio.to_thread(world.call, 200, "/shipments?limit=1")
    await world.told({LISTED: 2})


async def test_a_bound_of_nothing_drops_and_counts(world: World) -> None:
    catalog = world.stack.child("catalog")
    await asyncio.to_thread(world.call, 200, "/shipments?limit=1")  # with a token of its own
    await world.told({LISTED: 1})
    world.stack.child("gateway").process.terminate()
    await asyncio.to_thread(world.stack.child("gateway").process.wait)
    catalog.process.kill()
    catalog.process.wait()
    await restart(world.stack, OSTIARY_GATEWAY_USAGE_BUFFER="0")
    await asyncio.to_thread(world.call, 200, "/shipments?limit=1")
    await until(lambda: world.metric("ostiary_usage_calls_lost_total") == 1, "nothing was lost")
    assert world.metric("ostiary_usage_batches_dropped_total") == 1
    await world.start_catalog()
    assert world.calls() == {LISTED: 1}
