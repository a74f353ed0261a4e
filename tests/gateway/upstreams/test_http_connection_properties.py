"""Properties of an upstream connection, without a socket: any answer, cut anywhere, ends its call exactly once."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.upstreams.http_connection import HttpConnection
from tests.gateway.http_harness import Recorder, upstream_client

FRAGMENTS = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 200 OK\r\n",
    b"HTTP/1.1 204 No Content\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"X: y\r\n",
    b"\r\n",
    b"abc",
    b"3\r\nabc\r\n",
    b"0\r\n\r\n",
    b"\n",
    b" ",
    b"\x00",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
]
answers = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=4)), max_size=10).map(b"".join)


class Nowhere(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.over = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def close(self) -> None:
        self.over = True

    abort = close

    def is_closing(self) -> bool:
        return self.over

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass


async def outcome(parts: list[bytes], method: bytes) -> tuple[int, bytes, str, bool]:
    """Status, body, failure, and whether the connection could take another call when all had come."""
    pool = upstream_client(1)
    connection, transport, recorder = HttpConnection(pool), Nowhere(), Recorder()
    connection.connection_made(transport)
    pool.release(connection)
    pool.call(method + b" / HTTP/1.1\r\nhost: x\r\n\r\n", recorder)
    for part in parts:
        if not transport.over:
            connection.data_received(part)
    kept = not transport.over and recorder.over.is_set()
    assert kept == (connection in pool.idle), "a connection is neither in the pool nor closed"
    connection.connection_lost(None)
    assert recorder.over.is_set(), "the call was forgotten"
    assert (pool.in_use, pool.idle) == (0, [])
    pool.close()
    return recorder.status, recorder.body, recorder.failure, kept


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"])
@settings(max_examples=300, deadline=None)
@given(answer=answers, cuts=st.lists(st.integers(0, 120), max_size=8))
def test_any_answer_ends_its_call_once_wherever_it_is_cut(method: bytes, answer: bytes, cuts: list[int]) -> None:
    places = sorted({0, *(cut for cut in cuts if cut < len(answer)), len(answer)})
    parts = [answer[start:stop] for start, stop in pairwise(places)]

    async def both() -> None:
        assert await outcome(parts, method) == await outcome([answer], method)

    asyncio.run(both())
