"""What the corpus is made of: a raw request, and what has to become of it."""

from typing import Final, NamedTuple

GET: Final = b"GET /a HTTP/1.1\r\n"
# With a type, so that a whole gateway, too, would take the body.
POST: Final = b"POST /a HTTP/1.1\r\nContent-Type: application/octet-stream\r\n"
HOST: Final = b"Host: api.example\r\n"
END: Final = b"\r\n"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
SMUGGLED: Final = b"GET /smuggled HTTP/1.1\r\nHost: api.example\r\n\r\n"


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


def get(fields: bytes) -> bytes:
    return GET + HOST + fields + END


def post(fields: bytes, body: bytes = b"") -> bytes:
    return POST + HOST + fields + END + body
