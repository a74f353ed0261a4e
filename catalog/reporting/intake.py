"""Reports taken in: the newest state of each process, and the failures of its sample.

A report is taken once, by its number. How many failures of one application are kept in a day is bounded here too:
a sample is bounded by the process and the interval, and of both there are many.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.storage.engine import Store
from catalog.storage.tables.gateway_reports import failures, gateway_reports
from catalog.usage.periods import day_of
from contracts.usage import report as wire
from contracts.usage.report import Failure, GatewayReport

MOST_A_DAY: Final = 2_000
"""Failures that are kept of one application in a day (UTC)."""


class ReportIntake:
    """Takes reports. `clock` gives Unix seconds; what a gateway's clock dates later is dated by it."""

    def __init__(self, store: Store, clock: Clock, most_a_day: int = MOST_A_DAY) -> None:
        self._store = store
        self._clock = clock
        self._most_a_day = most_a_day

    async def take(self, report: GatewayReport) -> bool:
        """Keeps a report; False where it is a repetition, which changes nothing. Raises SQLAlchemyError."""
        now = int(self._clock())
        async with self._store.write() as connection:
            if not await _is_next(connection, report, now):
                return False
            rows = [_row(each, report.gateway, now) for each in report.failures]
            kept = await self._within_the_day(connection, rows, now)
            if kept:
                await connection.execute(sa.insert(failures), kept)
        return True

    async def _within_the_day(
        self, connection: AsyncConnection, rows: Iterable[dict[str, Any]], now: int
    ) -> list[dict[str, Any]]:
        known: dict[str, int] = {}
        kept = []
        for row in rows:
            name = row["application"]
            if name not in known:
                known[name] = await _counted(connection, name, day_of(now), self._most_a_day)
            if known[name] < self._most_a_day:
                known[name] += 1
                kept.append(row)
        return kept


async def _is_next(connection: AsyncConnection, report: GatewayReport, now: int) -> bool:
    """Whether it is newer than what its process has told; then it is the newest from now on."""
    columns = gateway_reports.c
    mine = columns.gateway == report.gateway
    known = (await connection.execute(sa.select(columns.boot, columns.sequence).where(mine))).one_or_none()
    values = {
        "boot": report.boot,
        "sequence": report.sequence,
        "reported_at": now,
        "report": wire.encode(msgspec.structs.replace(report, failures=(), mismatched=())).decode(),
    }
    if known is None:
        await connection.execute(sa.insert(gateway_reports).values(gateway=report.gateway, **values))
        return True
    if known.boot == report.boot and report.sequence <= known.sequence:
        return False
    await connection.execute(sa.update(gateway_reports).where(mine).values(**values))
    return True


async def _counted(connection: AsyncConnection, application: str, since: int, most: int) -> int:
    """How many failures of the application there are since then, as far as that matters."""
    columns = failures.c
    newest = (
        sa.select(columns.at)
        .where(columns.application == application)
        .order_by(columns.number.desc())
        .limit(most)
        .subquery()
    )
    found = await connection.scalar(sa.select(sa.func.count()).select_from(newest).where(newest.c.at >= since))
    return int(found or 0)


def _row(failure: Failure, gateway: str, now: int) -> dict[str, Any]:
    return {**msgspec.structs.asdict(failure), "at": min(failure.at, now), "gateway": gateway}
