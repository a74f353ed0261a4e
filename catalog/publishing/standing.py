"""Where a store stands, so that a catalog notices what another one on the same store has published.

What a catalog holds in memory is what was published when it last looked. Before it writes on top of that it looks
again, in the transaction in which it writes; between writes it looks every half second.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.publishing.published import Published
from catalog.revisions.pointers import Pointer
from catalog.storage.engine import Store
from catalog.storage.tables.revisions import current_revisions
from catalog.storage.tables.snapshots import snapshots

EVERY: Final = 0.5
"""Seconds between two looks: what one catalog revokes reaches the gateways of another within a second."""


class Stand(NamedTuple):
    """The last snapshot's serial, and how often units were moved in all."""

    serial: int
    moves: int

    def is_ahead_of(self, other: "Stand") -> bool:
        """Whether something was published that `other` has not. A serial never grows less by right: where it does,
        snapshots were deleted, and the one in memory stays."""
        return self.serial > other.serial or self.moves != other.moves


_SERIAL: Final = sa.select(sa.func.coalesce(sa.func.max(snapshots.c.serial), 0)).scalar_subquery()
_MOVES: Final = sa.select(sa.func.coalesce(sa.func.sum(current_revisions.c.version), 0)).scalar_subquery()
_QUERY: Final = sa.select(_SERIAL.label("serial"), _MOVES.label("moves"))


async def stand_of(store: Store) -> Stand:
    """Where the store stands now. Raises SQLAlchemyError."""
    row = await store.one(_QUERY)
    assert row is not None  # a query without a table has one row
    return Stand(int(row.serial), int(row.moves))


async def stand_in(connection: AsyncConnection) -> Stand:
    """The same within a transaction, in which it stays so."""
    row = (await connection.execute(_QUERY)).one()
    return Stand(int(row.serial), int(row.moves))


def stand_with(published: Published | None, pointers: Mapping[str, Pointer]) -> Stand:
    """Where a catalog stands that holds these."""
    serial = 0 if published is None else published.manifest.serial
    return Stand(serial, sum(each.version for each in pointers.values()))
