"""Bodies far larger than what the gateway may hold: its memory does not grow with them, in either direction.

`OSTIARY_STREAM_MIB` sets the bodies' size in MiB; 1024 shows the gibibyte.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from catalog.cli.processes import family
from contracts.snapshot import Timeouts
from tests.gateway.gateway_process import GatewayProcess, public_operations, start, start_under_uvicorn
from tests.gateway.gateway_world import orders, snapshot
from tests.gateway.http_harness import RawClient, raw_client

MIB = 1 << 20
SIZE = int(os.environ.get("OSTIARY_STREAM_MIB", "256")) * MIB
PIECE = b"\xa5" * (256 * 1024)

GROWTH = 8 * MIB
"""What the process may grow by while a body of any size passes: buffers of both sockets, and Python's slack."""

PROCESS = 64 * MIB
"""What the process may hold of its own (`RssAnon`) at its peak; the pages of shared libraries come to that, which
the system may drop and read again."""

IN_FLIGHT = 48 * MIB
"""What may be under way between the ends: the kernel's buffers of four sockets, and the gateway's own."""

QUIET = 0.5
"""Seconds without a byte after which a sender counts as held back."""

in_both_forms = pytest.mark.parametrize(
    "bulk", [start, start_under_uvicorn], ids=["listener", "asgi"], indirect=True
)
pytestmark = pytest.mark.xdist_group("stack")


class BulkUpstream:
    """Sends and takes bodies of `SIZE`; what it took or gave is counted as it passes."""

    def __init__(self) -> None:
        self.port = 0
        self.sent = 0
        self.taken = 0
        self.complete = 0
        self.may_read = asyncio.Event()
        self.may_read.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"PUT "):
                    await self.take(reader, chunked=b"transfer-encoding: chunked" in head)
                    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                elif b"/files/" in head:
                    await self.give(writer, chunked=b"/files/chunked" in head)
                else:
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def give(self, writer: asyncio.StreamWriter, *, chunked: bool) -> None:
        framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % SIZE
        writer.write(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n")
        while self.sent < SIZE:
            writer.write(b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if chunked else PIECE)
            await writer.drain()
            self.sent += len(PIECE)
        if chunked:
            writer.write(b"0\r\n\r\n")

    async def take(self, reader: asyncio.StreamReader, *, chunked: bool) -> None:
        await self.may_read.wait()
        if not chunked:
            while self.taken < SIZE:
                data = await reader.read(len(PIECE))
                if not data:
                    raise ConnectionError
                self.taken += len(data)
        else:
            while size := int(await reader.readuntil(b"\r\n"), 16):
                self.taken += len(await reader.readexactly(size + 2)) - 2
            await reader.readuntil(b"\r\n")
        self.complete += 1


class Bulk:
    def __init__(self, upstream: BulkUpstream, running: GatewayProcess) -> None:
        self.upstream = upstream
        self.running = running
        self.before = self.own = 0

    def measure(self) -> None:
        self.running.forget_peak()
        self.before, self.own = self.running.memory("VmRSS"), self.running.memory("RssAnon")

    def check(self) -> None:
        """The process' peak since `measure` is hardly above what it had, and small in all."""
        grown = self.running.memory("VmHWM") - self.before
        assert grown < GROWTH
        assert self.own + grown < PROCESS


@pytest.fixture
async def bulk(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Bulk]:
    """A gateway process; with `start_under_uvicorn` for a parameter, its ASGI form."""
    upstream = BulkUpstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, limit=MIB)
    upstream.port = server.sockets[0].getsockname()[1]
    patient = Timeouts(first_byte=120, between_bytes=60, total=3_600)
    made = snapshot(orders(*public_operations()), port=upstream.port, upstream={"timeouts": patient})
    try:
        with family(tmp_path / "logs") as members:
            begin = getattr(request, "param", start)
            running = await begin(members, tmp_path / "gateway", made, body_timeout="60")
            async with raw_client(running.port) as client:
                answer = await client.ask(b"GET /orders/v1/ping HTTP/1.1\r\nHost: api.example\r\n\r\n")
                assert answer.status == 200
            yield Bulk(upstream, running)
    finally:
        server.close()


