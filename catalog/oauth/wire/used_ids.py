"""What may be used once: ids of DPoP proofs and of client assertions, by their digest, until they are too old
anyway.

They are in the store, so that a second process of the catalog, or the same one started again, knows them too. An
id is spent only after its signature was verified: strangers cannot fill the table.
"""

import hashlib

import sqlalchemy as sa

from catalog.clock import Clock
from catalog.storage.engine import Store
from catalog.storage.tables.used_ids import used_ids


class UsedIds:
    """Every method raises SQLAlchemyError."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def spend(self, *name: str, until: float) -> bool:
        """Whether it was not used before; from now on it is, until then (Unix seconds). The parts of the `name`
        keep apart what different parties chose."""
        digest = hashlib.sha256(b"".join(_framed(part) for part in name)).digest()
        known = sa.select(used_ids.c.digest).where(used_ids.c.digest == digest)
        # Writers take turns: between the question and the answer nobody else is.
        async with self._store.write() as connection:
            if (await connection.execute(known)).one_or_none() is not None:
                return False
            await connection.execute(sa.insert(used_ids).values(digest=digest, expires_at=int(until) + 1))
        return True

    async def forget(self) -> int:
        """Removes those that could not be used any more; how many."""
        async with self._store.write() as connection:
            gone = await connection.execute(sa.delete(used_ids).where(used_ids.c.expires_at < int(self._clock())))
        return gone.rowcount


def _framed(part: str) -> bytes:
    data = part.encode()
    return len(data).to_bytes(4) + data
