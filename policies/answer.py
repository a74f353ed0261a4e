"""An answer on its way to the client, and what may be done to it."""

from enum import Enum
from typing import Any, Final

import msgspec

from policies.exchange import Header

MOST_HELD: Final = 4_194_304
"""Bytes of an answer that are held, where a filter needs it whole. A longer one is refused."""


LONG: Final = 1_048_576
"""Bytes of an answer up to which it is held in any case, where a filter needs it whole."""


class Answer:
    """Status, header fields and, where it is there, the whole body. `value` is the body as JSON, once parsed.
    `length` is the body's in bytes where that is known before it is there; to a HEAD, that of a GET's answer.

    The body is never encoded (gzip and the like): the gateway has undone it.
    """

    __slots__ = ("body", "headers", "length", "status", "trial", "value")

    def __init__(self, status: int, headers: list[Header], body: bytes = b"", length: int | None = None) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.length = len(body) if body else length
        self.value: Any = msgspec.UNSET
        self.trial = False
        """Whether changes to it come to nothing: a filter that would have changed what the client gets denies."""

    def copy(self) -> "Answer":
        """One that may be changed while this stays as it is."""
        copy = Answer(self.status, list(self.headers), self.body, self.length)
        copy.trial = True
        return copy

    def field(self, name: bytes) -> bytes | None:
        """The first header field of a (lower-case) name."""
        for each, value in self.headers:
            if len(each) == len(name) and each.lower() == name:
                return value
        return None

    def without(self, *names: bytes) -> None:
        """Drops all fields of these (lower-case) names."""
        self.headers = [header for header in self.headers if header[0].lower() not in names]


class Wish(Enum):
    """What a filter asks for, once it has seen an answer's head."""

    PASS = "pass"  # noqa: S105  (no password)
    """Nothing more: the answer goes on as it comes."""
    WHOLE = "whole"
    """The whole body, before the client gets any of it."""
    COPY = "copy"
    """The whole body, when the client has it. What is said of it then changes nothing."""
