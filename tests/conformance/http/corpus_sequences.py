"""Several requests on one connection, or what pretends to be: each gets its answer, or the connection ends.

After a request that ends the connection, after one whose end could be doubted, and after one whose fields were
read before, nothing may be read into the bytes that follow but what stands there. Sources: RFC 9112 (§9.3, §9.6,
§11.2), and the public research on CL.0, TE.0, 0.CL and `Expect`-based desynchronisation.
"""

from typing import Final, NamedTuple

from tests.conformance.http.cases import CHUNKED, END, HOST, get, post

NEXT: Final = b"GET /items/next HTTP/1.1\r\n" + HOST + END
_A: Final = b"GET /a"
_POSTED: Final = b"POST /a"
_THEN: Final = b"GET /items/next"
_CHUNKED_NEXT: Final = b"%x\r\n%b\r\n0\r\n\r\n" % (len(NEXT), NEXT)
_SIZED_NEXT: Final = b"Content-Length: %d\r\n" % len(NEXT)
_CONTINUE: Final = b"Expect: 100-continue\r\n"
_WEBSOCKET: Final = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


class Sequence(NamedTuple):
    """`statuses` are the final answers in order, `lines` are methods and targets at the upstream. `goes_on`
    says that the connection would take another request."""

    name: str
    raw: bytes
    statuses: tuple[int, ...]
    lines: tuple[bytes, ...]
    goes_on: bool = True


def _any(method: bytes, fields: bytes, body: bytes = b"", target: bytes = b"/a") -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\n" + HOST + fields + END + body


