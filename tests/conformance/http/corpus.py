"""Raw requests that must be refused, and near-twins of them that must be served.

Sources: RFC 9112 (§2.2, §3, §5, §6, §7, §11.2), RFC 9110 (§5.5, §7.2, §7.6.1, §7.8), and the public research on
request smuggling since 2005: CL.TE, TE.CL, TE.TE, obs-fold, bare line ends, chunk extensions.
"""

from typing import Final, NamedTuple

GET: Final = b"GET /a HTTP/1.1\r\n"
# With a type, so that a whole gateway, too, would take the body.
POST: Final = b"POST /a HTTP/1.1\r\nContent-Type: application/octet-stream\r\n"
HOST: Final = b"Host: api.example\r\n"
END: Final = b"\r\n"
SMUGGLED: Final = b"GET /smuggled HTTP/1.1\r\nHost: api.example\r\n\r\n"


_CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"


class Refused(NamedTuple):
    name: str
    raw: bytes
    status: int = 400
    problem: str = "malformed-request"


class Served(NamedTuple):
    """`seen` is what the acceptor gets, in order: method, target, body."""

    name: str
    raw: bytes
    seen: tuple[tuple[str, bytes, bytes], ...] = (("GET", b"/a", b""),)


def _get(fields: bytes) -> bytes:
    return GET + HOST + fields + END


def _post(fields: bytes, body: bytes = b"") -> bytes:
    return POST + HOST + fields + END + body


