"""The audit log: it only grows, and whoever alters it in the database is found out."""

import asyncio

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from catalog.audit.chain import Entry, Event, digest_of, sign
from catalog.audit.log import AuditLog, Filter
from catalog.storage.engine import Store
from catalog.storage.tables.audit import audit_checkpoints, audit_entries
from tests.catalog.serving import World

KEY = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
PUBLIC = KEY.public_key()


def event(number: int, **changes: str) -> Event:
    return Event(**{"subject": "thing", "action": "made", "object": f"thing-{number}", "actor": "ada", **changes})


@pytest.fixture
async def store(store_url: str):
    store = Store.open(store_url)
    await store.migrate()
    yield store
    await store.close()


@pytest.fixture
async def log(store: Store) -> AuditLog:
    """Ten entries; checkpoints after the fifth and the eighth."""
    log = AuditLog(store, lambda: 1_795_000_000.0)
    for number in range(1, 11):
        async with store.write() as connection:
            await log.append(connection, event(number))
        if number in (5, 8):
            assert (await log.checkpoint(KEY)) is not None
    return log


async def without_guards(store: Store, *statements: str) -> None:
    """As somebody would who may do everything in the database."""
    async with store.write() as connection:
        postgresql = connection.dialect.name == "postgresql"
        for table in ("audit_entries", "audit_checkpoints"):
            for change in ("update", "delete"):
                where = f" ON {table}" if postgresql else ""
                await connection.exec_driver_sql(f"DROP TRIGGER {table}_{change}{where}")
        for statement in statements:
            await connection.exec_driver_sql(statement)


async def test_an_untouched_log_is_proved(log: AuditLog) -> None:
    assert await log.verify(PUBLIC, {}) == (10, None)
    entries = [entry async for entry in log.entries()]
    assert [entry.number for entry in entries] == list(range(1, 11))
    assert await log.verify(PUBLIC, {10: entries[-1].digest}) == (10, None)


async def test_entries_are_found_by_what_they_are_about(log: AuditLog, store: Store) -> None:
    async with store.write() as connection:
        await log.append(connection, event(11, actor="bob"))
    assert [entry.event.object async for entry in log.entries(Filter(actor="bob"))] == ["thing-11"]
    assert [entry.number async for entry in log.entries(Filter(object="thing-3"))] == [3]
    assert [entry async for entry in log.entries(Filter(subject="other"))] == []
    assert [entry async for entry in log.entries(Filter(until=1_795_000_000))] == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'eve' WHERE number = 3",
        "DELETE FROM audit_entries WHERE number = 10",
        "DELETE FROM audit_entries",
        "UPDATE audit_checkpoints SET number = 9 WHERE number = 8",
        "DELETE FROM audit_checkpoints",
    ],
)
async def test_the_store_refuses_every_other_change(log: AuditLog, store: Store, statement: str) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        async with store.write() as connection:
            await connection.exec_driver_sql(statement)
    assert await log.verify(PUBLIC, {}) == (10, None)


@pytest.mark.parametrize(
    ("statement", "number", "said"),
    [
        ("UPDATE audit_entries SET actor = 'eve' WHERE number = 3", 3, "it was altered"),
        ("UPDATE audit_entries SET at = at + 1 WHERE number = 7", 7, "it was altered"),
        ("UPDATE audit_entries SET reason = 'x' WHERE number = 10", 10, "it was altered"),
        ("DELETE FROM audit_entries WHERE number = 4", 4, "it is missing; the next one is 5"),
        ("DELETE FROM audit_entries WHERE number = 1", 1, "it is missing; the next one is 2"),
        ("DELETE FROM audit_entries WHERE number > 6", 7, "it is missing, as is all up to entry 8"),
        ("DELETE FROM audit_entries", 1, "it is missing, as is all up to entry 5"),
        ("UPDATE audit_checkpoints SET at = at - 1 WHERE number = 5", 5, "no signature"),
        ("UPDATE audit_entries SET number = 11 WHERE number = 10", 10, "it is missing; the next one is 11"),
    ],
)
async def test_the_first_that_was_altered_is_named(
    log: AuditLog, store: Store, statement: str, number: int, said: str
) -> None:
    await without_guards(store, statement)
    good, fault = await log.verify(PUBLIC, {})
    assert fault is not None
    assert (good, fault.number) == (number - 1, number)
    assert said in fault.what


