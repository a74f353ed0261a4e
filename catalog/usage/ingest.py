"""Batches taken in. All of a batch is in one transaction with its number, so that it counts once or not at all.

An hour and its day are counted at the same time: what is rolled up later can be rolled up twice, or be missing
while somebody looks.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.credentials.uses import note_uses
from catalog.storage.engine import Store
from catalog.storage.tables.usage import (
    usage_callers,
    usage_days,
    usage_hours,
    usage_seen,
    usage_sights,
    usage_sources,
)
from catalog.usage.periods import day_of, hour_of, month_of
from contracts.usage.batch import Batch, Row

Name = tuple[str, str, str, str]
"""Of a caller: API, version, operation, application."""

Thing = tuple[str, str, str, str, str, str]
"""What can be seen: API, version, operation; kind, name, value."""

_COUNTS: Final = ("calls", "microseconds", "bytes", "in_25_ms", "in_100_ms", "in_500_ms", "in_2500_ms")


class UsageIntake:
    """Takes batches. `clock` gives Unix seconds; what a gateway's clock dates later is dated by it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def take(self, batch: Batch) -> bool:
        """Adds a batch; False where it is a repetition, which changes nothing. Raises SQLAlchemyError."""
        now = int(self._clock())
        async with self._store.write() as connection:
            if not await _is_next(connection, batch, now):
                return False
            ids = await _callers(connection, batch.rows, now)
            begin = min(batch.begin, now)
            hours = list(_tallies(batch.rows, ids))
            for table, unit, value in (
                (usage_hours, "hour", hour_of(begin)),
                (usage_days, "day", day_of(begin)),
            ):
                await _add(connection, table, [{**row, unit: value} for row in hours], _COUNTS)
            sights = await _sights(connection, batch.rows)
            seen = list(_seen(batch.rows, ids, sights, now))
            await _add(connection, usage_seen, seen, ("calls",), latest=("last_seen",))
            await note_uses(connection, batch.credentials, now)
        return True


async def _is_next(connection: AsyncConnection, batch: Batch, now: int) -> bool:
    """Whether the number is above all that its process had taken; then it is the highest from now on."""
    columns = usage_sources.c
    mine = (columns.gateway == batch.gateway) & (columns.boot == batch.boot)
    known = await connection.scalar(sa.select(columns.sequence).where(mine))
    values: dict[str, Any] = {
        "sequence": batch.sequence,
        "reported_at": now,
        "lost_batches": batch.lost.batches,
        "lost_calls": batch.lost.calls,
    }
    if known is None:
        new = sa.insert(usage_sources).values(gateway=batch.gateway, boot=batch.boot, **values)
        await connection.execute(new)
        return True
    if batch.sequence <= known:
        return False
    await connection.execute(sa.update(usage_sources).where(mine).values(**values))
    return True


async def _callers(connection: AsyncConnection, rows: Iterable[Row], now: int) -> dict[Name, int]:
    """The number of each caller. Who is new gets one; of the others it is noted that they called again."""
    named = {_name(row): row for row in rows}
    ids = await _known(connection, list(named))
    again = [
        {
            "id_": ids[name],
            "consumer_": row.consumer,
            "first_": min(row.first, now),
            "last_": min(row.last, now),
        }
        for name, row in named.items()
        if name in ids
    ]
    if again:
        columns = usage_callers.c
        first = sa.bindparam("first_", type_=sa.BigInteger)
        last = sa.bindparam("last_", type_=sa.BigInteger)
        await connection.execute(
            sa.update(usage_callers)
            .where(columns.id == sa.bindparam("id_"))
            .values(
                consumer=sa.bindparam("consumer_"),
                first_seen=sa.case((columns.first_seen < first, columns.first_seen), else_=first),
                last_seen=sa.case((columns.last_seen > last, columns.last_seen), else_=last),
            ),
            again,
        )
    new = [name for name in named if name not in ids]
    if new:
        await connection.execute(sa.insert(usage_callers), [_caller(named[name], now) for name in new])
        ids |= await _known(connection, new)
    return ids


async def _known(connection: AsyncConnection, names: list[Name]) -> dict[Name, int]:
    columns = usage_callers.c
    key = sa.tuple_(columns.api, columns.version, columns.operation, columns.application)
    found = await connection.execute(
        sa.select(columns.id, columns.api, columns.version, columns.operation, columns.application).where(
            key.in_(names)
        )
    )
    return {(row.api, row.version, row.operation, row.application): row.id for row in found}


def _name(row: Row) -> Name:
    return row.api, row.version, row.operation, row.application


def _caller(row: Row, now: int) -> dict[str, Any]:
    return {
        "api": row.api,
        "version": row.version,
        "operation": row.operation,
        "application": row.application,
        "consumer": row.consumer,
        "first_seen": min(row.first, now),
        "last_seen": min(row.last, now),
    }


def _tallies(rows: Iterable[Row], ids: dict[Name, int]) -> Iterator[dict[str, Any]]:
    for row in rows:
        for tally in row.tallies:
            buckets = tally.buckets
            yield {
                "caller": ids[_name(row)],
                "status": tally.status,
                "calls": tally.calls,
                "microseconds": tally.microseconds,
                "bytes": tally.bytes,
                "in_25_ms": buckets[0],
                "in_100_ms": buckets[1],
                "in_500_ms": buckets[2],
                "in_2500_ms": buckets[3],
            }


async def _sights(connection: AsyncConnection, rows: Iterable[Row]) -> dict[Thing, int]:
    """The number of each thing that was seen. What was never seen before gets one."""
    wanted = {thing for row in rows for thing in _things(row)}
    operations = {thing[:3] for thing in wanted}
    columns = usage_sights.c
    names = ("api", "version", "operation", "kind", "name", "value")
    query = sa.select(columns.id, *(columns[name] for name in names)).where(
        sa.tuple_(columns.api, columns.version, columns.operation).in_(operations)
    )

    async def known() -> dict[Thing, int]:
        return {(a, b, c, d, e, f): number for number, a, b, c, d, e, f in await connection.execute(query)}

    ids = await known()
    new = wanted - ids.keys()
    if new:
        values = [dict(zip(names, thing, strict=True)) for thing in sorted(new)]
        await connection.execute(sa.insert(usage_sights), values)
        ids = await known()
    return ids


def _things(row: Row) -> Iterator[Thing]:
    for sight in row.seen:
        yield row.api, row.version, row.operation, sight.kind, sight.name, sight.value


def _seen(
    rows: Iterable[Row], ids: dict[Name, int], sights: dict[Thing, int], now: int
) -> Iterator[dict[str, Any]]:
    for row in rows:
        last = min(row.last, now)
        for thing, sight in zip(_things(row), row.seen, strict=True):
            yield {
                "sight": sights[thing],
                "caller": ids[_name(row)],
                "month": month_of(last),
                "calls": sight.calls,
                "last_seen": last,
            }


async def _add(
    connection: AsyncConnection,
    table: sa.Table,
    rows: list[dict[str, Any]],
    counts: Iterable[str],
    latest: Iterable[str] = (),
) -> None:
    """Adds counts to the rows with the same key, and keeps the `latest` times."""
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(table)
    columns, added = table.c, new.excluded
    values = {name: columns[name] + added[name] for name in counts}
    values |= {name: sa.case((columns[name] > added[name], columns[name]), else_=added[name]) for name in latest}
    await connection.execute(new.on_conflict_do_update(index_elements=list(table.primary_key), set_=values), rows)