REFUSED: Final = (
    # Content-Length and Transfer-Encoding
    Refused("cl-te", _post(b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\nG" + SMUGGLED)),
    Refused("te-cl", _post(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"5\r\nhello\r\n0\r\n\r\n")),
    Refused("cl-zero-te", _post(b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    Refused("two-differing-lengths", _post(b"Content-Length: 1\r\nContent-Length: 2\r\n", b"ab")),
    Refused("two-equal-lengths", _post(b"Content-Length: 2\r\nContent-Length: 2\r\n", b"ab")),
    Refused("lengths-in-two-cases", _post(b"Content-Length: 2\r\ncontent-length: 1\r\n", b"ab")),
    Refused("comma-joined-lengths", _post(b"Content-Length: 2, 2\r\n", b"ab")),
    Refused("signed-length", _post(b"Content-Length: +2\r\n", b"ab")),
    Refused("negative-length", _post(b"Content-Length: -2\r\n", b"ab")),
    Refused("hexadecimal-length", _post(b"Content-Length: 0x2\r\n", b"ab")),
    Refused("length-with-inner-space", _post(b"Content-Length: 1 0\r\n", b"ab")),
    Refused("length-with-underscore", _post(b"Content-Length: 1_0\r\n", b"ab")),
    Refused("length-of-other-digits", _post("Content-Length: \u0662\r\n".encode(), b"ab")),
    Refused("empty-length", _post(b"Content-Length:\r\n", b"ab")),
    Refused("fractional-length", _post(b"Content-Length: 2.0\r\n", b"ab")),
    Refused("length-over-64-bits", _post(b"Content-Length: 18446744073709551618\r\n", b"ab")),
    Refused("quoted-length", _post(b'Content-Length: "2"\r\n', b"ab")),
    Refused("length-with-nul", _post(b"Content-Length: 2\x00\r\n", b"ab")),
    Refused("length-with-parameter", _post(b"Content-Length: 2;a=b\r\n", b"ab")),
    Refused("length-folded", _post(b"Content-Length: 2\r\n 0\r\n", b"ab")),
    Refused("length-space-before-colon", _post(b"Content-Length : 2\r\n", b"ab")),
    Refused("length-behind-bare-cr", _post(b"X: y\rContent-Length: 2\r\n", b"ab")),
    Refused("length-in-exponents", _post(b"Content-Length: 2e0\r\n", b"ab")),
    Refused("cl-te-in-capitals", _post(b"CONTENT-LENGTH: 6\r\nTRANSFER-ENCODING: chunked\r\n", b"0\r\n\r\nG")),
    Refused(
        "cl-te-cl",
        _post(b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"0\r\n\r\n"),
    ),
    Refused("cl-te-unknown", _post(b"Content-Length: 4\r\nTransfer-Encoding: cow\r\n", b"0\r\n\r\n")),
    # transfer codings
    Refused("te-chunked-chunked", _post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n")),
    Refused("te-empty-element", _post(b"Transfer-Encoding: , chunked\r\n", b"0\r\n\r\n")),
    Refused("te-comma-last", _post(b"Transfer-Encoding: chunked,\r\n", b"0\r\n\r\n")),
    Refused("te-nul", _post(b"Transfer-Encoding: \x00chunked\r\n", b"0\r\n\r\n")),
    Refused("te-line-break-within", _post(b"Transfer-Encoding: chun\r\n ked\r\n", b"0\r\n\r\n")),
    Refused("te-folded-behind-another", _post(b"X: y\r\n\tTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    Refused("te-form-feed", _post(b"Transfer-Encoding: chunked\x0c\r\n", b"0\r\n\r\n")),
    Refused("te-nul-in-name", _post(b"Transfer-Encoding\x00: chunked\r\n", b"0\r\n\r\n")),
    Refused("te-deflate", _post(b"Transfer-Encoding: chunked, deflate\r\n", b"0\r\n\r\n")),
    Refused("te-gzip-chunked", _post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n")),
    Refused("te-chunked-identity", _post(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n")),
    Refused("te-identity", _post(b"Transfer-Encoding: identity\r\n", b"0\r\n\r\n")),
    Refused("te-twice", _post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    Refused("te-then-unknown", _post(b"Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n", b"0\r\n\r\n")),
    Refused("te-xchunked", _post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n")),
    Refused("te-quoted", _post(b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n")),
    Refused("te-vertical-tab", _post(b"Transfer-Encoding:\x0bchunked\r\n", b"0\r\n\r\n")),
    Refused("te-parameter", _post(b"Transfer-Encoding: chunked;q=1\r\n", b"0\r\n\r\n")),
    Refused("te-empty", _post(b"Transfer-Encoding:\r\n", b"0\r\n\r\n")),
    Refused("te-space-before-colon", _post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n")),
    Refused("te-on-next-line", _post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n")),
    Refused("te-behind-bare-lf", _post(b"X: y\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    Refused("te-behind-bare-cr", _post(b"X: y\rTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    Refused("te-in-http-1-0", b"POST /a HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    # lines and fields
    Refused("bare-lf-everywhere", b"GET /a HTTP/1.1\nHost: api.example\n\n"),
    Refused("bare-lf-after-request-line", b"GET /a HTTP/1.1\nHost: api.example\r\n\r\n"),
    Refused("bare-cr-after-request-line", b"GET /a HTTP/1.1\rHost: api.example\r\n\r\n"),
    Refused("bare-lf-before-request", b"\n" + _get(b"")),
    Refused("obs-fold", _get(b"X: a\r\n b\r\n")),
    Refused("obs-fold-first-line", GET + b" X: a\r\n" + HOST + END),
    Refused("space-before-colon", _get(b"X : a\r\n")),
    Refused("tab-before-colon", _get(b"X\t: a\r\n")),
    Refused("line-without-colon", _get(b"nonsense\r\n")),
    Refused("empty-name", _get(b": a\r\n")),
    Refused("eight-bit-name", _get(b"X\xe4: a\r\n")),
    Refused("nul-in-value", _get(b"X: a\x00b\r\n")),
    Refused("escape-in-value", _get(b"X: a\x1bb\r\n")),
    Refused("delete-in-value", _get(b"X: a\x7fb\r\n")),
    # Host
    Refused("no-host", GET + END),
    Refused("two-hosts", GET + HOST + b"Host: other.example\r\n\r\n"),
    Refused("two-equal-hosts", GET + HOST + HOST + END),
    Refused("comma-joined-hosts", GET + b"Host: api.example,other.example\r\n\r\n"),
    Refused("empty-host", GET + b"Host:\r\n\r\n"),
    Refused("host-with-path", GET + b"Host: api.example/x\r\n\r\n"),
    Refused("host-with-user", GET + b"Host: a@api.example\r\n\r\n"),
    Refused("host-with-bad-port", GET + b"Host: api.example:80x\r\n\r\n"),
    Refused("host-with-space", GET + b"Host: api.example other.example\r\n\r\n"),
    Refused("host-with-fragment", GET + b"Host: api.example#x\r\n\r\n"),
    Refused("host-with-scheme", GET + b"Host: http://api.example\r\n\r\n"),
    Refused("host-with-escape", GET + b"Host: api.example%00\r\n\r\n"),
    Refused("host-unclosed-bracket", GET + b"Host: [2001:db8::1\r\n\r\n"),
    Refused("host-with-long-port", GET + b"Host: api.example:808080\r\n\r\n"),
    Refused("host-folded", GET + b"Host: api.example\r\n .other.example\r\n\r\n"),
    Refused("absolute-form-without-host", b"GET http://api.example/a HTTP/1.1\r\n\r\n"),
    # what decides, twice
    Refused("two-authorizations", _get(b"Authorization: Bearer a\r\nauthorization: Bearer b\r\n")),
    Refused("two-content-types", _post(b"Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 0\r\n")),
    Refused("two-versions", _get(b"API-Version: 1\r\nApi-Version: 2\r\n")),
    Refused("connection-names-authorization", _get(b"Connection: Authorization\r\nAuthorization: Bearer a\r\n")),
    Refused("connection-names-length", _post(b"Connection: x, content-length\r\nContent-Length: 1\r\n", b"a")),
    Refused("connection-names-host", _get(b"Connection: close, Host\r\n")),
    # the request line
    Refused("http-0-9", b"GET /a\r\n\r\n"),
    Refused("http-2-version", b"GET /a HTTP/2.0\r\n" + HOST + END),
    Refused("http-1-2-version", b"GET /a HTTP/1.2\r\n" + HOST + END),
    Refused("lower-case-version", b"GET /a http/1.1\r\n" + HOST + END),
    Refused("http-2-preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Refused("two-spaces-before-target", b"GET  /a HTTP/1.1\r\n" + HOST + END),
    Refused("two-spaces-after-target", b"GET /a  HTTP/1.1\r\n" + HOST + END),
    Refused("space-in-target", b"GET /a b HTTP/1.1\r\n" + HOST + END),
    Refused("space-after-version", b"GET /a HTTP/1.1 \r\n" + HOST + END),
    Refused("control-in-target", b"GET /a\x01 HTTP/1.1\r\n" + HOST + END),
    Refused("eight-bit-target", b"GET /\xe4 HTTP/1.1\r\n" + HOST + END),
    Refused("tls-hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    Refused("two-empty-lines-first", b"\r\n\r\n" + _get(b"")),
    Refused("rtsp", b"OPTIONS rtsp://api.example/a RTSP/1.0\r\n\r\n"),
    # methods and upgrades
    Refused("connect", b"CONNECT api.example:443 HTTP/1.1\r\n" + HOST + END, 501, "method-not-implemented"),
    Refused("trace", b"TRACE /a HTTP/1.1\r\n" + HOST + END, 501, "method-not-implemented"),
    Refused("unknown-method", b"FROB /a HTTP/1.1\r\n" + HOST + END, 501, "method-not-implemented"),
    Refused("lower-case-method", b"get /a HTTP/1.1\r\n" + HOST + END, 501, "method-not-implemented"),
    Refused("other-upgrade", _get(b"Connection: Upgrade\r\nUpgrade: foo\r\n"), 501, "method-not-implemented"),
    Refused(
        "websocket-or-other",
        _get(b"Connection: Upgrade\r\nUpgrade: websocket, foo\r\n"),
        501,
        "method-not-implemented",
    ),
    Refused(
        "websocket-with-body",
        _post(b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 41\r\n", SMUGGLED),
    ),
    Refused(
        "websocket-with-chunks", _post(_CHUNKED + b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"0\r\n\r\n")
    ),
    Refused("two-upgrades", _get(b"Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n")),
    # sizes
    Refused("long-target", b"GET /" + b"a" * 8192 + b" HTTP/1.1\r\n" + HOST + END, 414, "target-too-long"),
    Refused("endless-target", b"GET /" + b"a" * 20_000, 414, "target-too-long"),
    Refused("large-head", _get(b"X: " + b"a" * 33_000 + b"\r\n"), 431, "head-too-large"),
    Refused("endless-head", GET + b"X: " + b"a" * 33_000, 431, "head-too-large"),
    Refused("many-fields", _get(b"X: 1\r\n" * 100), 431, "head-too-large"),
)

_POSTED: Final = (("POST", b"/a", b"ab"),)

SERVED: Final = (
    Served("plain", _get(b"")),
    Served("length", _post(b"Content-Length: 2\r\n", b"ab"), _POSTED),
    Served("length-with-zeros", _post(b"Content-Length: 002\r\n", b"ab"), _POSTED),
    Served("length-with-space-around", _post(b"Content-Length: \t2 \r\n", b"ab"), _POSTED),
    Served("chunked", _post(_CHUNKED, b"2\r\nab\r\n0\r\n\r\n"), _POSTED),
    Served("chunked-in-capitals", _post(b"TRANSFER-ENCODING: CHUNKED\r\n", b"2\r\nab\r\n0\r\n\r\n"), _POSTED),
    Served("chunk-size-with-zeros", _post(_CHUNKED, b"0002\r\nab\r\n000\r\n\r\n"), _POSTED),
    Served("chunk-extension", _post(_CHUNKED, b'1;a="b"\r\na\r\n1\r\nb\r\n0;x\r\n\r\n'), _POSTED),
    Served("trailers", _post(_CHUNKED, b"2\r\nab\r\n0\r\nX: y\r\nContent-Length: 9\r\n\r\n"), _POSTED),
    Served(
        "body-that-looks-like-a-request",
        _post(b"Content-Length: %d\r\n" % len(SMUGGLED), SMUGGLED),
        (("POST", b"/a", SMUGGLED),),
    ),
    Served(
        "request-after-length",
        _post(b"Content-Length: 2\r\n", b"ab") + SMUGGLED,
        (*_POSTED, ("GET", b"/smuggled", b"")),
    ),
    Served(
        "request-after-chunks",
        _post(_CHUNKED, b"2\r\nab\r\n0\r\n\r\n") + SMUGGLED,
        (*_POSTED, ("GET", b"/smuggled", b"")),
    ),
    Served("empty-line-first", b"\r\n" + _get(b"")),
    Served("http-1-0-without-host", b"GET /a HTTP/1.0\r\n\r\n"),
    Served("host-with-port", GET + b"Host: api.example:8443\r\n\r\n"),
    Served("host-address", GET + b"Host: 192.0.2.1\r\n\r\n"),
    Served("host-ipv6", GET + b"Host: [2001:db8::1]:80\r\n\r\n"),
    Served("no-space-after-colon", GET + b"Host:api.example\r\nX:y\r\n\r\n"),
    Served("empty-value", _get(b"X:\r\n")),
    Served("tab-and-8-bit-in-value", _get(b"X: a\tb\xe4\r\n")),
    Served("list-in-two-lines", _get(b"Accept: a/b\r\nAccept: c/d\r\n")),
    Served("one-of-each", _get(b"Authorization: Bearer a\r\nAPI-Version: 1\r\n")),
    Served("connection-names-a-hop-field", _get(b"Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\n")),
    Served("upgrade-without-connection", _get(b"Upgrade: websocket\r\n")),
    Served(
        "upgrade-of-http-1-0", b"GET /a HTTP/1.0\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    ),
    Served("h2c-offered", _get(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n")),
    Served("underscore-in-name", _get(b"Content_Length: 5\r\nTransfer_Encoding: chunked\r\n")),
    Served(
        "longest-target",
        b"GET /" + b"a" * 8191 + b" HTTP/1.1\r\n" + HOST + END,
        (("GET", b"/" + b"a" * 8191, b""),),
    ),
    Served("large-field", _get(b"X: " + b"a" * 30_000 + b"\r\n")),
    Served("99-further-fields", _get(b"X: 1\r\n" * 99)),
    Served("options", b"OPTIONS * HTTP/1.1\r\n" + HOST + END, (("OPTIONS", b"*", b""),)),
    Served(
        "absolute-form",
        b"GET http://api.example/a HTTP/1.1\r\n" + HOST + END,
        (("GET", b"http://api.example/a", b""),),
    ),
)

BROKEN_BODIES: Final = (
    # The head is sound, the handler has begun: the body is where it goes wrong.
    Refused("chunk-size-not-hexadecimal", _post(_CHUNKED, b"zz\r\nab\r\n0\r\n\r\n")),
    Refused("chunk-size-signed", _post(_CHUNKED, b"+2\r\nab\r\n0\r\n\r\n")),
    Refused("chunk-size-prefixed", _post(_CHUNKED, b"0x2\r\nab\r\n0\r\n\r\n")),
    Refused("chunk-size-padded", _post(_CHUNKED, b"2 \r\nab\r\n0\r\n\r\n")),
    Refused("chunk-size-over-64-bits", _post(_CHUNKED, b"10000000000000002\r\nab\r\n0\r\n\r\n")),
    Refused("chunk-line-bare-lf", _post(_CHUNKED, b"2\nab\r\n0\r\n\r\n")),
    Refused("chunk-extension-bare-lf", _post(_CHUNKED, b"2;a\nxx\r\nab\r\n0\r\n\r\n" + SMUGGLED)),
    Refused("chunk-extension-bare-cr", _post(_CHUNKED, b"2;a\rb\r\nab\r\n0\r\n\r\n")),
    Refused("chunk-longer-than-its-size", _post(_CHUNKED, b"2\r\nabc\r\n0\r\n\r\n")),
    Refused("chunk-end-bare-lf", _post(_CHUNKED, b"2\r\nab\n0\r\n\r\n")),
    Refused("chunk-size-empty", _post(_CHUNKED, b"\r\n0\r\n\r\n")),
    Refused("chunk-size-extension-alone", _post(_CHUNKED, b";a=b\r\nab\r\n0\r\n\r\n")),
    Refused("chunk-size-space-first", _post(_CHUNKED, b" 2\r\nab\r\n0\r\n\r\n")),
    Refused("chunk-size-with-underscore", _post(_CHUNKED, b"0_2\r\nab\r\n0\r\n\r\n")),
    Refused("chunk-size-with-nul", _post(_CHUNKED, b"2\x00\r\nab\r\n0\r\n\r\n")),
    Refused("chunk-end-bare-cr", _post(_CHUNKED, b"2\r\nab\r0\r\n\r\n")),
    Refused("chunk-end-missing", _post(_CHUNKED, b"2\r\nab0\r\n\r\n" + SMUGGLED)),
    Refused("chunk-extension-endless", _post(_CHUNKED, b"2;" + b"a" * 2_000)),
    Refused("trailer-with-nul", _post(_CHUNKED, b"0\r\nX: \x00\r\n\r\n")),
    Refused("trailer-space-before-colon", _post(_CHUNKED, b"0\r\nX : y\r\n\r\n")),
    Refused("trailer-folded", _post(_CHUNKED, b"2\r\nab\r\n0\r\n X: y\r\n\r\n")),
    Refused("trailers-too-many", _post(_CHUNKED, b"0\r\n" + b"X: 1\r\n" * 33 + b"\r\n")),
    Refused("trailers-too-large", _post(_CHUNKED, b"0\r\n" + (b"X: " + b"a" * 900 + b"\r\n") * 10 + b"\r\n")),
    Refused("trailer-endless", _post(_CHUNKED, b"0\r\nX: " + b"a" * 2_000)),
    Refused("trailer-with-bare-lf", _post(_CHUNKED, b"0\r\nX: y\n\r\n")),
    Refused("trailer-with-bare-cr", _post(_CHUNKED, b"0\r\nX: y\rZ: 1\r\n\r\n")),
    Refused("trailer-without-name", _post(_CHUNKED, b"0\r\n: y\r\n\r\n")),
    Refused("trailer-without-colon", _post(_CHUNKED, b"0\r\n" + SMUGGLED)),
)
