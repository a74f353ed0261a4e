"""Revisions in the store, on both databases: put once, proved when read, moved with a record."""

from collections.abc import AsyncIterator

import msgspec
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from catalog.revisions.pointers import Pointer
from catalog.revisions.revision import Revision
from catalog.revisions.store import AlteredError, PublicationRecord, RevisionStore, move, pointers_in, put_revision
from catalog.storage.engine import Store
from catalog.storage.tables.revisions import revision_blobs, revisions

FILES = {"apis/orders/api.yaml": b"title: Orders\n", "common/a.yaml": b"same", "common/b.yaml": b"same"}
ORDERS = Revision.of("orders", FILES)
KEY = Ed25519PrivateKey.generate()


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    store = Store.open(store_url)
    await store.migrate()
    yield store
    await store.close()


async def put(store: Store, revision: Revision = ORDERS, files: dict[str, bytes] = FILES, at: int = 10) -> None:
    async with store.write() as connection:
        await put_revision(connection, revision, files, at=at, by="ada")


def record(revision: str | None, previous: str | None, at: int) -> PublicationRecord:
    return PublicationRecord(
        id=0,
        unit="orders",
        revision=revision,
        previous=previous,
        change="",
        kind="directory",
        actor="catalog",
        reason="",
        at=at,
        serial=at,
    )


async def test_what_was_put_reads_back_and_is_put_once(store: Store) -> None:
    table = RevisionStore(store)
    assert await table.files(ORDERS.digest) is None
    await put(store)
    await put(store, at=20)
    assert await table.files(ORDERS.digest) == FILES
    stored = await table.find(ORDERS.digest)
    assert stored is not None
    assert (stored.revision, stored.created_at, stored.created_by) == (ORDERS, 10, "ada")
    assert [each.digest for each in await table.of_unit("orders")] == [ORDERS.digest]
    blobs = await store.one(sa.select(sa.func.count().label("n")).select_from(revision_blobs))
    assert blobs is not None
    assert blobs.n == 2


@pytest.mark.parametrize("what", ["altered", "missing", "listing"])
async def test_what_was_altered_is_found(store: Store, what: str) -> None:
    await put(store)
    name = dict(ORDERS.files)["common/a.yaml"]
    async with store.write() as connection:
        if what == "altered":
            await connection.execute(
                sa.update(revision_blobs).where(revision_blobs.c.digest == name).values(data=b"other")
            )
        elif what == "missing":
            await connection.execute(sa.delete(revision_blobs).where(revision_blobs.c.digest == name))
        else:
            await connection.execute(sa.update(revisions).values(listing=b'{"unit":"orders","files":[]}'))
    with pytest.raises(AlteredError, match=ORDERS.digest):
        await RevisionStore(store).files(ORDERS.digest)


async def test_a_move_sets_the_pointer_and_leaves_a_record(store: Store) -> None:
    await put(store)
    table = RevisionStore(store)
    first = Pointer(unit="orders", revision=ORDERS.digest, since=10).signed(KEY)
    removed = Pointer(unit="orders", revision=None, since=20, change="7", version=2).signed(KEY)
    async with store.write() as connection:
        await move(connection, first, record(ORDERS.digest, None, 10))
        assert await pointers_in(connection) == {"orders": first}
    async with store.write() as connection:
        await move(connection, removed, record(None, ORDERS.digest, 20))
    assert await table.pointers() == {"orders": removed}
    history = await table.history("orders")
    assert [(each.id, each.revision, each.previous) for each in history] == [
        (2, None, ORDERS.digest),
        (1, ORDERS.digest, None),
    ]
    assert [each.id for each in await table.history("orders", before=2)] == [1]
    assert await table.was_in_force("orders", ORDERS.digest)
    assert not await table.was_in_force("partners", ORDERS.digest)


def test_a_pointer_is_signed_with_all_that_it_says() -> None:
    pointer = Pointer(unit="orders", revision=ORDERS.digest, since=10, change="7", version=3).signed(KEY)
    public = KEY.public_key()
    assert pointer.is_signed(public)
    assert not pointer.is_signed(Ed25519PrivateKey.generate().public_key())
    for name, value in [("unit", "partners"), ("revision", None), ("since", 11), ("change", ""), ("version", 4)]:
        assert not msgspec.structs.replace(pointer, **{name: value}).is_signed(public)
