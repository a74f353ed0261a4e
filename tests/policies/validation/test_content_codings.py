"""Content codings undone, and no further than is taken: bombs, broken streams, and streams after the first."""

import gzip
import os
import sys
import tracemalloc
from collections.abc import Callable

import brotli
import pytest

from policies.validation.content_codings import Undecoded, coding_of, decoded

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
each_coding = pytest.mark.parametrize("coding", ENCODE)


@each_coding
@pytest.mark.parametrize("content", [b"", b"{}", b"a" * 70_000, os.urandom(150_000)], ids=len)
def test_content_comes_back_where_it_just_fits(coding: str, content: bytes) -> None:
    encoded = ENCODE[coding](content)
    assert decoded(encoded, coding, len(content)) == content
    if content:
        assert decoded(encoded, coding, len(content) - 1) is Undecoded.TOO_LONG


@each_coding
def test_a_bomb_is_not_unpacked(coding: str) -> None:
    bomb = ENCODE[coding](bytes(64 << 20))
    tracemalloc.start()
    try:
        assert decoded(bomb, coding, 100_000) is Undecoded.TOO_LONG
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


@each_coding
def test_what_is_broken_off_or_goes_on_is_refused(coding: str) -> None:
    content = os.urandom(3_000)
    encoded = ENCODE[coding](content)
    for wrong in (encoded[:-1], encoded[:1_000], b"", b"plain text", encoded + b"x", encoded + encoded):
        assert decoded(wrong, coding, 1 << 20) is Undecoded.UNREADABLE


def test_a_window_that_http_does_not_admit_is_refused() -> None:
    """RFC 9659: a decoder need not hold more than 8 MiB."""
    parameters = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    compressor = zstd.ZstdCompressor(options=parameters)
    encoded = compressor.compress(b"a" * 100) + compressor.flush()
    assert decoded(encoded, "zstd", 1 << 20) is Undecoded.UNREADABLE


@pytest.mark.parametrize(
    ("field", "coding"),
    [(b"gzip", "gzip"), (b" GZip\t", "gzip"), (b"x-gzip", "gzip"), (b"identity", ""), (b"", ""), (b"br", "br")],
)
def test_codings_are_read_in_any_case(field: bytes, coding: str) -> None:
    assert coding_of(field) == coding
