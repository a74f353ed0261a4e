"""Purges in the store. Every function raises SQLAlchemyError."""

from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.publishing.transaction import Amend
from catalog.storage.tables.purges import purges
from contracts.access import PURGES_KEPT, AccessPart, Purge

_columns = purges.c


class PurgeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A purge, and who wanted it. `at` in Unix seconds."""

    number: int
    api: str
    version: str
    operation: str
    path: str
    tag: str
    at: int
    by: str
    reason: str

    @property
    def purge(self) -> Purge:
        """What gateways are told."""
        return Purge(self.number, self.api, self.version, self.operation, self.path, self.tag)


def in_force(now: float) -> sa.Select[*tuple[Any, ...]]:
    """Those that gateways are still told of, the newest first, by `record_of`."""
    query = sa.select(purges).where(_columns.at > int(now) - PURGES_KEPT)
    return query.order_by(_columns.number.desc())


def record_of(row: sa.Row[*tuple[Any, ...]]) -> PurgeRecord:
    """A row as a value."""
    return PurgeRecord(**row._mapping)


async def add(connection: AsyncConnection, wanted: PurgeRecord) -> PurgeRecord:
    """The purge with its number, in place of those that it says again. It is a time in milliseconds, as long as
    that grows, so that no number comes back when all of them are forgotten."""
    last = await connection.scalar(sa.select(sa.func.max(_columns.number)))
    made = msgspec.structs.replace(wanted, number=max((last or 0) + 1, wanted.at * 1000))
    same = [_columns.api == made.api]
    if made.version or made.path or made.tag:
        names = ("version", "operation", "path", "tag")
        same += [_columns[name] == getattr(made, name) for name in names]
    forgotten = _columns.at <= made.at - PURGES_KEPT
    await connection.execute(sa.delete(purges).where(sa.or_(forgotten, sa.and_(*same))))
    await connection.execute(sa.insert(purges).values(**msgspec.structs.asdict(made)))
    return made


async def count_of(connection: AsyncConnection, api: str, now: float) -> int:
    """How many of an API gateways are told of."""
    query = sa.select(sa.func.count()).where(_columns.api == api, _columns.at > int(now) - PURGES_KEPT)
    return await connection.scalar(query) or 0


def purging(clock: Clock) -> Amend:
    """What a publication is to do to the access part: it has the purges of the last two weeks."""

    async def tell(connection: AsyncConnection, access: AccessPart) -> AccessPart:
        rows = (await connection.execute(in_force(clock()))).all()
        told = tuple(record_of(row).purge for row in reversed(rows))
        return access if not told else msgspec.structs.replace(access, purges=told)

    return tell
