"""Questions that a member keeps by a name, to ask them again: of the ledger of credentials, and of the audit log.

A view is its parameters and no more: who opens it sees what is so then, and what is theirs to see.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec
import sqlalchemy as sa

from catalog.clock import Clock
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.security import saved_views

Room = Literal["ledger", "audit"]

MOST: Final = 50
"""Views that a member keeps of one room."""

_columns = saved_views.c


class SavedView(msgspec.Struct, frozen=True):
    """`query` are the parameters by name, as they stand in an address; `saved_at` in Unix seconds."""

    room: Room
    name: str
    query: Mapping[str, str]
    saved_at: int


class SavedViews:
    """Each member's own; nobody sees another's. Every method raises SQLAlchemyError."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def list(self, member: str, room: Room) -> tuple[SavedView, ...]:
        """By name."""
        query = sa.select(saved_views).where(_columns.member == member, _columns.room == room)
        rows = await self._store.all(query.order_by(_columns.name))
        return tuple(
            SavedView(room, row.name, msgspec.json.decode(row.query, type=dict[str, str]), row.saved_at)
            for row in rows
        )

    async def save(self, member: str, room: Room, name: str, query: Mapping[str, str]) -> SavedView | Refusal:
        """Keeps it; in place of one that has the name already."""
        made = SavedView(room, name, dict(query), int(self._clock()))
        key = {"member": member, "room": room, "name": name}
        values = {"query": msgspec.json.encode(made.query, order="sorted").decode(), "saved_at": made.saved_at}
        mine = sa.and_(_columns.member == member, _columns.room == room)
        async with self._store.write() as connection:
            done = await connection.execute(
                sa.update(saved_views).where(mine, _columns.name == name).values(**values)
            )
            if done.rowcount == 0:
                counted = await connection.scalar(sa.select(sa.func.count()).select_from(saved_views).where(mine))
                if (counted or 0) >= MOST:
                    detail = f"You keep {MOST} views here already: drop one first."
                    return Refusal("state-conflict", detail, {"current": {"views": counted}})
                await connection.execute(sa.insert(saved_views).values(**key, **values))
        return made

    async def drop(self, member: str, room: Room, name: str) -> Refusal | None:
        """Forgets it."""
        mine = sa.and_(_columns.member == member, _columns.room == room, _columns.name == name)
        async with self._store.write() as connection:
            done = await connection.execute(sa.delete(saved_views).where(mine))
        return None if done.rowcount else Refusal("resource-not-found", "You keep no view of that name here.")
