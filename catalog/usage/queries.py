"""What usage answers: who calls an API's version, how much over time, and what callers were seen to send."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec
import sqlalchemy as sa

from catalog.storage.engine import Store
from catalog.storage.tables.usage import (
    usage_callers,
    usage_days,
    usage_hours,
    usage_seen,
    usage_sights,
    usage_sources,
)
from catalog.usage.guarded import GuardedUse, guarded_uses
from catalog.usage.periods import day_of, hour_of, month_of
from catalog.usage.reported import Reported, reported

Sight: TypeAlias = tuple[str, str, str]
"""Kind, name and value of something that requests can have: see `contracts.usage.fields`."""

Unit = Literal["hour", "day"]

_callers = usage_callers.c


class Calls(msgspec.Struct, frozen=True, gc=False):
    """What one application did at one operation. Both names are empty where nobody has to prove who calls."""

    operation: str
    application: str
    consumer: str
    calls: int
    last_seen: int


class Point(msgspec.Struct, frozen=True):
    """The calls to a version that ended with one status in one hour or day, by its first second. `in_…_ms` are
    those that took at most so long, and longer than the one before says."""

    start: int
    api: str
    version: str
    status: str
    calls: int
    microseconds: int
    bytes: int
    in_25_ms: int
    in_100_ms: int
    in_500_ms: int
    in_2500_ms: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Whose usage, of what and when: what is None is not asked for. `since` and `until` in Unix seconds, the hours
    or days in which they are included."""

    since: int
    until: int
    api: str | None = None
    version: str | None = None
    application: str | None = None


class Seen(msgspec.Struct, frozen=True, gc=False):
    """How many calls of an application had something, and when one had it last."""

    calls: int
    last_seen: int


@dataclass(frozen=True, slots=True)
class Observations:
    """What was observed of a version since `since`: `calls` by operation and application, and of `seen` what was
    asked for, by operation, sight and application. `began` is when the first of its calls was counted, None where
    none was; `lost_calls` are those that gateways could not tell of, to whichever API; `active` are applications
    that called any of the version's operations."""

    since: int
    began: int | None = None
    lost_calls: int = 0
    active: frozenset[str] = frozenset()
    calls: tuple[Calls, ...] = ()
    seen: Mapping[tuple[str, Sight], Mapping[str, Seen]] = field(default_factory=dict)


