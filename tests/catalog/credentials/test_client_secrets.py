"""Client secrets: their format and the ledger."""

import re
import zlib

import pytest
import sqlalchemy as sa
from alembic import command
from hypothesis import given
from hypothesis import strategies as st

from catalog.clock import DAY
from catalog.credentials.ledger import SecretLedger
from catalog.credentials.secrets import generate, parse
from catalog.storage.engine import _alembic
from catalog.storage.tables.credentials import credentials
from tests.catalog.serving import World


def test_the_format_is_the_documented_one() -> None:
    text = generate("live").text
    assert re.fullmatch(r"ost_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}[0-9A-Za-z]{6}", text)
    number = 0
    for character in text[-6:]:
        number = number * 62 + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".index(character)
    assert number == zlib.crc32(text[:-6].encode())


def test_what_is_generated_is_parsed_again_and_differs_each_time() -> None:
    made = [generate("test") for _ in range(200)]
    assert all(parse(secret.text) == secret for secret in made)
    assert len({secret.text for secret in made} | {secret.key_id for secret in made}) == 400


@given(st.integers(min_value=0), st.characters(min_codepoint=33, max_codepoint=126))
def test_one_changed_character_is_noticed_before_any_look_up(position: int, character: str) -> None:
    text = "ost_test_K0000000000K_" + "s" * 43
    text += "".join(_base62(zlib.crc32(text.encode())))
    assert parse(text) is not None
    index = position % len(text)
    changed = text[:index] + character + text[index + 1 :]
    assert (parse(changed) is None) == (changed != text)


def _base62(number: int) -> list[str]:
    digits = []
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits.insert(0, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[digit])
    return digits


@pytest.mark.parametrize("text", ["", "ost", "ost_test__", "x" * 5000, "ost_test_é", "ost_TEST_" + "a" * 63, "\n"])
def test_anything_else_is_no_secret(text: str) -> None:
    assert parse(text) is None


def test_a_trailing_newline_is_not_forgiven() -> None:
    assert parse(generate("test").text + "\n") is None


def test_no_repr_shows_a_secret() -> None:
    secret = generate("test")
    assert secret.text not in repr(secret)


async def test_the_store_holds_a_digest_and_never_the_secret(world: World) -> None:
    issued = await world.ledger.issue("web-shop", 30, actor="test")
    assert issued.secret not in repr(issued)
    async with world.store.write() as connection:
        [row] = (await connection.execute(sa.select(credentials))).all()
    assert issued.secret not in str(row)
    assert issued.secret.encode() not in row.digest
    assert (row.application, row.key_id) == ("web-shop", issued.key_id)
    assert (row.created_at, row.expires_at) == (int(world.now), int(world.now) + 30 * DAY)
    assert row.last_used_at is None


async def test_two_secrets_of_one_client_overlap(world: World) -> None:
    first, second = (
        await world.ledger.issue("web-shop", actor="test"),
        await world.ledger.issue("web-shop", actor="test"),
    )
    assert first.secret != second.secret
    assert await world.ledger.verify("web-shop", first.secret)
    assert await world.ledger.verify("web-shop", second.secret)


async def test_a_row_whose_digest_differs_opens_nothing(world: World) -> None:
    """The comparison of digests is what decides: the key id alone, which is public, does not."""
    issued = await world.ledger.issue("web-shop", actor="test")
    async with world.store.write() as connection:
        await connection.execute(sa.update(credentials).values(digest=bytes(32)))
    assert not await world.ledger.verify("web-shop", issued.secret)


async def test_a_secret_of_another_environment_opens_nothing(world: World) -> None:
    """Even where two environments share a store and a pepper by mistake."""
    issued = await world.ledger.issue("web-shop", actor="test")
    production = SecretLedger(world.store, world.keys.pepper, "production", lambda: world.now, world.audit)
    assert not await production.verify("web-shop", issued.secret)


async def test_another_pepper_opens_nothing(world: World) -> None:
    issued = await world.ledger.issue("web-shop", actor="test")
    assert not await SecretLedger(world.store, bytes(32), "test", lambda: world.now, world.audit).verify(
        "web-shop", issued.secret
    )


async def test_the_last_use_is_noted_in_a_batch(world: World) -> None:
    used, unused = (
        await world.ledger.issue("web-shop", actor="test"),
        await world.ledger.issue("web-shop", actor="test"),
    )
    for _ in range(3):
        world.now += 1
        assert await world.ledger.verify("web-shop", used.secret)
    assert not await world.ledger.verify("analyst", unused.secret)
    await world.ledger.flush_last_used()
    async with world.store.write() as connection:
        rows = dict((await connection.execute(sa.select(credentials.c.key_id, credentials.c.last_used_at))).all())
    assert rows == {used.key_id: int(world.now), unused.key_id: None}


async def test_a_use_that_could_not_be_written_is_written_later(world: World) -> None:
    issued = await world.ledger.issue("web-shop", actor="test")
    assert await world.ledger.verify("web-shop", issued.secret)
    async with world.store.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE credentials RENAME TO away")
    with pytest.raises(sa.exc.DBAPIError):
        await world.ledger.flush_last_used()
    async with world.store.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE away RENAME TO credentials")
    await world.ledger.flush_last_used()
    async with world.store.write() as connection:
        assert await connection.scalar(sa.select(credentials.c.last_used_at)) == int(world.now)


async def test_secrets_from_before_there_was_a_ledger_stay_good(world: World) -> None:
    issued = await world.ledger.issue("web-shop", actor="test", team="sales")
    ended = await world.ledger.issue("web-shop", actor="test")
    async with world.store.write() as connection:
        revoked = sa.update(credentials).where(credentials.c.key_id == ended.key_id)
        await connection.execute(revoked.values(revoked_at=int(world.now)))
        await connection.run_sync(lambda on: command.downgrade(_alembic(connection=on), "0007"))
        rows = (await connection.exec_driver_sql("SELECT key_id, client_id FROM client_secrets")).all()
    assert [tuple(row) for row in rows] == [(issued.key_id, "web-shop")], "a revoked one would be good again"
    await world.store.migrate()
    found = await world.ledger.verify("web-shop", issued.secret)
    assert found is not None
    assert found.key_id == issued.key_id
    assert await world.ledger.verify("web-shop", ended.secret) is None
    [row] = await world.store.all(sa.select(credentials))
    assert (row.team, row.owner, row.expires_at) == ("", "local", int(world.now) + 90 * DAY)
