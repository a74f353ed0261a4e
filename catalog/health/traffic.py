"""Calls of APIs over time, as far as promises are about them: how many, how many failed, how long they took."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec
import sqlalchemy as sa

from catalog.storage.engine import Store
from catalog.storage.tables.usage import usage_callers, usage_days, usage_hours
from catalog.usage.periods import day_of, hour_of
from catalog.usage.queries import Unit
from contracts.usage.batch import ABORTED

BOUNDS_MS: Final = (25, 100, 500, 2500)
"""Upper bounds of the counts of durations that usage keeps, in milliseconds."""

_CLIENT_GONE: Final = "499"
_callers = usage_callers.c


class Traffic(msgspec.Struct, frozen=True, gc=False):
    """Calls to a version in one hour or day, by its first second. `bad` are those that failed by no fault of who
    called: a status of 500 or above, or an answer that broke off. Calls that their clients gave up do not count at
    all. `within` are calls by how long they took, each bucket without the one before (see `BOUNDS_MS`)."""

    start: int
    api: str
    version: str
    calls: int
    bad: int
    within: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Sum:
    """All of some traffic."""

    calls: int = 0
    bad: int = 0
    within: tuple[int, ...] = (0, 0, 0, 0)

    @property
    def bad_share(self) -> float | None:
        """None where nothing was called."""
        return self.bad / self.calls if self.calls else None


def total(traffic: Iterable[Traffic]) -> Sum:
    """The sum."""
    calls, bad, within = 0, 0, [0, 0, 0, 0]
    for each in traffic:
        calls += each.calls
        bad += each.bad
        within = [one + other for one, other in zip(within, each.within, strict=True)]
    return Sum(calls, bad, tuple(within))


async def traffic(store: Store, since: int, by: Unit, api: str | None = None) -> tuple[Traffic, ...]:
    """Of one API, or of all, from the hour or day of `since` on. Raises SQLAlchemyError."""
    table, floor = (usage_days, day_of) if by == "day" else (usage_hours, hour_of)
    start, columns = table.c[by], table.c
    bad = columns.status.like("5%") | (columns.status == ABORTED)
    sums = [
        sa.cast(sa.func.sum(each), sa.BigInteger)
        for each in (
            columns.calls,
            sa.case((bad, columns.calls), else_=0),
            columns.in_25_ms,
            columns.in_100_ms,
            columns.in_500_ms,
            columns.in_2500_ms,
        )
    ]
    # Who was not seen since has no row since: of a table without an index on time only some are looked at.
    wanted = [start >= floor(since), _callers.last_seen >= floor(since), columns.status != _CLIENT_GONE]
    if api is not None:
        wanted.append(_callers.api == api)
    key = (start, _callers.api, _callers.version)
    rows = await store.all(
        sa.select(*key, *sums)
        .select_from(usage_callers.join(table, columns.caller == _callers.id))
        .where(*wanted)
        .group_by(*key)
        .order_by(*key)
    )
    return tuple(
        Traffic(at, api, version, calls, bad, (*within,)) for at, api, version, calls, bad, *within in rows
    )
