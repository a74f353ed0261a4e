"""Time as a collaborator, so that tests can move it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

DAY: Final = 86_400
"""Seconds of one."""

Clock = Callable[[], float]
"""Wall-clock time in Unix seconds."""


def system_clock() -> float:
    """The machine's own clock."""
    return time.time()


def moment(seconds: float) -> datetime:
    """Unix seconds, as the admin API shows them: a whole second in UTC (RFC 3339 once it is JSON)."""
    return datetime.fromtimestamp(int(seconds), UTC)


def rfc3339(at: datetime | float) -> str:
    """A moment of UTC, or Unix seconds, as a text that the admin API takes: a whole second (RFC 3339)."""
    return (at if isinstance(at, datetime) else moment(at)).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_or_none(seconds: float | None) -> datetime | None:
    """The same for what may not have happened."""
    return None if seconds is None else moment(seconds)
