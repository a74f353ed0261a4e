"""Whatever the catalog stores, it stores on SQLite and on PostgreSQL: these tests run on both."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.catalog.serving import World, serving
from tests.support.migrated import PostgresStores, sqlite_store
from tests.support.postgres import Postgres, postgres

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_stores(postgres_server: Postgres) -> PostgresStores:
    return PostgresStores(postgres_server)


@pytest.fixture(params=DATABASES)
async def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database of the test's own, in which there are the tables and nothing else."""
    if request.param == "sqlite":
        yield sqlite_store(tmp_path / "deep" / "catalog.db")
        return
    stores: PostgresStores = request.getfixturevalue("postgres_stores")
    url = await stores.new()
    yield url
    await stores.drop(url)


@pytest.fixture(params=DATABASES)
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database of the test's own, in which there is nothing at all."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'deep' / 'catalog.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    url = await server.database()
    yield url
    await server.drop(url)


@pytest.fixture
async def world(tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    async with serving(tmp_path, store_url=store_url) as world:
        yield world
