"""Rotations that are under way: old credentials beside their successors, and whether clients have moved."""

from dataclasses import replace
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from catalog.clock import DAY, Clock
from catalog.credentials.asking import Asking
from catalog.credentials.credential import Credential
from catalog.credentials.questions import Chosen
from catalog.credentials.table import credential_of
from catalog.people.principal import Principal
from catalog.storage.engine import Store
from catalog.storage.tables.credentials import credentials

Progress = Literal["waiting", "both", "moved"]
"""The successor was never used; both are; or it is, and the old one was not for a day."""

_columns = credentials.c


class Rotation(msgspec.Struct, frozen=True):
    """An old credential that is still good, and the one in its place."""

    old: Credential
    new: Credential

    def progress(self, now: float) -> Progress:
        """How far its client is."""
        if self.new.last_used_at is None:
            return "waiting"
        used = self.old.last_used_at
        return "moved" if used is None or used < now - DAY else "both"


class Rotations:
    """`clock` gives Unix seconds."""

    def __init__(self, store: Store, asking: Asking, clock: Clock) -> None:
        self._store = store
        self._asking = asking
        self._clock = clock

    async def page(
        self, principal: Principal, chosen: Chosen, limit: int, after: str | None = None
    ) -> tuple[Rotation, ...]:
        """At most `limit` of the chosen that are the principal's to see and have a successor, the ones that end
        first first, from behind the old one with the key id `after`. Raises SQLAlchemyError."""
        order: tuple[sa.ColumnElement[Any], ...] = (_columns.ends_at, _columns.key_id)
        query = self._asking.narrowed(sa.select(credentials), principal, replace(chosen, state="replaced"))
        if after is not None:
            place = await self._store.one(sa.select(*order).where(_columns.key_id == after))
            if place is None:
                return ()
            query = query.where(sa.tuple_(*order) > sa.tuple_(sa.literal(place[0]), sa.literal(place[1])))
        rows = await self._store.all(query.order_by(*order).limit(limit))
        old = [credential_of(row._mapping) for row in rows]
        successors = sa.select(credentials).where(_columns.key_id.in_([each.successor for each in old]))
        new = {row.key_id: credential_of(row._mapping) for row in await self._store.all(successors)}
        return tuple(Rotation(each, new[each.successor]) for each in old if each.successor in new)
