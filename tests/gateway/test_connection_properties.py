"""Properties of a connection, on a transport made of nothing: any bytes, cut anywhere, without a socket."""

import asyncio
import errno
import itertools
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.listener import Listener
from gateway.wire.connection import Connection
from gateway.wire.limits import ListenerSettings
from gateway.wire.messages import Client
from gateway.wire.outgoing import Gathering
from tests.gateway.http_harness import Doorman, Echo
from tests.gateway.nowhere import Nowhere

FRAGMENTS = [
    b"GET /a HTTP/1.1\r\n",
    b"POST /b HTTP/1.1\r\n",
    b"HEAD /c HTTP/1.0\r\n",
    b"Host: x\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"X: y\r\n",
    b"\r\n",
    b"abc",
    b"3\r\nabc\r\n",
    b"0\r\n\r\n",
    b"0\r\n",
    b"\n",
    b"\r",
    b" ",
    b":",
    b"\x00",
    b"GET /whole HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /whole HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
    b"POST /whole HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n!\r\n0\r\n\r\n",
]

streams = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=6)), max_size=14).map(b"".join)


class Whole(Echo):
    """Knows whether its request came whole."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.whole = False

    def end(self) -> None:
        self.whole = True
        super().end()


class NoLoop:
    """Answers are flushed by their end here; what is gathered needs no turn of a loop."""

    def call_soon(self, callback: Callable[[], None]) -> None:
        pass


def outcome(parts: list[bytes]) -> tuple[list[tuple[str, bytes, bytes]], bool, int]:
    """The requests that came whole, whether the connection ended, and the answers sent."""
    connection, transport, doorman, _ = connected(Whole, ListenerSettings(max_head=256, max_target=64))
    for part in parts:
        if transport.over:
            break
        assert transport.reading
        connection.data_received(part)
    handlers = [handler for handler in doorman.handlers if isinstance(handler, Whole)]
    complete = [
        (handler.client.exchange.method, handler.client.exchange.target, handler.body)
        for handler in handlers
        if handler.whole
    ]
    final = transport.sent.count(b"\r\ndate: ")  # in each answer but 100, once
    broken = sum(handler.is_gone for handler in handlers)
    assert len(doorman.refusals) + broken <= 1, "more than one end of one connection"
    assert final == len(complete) + len(doorman.refusals) + broken, "an answer is missing, or one too many"
    connection.connection_lost(None)
    assert all(handler.whole or handler.is_gone for handler in handlers), "a handler was forgotten"
    return complete, transport.over, len(doorman.refusals)


class Silent(Echo):
    """Answers when the test says so."""

    def end(self) -> None:
        pass


def connected(
    make: Callable[[Client], Echo], limits: ListenerSettings | None = None
) -> tuple[Connection, Nowhere, Doorman, Listener]:
    doorman = Doorman(make)
    listener = Listener(doorman, limits)
    listener.gathering = Gathering(cast("asyncio.AbstractEventLoop", NoLoop()))
    transport = Nowhere()
    connection = Connection(listener)
    connection.connection_made(transport)
    return connection, transport, doorman, listener


GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


def test_pipelined_request_stops_the_reading_until_its_turn() -> None:
    connection, transport, doorman, _ = connected(Silent)
    connection.data_received(GET)
    assert transport.reading, "a client that goes away would not be noticed"
    connection.data_received(GET)
    assert not transport.reading
    doorman.handlers[0].client.respond(200, [], b"")
    assert transport.reading
    assert len(doorman.handlers) == 2


def test_unread_body_may_be_dropped_in_several_pieces() -> None:
    connection, transport, doorman, _ = connected(Silent)
    connection.data_received(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n")
    doorman.handlers[0].client.respond(413, [], b"")
    for _ in range(3):
        assert not transport.over
        connection.data_received(b"x" * 1000)
    connection.data_received(GET)
    assert len(doorman.handlers) == 2


def test_draining_closes_a_resting_connection_only_after_a_quiet_while() -> None:
    connection, transport, _, listener = connected(Echo)
    connection.data_received(GET)
    listener.draining = True
    connection.tick(listener.now + 0.9)
    assert not transport.over
    connection.tick(listener.now + 1.1)
    assert transport.over


def test_client_that_broke_the_connection_is_nobodys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio raises ENOTCONN there: whoever answers, an upstream's callback as it may be, must not meet it."""
    connection, transport, doorman, _ = connected(Silent)

    def broken() -> None:
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    monkeypatch.setattr(transport, "write_eof", broken)
    connection.data_received(b"GET /a HTTP/1.0\r\n\r\n" + GET)
    doorman.handlers[0].client.respond(200, [], b"")
    assert transport.over
    assert len(doorman.handlers) == 1


@settings(max_examples=400, deadline=None)
@given(streams)
def test_any_bytes_are_answered_or_awaited(stream: bytes) -> None:
    outcome([stream])


@settings(max_examples=400, deadline=None)
@given(streams, st.lists(st.integers(0, 200), max_size=10))
def test_where_the_stream_is_cut_changes_nothing(stream: bytes, cuts: list[int]) -> None:
    places = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    parts = [stream[start:stop] for start, stop in itertools.pairwise(places)]
    whole, cut = outcome([stream]), outcome(parts)
    assert cut[0] == whole[0]
    # Cut, what is wrong may show before the rest has come; never the other way round.
    assert cut[1] >= whole[1]
