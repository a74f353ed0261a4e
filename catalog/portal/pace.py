"""How fast one session may ask for pages and send forms: a person does not notice it, a program that was given a
person's cookie does.

The generic cell rate algorithm (ITU-T I.371): of each session only the moment is kept by which what it has asked
for would be over at the rate admitted. Each process counts for itself.
"""

import math
from typing import Final

from cachetools import LRUCache

from catalog.clock import Clock
from catalog.portal.speech import translated
from contracts.problems import Problem, problem

_ROUNDING: Final = 1e-6
_SESSIONS: Final = 20_000
"""So many are counted, those that asked last: 2 MB."""


class Pace:
    """`burst` requests at once, and `each_minute` for as long as one likes. `clock` gives Unix seconds."""

    def __init__(self, clock: Clock, burst: int, each_minute: int) -> None:
        self._clock = clock
        self._interval = 60 / each_minute
        self._burst = burst
        self._over: LRUCache[str, float] = LRUCache(_SESSIONS)

    def refusal(self, session: str) -> Problem | None:
        """None for a request that is in time; it is counted. What is refused is not, so trying costs nothing."""
        now = self._clock()
        most = now + self._burst * self._interval
        kept = self._over.get(session, now)
        if kept - most > _ROUNDING:
            kept = now  # further away than a burst can lead: the clock was set back since
        over = max(kept, now) + self._interval
        if over - most > _ROUNDING:
            wait = max(1, math.ceil(over - most))
            detail = translated(
                "This session asks faster than people do. Try again in %(wait)s s; nothing was changed.", wait=wait
            )
            return problem("too-many-requests", detail, headers=(("Retry-After", str(wait)),))
        self._over[session] = over
        return None
