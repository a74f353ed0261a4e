"""Snapshots in the store: serials only grow, and old ones go."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.storage.engine import Store
from catalog.storage.snapshots import KEPT, SnapshotTable
from catalog.storage.tables.snapshots import parts, snapshots
from contracts.snapshot import SignedManifest, digest_of


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    store = Store.open(store_url)
    await store.migrate()
    yield store
    await store.close()


def part(text: str) -> tuple[str, bytes]:
    return digest_of(text.encode()), text.encode()


def signed_by() -> tuple[list[int], Callable[[int], SignedManifest]]:
    serials: list[int] = []

    def sign(serial: int) -> SignedManifest:
        serials.append(serial)
        return SignedManifest(str(serial).encode(), b"signature", "key")

    return serials, sign


async def nothing_else(connection: AsyncConnection, signed: SignedManifest) -> None:
    """What a publication does beside storing."""


async def test_what_was_added_is_the_latest(store: Store) -> None:
    table = SnapshotTable(store)
    assert await table.latest() is None
    _, sign = signed_by()
    added = await table.add(part("c"), part("a"), 1000, sign, nothing_else)
    assert await table.latest() == added
    assert await table.part(part("c")[0]) == b"c"
    assert await table.part("sha256:none") is None


async def test_the_serial_is_the_time_and_grows_even_when_the_clock_does_not(store: Store) -> None:
    table = SnapshotTable(store)
    serials, sign = signed_by()
    for now in (1000, 1000, 400, 2000):
        await table.add(part(f"c{now}{len(serials)}"), part("a"), now, sign, nothing_else)
    assert serials == [1000, 1001, 1002, 2000]


async def test_publications_at_once_get_different_serials(store: Store) -> None:
    table = SnapshotTable(store)
    serials, sign = signed_by()
    await asyncio.gather(
        *(table.add(part(f"c{number}"), part("a"), 5, sign, nothing_else) for number in range(10))
    )
    assert sorted(serials) == list(range(5, 15))


async def test_only_the_last_ones_stay_with_the_parts_that_they_name(store: Store) -> None:
    table = SnapshotTable(store)
    _, sign = signed_by()
    for number in range(KEPT + 5):
        await table.add(part(f"c{number}"), part("always the same"), number + 1, sign, nothing_else)
    async with store.write() as connection:
        kept = (await connection.scalars(sa.select(snapshots.c.serial))).all()
        digests = set((await connection.scalars(sa.select(parts.c.digest))).all())
    assert sorted(kept) == list(range(6, KEPT + 6))
    assert digests == {part(f"c{number}")[0] for number in range(5, KEPT + 5)} | {part("always the same")[0]}


async def test_a_failure_to_sign_stores_nothing(store: Store) -> None:
    def fail(serial: int) -> SignedManifest:
        raise RuntimeError("no key")

    with pytest.raises(RuntimeError, match="no key"):
        await SnapshotTable(store).add(part("c"), part("a"), 1, fail, nothing_else)
    assert await SnapshotTable(store).part(part("c")[0]) is None
