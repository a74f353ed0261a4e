"""How long usage is kept: by the hour for some weeks, by the day for a year and a month.

What is too old goes caller by caller, a few at a time in a transaction of their own: gateways go on reporting.
"""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from catalog.clock import Clock
from catalog.storage.engine import Store
from catalog.storage.tables.usage import usage_callers, usage_days, usage_hours, usage_seen, usage_sources
from catalog.usage.periods import DAY, day_of, month_of

_CALLERS: Final = 100
"""In one transaction: with all their hours of a month some 20 ms on SQLite."""


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
    gone, after = 0, 0
    while True:
        async with store.write() as connection:
            numbers = sa.select(usage_callers.c.id).where(usage_callers.c.id > after)
            chosen = (await connection.scalars(numbers.order_by(usage_callers.c.id).limit(_CALLERS))).all()
            if not chosen:
                break
            for column, oldest in (
                (usage_hours.c.hour, oldest_hour),
                (usage_days.c.day, oldest_day),
                (usage_seen.c.month, month_of(oldest_day)),
            ):
                table = column.table
                of_them = table.c.caller.between(chosen[0], chosen[-1])
                await connection.execute(sa.delete(table).where(of_them, column < oldest))
            silent = usage_callers.c.id.in_(chosen) & (usage_callers.c.last_seen < oldest_day)
            found = (await connection.scalars(sa.select(usage_callers.c.id).where(silent))).all()
            if found:
                for table in (usage_hours, usage_days, usage_seen):
                    await connection.execute(sa.delete(table).where(table.c.caller.in_(found)))
                await connection.execute(sa.delete(usage_callers).where(usage_callers.c.id.in_(found)))
            gone += len(found)
        after = chosen[-1]
    async with store.write() as connection:
        await connection.execute(sa.delete(usage_sources).where(usage_sources.c.reported_at < oldest_day))
    return gone
