"""A JSON array that comes in pieces: each of its items goes through as soon as it is whole.

Where an item ends is found without reading it: by its brackets, outside of strings (RFC 8259 §2). What stands
between two commas is then read like an answer of its own, so that no text that is not JSON passes.
"""

import re
from typing import Final

import msgspec

from policies.classifying.views import Effect, Run, UnreadableError, encoded

_STRING: Final = rb'"(?:[^"\\]++|\\.)*+"'
_INSIDE: Final = re.compile(rb'(?:[^"\[\]{}]++|%b)*+([\[\]{}])' % _STRING, re.S)
"""Up to the next bracket, in an item that has one open."""
_BETWEEN: Final = re.compile(rb'(?:[^"\[\]{},]++|%b)*+([\[\]{},])' % _STRING, re.S)
"""Up to the next bracket or comma, where none is open but the array's own."""
_SPACE: Final = b" \t\r\n"
_value = msgspec.json.Decoder(msgspec.Raw).decode


class ArrayPieces:
    """What is left of such an array. `longest` bounds an item, in bytes. Raises UnreadableError."""

    __slots__ = (
        "_buffer",
        "_closed",
        "_comma",
        "_depth",
        "_effect",
        "_longest",
        "_opened",
        "_read",
        "_run",
        "_scanned",
    )

    def __init__(self, effect: Effect, longest: int) -> None:
        """`effect` is what becomes of an item."""
        self._effect = effect
        self._longest = longest
        self._buffer = b""
        self._scanned = 0  # bytes of it in which the item's end is not
        self._depth = 0
        self._opened = self._closed = False
        self._read = 0  # items
        self._comma = b""  # what stands before the next that is written
        self._run = Run()

    def feed(self, data: bytes) -> bytes:
        """The next piece, and what can be written now."""
        self._buffer += data
        made: list[bytes] = []
        if not self._opened:
            self._buffer = self._buffer.lstrip(_SPACE)
            if not self._buffer:
                return b""
            if self._buffer[0] != ord("["):
                raise UnreadableError
            self._opened, self._buffer = True, self._buffer[1:]
            made.append(b"[")
        start = 0
        while not self._closed:
            found = (_INSIDE if self._depth else _BETWEEN).match(self._buffer, self._scanned)
            if found is None:
                break
            self._scanned = found.end()
            start = self._token(found[1], start, made)
        self._buffer = self._buffer[start:]
        self._scanned -= start
        if self._closed and self._buffer.strip(_SPACE):
            raise UnreadableError
        if len(self._buffer) > self._longest:
            raise UnreadableError
        return b"".join(made)

    def end(self) -> bytes:
        """Nothing more comes."""
        if not self._closed:
            raise UnreadableError
        return b""

    def _token(self, token: bytes, start: int, made: list[bytes]) -> int:
        """Where the next item starts, after a bracket or comma that ends at what is scanned."""
        if token in b"[{":
            self._depth += 1
        elif self._depth:
            self._depth -= 1
        elif token == b"}":
            raise UnreadableError
        else:
            self._item(self._buffer[start : self._scanned - 1].strip(_SPACE), token, made)
            return self._scanned
        return start

    def _item(self, text: bytes, token: bytes, made: list[bytes]) -> None:
        self._closed = token == b"]"
        if text or self._read or not self._closed:
            self._read += 1
            try:
                left = self._effect(_value(text), self._run, 1)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise UnreadableError from error
            if left is not None:
                made.append(self._comma + encoded(left))
                self._comma = b","
        if self._closed:
            made.append(b"]")
