"""A copy of a call on its way to a mirror, and the port by which it is sent."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from policies.exchange import Exchange, Forward
from policies.shadows.answers import Comparison, Side
from policies.shadows.report import MirrorCounts

MARK: Final = "x-ostiary-mirror"
"""The header field by which a mirror can tell a copy from a call that somebody waits for; and what is noted on the
exchange of a copy."""


class Pair:
    """The two answers as they come in, in whatever order. When both are there, who waits for that is called, once.
    `head` is the caller's as far as its head tells it."""

    __slots__ = ("_complete", "copy", "head", "original")

    def __init__(self) -> None:
        self.head: Side | None = None
        self.original: Side | None = None
        self.copy: Side | None = None
        self._complete: Callable[[], None] | None = None

    def when_complete(self, call: Callable[[], None]) -> None:
        self._complete = call
        self._look()

    def answered(self, side: Side) -> None:
        """What the caller was answered; only the first word counts."""
        if self.original is None:
            self.original = side
            self._look()

    def mirrored(self, side: Side) -> None:
        """What the mirror answered."""
        self.copy = side
        self._look()

    def _look(self) -> None:
        call = self._complete
        if call is not None and self.original is not None and self.copy is not None:
            self._complete = None
            call()


@dataclass(frozen=True, slots=True)
class Shadow:
    """What is sent to `upstream`: `request` to one over HTTP, and to an Odoo what the exchange's mapping says. The
    mirror has `timeout` seconds. `comparison` is None where answers are not compared."""

    upstream: str
    exchange: Exchange
    request: Forward
    timeout: float
    report: MirrorCounts
    pair: Pair
    comparison: Comparison | None


class Mirroring(Protocol):
    """Sends copies of calls."""

    def send(self, shadow: Shadow, /) -> None:
        """Sends it in the background, counts what comes of it in its report, and compares the answers. Neither
        waits nor raises."""
        ...


class NoMirroring:
    """Sends nothing."""

    def send(self, shadow: Shadow, /) -> None:
        shadow.report.count("dropped", "no-mirroring")
