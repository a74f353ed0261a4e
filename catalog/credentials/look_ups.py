"""Looking credentials up by their key id, as many at once as are asked for while the store answers.

A question to SQLite is several changes of threads, whose price is many times that of finding a row. So whoever
asks while a question is under way waits for the next one, which is for all of them. Nobody gets an answer that
is older than their question: a revocation that was done before is always seen.
"""

import asyncio
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from catalog.storage.engine import Store
from catalog.storage.tables.credentials import credentials

MOST: Final = 200
"""In one question; the others are for the one after it."""

Found: TypeAlias = "sa.Row[*tuple[Any, ...]] | None"


class LookUps:
    """Rows of the ledger."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[str, asyncio.Future[Found]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def row(self, key_id: str) -> Found:
        """The row of that key id, if there is one. Raises SQLAlchemyError."""
        answer = self._waiting.get(key_id)
        if answer is None:
            answer = self._waiting[key_id] = asyncio.get_running_loop().create_future()
            answer.add_done_callback(_seen)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        # Shielded: a client that goes away must not end the answer for another with the same credential.
        return await asyncio.shield(answer)

    async def _ask(self) -> None:
        try:
            while self._waiting:
                asked = {key: self._waiting.pop(key) for key in list(self._waiting)[:MOST]}
                try:
                    rows = await self._store.all(sa.select(credentials).where(credentials.c.key_id.in_(asked)))
                except Exception as error:
                    for answer in asked.values():
                        answer.set_exception(error)
                    continue
                found = {row.key_id: row for row in rows}
                for key, answer in asked.items():
                    answer.set_result(found.get(key))
        finally:
            self._asking = None


def _seen(answer: asyncio.Future[Found]) -> None:
    """An error that nobody waits for any more is none that asyncio has to complain of."""
    if not answer.cancelled():
        answer.exception()
