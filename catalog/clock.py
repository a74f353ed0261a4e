"""Time as a collaborator, so that tests can move it."""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Wall-clock time in Unix seconds."""


def system_clock() -> float:
    """The machine's own clock."""
    return time.time()
