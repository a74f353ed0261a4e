"""What is plain of an answer is what llhttp makes of it; all else is left to it."""

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstreams.plain_answer import plain_answer
from policies.exchange import Header
from policies.field_names import HOP_BY_HOP

HEAD = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 2\r\nX-A: 1\r\nConnection: keep-alive\r\n\r\n"

LINES = [
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 404 ",
    b"HTTP/1.1 599 Odd Reason",
    b"HTTP/1.1 204 No Content",
    b"HTTP/1.1 100 Continue",
    b"HTTP/1.0 200 OK",
    b"HTTP/1.1  200 OK",
    b"Content-Length: 2",
    b"content-length: 0",
    b"Content-Length: +2",
    b"Content-Length: 2, 2",
    b"Content-Length : 2",
    b"Transfer-Encoding: chunked",
    b"Connection: close",
    b"connection: Keep-Alive",
    b"Connection: x-a",
    b"Keep-Alive: timeout=5",
    b"Upgrade: h2",
    b"X-A: 1",
    b"x-a:2",
    b"X-B:  two spaces",
    b"X-C: trailing ",
    b"X-D:",
    b"X-E: \x01",
    b"X-F: caf\xe9",
    b" folded",
    b"no colon",
    b": no name",
    b"Set-Cookie: a=b; Path=/",
    b"X-G: a\rb",
    b"X-H: a\nb",
    b"",
]
lines = st.one_of(st.sampled_from(LINES), st.binary(max_size=12))


class Told:
    """What llhttp tells of an answer."""

    def __init__(self, data: bytes) -> None:
        self.headers: list[Header] = []
        self.complete = False
        self.keep = False
        self.status = 0
        self.parser = httptools.HttpResponseParser(self)
        self.parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.complete = True
        self.status = self.parser.get_status_code()
        self.keep = self.parser.should_keep_alive()


@given(st.sampled_from(LINES[:7]), st.lists(lines, max_size=6))
def test_it_reads_what_llhttp_reads(start: bytes, fields: list[bytes]) -> None:
    data = b"\r\n".join([start, *fields, b"", b""])
    answer = plain_answer(data)
    if answer is None:
        return
    told = Told(data.removesuffix(answer.body))
    assert told.complete
    assert told.keep
    assert told.status == answer.status
    assert [header for header in told.headers if header[0].lower() not in HOP_BY_HOP | {b"content-length"}] == (
        answer.fields
    )
    assert [int(value) for name, value in told.headers if name.lower() == b"content-length"] == [answer.length]


def test_a_plain_answer_is_read_to_where_its_body_begins() -> None:
    for _ in range(2):  # its lines unknown, and known
        answer = plain_answer(HEAD + b"{}")
        assert answer is not None
        assert (answer.status, answer.length, answer.body) == (200, 2, b"{}")
        assert answer.fields == [(b"Server", b"nginx"), (b"X-A", b"1")]


@pytest.mark.parametrize(
    "line",
    [
        line
        for line in LINES
        if line.lower().startswith((b"transfer", b"upgrade", b"connection: x", b"connection: c"))
    ]
    + [
        b"Content-Length: 2",
        b"HTTP/1.1 200 OK",
        b"X-C: trailing ",
        b"X-E: \x01",
        b" folded",
        b"X-H: a\nb",
        b"X-D:",
    ],
)
def test_what_is_not_plain_is_left_alone(line: bytes) -> None:
    for _ in range(2):
        assert plain_answer(HEAD.replace(b"X-A: 1", line)) is None


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 101 ", b"HTTP/1.1 204 ", b"HTTP/1.1 304 ", b"HTTP/1.0 200 ", b"200 "]
)
def test_a_status_without_a_body_is_not_plain(start: bytes) -> None:
    for _ in range(2):
        assert plain_answer(HEAD.replace(b"HTTP/1.1 200 OK", start)) is None


def test_a_head_that_is_not_whole_is_not_plain() -> None:
    assert [plain_answer(HEAD[:stop]) for stop in range(len(HEAD))] == [None] * len(HEAD)
    assert plain_answer(HEAD.replace(b"Content-Length: 2\r\n", b"")) is None