SEQUENCES: Final = (
    # the connection's end
    Sequence("close-and-another", get(b"Connection: close\r\n") + NEXT, (200,), (_A,), False),
    Sequence("close-in-a-list-and-another", get(b"Connection: x, CLOSE\r\n") + NEXT, (200,), (_A,), False),
    Sequence("http-1-0-and-another", b"GET /a HTTP/1.0\r\n\r\n" + NEXT, (200,), (_A,), False),
    Sequence(
        "http-1-0-kept-and-another",
        b"GET /a HTTP/1.0\r\n" + HOST + b"Connection: keep-alive\r\n\r\n" + NEXT,
        (200, 200),
        (_A, _THEN),
    ),
    Sequence(
        "http-1-0-closed-in-spite-of-keep-alive",
        b"GET /a HTTP/1.0\r\n" + HOST + b"Connection: keep-alive, close\r\n\r\n" + NEXT,
        (200,),
        (_A,),
        False,
    ),
    Sequence(
        "proxy-connection-closes-nothing", get(b"Proxy-Connection: close\r\n") + NEXT, (200, 200), (_A, _THEN)
    ),
    # between two requests
    Sequence("one-empty-line-between", get(b"") + END + NEXT, (200, 200), (_A, _THEN)),
    Sequence("two-empty-lines-between", get(b"") + END + END + NEXT, (200, 400), (_A,), False),
    Sequence("bare-lf-between", get(b"") + b"\n" + NEXT, (200, 400), (_A,), False),
    Sequence("bare-cr-between", get(b"") + b"\r" + NEXT, (200, 400), (_A,), False),
    Sequence("space-between", get(b"") + b" " + NEXT, (200, 400), (_A,), False),
    Sequence("nul-between", get(b"") + b"\x00" + NEXT, (200, 400), (_A,), False),
    Sequence("byte-order-mark-between", get(b"") + b"\xef\xbb\xbf" + NEXT, (200, 400), (_A,), False),
    Sequence("chunk-between", get(b"") + b"0\r\n\r\n" + NEXT, (200, 400), (_A,), False),
    Sequence("http-2-preface-next", get(b"") + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (200, 400), (_A,), False),
    Sequence(
        "http-2-preface-after-an-offer",
        get(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n")
        + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        (200, 400),
        (_A,),
        False,
    ),
    # where a body ends
    Sequence("letters-behind-a-body", post(b"Content-Length: 1\r\n", b"ab") + NEXT, (200, 501), (_POSTED,), False),
    Sequence("request-as-a-body", post(_SIZED_NEXT, NEXT) + NEXT, (200, 200), (_POSTED, _THEN)),
    Sequence("request-as-chunks", post(CHUNKED, _CHUNKED_NEXT) + NEXT, (200, 200), (_POSTED, _THEN)),
    Sequence("request-as-trailers", post(CHUNKED, b"0\r\n" + NEXT), (400,), (), False),
    Sequence("request-behind-an-open-quote", post(CHUNKED, b'1;a="\r\n0\r\n\r\n') + NEXT, (400,), (), False),
    Sequence("request-after-no-body", get(b"Content-Length: 0\r\n") + NEXT, (200, 200), (_A, _THEN)),
    # bodies of methods that have none, which are not read
    Sequence("request-in-a-get", _any(b"GET", _SIZED_NEXT, NEXT) + NEXT, (422, 200), (_THEN,)),
    Sequence("request-in-a-head", _any(b"HEAD", _SIZED_NEXT, NEXT) + NEXT, (422, 200), (_THEN,)),
    Sequence("request-in-a-delete", _any(b"DELETE", _SIZED_NEXT, NEXT) + NEXT, (405, 200), (_THEN,)),
    Sequence("request-in-options", _any(b"OPTIONS", _SIZED_NEXT, NEXT) + NEXT, (405, 200), (_THEN,)),
    Sequence("chunks-in-options", _any(b"OPTIONS", CHUNKED, _CHUNKED_NEXT) + NEXT, (405, 200), (_THEN,)),
    Sequence("chunks-in-a-head", _any(b"HEAD", CHUNKED, _CHUNKED_NEXT) + NEXT, (422, 200), (_THEN,)),
    Sequence("chunks-in-a-get", _any(b"GET", CHUNKED, b"0\r\n\r\n") + NEXT, (422, 200), (_THEN,)),
    Sequence(
        "chunks-to-the-server-itself",
        _any(b"OPTIONS", CHUNKED, _CHUNKED_NEXT, b"*") + NEXT,
        (400, 200),
        (_THEN,),
    ),
    # Expect
    Sequence(
        "request-in-spite-of-expect", post(_CONTINUE + _SIZED_NEXT, NEXT) + NEXT, (200, 200), (_POSTED, _THEN)
    ),
    Sequence(
        "request-in-a-get-with-expect", _any(b"GET", _CONTINUE + _SIZED_NEXT, NEXT) + NEXT, (422, 200), (_THEN,)
    ),
    Sequence("expect-nothing", post(_CONTINUE + b"Content-Length: 0\r\n") + NEXT, (422, 200), (_THEN,)),
    Sequence("expect-another-thing", get(b"Expect: y 100-continue\r\n") + NEXT, (200, 200), (_A, _THEN)),
    # an upgrade that is not made
    Sequence("websocket-refused-and-another", get(_WEBSOCKET) + NEXT, (501,), (), False),
    Sequence(
        "websocket-and-close",
        get(_WEBSOCKET.replace(b"Upgrade\r", b"close, Upgrade\r", 1)) + NEXT,
        (501,),
        (),
        False,
    ),
    # fields that the listener knows again
    Sequence(
        "known-fields-of-another-method",
        get(b"X: 1\r\n") + _any(b"POST", b"X: 1\r\n") + NEXT,
        (200, 422, 200),
        (_A, _THEN),
    ),
    Sequence(
        "known-fields-in-http-1-0",
        get(b"X: 2\r\n") + b"GET /a HTTP/1.0\r\n" + HOST + b"X: 2\r\n\r\n" + NEXT,
        (200, 200),
        (_A, _A),
        False,
    ),
    Sequence(
        "known-fields-of-another-host",
        get(b"X: 3\r\n") + _any(b"GET", b"X: 3\r\n", target=b"http://other.example/a") + NEXT,
        (200, 400, 200),
        (_A, _THEN),
    ),
    Sequence(
        "known-fields-of-a-body-for-a-get",
        post(b"Content-Length: 3\r\n", b"abc")
        + post(b"Content-Length: 3\r\n", b"abc").replace(b"POST", b"GET", 1)
        + NEXT,
        (200, 422, 200),
        (_POSTED, _THEN),
    ),
    Sequence(
        "known-fields-and-a-tab",
        get(b"X: 4\r\n") + get(b"X: 4\r\n").replace(b"GET ", b"GET\t", 1),
        (200, 400),
        (_A,),
        False,
    ),
    Sequence(
        "known-fields-in-http-0-9",
        get(b"X: 5\r\n") + get(b"X: 5\r\n").replace(b" HTTP/1.1", b"", 1),
        (200, 400),
        (_A,),
        False,
    ),
    Sequence(
        "known-fields-and-dots",
        get(b"X: 6\r\n") + get(b"X: 6\r\n").replace(b"/a", b"/items/../a", 1) + NEXT,
        (200, 400, 200),
        (_A, _THEN),
    ),
)
