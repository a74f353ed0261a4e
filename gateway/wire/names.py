"""What is decided about a field by its name alone, or of a host, once for each spelling of it.

They come from outside. So a table holds only so many of so many bytes, and the rest is decided each time.
"""

from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

KNOWN: Final = 2048
"""Spellings that are held."""
SHORT: Final = 64
"""Bytes of the longest that is."""


class NameTable(dict[bytes, T]):
    """Maps a name, as spelled, to what `decide` says of it."""

    def __init__(self, decide: Callable[[bytes], T]) -> None:
        super().__init__()
        self._decide = decide

    def __missing__(self, name: bytes) -> T:
        decided = self._decide(name)
        if len(self) < KNOWN and len(name) <= SHORT:
            self[name] = decided
        return decided
