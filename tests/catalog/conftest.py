"""Whatever the catalog stores, it stores on SQLite and on PostgreSQL: these tests run on both."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
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


@pytest.fixture
async def empty_database(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Callable[[str], Awaitable[str]]]:
    """Makes databases of the test's own, of a kind, in which there is nothing at all."""
    made: list[tuple[Postgres, str]] = []
    numbers = count()

    async def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite+aiosqlite:///{tmp_path / f'deep-{next(numbers)}' / 'catalog.db'}"
        server: Postgres = request.getfixturevalue("postgres_server")
        url = await server.database()
        made.append((server, url))
        return url

    yield make
    for server, url in made:
        await server.drop(url)


@pytest.fixture(params=DATABASES)
async def empty_url(request: pytest.FixtureRequest, empty_database: Callable[[str], Awaitable[str]]) -> str:
    """A database of the test's own, in which there is nothing at all."""
    return await empty_database(request.param)


@pytest.fixture
async def world(tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    async with serving(tmp_path, store_url=store_url) as world:
        yield world
