"""Filters that can do without the whole of a long answer.

Whether one can is asked of the object, as many filters cannot. So this is not in `policies.verdict`: that is
compiled, and mypyc leaves nothing of a protocol to ask by.
"""

from typing import Protocol, runtime_checkable

from policies.answer import Answer
from policies.exchange import Exchange
from policies.verdict import Deny


class Rewriting(Protocol):
    """What a filter makes of an answer that comes in pieces. A denial breaks it off."""

    def feed(self, data: bytes, /) -> bytes | Deny:
        """The next piece, and what the client gets now."""
        ...

    def end(self) -> bytes | Deny:
        """There are no more pieces."""
        ...


@runtime_checkable
class Piecewise(Protocol):
    """A filter that can do without the whole of a long answer, which is then not held any longer."""

    def pieces(self, exchange: Exchange, answer: Answer, /) -> Rewriting | None:
        """None where it cannot do without this one."""
        ...
