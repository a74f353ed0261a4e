"""Listener and upstream client in a row, on both event loops that the gateway may run on."""

import asyncio
import hashlib
import tracemalloc
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
import uvloop

from tests.gateway.http_harness import PATIENCE, Proxy, RawUpstream, SeenRequest, proxying, raw_client

Runner = Callable[[Coroutine[Any, Any, None]], None]
MEGABYTE = 1 << 20

pytestmark = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


def test_requests_of_every_framing_reach_the_upstream_on_one_connection(run: Runner) -> None:
    async def scenario() -> None:
        async with proxying() as proxy, raw_client(proxy.port) as client:
            head = b" /a?q=%20x HTTP/1.1\r\nHost: api.example\r\n"
            assert (await client.ask(b"GET" + head + b"\r\n")).body == b"GET /a?q=%20x HTTP/1.1"
            assert (await client.ask(b"HEAD" + head + b"\r\n")).fields[b"content-length"] == b"23"
            assert (await client.ask(b"POST" + head + b"Content-Length: 3\r\n\r\nabc")).status == 200
            chunks = b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\nT: 1\r\n\r\n"
            assert (await client.ask(b"PUT" + head + chunks)).status == 200
            assert (await client.ask(b"DELETE" + head + b"\r\n")).status == 200
            assert [seen.body for seen in proxy.upstream.seen] == [b"", b"", b"abc", b"abc", b""]
            assert proxy.upstream.seen[2].fields[b"content-length"] == b"3"
            assert proxy.upstream.seen[3].fields[b"transfer-encoding"] == b"chunked"
            assert b"trailer" not in proxy.upstream.seen[3].fields
            assert proxy.client.connections_opened == 1

    run(scenario())


def test_many_clients_open_no_connection_for_a_request(run: Runner) -> None:
    async def scenario() -> None:
        async with proxying() as proxy:

            async def ask(number: int) -> None:
                async with raw_client(proxy.port) as client:
                    for turn in range(20):
                        line = b"GET /%d/%d HTTP/1.1" % (number, turn)
                        assert (await client.ask(line + b"\r\nHost: x\r\n\r\n")).body == line

            await asyncio.gather(*(ask(number) for number in range(16)))
            assert len(proxy.upstream.seen) == 320
            assert proxy.client.connections_opened <= 16

    run(scenario())


