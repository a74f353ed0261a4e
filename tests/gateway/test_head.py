"""Reading and judging a request head, without a socket."""

import pytest

from gateway.wire.head import Head

GET = b"GET /orders?x=1 HTTP/1.1\r\n"


def read(data: bytes, *, max_target: int = 8192, max_fields: int = 100) -> tuple[Head, str]:
    head = Head()
    refusal = head.read(data, max_target, max_fields)
    return head, "" if refusal is None else refusal.type.id


def test_keeps_target_headers_order_case_and_duplicates() -> None:
    head, refusal = read(GET + b"Host: a.example:80\r\nX-B: 2\r\nX-A: 1\r\nx-b: 3 \t\r\n\r\n")
    assert refusal == ""
    assert (head.method, head.target) == ("GET", b"/orders?x=1")
    assert head.headers == [(b"Host", b"a.example:80"), (b"X-B", b"2"), (b"X-A", b"1"), (b"x-b", b"3")]
    assert head.fields == {b"host": b"a.example:80", b"x-b": b"2, 3", b"x-a": b"1"}
    assert head.length == 0
    assert head.keep_alive


@pytest.mark.parametrize(
    ("line", "connection", "keeps"),
    [
        (b"HTTP/1.1", b"", True),
        (b"HTTP/1.1", b"Connection: close\r\n", False),
        (b"HTTP/1.1", b"Connection: x-hop, Close\r\n", False),
        (b"HTTP/1.1", b"Connection: x-hop\r\nConnection: close\r\n", False),
        (b"HTTP/1.0", b"", False),
        (b"HTTP/1.0", b"Connection: Keep-Alive\r\n", True),
        (b"HTTP/1.0", b"Connection: keep-alive, close\r\n", False),
    ],
)
def test_keep_alive(line: bytes, connection: bytes, keeps: bool) -> None:
    head, refusal = read(b"GET / " + line + b"\r\nHost: a\r\n" + connection + b"\r\n")
    assert refusal == ""
    assert head.keep_alive is keeps


def test_lengths() -> None:
    post = b"POST / HTTP/1.1\r\nHost: a\r\n"
    assert read(post + b"Content-Length: 12\r\n\r\n")[0].length == 12
    assert read(post + b"Content-Length: 12 \r\n\r\n")[0].length == 12
    assert read(post + b"Transfer-Encoding: Chunked\r\n\r\n")[0].length is None
    assert read(post + b"\r\n")[0].length == 0


def test_expectation_counts_only_with_a_body_and_in_http_1_1() -> None:
    expect = b"Host: a\r\nExpect: 100-Continue\r\n"
    assert read(b"POST / HTTP/1.1\r\n" + expect + b"Content-Length: 1\r\n\r\n")[0].expects_continue
    assert not read(b"POST / HTTP/1.1\r\n" + expect + b"\r\n")[0].expects_continue
    assert not read(b"POST / HTTP/1.0\r\n" + expect + b"Content-Length: 1\r\n\r\n")[0].expects_continue


def test_h2c_is_ignored_and_its_request_served() -> None:
    """What Java's HttpClient and `curl --http2` send without being asked for HTTP/2."""
    head, refusal = read(
        GET + b"Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    )
    assert refusal == ""
    assert head.target == b"/orders?x=1"


def test_limits_of_target_and_fields() -> None:
    assert read(GET + b"Host: a\r\n\r\n", max_target=len(b"/orders?x=1"))[1] == ""
    assert read(GET + b"Host: a\r\n\r\n", max_target=len(b"/orders?x=1") - 1)[1] == "target-too-long"
    fields = b"Host: a\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(9)) + b"\r\n"
    assert read(GET + fields, max_fields=10)[1] == ""
    assert read(GET + fields, max_fields=9)[1] == "head-too-large"


def test_refusals_hold_nothing_of_the_request() -> None:
    head = Head()
    refusal = head.read(GET + b"Host: a\r\nAuthorization: Bearer s3cret\x01\r\n\r\n", 8192, 100)
    assert refusal is not None
    assert b"s3cret" not in refusal.body()
