"""Looks in the store. Every function and method raises SQLAlchemyError."""

from collections.abc import Iterable
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import DAY
from catalog.governance.looking import Counted
from catalog.storage.engine import Store
from catalog.storage.tables.lint import lint_counts, lint_looks
from catalog.storage.tables.revisions import publications

KEPT: Final = 3 * 365 * DAY
"""Seconds for which looks are kept."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How many findings there were once `publication` was in force; `at` in Unix seconds."""

    publication: int
    at: int
    apis: int
    errors: int
    warnings: int
    infos: int
    waived: int


class LookTable:
    """Reads looks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def waiting(self) -> int | None:
        """The last publication, where nobody has looked at what is in force since."""
        last = sa.select(sa.func.max(publications.c.id)).scalar_subquery()
        seen = sa.select(sa.func.max(lint_looks.c.publication)).scalar_subquery()
        row = await self._store.one(sa.select(last.label("last"), seen.label("seen")))
        if row is None or row.last is None or row.last == row.seen:
            return None
        return int(row.last)

    async def last(self, most: int) -> tuple[Look, ...]:
        """The looks, at most so many of the newest, the oldest of them first."""
        query = sa.select(lint_looks).order_by(lint_looks.c.publication.desc()).limit(most)
        return tuple(Look(**row._mapping) for row in reversed(await self._store.all(query)))

    async def counted(self) -> tuple[Counted, ...]:
        """What the last look found, by unit and rule."""
        query = sa.select(lint_counts).order_by(lint_counts.c.unit, lint_counts.c.rule, lint_counts.c.severity)
        return tuple(Counted(**row._mapping) for row in await self._store.all(query))


async def keep(connection: AsyncConnection, look: Look, counted: Iterable[Counted]) -> bool:
    """Keeps a look, and what it found in place of what the one before did; or False: another process was first."""
    newest = await connection.scalar(sa.select(sa.func.max(lint_looks.c.publication)))
    if newest is not None and newest >= look.publication:
        return False
    await connection.execute(sa.delete(lint_looks).where(lint_looks.c.at < look.at - KEPT))
    await connection.execute(sa.insert(lint_looks).values(**msgspec.structs.asdict(look)))
    await connection.execute(sa.delete(lint_counts))
    rows = [
        {"unit": each.unit, "rule": each.rule, "severity": each.severity, "findings": each.findings}
        for each in counted
    ]
    if rows:
        await connection.execute(sa.insert(lint_counts), rows)
    return True
