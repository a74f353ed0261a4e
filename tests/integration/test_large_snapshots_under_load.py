"""Snapshots of thousands of operations, taken up one after the other while requests go on. None fails."""

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from contracts.operations import ApiVersion, HttpBackend, Operation
from contracts.snapshot import Snapshot
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, snapshot, token
from tests.gateway.http_harness import PATIENCE, raw_client

OPERATIONS = 1_500
"""Of each of two versions."""
CHANGES = 8
CLIENTS = 12


@pytest.fixture(autouse=True)
async def nothing_is_kept() -> AsyncIterator[None]:
    """A gateway takes what is in force out of the garbage collector's sight; the tests after this one do not."""
    yield
    gc.unfreeze()


def bulk(api: str, *first: Operation, **changes: object) -> ApiVersion:
    """Templated operations, each with a parameter to check, after those given."""
    like = operations()[2]
    many = (
        msgspec.structs.replace(like, id=f"get{number}", path=f"/resource-{number}/{{order_id}}", public=True)
        for number in range(OPERATIONS)
    )
    return orders(*first, *many, **{"api": api, "base_path": f"/{api}/v1", **changes})


class Load:
    """Clients that ask without a pause, each on a connection of its own."""

    def __init__(self, world: Gateway) -> None:
        self.world = world
        self.statuses: dict[int, int] = {}
        self.going = True
        bearer = f"Authorization: Bearer {token()}\r\n"
        paths = [f"/{api}/v1/resource-{number}/7" for number in (0, 700, 1_499) for api in ("orders", "stock")]
        self.requests = [
            f"GET {path} HTTP/1.1\r\nHost: api.example\r\n{bearer}\r\n".encode()
            for path in (*paths, "/orders/v1/orders")
        ]

    async def client(self, number: int) -> None:
        async with raw_client(self.world.port) as connection:
            while self.going:
                answer = await connection.ask(self.requests[number % len(self.requests)])
                self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
                assert b"connection" not in answer.fields, "a change ended a connection"
                number += 1

    @property
    def answered(self) -> int:
        return sum(self.statuses.values())


async def test_large_snapshots_are_put_in_force_and_no_request_fails(tmp_path: Path) -> None:
    """A title changes, an operation changes, one version is broken for a while: the other moves on."""

    def made(serial: int, port: int) -> Snapshot:
        title = f"Orders {serial}" if serial % 3 == 0 else "Orders"
        first = msgspec.structs.replace(operations()[0], cost=serial)
        lost = Operation("lost", "GET", "/lost", "/paths/~1lost", HttpBackend("nowhere"), public=True)
        broken = (lost,) if serial % 4 == 0 else ()
        return snapshot(
            bulk("orders", first, title=title),
            bulk("stock", *broken),
            serial=serial,
            port=port,
            quota=1_000_000,
        )

    async with gateway(tmp_path, made=snapshot(bulk("orders"), bulk("stock"), quota=1_000_000)) as world:
        port = world.upstream.port
        await world.change_over(made(1, port))
        load = Load(world)
        clients = [asyncio.create_task(load.client(number)) for number in range(CLIENTS)]
        answered_during: list[int] = []
        for serial in range(2, CHANGES + 2):
            before = world.pipeline.runtime
            assert before is not None
            stock, at_first = before.versions["stock", "v1"], load.answered
            await world.change_over(made(serial, port))
            answered_during.append(load.answered - at_first)
            now = world.pipeline.runtime
            assert now is not None
            assert now.manifest.serial == serial
            assert len(now.router) == 2 * OPERATIONS + 1
            assert list(now.rejected) == (["stock/v1"] if serial % 4 == 0 else [])
            assert now.versions["stock", "v1"] is stock, (
                "the one version did not change, or keeps its last good form"
            )
            assert (now.versions["orders", "v1"].version.title == "Orders") is bool(serial % 3)
        load.going = False
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*clients)
        bound = sum(one.route is not None for one in now.operations())
        assert world.pipeline.open == 0
    assert set(load.statuses) == {200}
    assert min(answered_during) > CLIENTS, "requests went on during each of the changes"
    assert bound == 7, "what is called is bound, from one snapshot to the next, and nothing else"
