"""Stores that have their tables already: copied, in a fraction of the time that the migrations take.

That those lead to these tables, from nothing and from each earlier version, has tests of its own.
"""

import tempfile
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from catalog.storage import engine
from tests.support.postgres import Postgres


def sqlite_store(path: Path) -> str:
    """The URL of the store in a file; of a new one, where there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_sqlite_file())
    return f"sqlite+aiosqlite:///{path}"


@cache
def _sqlite_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "catalog.db")
        database = sa.create_engine(f"sqlite:///{path}")
        with database.begin() as connection:
            engine._upgrade(connection)
        database.dispose()
        return path.read_bytes()


class PostgresStores:
    """Makes stores on a server; the first one is migrated and is what all others are copied from."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._template: str | None = None

    async def new(self) -> str:
        """The URL of a new store."""
        if self._template is None:
            url = await self._server.database()
            store = engine.Store.open(url)
            await store.migrate()
            await store.close()
            self._template = sa.make_url(url).database
        return await self._server.database(self._template)

    async def drop(self, url: str) -> None:
        await self._server.drop(url)
