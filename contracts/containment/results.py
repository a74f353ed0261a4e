"""What the search for an instance ends with, and the bound on its work."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

NEVER_OPEN: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Found:
    """An instance, checked."""

    value: Any


@dataclass(frozen=True, slots=True)
class Empty:
    """There is none. `low` is the depth of the outermost open question whose emptiness was assumed: an instance
    that needs a smaller one of its own kind inside itself is never the smallest."""

    low: int = NEVER_OPEN


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody knows; the reason is the rest of a sentence."""

    reason: str


Result = Found | Empty | Lost
NEVER: Final = Empty()


class Exhausted(Exception):
    """The question needs more work than its budget."""


@dataclass(slots=True)
class Budget:
    """Steps that are left; one is about 20 µs of work."""

    left: int

    def spend(self, steps: int = 1) -> None:
        """Raises Exhausted."""
        self.left -= steps
        if self.left < 0:
            raise Exhausted


@dataclass(slots=True)
class Tally:
    """Adds up the results of alternatives of which none had an instance."""

    low: int = NEVER_OPEN
    reason: str = ""

    def add(self, result: Result) -> None:
        if isinstance(result, Empty):
            self.low = min(self.low, result.low)
        elif isinstance(result, Lost):
            self.reason = self.reason or result.reason

    def add_all(self, results: Iterable[Result]) -> None:
        for result in results:
            self.add(result)

    @property
    def result(self) -> Empty | Lost:
        if self.reason:
            return Lost(self.reason)
        return NEVER if self.low == NEVER_OPEN else Empty(self.low)
