"""Server-sent events through a whole gateway: only where the contract declares them, as long as it does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.operations import HttpBackend, MediaType, Operation
from contracts.operations import Response as ResponseSpec
from contracts.snapshot import Timeouts
from gateway.asgi import AsgiGateway
from tests.gateway.asgi_harness import SERVERS, asgi_server
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot, token
from tests.gateway.http_harness import PATIENCE, RawClient, RawUpstream, SeenRequest, raw_client, raw_upstream

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"


def operation(name: str, *media: str, method: str = "GET") -> Operation:
    return Operation(
        *(name, method, f"/{name}", f"/paths/~1{name}/{method.lower()}", HttpBackend("shop")),
        scopes=(("orders:read",),),
        responses=(ResponseSpec("200", tuple(map(MediaType, media))),),
    )


CONTRACT = (operation("events", "text/event-stream"), operation("anything", "*/*", "text/*"))


class Source:
    """An upstream that sends what it is told to, as events of every stream that is open."""

    def __init__(self, head: bytes = HEAD + b"Transfer-Encoding: chunked\r\n\r\n") -> None:
        self.head = head
        self.writers: list[asyncio.StreamWriter] = []

    async def __call__(
        self, request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        head = self.head
        if b"/anything" in request.line:
            head = head.replace(b"text/event-stream", b"application/octet-stream")
        writer.write(head)
        self.writers.append(writer)
        await reader.read()
        return False

    def tell(self, text: bytes) -> None:
        for writer in self.writers:
            writer.write(b"%x\r\n%b\r\n" % (len(text), text))


@contextlib.asynccontextmanager
async def events(directory: Path, source: Source, **options: Any) -> AsyncIterator[tuple[Gateway, RawUpstream]]:
    upstream = options.pop("upstream", None)
    async with raw_upstream(source) as server:
        made = snapshot(orders(*CONTRACT), port=server.port, upstream=upstream)
        async with gateway(directory, made=made, **options) as running:
            yield running, server


async def ask(client: RawClient, name: bytes = b"events", method: bytes = b"GET") -> None:
    bearer = token().encode()
    await client.send(
        b"%b /orders/v1/%b HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\n\r\n" % (method, name, bearer)
    )


async def until(client: RawClient, text: bytes) -> bytes:
    async with asyncio.timeout(PATIENCE):
        return await client.reader.readuntil(text)


async def opened(client: RawClient, source: Source) -> None:
    await ask(client)
    assert b" 200 OK\r\n" in await until(client, b"\r\n\r\n")
    source.tell(b"data: first\n\n")
    await until(client, b"data: first\n\n\r\n")


async def test_events_arrive_one_by_one_and_the_stream_is_recorded_at_its_end(tmp_path: Path) -> None:
    source = Source()
    async with events(tmp_path, source) as (running, server):
        async with raw_client(running.port) as client:
            await opened(client, source)
            source.tell(b"data: second\n\n")
            await until(client, b"data: second\n\n\r\n")
            assert running.pipeline.open == 1
            server.hang_up()
        (line,) = await running.logged()
    assert (line["operation"], line["consumer"], line["bytes_out"]) == ("events", "acme", 27)


@pytest.mark.parametrize("head", [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", HEAD + b"\r\n"])
async def test_what_the_contract_does_not_declare_is_refused(head: bytes, tmp_path: Path) -> None:
    """A range that admits the type is no declaration."""
    head = head.replace(b"text/event-stream", b"Text/Event-Stream ")

    async def begin(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(head)
        await reader.read()
        return False

    async with raw_upstream(begin) as server:
        made = snapshot(orders(*CONTRACT), port=server.port)
        async with gateway(tmp_path, made=made) as running, raw_client(running.port) as client:
            await ask(client, b"anything")
            answer = await client.answer()
            document = problem_of(answer)
            async with asyncio.timeout(PATIENCE):
                await server.closed.wait()
            (line,) = await running.logged()
    assert (answer.status, document["type"]) == (502, "urn:ostiary:problem:upstream-malformed")
    assert (line["policy"], line["decision"]) == ("upstream", "refused")


@pytest.mark.parametrize(
    ("method", "more"),
    [(b"GET", b"Content-Length: 10\r\n\r\ndata: 1\n\n!"), (b"HEAD", b"\r\n")],
    ids=["with-a-length", "head"],
)
async def test_what_ends_by_itself_is_an_answer_like_any_other(tmp_path: Path, method: bytes, more: bytes) -> None:
    async def say(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(HEAD + more)
        return True

    async with raw_upstream(say) as server:
        made = snapshot(orders(*CONTRACT), port=server.port)
        async with gateway(tmp_path, made=made) as running, raw_client(running.port) as client:
            await ask(client, b"anything", method)
            assert (await client.answer(head=method == b"HEAD")).status == 200


async def test_a_stream_outlives_the_time_that_a_call_has(tmp_path: Path) -> None:
    """The clock is a call that began later, whose answer has no events: it is cut off when its time is over."""
    source = Source()
    upstream = {"timeouts": Timeouts(total=0.4, between_bytes=60)}
    async with (
        events(tmp_path, source, upstream=upstream) as (running, _),
        raw_client(running.port) as client,
        raw_client(running.port) as other,
    ):
        await opened(client, source)
        await ask(other, b"anything")
        assert b"octet-stream" in await until(other, b"\r\n\r\n")
        assert await other.rest() == b""
        del source.writers[1:]
        source.tell(b"data: still there\n\n")
        await until(client, b"data: still there\n\n\r\n")


async def test_silence_between_two_events_has_an_end(tmp_path: Path) -> None:
    source = Source()
    upstream = {"timeouts": Timeouts(between_bytes=0.2)}
    async with events(tmp_path, source, upstream=upstream) as (running, _), raw_client(running.port) as client:
        await opened(client, source)
        assert not (await client.rest()).endswith(b"0\r\n\r\n"), "it did not end, it broke off"
        (line,) = await running.logged()
    assert line["problem"] == "upstream-timeout"


async def test_a_client_that_leaves_takes_the_stream_with_it(tmp_path: Path) -> None:
    source = Source()
    async with events(tmp_path, source) as (running, server):
        async with raw_client(running.port) as client:
            await opened(client, source)
        async with asyncio.timeout(PATIENCE):
            await server.closed.wait()
        assert (await running.logged())[0]["status"] == 200
        assert running.pipeline.open == 0


@pytest.mark.parametrize("change", ["scope", "operation", "declaration"])
async def test_what_allowed_it_is_taken_away(change: str, tmp_path: Path) -> None:
    """It ends as a stream that has no more to tell: the client comes again, and is told why not."""
    source = Source()
    async with events(tmp_path, source) as (running, server), raw_client(running.port) as client:
        await opened(client, source)
        left = {
            "scope": orders(*CONTRACT),
            "operation": orders(*operations()),
            "declaration": orders(operation("events", "text/plain"), CONTRACT[1]),
        }[change]
        scopes = ("orders:write",) if change == "scope" else ("orders:read",)
        running.adopt(snapshot(left, port=server.port, serial=2, scopes=scopes))
        assert await until(client, b"0\r\n\r\n") == b"0\r\n\r\n"
        async with asyncio.timeout(PATIENCE):
            await server.closed.wait()
        (line,) = await running.logged()
        assert (line["status"], line["decision"]) == (200, "allowed")
        assert running.pipeline.open == 0


async def test_a_new_snapshot_leaves_it_alone_and_the_drain_ends_it(tmp_path: Path) -> None:
    source = Source()
    async with events(tmp_path, source) as (running, server), raw_client(running.port) as client:
        await opened(client, source)
        running.adopt(snapshot(orders(*CONTRACT, *operations()), port=server.port, serial=2))
        source.tell(b"data: second\n\n")
        await until(client, b"data: second\n\n\r\n")
        running.pipeline.stopping = True
        async with asyncio.timeout(PATIENCE):
            assert await running.listener.drain(PATIENCE) == 0
        assert await client.rest() == b"0\r\n\r\n"


async def test_its_latency_is_that_of_its_opening(tmp_path: Path) -> None:
    source = Source()
    async with events(tmp_path, source) as (running, _):
        async with raw_client(running.port) as client:
            await opened(client, source)
            await asyncio.sleep(0.3)  # a use that is longer than any opening here
        (line,) = await running.logged()
        series = {metric.name: dict(rows) for metric, rows in running.counting.histograms()}
    assert line["duration_ms"] > 300
    histogram = series["ostiary_request_duration_seconds"][("orders", "v1", "events", "gold")]
    assert histogram.sum * 1000 <= line["duration_ms"] - 300


@pytest.mark.parametrize("server", SERVERS)
async def test_under_an_asgi_server(server: str, tmp_path: Path) -> None:
    source = Source()
    async with (
        events(tmp_path, source) as (running, upstream),
        asgi_server(server, AsgiGateway(running.pipeline)) as port,
        raw_client(port) as client,
    ):
        await opened(client, source)
        running.adopt(snapshot(orders(*operations()), port=upstream.port, serial=2))
        await until(client, b"0\r\n\r\n")
