"""Time as a collaborator, so that tests can move it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]
"""Wall-clock time in Unix seconds."""


def system_clock() -> float:
    """The machine's own clock."""
    return time.time()


def moment(seconds: float) -> datetime:
    """Unix seconds, as the admin API shows them: a whole second in UTC (RFC 3339 once it is JSON)."""
    return datetime.fromtimestamp(int(seconds), UTC)


def moment_or_none(seconds: float | None) -> datetime | None:
    """The same for what may not have happened."""
    return None if seconds is None else moment(seconds)
