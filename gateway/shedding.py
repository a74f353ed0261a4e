"""Overload shedding by priority class: the less critical an API is, the earlier its requests are refused.

What counts are the open requests of this worker. A request is refused before any policy has run, so that refusing
costs next to nothing; the most critical APIs keep the rest of the room to themselves.
"""

from typing import Final

from contracts.problems import Problem, problem

POLICY: Final = "overload"
"""What the record names as having refused."""

SHARES: Final = {1: 1.0, 2: 0.9, 3: 0.8, 4: 0.7}
"""The share of the room that requests to an API may fill, by its criticality."""

OVERLOADED: Final[Problem] = problem(
    "overloaded", "The gateway has too many open requests now.", headers=(("retry-after", "1"),)
)


def room(max_open: int, criticality: int) -> int:
    """Open requests, itself included, up to which a request to an API of that criticality is taken."""
    return max(1, int(max_open * SHARES[criticality]))
