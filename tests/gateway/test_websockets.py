"""WebSockets through a whole gateway: only where the contract opens one, and as a call until it is open."""

import asyncio
import hashlib
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from gateway.wire.limits import ListenerSettings
from policies.websocket import accept_of
from tests.gateway.gateway_world import gateway, operations, orders, problem_of, snapshot
from tests.gateway.http_harness import PATIENCE, RawUpstream, Script, SeenRequest, raw_client, raw_upstream
from tests.gateway.websocket_world import (
    ACCEPT,
    KEY,
    feed,
    handshake,
    websocket,
    websocket_gateway,
)

SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
ACCEPTED = SWITCHED + b"Sec-WebSocket-Accept: " + ACCEPT + b"\r\n\r\n"


def test_the_example_of_the_standard() -> None:
    assert accept_of(KEY) == ACCEPT


async def test_messages_go_both_ways_and_the_call_is_recorded_when_it_ends(tmp_path: Path) -> None:
    async with websocket_gateway(tmp_path) as (running, server):
        async with websocket(running.port, "/orders/v1/feed?since=7", protocols=("orders.v1",)) as socket:
            assert socket.protocol == "orders.v1"
            for text in ("a", "b" * 70_000, ""):
                await socket.send_str(text)
                assert await socket.receive_str(timeout=PATIENCE) == text
            await socket.send_bytes(b"\x00\xff")
            assert await socket.receive_bytes(timeout=PATIENCE) == b"\x00\xff"
            assert running.pipeline.open == 1
        (entry,) = await running.logged()
        assert (entry["status"], entry["operation"], entry["consumer"]) == (101, "feed", "acme")
        assert entry["decision"] == "allowed"
        assert entry["bytes_in"] > 70_000 < entry["bytes_out"]
        assert running.pipeline.open == 0
        (request,) = server.requests
        assert request.path_qs == "/backend/feed?since=7"
        assert "Authorization" not in request.headers
        assert request.headers["X-Forwarded-For"] == "127.0.0.1"
        assert request.headers["X-Request-Id"] == entry["request_id"]


async def test_answer_of_the_handshake_has_what_every_answer_has(tmp_path: Path) -> None:
    async with websocket_gateway(tmp_path) as (running, _), raw_client(running.port) as client:
        answer = await client.ask(handshake(b"X-Request-Id: my-own-request"))
        assert answer.status == 101
        assert answer.fields[b"upgrade"] == b"websocket"
        assert answer.fields[b"connection"] == b"upgrade"
        assert answer.fields[b"sec-websocket-accept"] == ACCEPT
        assert answer.fields[b"x-request-id"] == b"my-own-request"
        assert answer.fields[b"ratelimit"].startswith(b'"burst"')
        assert b"content-length" not in answer.fields


async def test_large_messages_with_compression_arrive_unchanged(tmp_path: Path) -> None:
    noise = hashlib.shake_128(b"seed").digest(9_000_000)
    async with websocket_gateway(tmp_path) as (running, _):
        for compress in (0, 15):
            async with websocket(running.port, compress=compress) as socket:
                sending = asyncio.create_task(socket.send_bytes(noise))
                assert await socket.receive_bytes(timeout=PATIENCE) == noise
                await sending


async def test_client_that_does_not_read_stops_the_server(tmp_path: Path) -> None:
    sent = 0
    stalled = asyncio.Event()

    async def count(socket: web.WebSocketResponse, request: web.Request) -> None:
        nonlocal sent
        piece = bytes(65_536)
        while not socket.closed:
            try:
                await asyncio.wait_for(socket.send_bytes(piece), 0.3)
            except TimeoutError:
                stalled.set()
                return
            except ConnectionError:
                return
            sent += len(piece)

    async with websocket_gateway(tmp_path, count) as (running, _), raw_client(running.port) as client:
        assert (await client.ask(handshake())).status == 101
        async with asyncio.timeout(PATIENCE):
            await stalled.wait()
        # The kernel's buffers of two connections take some megabytes; the gateway's own are bounded.
        held = sum(
            each._transport.get_write_buffer_size()  # type: ignore[attr-defined]
            for each in running.listener.connections
        )
        assert held < 400_000
        assert sent < 64_000_000


