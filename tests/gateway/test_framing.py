"""Bodies in and answer heads out, without a socket."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.framing import ChunkedBody, ChunkError, SizedBody, chunk, has_no_body, response_head, sound

DATE = b"date: Sun, 22 Nov 2026 00:00:00 GMT\r\n"


def decode(*parts: bytes) -> tuple[bytes, bytes, bool]:
    body = ChunkedBody()
    content, rest = b"", b""
    for part in parts:
        assert not body.done
        piece, rest = body.feed(part)
        content += piece
    return content, rest, body.done


def test_chunks_extensions_trailers_and_what_follows() -> None:
    data = b"5;name=value\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\nGET / HTTP/1.1\r\n"
    assert decode(data) == (b"hello!", b"GET / HTTP/1.1\r\n", True)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.lists(st.integers(0, 300), max_size=8))
def test_every_way_of_cutting_gives_the_same_body(pieces: list[bytes], cuts: list[int]) -> None:
    data = b"".join(chunk(piece) for piece in pieces) + b"0\r\nA: b\r\n\r\n"
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    parts = [data[start:stop] for start, stop in pairwise(places)]
    assert decode(*parts) == (b"".join(pieces), b"", True)


def test_byte_by_byte() -> None:
    data = b"a\r\n0123456789\r\n0\r\nT: x\r\n\r\n"
    assert decode(*[data[at : at + 1] for at in range(len(data))]) == (b"0123456789", b"", True)


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n",
        b"\n\n",
        b"\n1\r\na\r\n0\r\n\r\n",
        b"g\r\n",
        b"+1\r\na\r\n",
        b"0x1\r\na\r\n",
        b" 1\r\na\r\n",
        b"1 \r\na\r\n",
        b"1 ;a\r\na\r\n",
        b"-1\r\n",
        b"1_0\r\n",
        b"1\na\r\n",
        b"1\r\nab\r\n",
        b"1\r\na\n",
        b"1\r\na0\r\n\r\n",
        b"1;a\x00\r\na\r\n",
        b"1;a\rb\r\na\r\n",
        b"1;\xff\r\na\r\n",
        b"ffffffffffffffff\r\n",
        b"1;" + b"a" * 1100,
        b"0\r\nno colon\r\n\r\n",
        b"0\r\n X: folded\r\n\r\n",
        b"0\r\nX : 1\r\n\r\n",
        b"0\r\nX: 1\n\r\n",
        b"0\r\n\n",
        b"0\r\n" + b"X: 1\r\n" * 3000,
    ],
)
def test_malformed_chunks(data: bytes) -> None:
    with pytest.raises(ChunkError):
        decode(data)


def test_sized_body_stops_at_its_end() -> None:
    body = SizedBody(5)
    assert body.feed(b"abc") == (b"abc", b"")
    assert not body.done
    assert body.feed(b"deNEXT") == (b"de", b"NEXT")
    assert body.done


def test_answer_head_adds_the_date_once() -> None:
    head = response_head(200, [(b"X-A", b"1")], b"content-length: 0\r\n", DATE)
    assert head == b"HTTP/1.1 200 OK\r\nX-A: 1\r\n" + DATE + b"content-length: 0\r\n\r\n"
    own = response_head(200, [(b"Date", b"Mon")], b"", DATE)
    assert own == b"HTTP/1.1 200 OK\r\nDate: Mon\r\n\r\n"


@pytest.mark.parametrize("value", [b"1\r\nSet-Cookie: a=b", b"1\nX: 2", b"1\rX: 2", b"1\r\n\r\nHTTP/1.1 200 OK"])
def test_header_with_a_line_break_is_left_out(value: bytes) -> None:
    head = response_head(200, sound([(b"X-A", b"1"), (b"X-Bad", value), (b"X-C", b"3")]), b"", DATE)
    assert head == b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-C: 3\r\n" + DATE + b"\r\n"


def test_unknown_status_has_no_phrase() -> None:
    assert response_head(299, [], b"", b"").startswith(b"HTTP/1.1 299 \r\n")


def test_answers_without_a_body() -> None:
    assert has_no_body("HEAD", 200)
    assert has_no_body("GET", 204)
    assert has_no_body("GET", 304)
    assert not has_no_body("GET", 200)
