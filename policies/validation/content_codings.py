"""Undoing a content coding (RFC 9110 §8.4.1) without being made to hold more than was agreed to.

Each decoder is asked for one byte more than the most, and for no more: what it would go on to is never made. A
second stream after the first is refused: some readers take it for content, and some drop it.
"""

import sys
import zlib
from collections.abc import Callable
from enum import Enum
from typing import Final

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_WINDOW_LOG: Final = 23
"""RFC 9659 §3: what is sent as `zstd` needs a window of at most 8 MiB."""

_ALIASES: Final = {b"x-gzip": "gzip"}  # RFC 9110 §8.4.1.3


class Undecoded(Enum):
    """Why there is no content."""

    TOO_LONG = "it is longer than may be"
    UNREADABLE = "it is not of its coding, breaks off, or goes on after its end"


def coding_of(field: bytes) -> str:
    """The coding that a Content-Encoding names, in lower case, or none (empty). A list is none that there is."""
    name = field.strip(b" \t").lower()
    return "" if name == b"identity" else _ALIASES.get(name, name.decode("latin-1"))


def decoded(body: bytes, coding: str, most: int) -> bytes | Undecoded:
    """The content, of at most `most` bytes. Raises KeyError for a coding that is none of `gzip`, `br`, `zstd`."""
    try:
        found, whole = _DECODERS[coding](body, most + 1)
    except (zlib.error, brotli.error, zstd.ZstdError):
        return Undecoded.UNREADABLE
    if len(found) > most:
        return Undecoded.TOO_LONG
    return found if whole else Undecoded.UNREADABLE


def _gzip(body: bytes, room: int) -> tuple[bytes, bool]:
    decoder = zlib.decompressobj(31)  # a gzip header, and the largest window
    found = decoder.decompress(body, room)
    return found, decoder.eof and not decoder.unused_data


def _brotli(body: bytes, room: int) -> tuple[bytes, bool]:
    decoder = brotli.Decompressor()
    found: bytes = decoder.process(body, output_buffer_limit=room)
    while len(found) < room and not decoder.can_accept_more_data():
        more = decoder.process(b"", output_buffer_limit=room - len(found))
        if not more:
            break
        found += more
    return found, decoder.is_finished()


def _zstd(body: bytes, room: int) -> tuple[bytes, bool]:
    decoder = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})
    found = decoder.decompress(body, max_length=room)
    return found, decoder.eof and not decoder.unused_data


_DECODERS: Final[dict[str, Callable[[bytes, int], tuple[bytes, bool]]]] = {
    "gzip": _gzip,
    "br": _brotli,
    "zstd": _zstd,
}
