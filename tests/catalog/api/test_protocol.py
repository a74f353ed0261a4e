"""What no HTTP client sends: the bounds of a connection, on raw sockets."""

import asyncio

import msgspec
import pytest

from catalog.api import protocol
from catalog.oauth.clients import answering
from tests.catalog.serving import World


async def exchange(world: World, *pieces: bytes) -> tuple[bytes, bytes]:
    """Sends the pieces and reads until the server closes; head and body of all it said."""
    host, port = world.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        async with asyncio.timeout(30):
            said = await reader.read()
    finally:
        writer.close()
    head, _, body = said.partition(b"\r\n\r\n")
    return head, body


def refusal(head: bytes, body: bytes, status: int) -> str:
    """The problem's id, once all else of the refusal is as it should be."""
    lines = head.decode().split("\r\n")
    assert lines[0].startswith(f"HTTP/1.1 {status} ")
    fields = dict(line.split(": ", 1) for line in lines[1:])
    problem = msgspec.json.decode(body)
    assert fields["content-type"] == "application/problem+json"
    assert fields["connection"] == "close"
    assert int(fields["content-length"]) == len(body)
    assert problem["status"] == status
    assert problem["instance"] == f"urn:ostiary:request:{fields['x-request-id']}"
    return str(problem["type"]).rpartition(":")[2]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01",  # TLS to a plain port
        b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n",
        b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused_as_a_problem(world: World, sent: bytes) -> None:
    assert refusal(*await exchange(world, sent), 400) == "malformed-request"


async def test_a_head_that_grows_on_is_refused(world: World) -> None:
    field = b"x-padding: " + b"a" * 4000 + b"\r\n"
    pieces = (b"GET /healthz HTTP/1.1\r\nHost: x\r\n", *[field] * 9)
    assert refusal(*await exchange(world, *pieces), 431) == "head-too-large"


async def test_a_head_below_the_bound_is_accepted(world: World) -> None:
    field = b"x-padding: " + b"a" * 4000 + b"\r\n"
    pieces = (b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", *[field] * 7, b"\r\n")
    head, _ = await exchange(world, *pieces)
    assert head.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"])
async def test_a_head_that_does_not_come_is_not_waited_for_long(
    world: World, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    assert refusal(*await exchange(world, sent), 408) == "request-timeout"


async def test_the_second_head_of_a_connection_has_to_come_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    whole = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
    head, rest = await exchange(world, whole + b"GET /readyz HTTP/1.1\r\nHo")
    assert head.startswith(b"HTTP/1.1 200 ")
    # Its answer may have been on its way: then the connection just ends.
    assert rest.startswith(b'{"status":"ready"}')


async def test_a_body_that_does_not_come_is_not_waited_for_long(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "BODY_SECONDS", 0.2)
    head, body = await exchange(
        world,
        b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 100\r\nConnection: close\r\n\r\ngrant_type=",
    )
    assert head.startswith(b"HTTP/1.1 400 ")
    assert msgspec.json.decode(body)["error"] == "invalid_request"


async def test_a_web_socket_is_not_spoken(world: World) -> None:
    head, _ = await exchange(
        world,
        b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    )
    assert head.startswith(b"HTTP/1.1 200 ")
