"""Writing a back-up: one state of the whole store, row by row."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.backup.format import (
    FORMAT,
    VERSION,
    Head,
    Summary,
    TableHead,
    Tail,
    columns_of,
    encode,
    summary_of,
)
from catalog.storage.engine import Store, schema_revision
from catalog.storage.tables import metadata

_BATCH: Final = 500


class OtherSchema(Exception):
    """The store's tables are not those of this version; the message says which they are. Nothing was written."""


async def export_to(store_url: str, file: Path) -> Summary:
    """Writes the store at a URL to `file`, which appears whole or not at all, for its user alone.

    Raises OtherSchema, OSError, SQLAlchemyError.
    """
    store = Store.open(store_url)
    try:
        with appearing(file) as stream:
            return await write_backup(store, stream)
    finally:
        await store.close()


@contextmanager
def appearing(file: Path) -> Iterator[IO[bytes]]:
    """A file for its user alone, that gets its name once it is whole, on the disk and without an error."""
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # with mode 600
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


async def write_backup(store: Store, stream: IO[bytes]) -> Summary:
    """Writes the store to a stream. What is decided meanwhile is not in it.

    Raises OtherSchema, OSError, SQLAlchemyError.
    """
    digest = hashlib.sha256()

    def put(lines: bytes) -> None:
        digest.update(lines)
        stream.write(lines)

    async with store.snapshot() as connection:
        head = await _head(connection)
        put(_line(head))
        for table in metadata.sorted_tables:
            size = 1 if _is_large(table) else _BATCH
            query = _in_order(table, connection)
            rows = await connection.stream(query, execution_options={"yield_per": size})
            async for some in rows.partitions(size):
                put(b"".join(_line(tuple(row)) for row in some))
    name = f"sha256:{digest.hexdigest()}"
    stream.write(_line(Tail(name)))
    return summary_of(head, name)


def _line(value: object) -> bytes:
    return encode(value) + b"\n"


def _is_large(table: sa.Table) -> bool:
    """Whether a row may be of many megabytes, so that one at a time is held: it has bytes without a bound."""
    return any(isinstance(column.type, sa.LargeBinary) and column.type.length is None for column in table.columns)


async def _head(connection: AsyncConnection) -> Head:
    version = sa.table("alembic_version", sa.column("version_num", sa.String))
    schema = await connection.scalar(sa.select(version.c.version_num))
    if schema != schema_revision():
        # To migrate it here would take the tables away from under an older catalog that runs on them.
        raise OtherSchema(f"the store is of the schema {schema}, and this version's is {schema_revision()}")
    tables = []
    for table in metadata.sorted_tables:
        rows = await connection.scalar(sa.select(sa.func.count()).select_from(table))
        tables.append(TableHead(str(table.name), columns_of(table), rows or 0))
    return Head(FORMAT, VERSION, schema_revision(), tuple(tables))


def _in_order(table: sa.Table, connection: AsyncConnection) -> sa.Select[Any]:
    """All rows by the primary key. SQLite compares text by its bytes; PostgreSQL has to be told to."""
    key: list[sa.ColumnElement[Any]] = []
    for column in table.primary_key.columns:
        by_bytes = isinstance(column.type, sa.String) and connection.dialect.name == "postgresql"
        key.append(sa.collate(column, "C") if by_bytes else column)
    return sa.select(table).order_by(*key)