async def begin_download(client: RawClient, name: bytes) -> bytes:
    await client.send(b"GET /orders/v1/files/%b HTTP/1.1\r\nHost: api.example\r\n\r\n" % name)
    return await client.reader.readuntil(b"\r\n\r\n")


async def begin_upload(client: RawClient, *, chunked: bool) -> None:
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % SIZE
    await client.send(
        b"PUT /orders/v1/files/a HTTP/1.1\r\nHost: api.example\r\n"
        b"Content-Type: application/octet-stream\r\n" + framing + b"\r\n\r\n"
    )


async def read_all(client: RawClient) -> int:
    """The body's length; every byte of it is what was sent."""
    received = 0
    while received < SIZE:
        data = await client.reader.read(len(PIECE))
        assert data, "the body broke off"
        assert data.count(PIECE[:1]) == len(data)
        received += len(data)
    return received


async def send_all(client: RawClient, sent: list[int], *, chunked: bool) -> None:
    piece = b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if chunked else PIECE
    while sent[0] < SIZE:
        await client.send(piece)
        sent[0] += len(PIECE)
    if chunked:
        await client.send(b"0\r\n\r\n")


async def held_back(count: list[int] | BulkUpstream) -> int:
    """What a sender has sent once it sends no more."""

    def now() -> int:
        return count.sent if isinstance(count, BulkUpstream) else count[0]

    last = -1
    async with asyncio.timeout(60):
        while now() != last or last == 0:
            last = now()
            await asyncio.sleep(QUIET)
    return last


async def test_a_long_answer_passes_through_little_memory(bulk: Bulk) -> None:
    async with raw_client(bulk.running.port) as client:
        bulk.measure()
        head = await begin_download(client, b"sized")
        assert b"\r\nContent-Length: %d\r\n".lower() % SIZE in head.lower()
        assert await read_all(client) == SIZE
    bulk.check()


async def test_a_long_answer_in_chunks_passes_through_little_memory(bulk: Bulk) -> None:
    async with raw_client(bulk.running.port) as client:
        bulk.measure()
        assert b"transfer-encoding: chunked" in await begin_download(client, b"chunked")
        received = 0
        while size := int(await client.reader.readuntil(b"\r\n"), 16):
            received += len(await client.reader.readexactly(size + 2)) - 2
    assert received == SIZE
    bulk.check()


@pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
async def test_a_long_request_passes_through_little_memory(bulk: Bulk, chunked: bool) -> None:
    async with raw_client(bulk.running.port) as client:
        bulk.measure()
        await begin_upload(client, chunked=chunked)
        await send_all(client, [0], chunked=chunked)
        assert (await client.answer()).status == 204
    assert (bulk.upstream.taken, bulk.upstream.complete) == (SIZE, 1)
    bulk.check()


@in_both_forms
async def test_a_slow_reader_holds_the_upstream_back(bulk: Bulk) -> None:
    async with raw_client(bulk.running.port) as client:
        bulk.measure()
        await begin_download(client, b"sized")
        sent = await held_back(bulk.upstream)
        assert sent < IN_FLIGHT < SIZE
        bulk.check()
        assert await read_all(client) == SIZE, "whoever reads late gets all of it"
    bulk.check()


@in_both_forms
async def test_a_slow_upstream_holds_the_client_back(bulk: Bulk) -> None:
    bulk.upstream.may_read.clear()
    async with raw_client(bulk.running.port) as client:
        bulk.measure()
        await begin_upload(client, chunked=False)
        sent = [0]
        sending = asyncio.create_task(send_all(client, sent, chunked=False))
        assert await held_back(sent) < IN_FLIGHT < SIZE
        bulk.check()
        bulk.upstream.may_read.set()
        await sending
        assert (await client.answer()).status == 204
    assert (bulk.upstream.taken, bulk.upstream.complete) == (SIZE, 1)
    bulk.check()
