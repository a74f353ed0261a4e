"""Snapshots in the store: what was published last, and how the next one gets in."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.storage.engine import Store
from catalog.storage.tables.snapshots import parts, snapshots
from contracts.snapshot import Manifest, SignedManifest

KEPT = 20
"""Snapshots that stay in the store; older ones go, with the parts that none of the kept ones names."""


class SnapshotTable:
    """The published snapshots."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def latest(self) -> SignedManifest | None:
        """The snapshot with the highest serial."""
        query = sa.select(snapshots.c.manifest, snapshots.c.signature, snapshots.c.key_id)
        row = await self._store.one(query.order_by(snapshots.c.serial.desc()).limit(1))
        return None if row is None else SignedManifest(row.manifest, row.signature, row.key_id)

    async def part(self, digest: str) -> bytes | None:
        """The bytes of a part by digest."""
        row = await self._store.one(sa.select(parts.c.data).where(parts.c.digest == digest))
        return None if row is None else row.data


async def next_serial(connection: AsyncConnection, issued_at: int) -> int:
    """The serial of a snapshot that is added in this transaction.

    It is the time of issue, or the last serial and one where that is higher: so it grows even after an older
    back-up was restored, and gateways, which refuse to go back, take the next snapshot.
    """
    last = await connection.scalar(sa.select(sa.func.max(snapshots.c.serial)))
    return max((last or 0) + 1, issued_at)


async def add_snapshot(
    connection: AsyncConnection,
    contracts: tuple[str, bytes],
    access: tuple[str, bytes],
    manifest: Manifest,
    signed: SignedManifest,
) -> None:
    """Stores both parts (digest, bytes) and the manifest that names them."""
    for digest, data in (contracts, access):
        if await connection.scalar(sa.select(parts.c.digest).where(parts.c.digest == digest)) is None:
            await connection.execute(sa.insert(parts).values(digest=digest, data=data))
    await connection.execute(
        sa.insert(snapshots).values(
            serial=manifest.serial,
            issued_at=manifest.issued_at,
            contracts=contracts[0],
            access=access[0],
            manifest=signed.manifest,
            signature=signed.signature,
            key_id=signed.key_id,
        )
    )
    await _prune(connection)


async def _prune(connection: AsyncConnection) -> None:
    kept = sa.select(snapshots.c.serial).order_by(snapshots.c.serial.desc()).limit(KEPT).scalar_subquery()
    await connection.execute(sa.delete(snapshots).where(snapshots.c.serial.not_in(kept)))
    named = sa.union(sa.select(snapshots.c.contracts), sa.select(snapshots.c.access)).scalar_subquery()
    await connection.execute(sa.delete(parts).where(parts.c.digest.not_in(named)))
