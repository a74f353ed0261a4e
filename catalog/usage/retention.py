"""How long usage is kept: by the hour for some weeks, by the day for a year and a month.

What is too old goes in the order of its table, a piece at a time in a transaction of its own: gateways go on
reporting meanwhile.
"""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from catalog.clock import DAY, Clock
from catalog.storage.engine import Store
from catalog.storage.tables.usage import usage_callers, usage_days, usage_hours, usage_seen, usage_sources
from catalog.usage.periods import day_of, month_of

_TOGETHER: Final = 100
"""Callers or sights in one transaction: with all their hours of a month some 20 ms on SQLite."""


@dataclass(frozen=True, slots=True)
class Retention:
    """In days: how long counts by the hour, and all others, are kept."""

    hourly: int = 30
    daily: int = 400


async def forget_old_usage(store: Store, clock: Clock, retention: Retention) -> int:
    """Deletes what is too old; how many callers went whole. Raises SQLAlchemyError; what is done then stays."""
    today = day_of(int(clock()))
    oldest_hour = today - min(retention.hourly, retention.daily) * DAY
    oldest_day = today - retention.daily * DAY
    oldest_month = month_of(oldest_day)
    for key, column, oldest in (
        (usage_hours.c.caller, usage_hours.c.hour, oldest_hour),
        (usage_days.c.caller, usage_days.c.day, oldest_day),
        (usage_seen.c.sight, usage_seen.c.month, oldest_month),
    ):
        await _forget_rows(store, key, column, oldest)
    async with store.write() as connection:
        await connection.execute(sa.delete(usage_sources).where(usage_sources.c.reported_at < oldest_day))
        # Since before the month of which anything is left: no other row speaks of them.
        silent = sa.delete(usage_callers).where(usage_callers.c.last_seen < oldest_month)
        return (await connection.execute(silent)).rowcount


async def _forget_rows(store: Store, key: sa.Column[int], column: sa.Column[int], oldest: int) -> None:
    """Deletes rows whose `column` is before `oldest`, in the order of the table's `key`, some keys at a time."""
    at = 0
    while True:
        async with store.write() as connection:
            some = sa.select(key).where(key > at).distinct().order_by(key).limit(_TOGETHER).subquery()
            last = await connection.scalar(sa.select(sa.func.max(some.c[key.name])))
            if last is None:
                return
            await connection.execute(sa.delete(column.table).where(key > at, key <= last, column < oldest))
        at = last
