"""The gateway processes that reported lately, and how each of them is."""

from dataclasses import dataclass
from typing import Final

import msgspec
import sqlalchemy as sa

from catalog.clock import DAY
from catalog.storage.engine import Store
from catalog.storage.tables.gateway_reports import gateway_reports
from contracts.usage import report as wire
from contracts.usage.report import GatewayReport

MISSED: Final = 4
"""Intervals without a report after which a process is taken for silent."""
REMEMBERED: Final = DAY
"""Seconds for which a process that is silent is shown; one that was replaced has another name."""

_LEAST: Final = 30.0


@dataclass(frozen=True, slots=True)
class Process:
    """A process as it was at `reported_at` (Unix seconds), the catalog's time."""

    report: GatewayReport
    reported_at: int

    def silent(self, now: float) -> bool:
        """Whether it should have reported again since."""
        return now - self.reported_at > max(MISSED * self.report.interval, _LEAST)


async def processes(store: Store, now: float) -> tuple[Process, ...]:
    """Those that reported in the last day, by name. Raises SQLAlchemyError."""
    columns = gateway_reports.c
    rows = await store.all(
        sa.select(columns.report, columns.reported_at)
        .where(columns.reported_at >= int(now) - REMEMBERED)
        .order_by(columns.gateway)
    )
    found = []
    for text, reported_at in rows:
        try:
            found.append(Process(wire.decode(text.encode()), reported_at))
        except msgspec.DecodeError:
            continue  # of a later version of the catalog, which this one was put back from
    return tuple(found)
