"""Which header fields pass the gateway, and the head of the request that an upstream gets.

Forwarding is faithful: order, duplicates and spelling are kept. Dropped are the hop-by-hop fields of RFC 9110
§7.6.1 and those that Connection names, the partner's own credential, every field by which the gateway itself
speaks to an upstream, and those by which frameworks are told of another path, method, host or user than the
request's: in all spellings that a CGI-like server would take for them (`X_Forwarded_For`, `X.Forwarded.For`).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from gateway.wire.forwarded import forwarded_lines
from gateway.wire.names import NameTable
from gateway.wire.trace_context import trace_lines
from policies.exchange import Exchange, Header, Kept
from policies.field_names import JUDGED, is_forwarded, plain_name

_PARTIAL: Final = frozenset({b"accept-encoding", b"range", b"if-range"})

_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")

_WITH_EMPTY_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


class _Forwarding:
    """Whether a field of this name is forwarded, where `credential` is the field of the gateway's own; with
    `plain` not those by which parts or encodings of an answer are asked for. `judged` is one more by which the
    request was judged, and of which no other spelling may say otherwise."""

    __slots__ = ("_credential", "_judged", "_plain")

    def __init__(self, credential: bytes, plain: bool, judged: bytes) -> None:
        self._credential = plain_name(credential)
        self._judged = JUDGED | {plain_name(judged)}
        self._plain = plain

    def decide(self, name: bytes) -> bool:
        lower = name.lower()
        plain = plain_name(name)
        if not is_forwarded(plain) or plain == self._credential:
            return False
        if self._plain and plain in _PARTIAL:
            return False
        return plain == lower or plain not in self._judged


@lru_cache(maxsize=64)
def _passes(credential: bytes, plain: bool = False, judged: bytes = b"") -> NameTable[bool]:
    return NameTable(_Forwarding(credential, plain, judged).decide)


def forwarded_headers(headers: list[Header], connection: bytes | None, credential: bytes = b"") -> list[Header]:
    """Those of a request's headers that an upstream gets. `connection` is the Connection field's value."""
    passes = _passes(credential)
    if connection is not None:
        headers = _not_named(headers, connection)
    return [header for header in headers if passes[header[0]]]


class UpstreamLines:
    """What the heads of all requests to one upstream share: the end of the request line with the Host, the line of
    the gateway's credential, and which fields pass."""

    __slots__ = ("credential", "passes", "start")

    def __init__(self, host: bytes, credential: Header | None, plain: bool = False, judged: bytes = b"") -> None:
        """Raises ValueError where the host or the credential could not stand in a header. `plain`: policies look
        into answers, which are asked for whole and in no encoding. `judged` is a field that chose the version."""
        name, value = credential or (b"", b"")
        if _CONTROL.search(host + name + value) is not None:
            raise ValueError("an upstream's host or credential has a control character")
        self.start = b" HTTP/1.1\r\nhost: %b\r\n" % host
        if plain:
            self.start += b"accept-encoding: identity\r\n"
        self.credential = b"%b: %b\r\n" % (name, value) if name else b""
        self.passes = _passes(name, plain, judged)


@lru_cache(maxsize=256)
def upstream_lines(
    host: bytes, credential: Header | None, *, plain: bool = False, judged: bytes = b""
) -> UpstreamLines:
    """One for all operations of an upstream. Raises ValueError as `UpstreamLines` does."""
    return UpstreamLines(host, credential, plain, judged)


def request_head(exchange: Exchange, path: str, upstream: UpstreamLines, *, streaming: bool = False) -> bytes:
    """The request head for an upstream, ready to send.

    `path` is the upstream's path without a query. With `streaming` the body follows piece by piece, of the
    client's Content-Length or in chunks; without, it is `exchange.body`, whole.
    """
    fields = exchange.fields
    kept = exchange.kept
    if kept is None:
        kept = Kept()
    if kept.passes is not upstream.passes:
        kept.lines = _passing_lines(exchange.headers, fields.get(b"connection"), upstream.passes)
        kept.passes = upstream.passes
    if kept.peer != exchange.peer or kept.scheme != exchange.scheme:
        kept.origin = forwarded_lines(exchange.peer, fields.get(b"host", b""), exchange.scheme)
        kept.peer, kept.scheme = exchange.peer, exchange.scheme
    trace = b""
    if exchange.trace is not None:
        trace = exchange.trace.header_lines()
    elif b"traceparent" in fields:
        trace = trace_lines(fields)
    # RFC 9110 §10.1.4: said for the client, which is who keeps or drops them.
    trailers = b"te: trailers\r\nconnection: te\r\n" if b"te" in fields and _wants_trailers(exchange) else b""
    # Compiled, a format of bytes alone is one allocation; a list to be joined costs three times as much.
    return b"%b %b%b%b%b%bx-request-id: %b\r\n%b%b%b%b%b\r\n" % (
        exchange.method.encode("ascii"),
        path.encode("ascii"),
        b"?" if exchange.query else b"",
        exchange.query,
        upstream.start,
        kept.lines,
        exchange.request_id.encode("ascii"),
        kept.origin,
        trace,
        upstream.credential,
        trailers,
        _framing(exchange, streaming),
    )


def _passing_lines(headers: list[Header], connection: bytes | None, passes: NameTable[bool]) -> bytes:
    parts: list[bytes] = []
    if connection is not None:
        headers = _not_named(headers, connection)
    for name, value in headers:
        if passes[name]:
            parts.append(b"%b: %b\r\n" % (name, value))
    return b"".join(parts)


def _not_named(headers: list[Header], connection: bytes) -> list[Header]:
    named = {token.strip(b" \t") for token in connection.lower().split(b",")}
    return [header for header in headers if header[0].lower() not in named]


def _framing(exchange: Exchange, streaming: bool) -> bytes:
    body = exchange.body
    if exchange.upgrade:
        return b"connection: upgrade\r\nupgrade: websocket\r\n"
    if body is not None:
        return b"content-length: %d\r\n" % len(body)
    if streaming:
        length = exchange.fields.get(b"content-length")
        return b"transfer-encoding: chunked\r\n" if length is None else b"content-length: %b\r\n" % length
    # RFC 9110 §8.6: a method that anticipates content says so when there is none.
    return b"content-length: 0\r\n" if exchange.method in _WITH_EMPTY_BODY else b""


def takes_trailers(fields: Mapping[bytes, bytes]) -> bool:
    """Whether a client has said that it will not drop trailers (`TE: trailers`, RFC 9110 §10.1.4)."""
    te = fields.get(b"te")
    return te is not None and b"trailers" in [
        part.partition(b";")[0].strip(b" \t") for part in te.lower().split(b",")
    ]


def _wants_trailers(exchange: Exchange) -> bool:
    return exchange.http_version != "1.0" and not exchange.upgrade and takes_trailers(exchange.fields)
