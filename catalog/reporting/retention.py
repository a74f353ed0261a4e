"""How long reports are kept: failures for some weeks, the state of a process that is gone for a week."""

from typing import Final

import sqlalchemy as sa

from catalog.clock import DAY, Clock
from catalog.storage.engine import Store
from catalog.storage.tables.gateway_reports import failures, gateway_reports

_GONE_DAYS: Final = 7
_TOGETHER: Final = 5_000
"""Failures in one transaction: gateways go on reporting meanwhile."""


async def forget_old_reports(store: Store, clock: Clock, days: int) -> int:
    """Deletes failures that are older than `days`; how many. Raises SQLAlchemyError; what is done then stays."""
    now = int(clock())
    async with store.write() as connection:
        old = gateway_reports.c.reported_at < now - _GONE_DAYS * DAY
        await connection.execute(sa.delete(gateway_reports).where(old))
    gone = 0
    while True:
        async with store.write() as connection:
            oldest = (
                sa.select(failures.c.number)
                .where(failures.c.at < now - days * DAY)
                .limit(_TOGETHER)
                .scalar_subquery()
            )
            done = (await connection.execute(sa.delete(failures).where(failures.c.number.in_(oldest)))).rowcount
        gone += done
        if done < _TOGETHER:
            return gone
