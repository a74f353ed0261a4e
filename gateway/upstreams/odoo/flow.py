"""How fast a line moves, and so how long the last in it has to wait. Pure: time is given."""

from typing import Final

_SHARE: Final = 0.1
"""Of the newest interval in the average: a few dozen turns say how fast it goes now."""


class Flow:
    """Of a line of whose first `abreast` may go together; `least` is the shortest time between two turns that is
    known beforehand. All times are seconds.

    What counts is how turns really follow each other, whatever holds them up: other workers, a slow upstream, or a
    pace. While none comes, each moment that passes makes the expectation worse.
    """

    __slots__ = ("_abreast", "_average", "_last", "_least")

    def __init__(self, abreast: int, least: float = 0.0) -> None:
        self._abreast = abreast
        self._least = least
        self._average: float | None = None
        self._last = 0.0

    def began(self, now: float) -> None:
        """Somebody waits, and nobody did before: what passed until now says nothing."""
        self._last = now

    def moved(self, now: float) -> None:
        """One who waited has the turn."""
        interval = now - self._last
        self._last = now
        known = self._average
        self._average = interval if known is None else known + _SHARE * (interval - known)

    def expected(self, place: int, now: float) -> float:
        """Until who is at that place of the line, from 1, has the turn. The first is told the least: by whom else
        would be found out that it goes faster now? Nor is anybody told more than there is to go by."""
        if place <= 1:
            return self._least
        stalled = (now - self._last) / self._abreast
        return place * max(self._average or 0.0, stalled, self._least)