async def echo_body(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for at in range(0, len(request.body), 10_000):
        piece = request.body[at : at + 10_000]
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    return True


def test_large_bodies_both_ways_arrive_unchanged(run: Runner) -> None:
    body = hashlib.shake_128(b"seed").digest(3 * MEGABYTE + 17)

    async def scenario() -> None:
        async with proxying(echo_body) as proxy, raw_client(proxy.port) as client:
            sized = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
            sending = asyncio.create_task(client.send(sized + body))
            assert (await client.answer()).body == body
            await sending
            chunked = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            pieces = (body[at : at + 70_001] for at in range(0, len(body), 70_001))
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
            sending = asyncio.create_task(client.send(chunked + chunks + b"0\r\n\r\n"))
            assert (await client.answer()).body == body
            await sending
            assert proxy.client.connections_opened == 1

    run(scenario())


async def flood(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    size = int(request.line.split(b" ")[1][1:]) * MEGABYTE
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    piece = b"x" * MEGABYTE
    for _ in range(size // MEGABYTE):
        writer.write(piece)
        await writer.drain()
    return True


def test_slow_client_holds_a_bounded_buffer(run: Runner) -> None:
    """Nothing here reads until the upstream is stopped by back-pressure: then no more than buffers are held."""

    async def scenario() -> None:
        async with proxying(flood) as proxy, raw_client(proxy.port) as client:
            tracemalloc.start()
            await client.send(b"GET /64 HTTP/1.1\r\nHost: x\r\n\r\n")
            await client.reader.readuntil(b"\r\n\r\n")
            await settled(lambda: tracemalloc.get_traced_memory()[0])
            held, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert held < 12 * MEGABYTE
            received = 0
            async with asyncio.timeout(PATIENCE * 3):
                while received < 64 * MEGABYTE:
                    received += len(await client.reader.read(MEGABYTE))
            assert received == 64 * MEGABYTE
            assert proxy.client.in_use == 0

    run(scenario())


async def settled(measure: Callable[[], int]) -> None:
    """Until the figure has hardly moved for a while of idle turns of the loop."""
    async with asyncio.timeout(PATIENCE):
        still, last = 0, measure()
        while still < 20:
            await asyncio.sleep(0.005)
            now = measure()
            still = still + 1 if abs(now - last) < 4096 else 0
            last = now


def test_slow_upstream_stops_the_client(run: Runner) -> None:
    async def scenario() -> None:
        gate = asyncio.Event()

        class Slow(RawUpstream):
            async def read(self, reader: asyncio.StreamReader) -> SeenRequest:
                await gate.wait()
                return await super().read(reader)

        async with proxying(upstream=Slow()) as proxy, raw_client(proxy.port) as client:
            size = 48 * MEGABYTE
            sent = 0

            async def upload() -> None:
                nonlocal sent
                await client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
                while sent < size:
                    await client.send(b"x" * MEGABYTE)
                    sent += MEGABYTE

            sending = asyncio.create_task(upload())
            await settled(lambda: sent)
            assert sent < size, "the upload went on although nobody took it"
            gate.set()
            assert (await client.answer()).status == 200
            await sending
            assert len(proxy.upstream.seen[0].body) == size

    run(scenario())


def test_client_that_goes_away_cancels_the_upstream_call(run: Runner) -> None:
    async def silent(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await reader.read()
        return False

    async def scenario() -> None:
        async with proxying(silent) as proxy:
            async with raw_client(proxy.port) as client:
                await client.send(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
                await seen(proxy, 1)
                assert proxy.client.in_use == 1
            async with asyncio.timeout(PATIENCE):
                await proxy.upstream.closed.wait()
            assert (proxy.client.in_use, proxy.client.idle) == (0, [])

    run(scenario())


async def seen(proxy: Proxy, requests: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(proxy.upstream.seen) < requests:
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ],
)
def test_answer_that_breaks_off_is_not_completed_towards_the_client(run: Runner, answer: bytes) -> None:
    async def scenario() -> None:
        async with proxying(breaking(answer)) as proxy, raw_client(proxy.port) as client:
            await client.send(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
            data = await client.rest()
            assert not data.endswith(b"0\r\n\r\n")
            assert len(data.partition(b"\r\n\r\n")[2]) < 100

    run(scenario())


def breaking(
    answer: bytes,
) -> Callable[[SeenRequest, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]:
    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(answer)
        await writer.drain()
        return False

    return script


def test_upstream_that_ends_its_answer_with_the_connection(run: Runner) -> None:
    async def scenario() -> None:
        async with proxying(breaking(b"HTTP/1.0 200 OK\r\n\r\nall of it")) as proxy:
            async with raw_client(proxy.port) as client:
                for _ in range(2):
                    answer = await client.ask(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
                    assert (answer.fields[b"transfer-encoding"], answer.body) == (b"chunked", b"all of it")
            assert proxy.client.connections_opened == 2

    run(scenario())


def test_spoofed_identity_never_reaches_the_upstream(run: Runner) -> None:
    async def scenario() -> None:
        async with proxying() as proxy, raw_client(proxy.port) as client:
            await client.ask(
                b"GET /a HTTP/1.1\r\nHost: api.example\r\nX-Forwarded-For: 10.0.0.1\r\n"
                b"X_Forwarded_For: 10.0.0.2\r\n"
                b"x-ostiary-consumer: acme\r\nX-Ostiary_Consumer: acme\r\nForwarded: for=10.0.0.3\r\n"
                b"Connection: keep-alive, X-Forwarded-For, Via\r\n"
                b"Authorization: Bearer t0ken\r\nCookie: a=b\r\n\r\n"
            )
            request = proxy.upstream.seen[0]
            assert request.fields[b"x-forwarded-for"] == b"127.0.0.1"
            for forged in (b"10.0.0", b"acme", b"t0ken", b"a=b", b"connection"):
                assert forged not in request.head.lower()

    run(scenario())
