"""Message framing (RFC 9112 §6 and §7): bodies in, response heads and chunks out. Pure.

The decoder is our own because it has to stop exactly where a body ends: what follows is the next request of the
connection, and a parser that runs ahead into it could not be held back.
"""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from policies.exchange import Header

# A size of at most 15 hex digits fits any counter. An extension is refused where llhttp and others differ:
# no space before the semicolon, no control or 8-bit character.
_CHUNK_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[\t\x20-\x7e]*)?\Z")
_TRAILER: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\Z")
_BREAK: Final = re.compile(rb"[\r\n]")
_MAX_LINE: Final = 1024
MAX_TRAILERS: Final = 32
MAX_TRAILER_BYTES: Final = 8192

LAST_CHUNK: Final = b"0\r\n\r\n"
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

_STATUS_LINES: Final[dict[int, bytes]] = {
    int(code): b"HTTP/1.1 %d %b\r\n" % (code, HTTPStatus(code).phrase.encode("ascii")) for code in HTTPStatus
}


class ChunkError(ValueError):
    """The chunked body is not one; the message says where and holds nothing of it."""


class SizedBody:
    """A body of a declared length; `left` bytes of it have not arrived."""

    __slots__ = ("left",)

    def __init__(self, length: int) -> None:
        self.left = length

    @property
    def done(self) -> bool:
        return self.left == 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """The content in `data`, and what follows the body's end."""
        if len(data) <= self.left:
            self.left -= len(data)
            return data, b""
        piece, rest = data[: self.left], data[self.left :]
        self.left = 0
        return piece, rest


class ChunkedBody:
    """Decodes one chunked body. `done` after the last chunk's `trailers`, which are kept as they came."""

    __slots__ = ("_in_trailers", "_kept", "_need_end", "_trailer_bytes", "done", "left", "trailers")

    def __init__(self) -> None:
        self.done = False
        self._kept = b""
        self.left = 0  # of the chunk that is being read
        self._need_end = False
        self._in_trailers = False
        self._trailer_bytes = 0
        self.trailers: list[Header] = []

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """The content in `data`, and what follows the body's end. Raises ChunkError.

        In one piece, however small the chunks: kept one by one, chunks of two bytes take twenty times their size.
        """
        if self._kept:
            data, self._kept = self._kept + data, b""
        pieces: list[bytes] = []
        at, size = 0, len(data)
        while at < size:
            if self.left:
                piece = data[at : at + self.left]
                pieces.append(piece)
                at += len(piece)
                self.left -= len(piece)
                self._need_end = self.left == 0
                continue
            if self._need_end:
                end = data[at : at + 2]
                if end == b"\r\n":
                    self._need_end = False
                    at += 2
                    continue
                if end == b"\r":
                    break
                raise ChunkError("a chunk is longer than its size says")
            stop = data.find(b"\n", at, at + _MAX_LINE)
            if stop < 0:
                if size - at >= _MAX_LINE:
                    raise ChunkError("a chunk line is too long")
                break
            # In this order: compiled, a slice that ends before it begins raises in place of being empty.
            if stop == at or data[stop - 1 : stop] != b"\r":
                raise ChunkError("a chunk line ends with a bare LF")
            line = data[at : stop - 1]
            at = stop + 1
            if self._line(line):
                self.done = True
                return b"".join(pieces), data[at:]
        self._kept = data[at:]
        return b"".join(pieces), b""

    def _line(self, line: bytes) -> bool:
        """Takes a chunk line or a trailer line; True for the empty one that ends the body."""
        if not self._in_trailers:
            match = _CHUNK_LINE.match(line)
            if match is None:
                raise ChunkError("a chunk size is not a hexadecimal number")
            self.left = int(match[1], 16)
            self._in_trailers = self.left == 0
            return False
        if not line:
            return True
        self._trailer_bytes += len(line)
        if _TRAILER.match(line) is None or self._trailer_bytes > MAX_TRAILER_BYTES:
            raise ChunkError("a trailer is malformed or too long")
        if len(self.trailers) == MAX_TRAILERS:
            raise ChunkError("there are too many trailers")
        name, _, value = line.partition(b":")
        self.trailers.append((name, value.strip(b" \t")))
        return False


def chunk(data: bytes) -> bytes:
    """`data` as one chunk. Not for empty data: an empty chunk ends the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def last_chunk(trailers: Sequence[Header]) -> bytes:
    """The end of a chunked body, with its trailer section (RFC 9112 §7.1.2)."""
    return b"0\r\n%b\r\n" % b"".join([b"%b: %b\r\n" % trailer for trailer in trailers])


def has_no_body(method: str, status: int) -> bool:
    """Whether an answer ends with its head (RFC 9112 §6.3, rule 1)."""
    return method == "HEAD" or status in (204, 304) or status < 200


def response_head(status: int, headers: list[Header], framing: bytes, date: bytes) -> bytes:
    """The head of an answer; `framing` is ready lines, `date` is `date: …` for an answer that has none (RFC 9110
    §6.6.1: a recipient with a clock adds Date to an answer it received without).

    The headers are `sound`: a parser has read them, or they were made for this place.
    """
    # Compiled, a line of bytes alone costs half of what its four parts would in the join.
    parts = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status]
    for name, value in headers:
        if len(name) == 4 and (name == b"Date" or name.lower() == b"date"):
            date = b""
        parts.append(b"%b: %b\r\n" % (name, value))
    parts.append(b"%b%b\r\n" % (date, framing))
    return b"".join(parts)


def sound(headers: list[Header]) -> list[Header]:
    """Those without a line break: with one they would be two headers, or a second answer."""
    return [header for header in headers if _BREAK.search(b":".join(header)) is None]