class UsageQueries:
    """Reads usage. Every method raises SQLAlchemyError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def callers(self, api: str, version: str, since: int) -> tuple[Calls, ...]:
        """Who called a version since the day of `since`, by operation and application, the most calls first."""
        return await self._calls(api, version, None, since)

    async def reported(self, api: str, version: str, since: int) -> tuple[Reported, ...]:
        """What policies would have refused of a version's calls: see `catalog.usage.reported`."""
        return await reported(self._store, api, version, since)

    async def guarded(self, api: str, version: str, since: int) -> tuple[GuardedUse, ...]:
        """What legacy clients use of Odoo through a version: see `catalog.usage.guarded`."""
        return await guarded_uses(self._store, api, version, since)

    async def last_call(self, api: str, version: str) -> int | None:
        """When a version was called last, by whomever; None where it never was, or too long ago to be kept."""
        ours = (_callers.api == api) & (_callers.version == version)
        row = await self._store.one(sa.select(sa.func.max(_callers.last_seen)).where(ours))
        return None if row is None else row[0]

    async def points(self, selection: Selection, by: Unit, limit: int) -> tuple[Point, ...]:
        """Counts over time, the oldest first, and at most `limit` of them."""
        table, floor = (usage_days, day_of) if by == "day" else (usage_hours, hour_of)
        start = table.c[by]
        sums = [sa.cast(sa.func.sum(table.c[name]), sa.BigInteger) for name in Point.__struct_fields__[4:]]
        wanted = [start >= floor(selection.since), start <= floor(selection.until)]
        for name in ("api", "version", "application"):
            value = getattr(selection, name)
            if value is not None:
                wanted.append(_callers[name] == value)
        key = (start, _callers.api, _callers.version, table.c.status)
        rows = await self._store.all(
            sa.select(*key, *sums)
            .select_from(usage_callers.join(table, table.c.caller == _callers.id))
            .where(*wanted)
            .group_by(*key)
            .order_by(*key)
            .limit(limit)
        )
        return tuple(Point(*row) for row in rows)

    async def observations(
        self,
        api: str,
        version: str,
        *,
        operations: Collection[str] | None,
        sights: Iterable[tuple[str, Sight]],
        since: int,
    ) -> Observations:
        """What was observed at `operations` (None: at all), and of `sights`, each of an operation.

        Calls are counted from the day of `since` on. Sights are kept by month: those count whole whose last calls
        were since then, from the first of that month on.
        """
        ours = (_callers.api == api) & (_callers.version == version)
        began = await self._store.one(sa.select(sa.func.min(_callers.first_seen)).where(ours))
        heard = usage_sources.c.reported_at >= since
        lost = await self._store.one(
            sa.select(sa.cast(sa.func.coalesce(sa.func.sum(usage_sources.c.lost_calls), 0), sa.BigInteger)).where(
                heard
            )
        )
        active = await self._store.all(
            sa.select(_callers.application).distinct().where(ours, _callers.last_seen >= since)
        )
        return Observations(
            since,
            began[0] if began is not None else None,
            lost[0] if lost is not None else 0,
            frozenset(each[0] for each in active),
            await self._calls(api, version, operations, since),
            await self._seen(api, version, sights, since),
        )

    async def _calls(
        self, api: str, version: str, operations: Collection[str] | None, since: int
    ) -> tuple[Calls, ...]:
        ours = [_callers.api == api, _callers.version == version, _callers.last_seen >= since]
        if operations is not None:
            ours.append(_callers.operation.in_(operations))
        # Summed up caller by caller: a join of all their days would be sorted before it is grouped.
        days = usage_days.c
        mine = (days.caller == _callers.id) & (days.day >= day_of(since))
        total = sa.select(sa.cast(sa.func.sum(days.calls), sa.BigInteger)).where(mine).scalar_subquery()
        columns = (_callers.operation, _callers.application, _callers.consumer)
        rows = await self._store.all(sa.select(*columns, total, _callers.last_seen).where(*ours))
        # Whose days were forgotten before their caller was has none.
        calls = [Calls(*row) for row in rows if row[3] is not None]
        return tuple(sorted(calls, key=lambda each: (-each.calls, each.application, each.operation)))

    async def _seen(
        self, api: str, version: str, sights: Iterable[tuple[str, Sight]], since: int
    ) -> dict[tuple[str, Sight], dict[str, Seen]]:
        wanted = set(sights)
        if not wanted:
            return {}
        things = usage_sights.c
        asked = (things.operation, things.kind, things.name, things.value)
        known = await self._store.all(
            sa.select(things.id, *asked).where(
                things.api == api,
                things.version == version,
                things.operation.in_({operation for operation, _ in wanted}),
            )
        )
        ids = {row[0]: (row[1], (row[2], row[3], row[4])) for row in known}
        ids = {number: thing for number, thing in ids.items() if thing in wanted}
        ours = (_callers.api == api) & (_callers.version == version)
        named = await self._store.all(sa.select(_callers.id, _callers.application).where(ours))
        callers = {row[0]: row[1] for row in named}
        columns = usage_seen.c
        last = sa.func.max(columns.last_seen)
        rows = await self._store.all(
            sa.select(columns.sight, columns.caller, sa.cast(sa.func.sum(columns.calls), sa.BigInteger), last)
            .where(columns.sight.in_(ids), columns.month >= month_of(since))
            .group_by(columns.sight, columns.caller)
            .having(last >= since)
        )
        found: dict[tuple[str, Sight], dict[str, Seen]] = {}
        for number, caller, calls, at in rows:
            found.setdefault(ids[number], {})[callers[caller]] = Seen(calls, at)
        return found
