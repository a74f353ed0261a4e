"""The store: an engine, its transactions and its migrations, on SQLite or PostgreSQL.

On both one transaction writes at a time. What is read in it stays true until it ends, without retries: the catalog
decides seldom, and a decision that was made on what is no longer so is worse than one that waits.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self, TypeVarTuple

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

Columns = TypeVarTuple("Columns")

_BUSY_TIMEOUT = 5.0  # seconds that a writer waits for another process's transaction
_MIGRATION_PATIENCE = 60.0  # seconds that one who migrates waits for another who does
_WRITER_LOCK = 0x0571A12  # any number will do that nobody else in the database takes


class Store:
    """A database by SQLAlchemy URL. Every use is a transaction of its own: `write`, `snapshot`, or one query."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(ostiary_write=True)
        self._reader = engine.execution_options(ostiary_snapshot=True)

    @classmethod
    def open(cls, url: str) -> Self:
        """Opens the store; nothing is connected yet. A SQLite file's directory is made where it is missing.

        Raises ArgumentError for what is no URL of a database that can be used.
        """
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "postgresql":
            engine = create_async_engine(
                _with_driver(parsed),
                connect_args={"timeout": _BUSY_TIMEOUT},
                pool_pre_ping=True,  # a server that was restarted meanwhile costs nobody an error
                hide_parameters=True,
            )
            sa.event.listen(engine.sync_engine, "do_connect", _connect_postgresql)
            sa.event.listen(engine.sync_engine, "begin", _begin_postgresql)
            return cls(engine)
        if parsed.get_backend_name() != "sqlite":
            raise sa.exc.ArgumentError(f"a store is on SQLite or PostgreSQL, and not on {parsed.drivername!r}")
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = create_async_engine(parsed, connect_args={"timeout": _BUSY_TIMEOUT}, hide_parameters=True)
        sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        sa.event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return cls(engine)

    async def one(self, query: sa.Select[*Columns]) -> sa.Row[*Columns] | None:
        """The one row of a query, if there is one. A single statement sees one state without a transaction.

        With SQLite each step of a transaction is a change of threads, and half of them are not needed here.
        """
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).one_or_none()

    async def all(self, query: sa.Select[*Columns]) -> Sequence[sa.Row[*Columns]]:
        """All rows of a query, which see one state."""
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).all()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write: all of it happens, or none."""
        async with self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that reads: all that is read in it is of one state. Writers do not wait for it."""
        async with self._reader.begin() as connection:
            yield connection

    async def migrate(self) -> None:
        """Brings the schema up to date. Processes that do so at the same time wait for each other, longer than
        writers wait: the first of them may have all migrations to make."""
        patience = time.monotonic() + _MIGRATION_PATIENCE
        while True:
            try:
                async with self.write() as connection:
                    await connection.run_sync(_upgrade)
            except sa.exc.DBAPIError as error:
                if not _is_busy(error) or time.monotonic() > patience:
                    raise
            else:
                return

    async def close(self) -> None:
        await self._engine.dispose()


def _is_busy(error: sa.exc.DBAPIError) -> bool:
    """Whether another process's transaction was waited for in vain (PostgreSQL's `lock_not_available`)."""
    return getattr(error.orig, "sqlstate", "") == "55P03" or "database is locked" in str(error.orig)


def schema_revision() -> str:
    """The migration that this version's tables are of."""
    head = ScriptDirectory.from_config(_alembic()).get_current_head()
    assert head is not None  # there is one chain, and it is not empty
    return head


def _upgrade(connection: sa.Connection) -> None:
    command.upgrade(_alembic(connection=connection), "head")


def _alembic(**attributes: Any) -> Config:
    config = Config(attributes=attributes)
    config.set_main_option("script_location", "catalog.storage:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction control begins too late (not for a SELECT, not for DDL); we emit BEGIN.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {int(_BUSY_TIMEOUT * 1000)}",  # first, for the switch to WAL may have to wait
        "journal_mode = WAL",  # readers never wait for the writer
        "synchronous = FULL",  # an issued secret or serial survives a power cut
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer takes the lock at once: upgrading a read transaction later fails without waiting.
    if connection.get_execution_options().get("ostiary_write", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.get_execution_options().get("ostiary_snapshot", False):
        connection.exec_driver_sql("BEGIN")


def _with_driver(url: sa.URL) -> sa.URL:
    """With asyncpg, which understands libpq's `sslmode` by another name."""
    sslmode = url.query.get("sslmode")
    if sslmode is not None:
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": sslmode})
    return url.set(drivername="postgresql+asyncpg")


def _connect_postgresql(dialect: sa.Dialect, _record: Any, arguments: Any, options: Any) -> Any:
    # A server that is down or slow is an OSError of the driver's, which SQLAlchemy hands through as it is. To
    # everybody here it is what any other fault of the database is.
    try:
        return dialect.connect(*arguments, **options)
    except OSError as error:
        raise sa.exc.OperationalError(None, None, error, hide_parameters=True) from error


def _begin_postgresql(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("ostiary_write", False):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{int(_BUSY_TIMEOUT * 1000)}ms'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
    elif connection.get_execution_options().get("ostiary_snapshot", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
