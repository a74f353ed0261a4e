"""When a credential was used last, written in batches.

A write for each use would make the store the limit of whoever checks credentials; what a crash loses here is at
most the time between two flushes.
"""

import sqlalchemy as sa

from catalog.storage.engine import Store


class LastUse:
    """Times of last use of one table's credentials, which has the columns `key_id` and `last_used_at`."""

    def __init__(self, store: Store, table: sa.Table) -> None:
        self._store = store
        self._used: dict[str, int] = {}
        self._statement = (
            sa.update(table).where(table.c.key_id == sa.bindparam("key")).values(last_used_at=sa.bindparam("at"))
        )

    def note(self, key_id: str, at: int) -> None:
        """Keeps a use in mind; `at` in Unix seconds."""
        self._used[key_id] = at

    async def flush(self) -> None:
        """Writes what was noted since the last flush, in one transaction. Raises SQLAlchemyError, and keeps all of
        it for the next time."""
        if not self._used:
            return
        used, self._used = self._used, {}
        try:
            async with self._store.write() as connection:
                await connection.execute(self._statement, [{"key": key, "at": at} for key, at in used.items()])
        except BaseException:
            self._used = {**used, **self._used}
            raise
