"""Large data handled in a worker thread, a piece at a time with a rest after each.

Hashing or copying many megabytes in one go takes the core from the event loop for as long as the system likes,
where a process has one core to itself, and whoever waits for an answer meanwhile waits for that.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from contracts.snapshot import Data

PIECE: Final = 1 << 17
"""Bytes; a tenth of a millisecond of hashing."""
REST: Final = 0.000_5
"""Seconds."""


def in_pieces(data: Data | memoryview) -> Iterator[memoryview]:
    """The data, for the caller to do something with each piece."""
    with memoryview(data) as view:
        for start in range(0, len(view), PIECE):
            if start:
                time.sleep(REST)
            yield view[start : start + PIECE]


def digest_in_pieces(data: Data) -> str:
    """As `contracts.snapshot.digest_of`."""
    digest = hashlib.sha256()
    for piece in in_pieces(data):
        digest.update(piece)
    return "sha256:" + digest.hexdigest()


def joined_in_pieces(parts: Iterable[Data | memoryview]) -> tuple[bytearray, str]:
    """The parts, one after the other, and the digest of that, as `contracts.snapshot.digest_of`."""
    joined, digest = bytearray(), hashlib.sha256()
    for part in parts:
        for piece in in_pieces(part):
            joined += piece
            digest.update(piece)
    return joined, "sha256:" + digest.hexdigest()


def read_in_pieces(path: Path) -> bytearray:
    """A file's content. Raises OSError."""
    with path.open("rb", buffering=0) as file:
        data = bytearray()
        while piece := file.read(PIECE):
            if data:
                time.sleep(REST)
            data += piece
    return data
