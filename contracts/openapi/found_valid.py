"""Which documents this process has found to be valid OpenAPI: to look is most of the work of compiling one.

Of an estate of which one API changes all are compiled again, and those that are as they were need no second look.
What is remembered of a document is a digest, so that it costs next to nothing to remember thousands.
"""

import hashlib
import marshal
from typing import Any, Final

_MOST: Final = 16_384


class FoundValid:
    """Digests of documents. It can be shared by threads: a document that is looked at twice is no harm."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._digests: set[bytes] = set()

    def __contains__(self, digest: bytes | None) -> bool:
        return digest in self._digests

    def add(self, digest: bytes | None) -> None:
        """Remembers a document; where there are too many, those that were remembered before are forgotten."""
        if digest is None:
            return
        if len(self._digests) >= self._most:
            self._digests = set()
        self._digests.add(digest)


def digest_of(value: Any, minor: str) -> bytes | None:
    """What a document is remembered by; None for what is not made of plain values. Unlike JSON this form tells
    every value from every other, and it is ten times as fast."""
    try:
        return hashlib.sha256(minor.encode() + marshal.dumps(value, 2)).digest()  # before 3 it has no references
    except ValueError:
        return None
