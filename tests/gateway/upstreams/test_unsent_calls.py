"""Calls whose pooled connection closes: those of which nothing was sent go to another, whatever they do."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.http_call import HttpCall
from gateway.wire.outgoing import FEW, HIGH_WATER
from tests.gateway.http_harness import PATIENCE, RawUpstream, Recorder, raw_upstream, upstream_client
from tests.gateway.nowhere import Nowhere, pooled

ASKED = b"GET / HTTP/1.1\r\n\r\n"
POST = b"POST /orders HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n"
LENGTH = POST % b"content-length: 6"
CHUNKED = POST % b"transfer-encoding: chunked"


@pytest.fixture
async def server() -> AsyncIterator[RawUpstream]:
    async with raw_upstream() as upstream:
        yield upstream


@pytest.fixture
async def pool(server: RawUpstream) -> AsyncIterator[HttpUpstream]:
    made = upstream_client(server.port)
    yield made
    made.close()


def crowded(pool: HttpUpstream) -> Nowhere:
    """So many calls are open that the next one is sent at the turn's end, over this transport."""
    transports = pooled(pool, FEW + 1)
    for turn in range(2):
        calls = [pool.call(ASKED, Recorder()) for _ in range(FEW + 1 - turn)]
        if turn == 0:  # only what has carried a call may be found closed without a fault of the upstream's
            for call in calls:
                call.connection.flush()  # type: ignore[union-attr]
            for call in reversed(calls):
                call.connection.data_received(b"HTTP/1.1 204 No Content\r\n\r\n")  # type: ignore[union-attr]
    return transports[-1]


def lose(call: HttpCall, transport: Nowhere) -> None:
    connection = call.connection
    assert connection is not None
    transport.close()
    connection.flush()
    connection.connection_lost(None)


@pytest.mark.parametrize(
    ("head", "body", "pieces", "done"),
    [
        (LENGTH, b"a body", [], True),
        (LENGTH, None, [b"a ", b"body"], True),
        (LENGTH, None, [b"a ", b"body"], False),
        (CHUNKED, None, [b"a ", b"body"], True),
        (CHUNKED, None, [b"a ", b"body"], False),
        (CHUNKED, None, [], False),
    ],
)
async def test_nothing_of_it_was_sent(
    server: RawUpstream,
    pool: HttpUpstream,
    head: bytes,
    body: bytes | None,
    pieces: list[bytes],
    done: bool,
) -> None:
    """`done` says that the client has sent all of its body by then."""
    transport, receiver = crowded(pool), Recorder()
    call = pool.call(head, receiver, body=body, streaming=body is None)
    transport.close()
    for piece in pieces:
        call.write(piece)
    if done:
        call.finish()
    lose(call, transport)
    assert not call.sent
    if not done:
        if head is CHUNKED:
            call.write(b", and more")
        call.finish()
    async with asyncio.timeout(PATIENCE):
        await receiver.over.wait()
    assert receiver.status == 200, receiver.failure
    assert call.sent
    assert transport.sent == ASKED
    (seen,) = server.seen
    whole = body or b"".join(pieces)
    assert seen.body == whole + (b", and more" if not done and head is CHUNKED else b"")


@pytest.mark.parametrize("body", [b"a body", b"0123456789abcdef" * 4096], ids=["small", "large"])
async def test_its_connection_was_closing_already(server: RawUpstream, pool: HttpUpstream, body: bytes) -> None:
    """A reset came in the same turn of the loop, and the connection has not been told yet."""
    (transport,) = pooled(pool, 1)
    first = pool.call(ASKED, Recorder())
    connection = first.connection
    assert connection is not None
    connection.data_received(b"HTTP/1.1 204 No Content\r\n\r\n")
    transport.close()
    receiver = Recorder()
    call = pool.call(POST % b"content-length: %d" % len(body), receiver, body=body)
    assert call.connection is connection
    lose(call, transport)
    assert not call.sent
    async with asyncio.timeout(PATIENCE):
        await receiver.over.wait()
    assert receiver.status == 200, receiver.failure
    assert transport.sent == ASKED
    (seen,) = server.seen
    assert seen.body == body


async def test_what_has_left_is_not_sent_again(server: RawUpstream, pool: HttpUpstream) -> None:
    transport, receiver = crowded(pool), Recorder()
    call = pool.call(LENGTH, receiver, body=b"a body")
    await asyncio.sleep(0)
    assert transport.sent == ASKED + LENGTH + b"a body"
    lose(call, transport)
    assert (receiver.failure, call.sent) == ("upstream-unreachable", True)
    assert server.seen == []


async def test_what_has_left_in_part_is_not_sent_again(server: RawUpstream, pool: HttpUpstream) -> None:
    transport, receiver = crowded(pool), Recorder()
    call = pool.call(CHUNKED, receiver, streaming=True)
    await asyncio.sleep(0)
    call.write(b"a body")
    lose(call, transport)
    assert (receiver.failure, call.sent) == ("upstream-unreachable", True)
    assert server.seen == []


async def test_much_of_a_body_is_not_kept_for_another(server: RawUpstream, pool: HttpUpstream) -> None:
    """Its client has gone on sending while nobody took it: no more than a bounded buffer is held."""
    transport, receiver = crowded(pool), Recorder()
    call = pool.call(CHUNKED, receiver, streaming=True)
    transport.close()
    call.write(bytes(HIGH_WATER))
    lose(call, transport)
    assert (receiver.failure, call.sent) == ("upstream-unreachable", True)
    assert server.seen == []