async def test_server_that_does_not_read_stops_the_client(tmp_path: Path) -> None:
    async def idle(socket: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.pause_reading()  # type: ignore[attr-defined]
        await ended.wait()

    ended = asyncio.Event()
    async with websocket_gateway(tmp_path, idle) as (running, _), raw_client(running.port) as client:
        assert (await client.ask(handshake())).status == 101
        piece = b"\x82\x7f" + (1 << 20).to_bytes(8, "big") + bytes(1 << 20)
        taken, stuck = 0, False
        while taken < 64 and not stuck:
            client.writer.write(piece)
            try:
                await asyncio.wait_for(client.writer.drain(), 0.5)
                taken += 1
            except TimeoutError:
                stuck = True
        assert stuck, "sixty-four megabytes have vanished"
        ended.set()
        client.writer.transport.abort()


async def test_the_end_of_either_side_is_the_end_of_both(tmp_path: Path) -> None:
    async def once(socket: web.WebSocketResponse, request: web.Request) -> None:
        await socket.send_str("bye")
        await socket.close(code=4001)

    async with websocket_gateway(tmp_path, once) as (running, _):
        async with websocket(running.port) as socket:
            assert await socket.receive_str(timeout=PATIENCE) == "bye"
            assert (await socket.receive(timeout=PATIENCE)).type is aiohttp.WSMsgType.CLOSE
            assert socket.close_code == 4001
        (entry,) = await running.logged()
        assert entry["status"] == 101

    gone = asyncio.Event()

    async def until_gone(socket: web.WebSocketResponse, request: web.Request) -> None:
        await socket.receive()
        gone.set()

    async with websocket_gateway(tmp_path / "..", until_gone) as (running, _):
        async with raw_client(running.port) as client:
            assert (await client.ask(handshake())).status == 101
        async with asyncio.timeout(PATIENCE):
            await gone.wait()


@pytest.mark.parametrize(
    ("raw", "status", "problem"),
    [
        (handshake(path=b"/orders/v1/orders"), 501, "method-not-implemented"),
        (handshake(path=b"/nowhere"), 404, "route-not-found"),
        (handshake(without=b"Authorization"), 401, "credentials-missing"),
        (handshake(without=b"Sec-WebSocket-Version"), 426, "websocket-required"),
        (handshake(b"Sec-WebSocket-Version: 8", without=b"Sec-WebSocket-Version"), 426, "websocket-required"),
        (handshake(b"Sec-WebSocket-Version: 8"), 426, "websocket-required"),
        (handshake(without=b"Upgrade"), 426, "websocket-required"),
        (handshake(without=b"Sec-WebSocket-Key"), 400, "malformed-request"),
        (handshake(b"Sec-WebSocket-Key: " + KEY), 400, "malformed-request"),
        (handshake(b"Sec-WebSocket-Key: c2hvcnQ=", without=b"Sec-WebSocket-Key"), 400, "malformed-request"),
        (handshake(b"Sec-WebSocket-Key: " + b"A" * 24, without=b"Sec-WebSocket-Key"), 400, "malformed-request"),
        (handshake(b"Content-Length: 5"), 400, "malformed-request"),
        (handshake(b"Upgrade: foo", without=b"Upgrade"), 501, "method-not-implemented"),
        (handshake(path=b"/orders/v1/feed?since=x"), 422, "schema-violation"),
        (handshake(path=b"/orders/v1/feed?other=1"), 422, "schema-violation"),
    ],
    # What is sent has a signature in it, and is another in each worker.
    ids=lambda value: "sent" if isinstance(value, bytes) else str(value),
)
async def test_what_is_no_handshake_or_may_not_be_reaches_nobody(
    tmp_path: Path, raw: bytes, status: int, problem: str
) -> None:
    async with websocket_gateway(tmp_path) as (running, server), raw_client(running.port) as client:
        answer = await client.ask(raw)
        assert problem_of(answer)["type"].rpartition(":")[2] == problem
        assert answer.status == status
        if b"Upgrade" in raw.replace(b"Connection: keep-alive, Upgrade", b""):
            assert await client.rest() == b"", "frames that follow would be read as a request"
        if status == 426:
            assert answer.fields[b"upgrade"] == b"websocket"
            assert answer.fields[b"sec-websocket-version"] == b"13"
        assert server.requests == []


async def test_offer_of_h2c_is_no_handshake(tmp_path: Path) -> None:
    async with websocket_gateway(tmp_path) as (running, server), raw_client(running.port) as client:
        raw = handshake(b"Upgrade: h2c", b"HTTP2-Settings: AAM", without=b"Upgrade")
        assert (await client.ask(raw)).status == 426
        assert server.requests == []


async def test_head_is_no_handshake(tmp_path: Path) -> None:
    async with websocket_gateway(tmp_path) as (running, server), raw_client(running.port) as client:
        assert (await client.ask(handshake(method=b"HEAD"))).status == 400
        assert server.requests == []


def saying(data: bytes) -> Script:
    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(data)
        await reader.read()
        return False

    return script


async def answered(
    directory: Path, script: Script, raw: bytes, server: RawUpstream | None = None
) -> tuple[int, bytes, list[SeenRequest]]:
    """The status and body that a client gets, and what the upstream saw."""
    async with raw_upstream(script, upstream=server) as upstream:
        made = snapshot(orders(*operations(), feed(), feed("/mixed", "200")), port=upstream.port)
        async with gateway(directory, made=made) as running, raw_client(running.port) as client:
            answer = await client.ask(raw)
            return answer.status, answer.body, upstream.seen


@pytest.mark.parametrize(
    "answer",
    [
        SWITCHED + b"\r\n",
        SWITCHED + b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
        SWITCHED + (b"Sec-WebSocket-Accept: " + ACCEPT + b"\r\n") * 2 + b"\r\n",
        ACCEPTED.replace(b"websocket", b"foo", 1),
        ACCEPTED.replace(b"Upgrade: websocket\r\n", b""),
        ACCEPTED.replace(b"Connection: upgrade\r\n", b""),
        ACCEPTED[:-2] + b"Sec-WebSocket-Protocol: other\r\n\r\n",
        ACCEPTED[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
    ],
    ids=[
        "no-accept",
        "wrong-accept",
        "two-accepts",
        "other-protocol",
        "no-upgrade",
        "no-connection",
        "sub",
        "ext",
    ],
)
async def test_switch_that_was_not_agreed_on_is_no_answer(tmp_path: Path, answer: bytes) -> None:
    status, body, _ = await answered(tmp_path, saying(answer), handshake(b"Sec-WebSocket-Protocol: orders.v1"))
    assert (status, b"upstream-malformed" in body) == (502, True)


@pytest.mark.parametrize("path", [b"/orders/v1/ping", b"/orders/v1/mixed"])
async def test_switch_that_nobody_asked_for_is_no_answer(tmp_path: Path, path: bytes) -> None:
    raw = handshake(path=path, without=b"Upgrade")
    status, body, seen = await answered(tmp_path, saying(ACCEPTED), raw)
    assert (status, b"upstream-malformed" in body) == (502, True)
    assert seen
    assert not any(b"upgrade" in request.fields for request in seen)


async def test_what_the_upstream_says_instead_is_passed_on(tmp_path: Path) -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nUpgrade: x\r\n\r\nno"
    status, body, (request,) = await answered(
        tmp_path, saying(refusal), handshake(b"Sec-WebSocket-Protocol: a, b")
    )
    assert (status, body) == (403, b"no")
    assert request.fields[b"upgrade"] == b"websocket"
    assert request.fields[b"connection"] == b"upgrade"
    assert request.fields[b"sec-websocket-key"] == KEY
    assert request.fields[b"sec-websocket-protocol"] == b"a, b"


async def test_plain_get_passes_where_the_contract_answers_it(tmp_path: Path) -> None:
    plain = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npoll"
    raw = handshake(path=b"/orders/v1/mixed", without=b"Upgrade")
    assert (await answered(tmp_path, saying(plain), raw))[:2] == (200, b"poll")


async def test_bytes_right_behind_the_101_are_the_first_frames(tmp_path: Path) -> None:
    async with raw_upstream(saying(ACCEPTED + b"\x81\x02hi")) as upstream:
        made = snapshot(orders(*operations(), feed()), port=upstream.port)
        async with gateway(tmp_path, made=made) as running, raw_client(running.port) as client:
            assert (await client.ask(handshake())).status == 101
            async with asyncio.timeout(PATIENCE):
                assert await client.reader.readexactly(4) == b"\x81\x02hi"


async def test_bytes_before_the_101_open_nothing(tmp_path: Path) -> None:
    """They could be a request of somebody's: behind the gateway no one would look at it."""
    raw = handshake() + b"GET /orders/v1/admin HTTP/1.1\r\nHost: api.example\r\n\r\n"
    status, body, seen = await answered(tmp_path, saying(ACCEPTED), raw)
    assert (status, b"malformed-request" in body) == (400, True)
    assert len(seen) == 1


async def test_silence_ends_it(tmp_path: Path) -> None:
    limits = ListenerSettings(websocket_idle_timeout=0.2, body_timeout=0.4)
    async with websocket_gateway(tmp_path, limits=limits) as (running, _), raw_client(running.port) as client:
        assert (await client.ask(handshake())).status == 101
        assert await client.rest() == b""
        assert (await running.logged())[0]["status"] == 101


async def test_revoked_application_loses_its_websocket(tmp_path: Path) -> None:
    async with websocket_gateway(tmp_path) as (running, server), websocket(running.port) as socket:
        await socket.send_str("a")
        assert await socket.receive_str(timeout=PATIENCE) == "a"
        running.adopt(
            snapshot(orders(*operations(), feed()), port=server.port, serial=2, scopes=("orders:write",))
        )
        assert (await socket.receive(timeout=PATIENCE)).type is aiohttp.WSMsgType.CLOSED


async def test_operation_that_leaves_the_contract_ends_its_websockets(tmp_path: Path) -> None:
    async with websocket_gateway(tmp_path) as (running, server), websocket(running.port) as socket:
        running.adopt(snapshot(orders(*operations(), feed()), port=server.port, serial=2))
        await socket.send_str("still there")
        assert await socket.receive_str(timeout=PATIENCE) == "still there"
        running.adopt(snapshot(orders(*operations()), port=server.port, serial=3))
        assert (await socket.receive(timeout=PATIENCE)).type is aiohttp.WSMsgType.CLOSED


async def test_announced_end_leaves_it_open_and_the_drain_closes_it(tmp_path: Path) -> None:
    async with websocket_gateway(tmp_path) as (running, _), websocket(running.port) as socket:
        running.listener.announce_end()
        await socket.send_str("a")
        assert await socket.receive_str(timeout=PATIENCE) == "a"
        async with asyncio.timeout(PATIENCE):
            assert await running.listener.drain(PATIENCE) == 0
        assert (await socket.receive(timeout=PATIENCE)).type is aiohttp.WSMsgType.CLOSED
        assert running.pipeline.open == 0


async def test_it_takes_its_place_in_the_upstreams_budget(tmp_path: Path) -> None:
    upstream = {"connections": 1}
    async with websocket_gateway(tmp_path, upstream=upstream) as (running, _):
        runtime = running.pipeline.runtime
        assert runtime is not None
        pool = runtime.upstreams["shop"][1]
        async with websocket(running.port) as socket:
            await socket.send_str("a")
            assert await socket.receive_str(timeout=PATIENCE) == "a"
            assert pool.in_use == 1
        await running.logged()
        assert pool.in_use == 0
        async with websocket(running.port) as socket:
            assert not socket.closed


async def test_retired_and_closed_upstreams(tmp_path: Path) -> None:
    """A pool that is replaced leaves its WebSockets open; one that is closed does not."""
    async with websocket_gateway(tmp_path) as (running, server), websocket(running.port) as socket:
        changed = snapshot(orders(*operations(), feed()), port=server.port, serial=2, upstream={"connections": 9})
        first = running.pipeline.runtime
        assert first is not None
        running.adopt(changed)
        await socket.send_str("a")
        assert await socket.receive_str(timeout=PATIENCE) == "a"
        running.builder.close(first)
        assert (await socket.receive(timeout=PATIENCE)).type is aiohttp.WSMsgType.CLOSED


async def test_its_latency_is_that_of_its_opening(tmp_path: Path) -> None:
    async with websocket_gateway(tmp_path) as (running, _):
        async with websocket(running.port) as socket:
            await socket.send_str("a")
            assert await socket.receive_str(timeout=PATIENCE) == "a"
            await asyncio.sleep(0.3)  # a use that is longer than any opening here
        (entry,) = await running.logged()
        assert entry["duration_ms"] > 300
        series = {metric.name: dict(rows) for metric, rows in running.counting.histograms()}
        (key,) = series["ostiary_request_duration_seconds"]
        assert key == ("orders", "v1", "feed", "gold")
        assert series["ostiary_request_duration_seconds"][key].sum * 1000 <= entry["duration_ms"] - 300
        (labels,) = [
            dict(rows) for metric, rows in running.counting.samples() if metric.name.endswith("requests_total")
        ]
        assert labels == {("orders", "v1", "feed", "gold", "1xx"): 1}
