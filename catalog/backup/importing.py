"""Reading a back-up into an empty store, in one transaction."""

import asyncio
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.backup.format import Summary, summary_of
from catalog.backup.reading import Backup, Row
from catalog.storage.engine import Store, schema_revision
from catalog.storage.tables import metadata

_BATCH_ROWS: Final = 2_000
_BATCH_BYTES: Final = 4 * 1024 * 1024


class StoreNotEmpty(Exception):
    """The store has something in it; the message names a table. Nothing was written."""


async def import_from(store_url: str, file: Path) -> Summary:
    """Reads a back-up into the store at a URL: all of it, or nothing.

    Raises BadBackup, StoreNotEmpty, OSError, SQLAlchemyError.
    """
    backup = await asyncio.to_thread(Backup.open, file, schema_revision())
    store = Store.open(store_url)
    try:
        await store.migrate()
        await restore(store, backup)
    finally:
        await store.close()
    return summary_of(backup.head, backup.digest)


async def restore(store: Store, backup: Backup) -> None:
    """Writes the rows of a back-up. Raises StoreNotEmpty, BadBackup, OSError, SQLAlchemyError."""
    async with store.write() as connection:
        for table in metadata.sorted_tables:
            if await connection.scalar(sa.select(sa.func.count()).select_from(table)):
                raise StoreNotEmpty(f"the store is not empty: there are rows in {table.name}")
        for table, rows in groupby(backup.rows(), key=lambda each: each[0]):
            await _insert(connection, table, (row for _, row in rows))
        await _count_on(connection)


async def _insert(connection: AsyncConnection, table: sa.Table, rows: Iterable[Row]) -> None:
    """In batches that are bounded by their bytes too: a part of a snapshot may be of many megabytes."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += sum(len(value) for value in row.values() if isinstance(value, bytes))
        if len(batch) >= _BATCH_ROWS or size >= _BATCH_BYTES:
            await connection.execute(sa.insert(table), batch)
            batch, size = [], 0
    if batch:
        await connection.execute(sa.insert(table), batch)


async def _count_on(connection: AsyncConnection) -> None:
    """Lets PostgreSQL's sequences go on behind the numbers that came with the rows; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        highest = await connection.scalar(sa.select(sa.func.max(column)))
        if highest is not None:
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            await connection.execute(sa.select(sa.func.setval(sequence, highest)))
