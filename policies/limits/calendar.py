"""The days and months of a time zone, for quotas that begin anew with them.

A day begins where the clocks first show midnight, or, where they jump over it, with the jump. So days may have 23
or 25 hours, and no moment is in none or in two of them.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from contracts.limits import RateLimit

_STEP: Final = 900
"""Seconds: clocks differ from UTC by multiples of a quarter of an hour, so that no period begins within one."""


def period_at(limit: RateLimit, at: float) -> tuple[int, int]:
    """When the period of a `calendar` limit began that a moment is in, and when it ends (Unix seconds)."""
    return _period(limit.period, limit.time_zone, int(at) // _STEP)


@lru_cache(maxsize=512)
def _period(period: str, time_zone: str, step: int) -> tuple[int, int]:
    zone = ZoneInfo(time_zone)
    today = datetime.fromtimestamp(step * _STEP, zone).date()
    if period == "month":
        first = today.replace(day=1)
        return _midnight(first, zone), _midnight((first + timedelta(days=31)).replace(day=1), zone)
    return _midnight(today, zone), _midnight(today + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> int:
    # A midnight that the clocks jump over is read with the offset before the jump (PEP 495), which is the jump.
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
