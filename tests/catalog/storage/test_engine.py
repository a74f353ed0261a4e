"""The store: its transactions, pragmas and migrations."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from catalog.storage.engine import Store
from catalog.storage.tables import metadata, parts


def url(directory: Path) -> str:
    return f"sqlite+aiosqlite:///{directory / 'deep' / 'catalog.db'}"


async def test_the_migrations_lead_to_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    store = Store.open(url(tmp_path))
    await store.migrate()

    def differences(connection: sa.Connection) -> list[Any]:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with store.write() as connection:
        assert await connection.run_sync(differences) == []
    await store.close()


async def test_many_may_migrate_a_new_store_at_once(tmp_path: Path) -> None:
    stores = [Store.open(url(tmp_path)) for _ in range(6)]
    await asyncio.gather(*(store.migrate() for store in stores))
    for store in stores:
        async with store.write() as connection:
            assert await connection.scalar(sa.select(sa.func.count()).select_from(parts)) == 0
        await store.close()


async def test_sqlite_is_told_to_be_safe(tmp_path: Path) -> None:
    store = Store.open(url(tmp_path))
    async with store.write() as connection:
        values = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    await store.close()
    assert values == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 5000}


async def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = Store.open(url(tmp_path))
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


async def test_writers_take_turns_and_none_is_lost(tmp_path: Path) -> None:
    """Read-modify-write from several processes' point of view: two stores on one file."""
    stores = [Store.open(url(tmp_path)) for _ in range(2)]
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


async def test_errors_do_not_show_values(tmp_path: Path) -> None:
    store = Store.open(url(tmp_path))
    await store.migrate()

    async def twice() -> None:
        async with store.write() as connection:
            for _ in range(2):
                await connection.execute(sa.insert(parts).values(digest="sha256:visible", data=b""))

    with pytest.raises(sa.exc.IntegrityError) as caught:
        await twice()
    await store.close()
    assert "sha256:visible" not in str(caught.value)
