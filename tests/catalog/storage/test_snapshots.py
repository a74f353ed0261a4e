"""Snapshots in the store: serials only grow, and old ones go."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from catalog.storage.engine import Store
from catalog.storage.snapshots import KEPT, SnapshotTable, add_snapshot, next_serial
from catalog.storage.tables.snapshots import parts, snapshots
from contracts.snapshot import FORMAT, Manifest, SignedManifest, digest_of


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    store = Store.open(store_url)
    await store.migrate()
    yield store
    await store.close()


def part(text: str) -> tuple[str, bytes]:
    return digest_of(text.encode()), text.encode()


async def add(store: Store, contracts: str, now: int, access: str = "a") -> int:
    """Adds a snapshot; its serial."""
    async with store.write() as connection:
        serial = await next_serial(connection, now)
        manifest = Manifest(FORMAT, serial, now, part(contracts)[0], part(access)[0])
        signed = SignedManifest(str(serial).encode(), b"signature", "key")
        await add_snapshot(connection, part(contracts), part(access), manifest, signed)
    return serial


async def test_what_was_added_is_the_latest(store: Store) -> None:
    table = SnapshotTable(store)
    assert await table.latest() is None
    serial = await add(store, "c", 1000)
    assert await table.latest() == SignedManifest(str(serial).encode(), b"signature", "key")
    assert await table.part(part("c")[0]) == b"c"
    assert await table.part("sha256:none") is None


async def test_the_serial_is_the_time_and_grows_even_when_the_clock_does_not(store: Store) -> None:
    serials = [await add(store, f"c{number}", now) for number, now in enumerate((1000, 1000, 400, 2000))]
    assert serials == [1000, 1001, 1002, 2000]


async def test_publications_at_once_get_different_serials(store: Store) -> None:
    serials = await asyncio.gather(*(add(store, f"c{number}", 5) for number in range(10)))
    assert sorted(serials) == list(range(5, 15))


async def test_only_the_last_ones_stay_with_the_parts_that_they_name(store: Store) -> None:
    for number in range(KEPT + 5):
        await add(store, f"c{number}", number + 1, access="always the same")
    async with store.write() as connection:
        kept = (await connection.scalars(sa.select(snapshots.c.serial))).all()
        digests = set((await connection.scalars(sa.select(parts.c.digest))).all())
    assert sorted(kept) == list(range(6, KEPT + 6))
    assert digests == {part(f"c{number}")[0] for number in range(5, KEPT + 5)} | {part("always the same")[0]}