async def rewritten(log: AuditLog, store: Store, first: int) -> None:
    """All entries from `first` on with digests that follow from one another, as only code can do it."""
    entries = [entry async for entry in log.entries()]
    await without_guards(store)
    previous = entries[first - 2].digest
    async with store.write() as connection:
        for entry in entries[first - 1 :]:
            forged = event(entry.number, actor="eve")
            digest = digest_of(entry.number, entry.at, forged, previous)
            await connection.execute(
                sa.update(audit_entries)
                .where(audit_entries.c.number == entry.number)
                .values(actor="eve", previous=previous, digest=digest)
            )
            previous = digest


async def test_a_chain_that_was_written_anew_is_found_at_the_next_checkpoint(log: AuditLog, store: Store) -> None:
    await rewritten(log, store, 4)
    _, fault = await log.verify(PUBLIC, {})
    assert str(fault) == "entry 5: the chain up to it was written anew: its checkpoint has another digest"


async def test_a_checkpoint_of_another_key_is_none(log: AuditLog, store: Store) -> None:
    await rewritten(log, store, 4)
    other = Ed25519PrivateKey.from_private_bytes(b"\x06" * 32)
    entries = [entry async for entry in log.entries()]
    async with store.write() as connection:
        await connection.execute(sa.delete(audit_checkpoints))
        forged = sign(entries[4], 1, other)
        await connection.execute(
            sa.insert(audit_checkpoints).values(
                number=5, digest=forged.digest, at=forged.at, signature=forged.signature
            )
        )
    _, fault = await log.verify(PUBLIC, {})
    assert str(fault) == "entry 5: its checkpoint has no signature of this catalog's key"


async def test_what_came_after_the_last_checkpoint_is_found_by_one_that_was_kept_elsewhere(
    log: AuditLog, store: Store
) -> None:
    kept = {entry.number: entry.digest async for entry in log.entries()}
    await without_guards(store, "DELETE FROM audit_entries WHERE number > 8")
    assert await log.verify(PUBLIC, {}) == (8, None)
    good, fault = await log.verify(PUBLIC, {10: kept[10]})
    assert (good, fault and fault.number) == (8, 9)
    _, fault = await log.verify(PUBLIC, {2: bytes(32)})
    assert str(fault) == "entry 2: its digest is not the one that was expected"


async def test_an_event_and_what_it_tells_of_happen_together_or_not_at_all(log: AuditLog, store: Store) -> None:
    async def fails() -> None:
        async with store.write() as connection:
            await log.append(connection, event(11))
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        await fails()
    assert await log.verify(PUBLIC, {}) == (10, None)


async def test_many_who_write_at_once_make_one_chain(log: AuditLog, store: Store) -> None:
    async def add(number: int) -> Entry:
        async with store.write() as connection:
            return await log.append(connection, event(number))

    await asyncio.gather(*(add(number) for number in range(11, 31)))
    assert await log.verify(PUBLIC, {}) == (30, None)


async def test_a_checkpoint_is_made_once(log: AuditLog) -> None:
    made = await log.checkpoint(KEY)
    assert made is not None
    assert made.number == 10
    assert await log.checkpoint(KEY) is None


async def test_publications_and_secrets_are_told_of(world: World) -> None:
    issued = await world.ledger.issue("web-shop", actor="ada")
    entries = [entry.event async for entry in world.audit.entries()]
    current = world.publisher.current
    assert current is not None
    published, secret = entries
    assert (published.subject, published.action, published.actor) == ("snapshot", "published", "catalog")
    assert (published.before, published.after) == ("", current.digest)
    assert published.object == str(current.manifest.serial)
    assert (secret.subject, secret.object, secret.actor) == ("client-secret", f"web-shop/{issued.key_id}", "ada")
    assert issued.secret not in repr(entries)
