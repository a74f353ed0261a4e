"""Changes under load: 200 snapshots put in force, a gateway replaced by another. No request is lost."""

import asyncio
from pathlib import Path

import pytest

from catalog.cli.processes import family
from contracts.operations import HttpBackend, Operation
from contracts.snapshot import Timeouts
from tests.gateway.gateway_process import public_operations, start
from tests.gateway.gateway_world import gateway, operations, orders, snapshot, token
from tests.gateway.http_harness import PATIENCE, RawClient, SeenRequest, raw_client, raw_upstream, say_ok

RELOADS = 200
CLIENTS = 24


class Load:
    """What the clients have met so far."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.going = True
        self._more = asyncio.Event()

    def met(self, status: int) -> None:
        self.statuses.append(status)
        self._more.set()

    async def more(self, requests: int) -> None:
        """Returns when so many further requests were answered."""
        wanted = len(self.statuses) + requests
        async with asyncio.timeout(PATIENCE):
            while len(self.statuses) < wanted:
                self._more.clear()
                await self._more.wait()


async def test_200_snapshots_are_put_in_force_and_no_request_fails(tmp_path: Path) -> None:
    """Operations come and go, pools are replaced, grants are renewed; connections are kept throughout."""
    load = Load()
    bearer = f"Authorization: Bearer {token()}\r\n".encode()
    requests = (
        b"GET /orders/v1/orders/7 HTTP/1.1\r\nHost: api.example\r\n" + bearer + b"\r\n",
        b"GET /orders/v1/ping HTTP/1.1\r\nHost: api.example\r\n\r\n",
        b"PUT /orders/v1/files/a HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/octet-stream\r\n"
        + bearer
        + b"Content-Length: 5\r\n\r\nhello",
    )

    async def client(port: int, number: int) -> None:
        async with raw_client(port) as connection:
            while load.going:
                answer = await connection.ask(requests[number % len(requests)])
                load.met(answer.status)
                assert b"connection" not in answer.fields, "a reload ended a connection"

    async with gateway(tmp_path, quota=1_000_000) as running:
        upstream = running.upstream
        clients = [asyncio.create_task(client(running.port, number)) for number in range(CLIENTS)]
        for serial in range(2, RELOADS + 2):
            extra = tuple(
                Operation(
                    *(f"extra-{serial}-{each}", "GET", f"/extra/{serial}/{each}", f"/paths/{each}"),
                    HttpBackend("shop"),
                    public=True,
                )
                for each in range(serial % 5)
            )
            # Each third snapshot replaces the pool, so that calls in flight are on one that is retired.
            timeouts = Timeouts(total=60.0 + serial // 3)
            running.adopt(
                snapshot(
                    orders(*operations(), *extra, title=f"Orders {serial}", revision=f"{serial:064x}"),
                    serial=serial,
                    port=upstream.port,
                    quota=1_000_000 + serial,
                    upstream={"timeouts": timeouts},
                )
            )
            await load.more(CLIENTS)
        load.going = False
        await asyncio.gather(*clients)
        assert running.pipeline.runtime is not None
        assert running.pipeline.runtime.manifest.serial == RELOADS + 1
        assert running.pipeline.open == 0
    assert set(load.statuses) == {200}
    assert len(load.statuses) >= RELOADS * CLIENTS
    assert len(upstream.seen) == len(load.statuses)


@pytest.mark.xdist_group("stack")
async def test_a_gateway_is_replaced_under_load_and_no_request_is_lost(tmp_path: Path) -> None:
    """SIGTERM to the one of two gateways: what it has accepted it answers in full, and tells its clients to go."""
    load = Load()
    answered_by = {"old": 0, "new": 0}
    greeted: set[int] = set()
    told_to_go = 0

    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if b"/files/" in request.line:
            await asyncio.sleep(0.02)  # so that some calls are always in flight
        return await say_ok(request, reader, writer)

    async def converse(connection: RawClient, name: str, number: int) -> bool:
        """Asks until told to go; False when the test is over."""
        path = b"ping" if number % 2 else b"files/a"
        while load.going:
            answer = await connection.ask(b"GET /orders/v1/%b HTTP/1.1\r\nHost: api.example\r\n\r\n" % path)
            assert answer.body == b"GET /backend/%b HTTP/1.1" % path
            load.met(answer.status)
            answered_by[name] += 1
            greeted.add(number)
            if answer.fields.get(b"connection") == b"close":
                assert await connection.rest() == b""
                return True
        return False

    async def client(ports: dict[str, int], number: int) -> None:
        nonlocal told_to_go
        for name in ("old", "new"):
            async with raw_client(ports[name]) as connection:
                if not await converse(connection, name, number):
                    return
            told_to_go += 1

    with family(tmp_path / "logs") as members:
        async with raw_upstream(script) as upstream:
            made = snapshot(orders(*public_operations()), port=upstream.port)
            old = await start(members, tmp_path / "old", made)
            new = await start(members, tmp_path / "new", made)
            ports = {"old": old.port, "new": new.port}
            clients = [asyncio.create_task(client(ports, number)) for number in range(CLIENTS)]
            await load.more(10 * CLIENTS)
            while len(greeted) < CLIENTS:  # a connection that waits to be accepted has no promise yet
                await load.more(1)
            old.child.process.terminate()
            assert await old.ended() == 0
            await load.more(10 * CLIENTS)
            load.going = False
            await asyncio.gather(*clients)
            with pytest.raises(ConnectionError):
                await asyncio.open_connection("127.0.0.1", old.port)
    assert told_to_go == CLIENTS, "each client was told on its own connection, and none was cut off"
    assert set(load.statuses) == {200}
    assert min(answered_by.values()) >= 10 * CLIENTS - CLIENTS
    assert len(upstream.seen) == len(load.statuses)
    assert old.access_log.read_bytes().count(b'"status":200') == answered_by["old"]
