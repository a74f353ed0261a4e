"""The periods by which usage is kept, each known by its first second (UTC)."""

from datetime import UTC, datetime
from typing import Final

from catalog.clock import DAY

HOUR: Final = 3_600


def hour_of(at: int) -> int:
    return at - at % HOUR


def day_of(at: int) -> int:
    return at - at % DAY


def month_of(at: int) -> int:
    date = datetime.fromtimestamp(at, UTC)
    return int(datetime(date.year, date.month, 1, tzinfo=UTC).timestamp())
