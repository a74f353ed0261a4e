"""The store: its transactions, pragmas and migrations."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from catalog.storage import engine
from catalog.storage.engine import Store
from catalog.storage.tables import metadata
from catalog.storage.tables.snapshots import parts


async def test_the_migrations_lead_to_exactly_the_tables_of_the_code(empty_url: str) -> None:
    store = Store.open(empty_url)
    await store.migrate()

    def differences(connection: sa.Connection) -> list[Any]:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with store.write() as connection:
        assert await connection.run_sync(differences) == []
    await store.close()


async def test_many_may_migrate_a_new_store_at_once(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """None gives up because another takes longer than a writer would be waited for."""
    stores = [Store.open(empty_url) for _ in range(6)]
    monkeypatch.setattr("catalog.storage.engine._BUSY_TIMEOUT", 0.05)
    await asyncio.gather(*(store.migrate() for store in stores))
    for store in stores:
        async with store.write() as connection:
            assert await connection.scalar(sa.select(sa.func.count()).select_from(parts)) == 0
        await store.close()


async def test_sqlite_is_told_to_be_safe(tmp_path: Path) -> None:
    store = Store.open(f"sqlite+aiosqlite:///{tmp_path / 'deep' / 'catalog.db'}")
    async with store.write() as connection:
        values = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    await store.close()
    assert values == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 5000}


async def test_a_write_that_fails_leaves_nothing(store_url: str) -> None:
    store = Store.open(store_url)
    await store.migrate()

    async def half() -> None:
        async with store.write() as connection:
            await connection.execute(sa.insert(parts).values(digest="sha256:1", data=b"1"))
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        await half()
    async with store.write() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(parts)) == 0
    await store.close()


async def test_writers_take_turns_and_none_is_lost(store_url: str) -> None:
    """Read-modify-write from several processes' point of view: two stores on one file."""
    stores = [Store.open(store_url) for _ in range(2)]
    await stores[0].migrate()

    async def add(store: Store, number: int) -> None:
        async with store.write() as connection:
            count = await connection.scalar(sa.select(sa.func.count()).select_from(parts))
            await asyncio.sleep(0)
            await connection.execute(sa.insert(parts).values(digest=f"sha256:{count}", data=bytes([number])))

    await asyncio.gather(*(add(stores[number % 2], number) for number in range(20)))
    async with stores[0].write() as connection:
        digests = set((await connection.scalars(sa.select(parts.c.digest))).all())
    assert digests == {f"sha256:{count}" for count in range(20)}
    for store in stores:
        await store.close()


async def test_errors_do_not_show_values(store_url: str) -> None:
    store = Store.open(store_url)
    await store.migrate()

    async def twice() -> None:
        async with store.write() as connection:
            for _ in range(2):
                await connection.execute(sa.insert(parts).values(digest="sha256:visible", data=b""))

    with pytest.raises(sa.exc.IntegrityError) as caught:
        await twice()
    await store.close()
    assert "sha256:visible" not in str(caught.value)


async def test_a_writer_does_not_wait_for_ever(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_BUSY_TIMEOUT", 1.0)
    stores = [Store.open(store_url) for _ in range(2)]
    await stores[0].migrate()
    async with stores[0].write():
        with pytest.raises(sa.exc.DBAPIError):
            async with stores[1].write():
                pytest.fail("two wrote at once")
    for store in stores:
        await store.close()


def test_the_notations_of_a_postgresql_url() -> None:
    made = engine._with_driver(sa.make_url("postgresql://u:p@db/catalog?sslmode=verify-full&application_name=o"))
    assert made.drivername == "postgresql+asyncpg"
    assert dict(made.query) == {"ssl": "verify-full", "application_name": "o"}


def test_another_database_is_refused() -> None:
    with pytest.raises(sa.exc.ArgumentError, match="SQLite or PostgreSQL, and not on 'mysql'"):
        Store.open("mysql://db/catalog")


async def test_a_server_that_is_down_is_a_fault_of_the_database(tmp_path: Path) -> None:
    store = Store.open(f"postgresql://nobody@/none?host={tmp_path}")
    with pytest.raises(sa.exc.OperationalError):
        await store.one(sa.select(sa.literal(1)))
    with pytest.raises(sa.exc.OperationalError):
        async with store.write():
            pass
    await store.close()


async def test_a_server_that_does_not_answer_is_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_BUSY_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = Store.open(f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none")
        with pytest.raises(sa.exc.OperationalError):
            await store.one(sa.select(sa.literal(1)))
        await store.close()
