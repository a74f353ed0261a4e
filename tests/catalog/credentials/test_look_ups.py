"""Looking up many credentials at once: each gets its own row, and nobody one that is older than the question."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from catalog.credentials.look_ups import MOST, LookUps
from catalog.storage.engine import Store
from tests.catalog.serving import World, serving


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with serving(tmp_path) as world:
        yield world


class Slow:
    """A store that answers when it is let, and counts how often it was asked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked = 0
        self.let = asyncio.Event()
        self.let.set()
        self.error: Exception | None = None

    async def all(self, query: sa.Select[Any]) -> Sequence[Any]:
        self.asked += 1
        await self.let.wait()
        if self.error is not None:
            raise self.error
        return await self.store.all(query)


async def test_each_gets_its_own_row_and_few_questions_are_asked(world: World) -> None:
    issued = [(await world.ledger.issue("web-shop", actor="test")).key_id for _ in range(5)]
    slow = Slow(world.store)
    look_ups = LookUps(slow)  # type: ignore[arg-type]
    rows = await asyncio.gather(*(look_ups.row(key) for key in [*issued, "nobody", issued[0]]))
    assert [None if row is None else row.key_id for row in rows] == [*issued, None, issued[0]]
    assert slow.asked == 1
    many = await asyncio.gather(*(look_ups.row(f"key-{number}") for number in range(MOST + 1)))
    assert set(many) == {None}
    assert slow.asked == 3


async def test_a_question_is_never_answered_by_an_earlier_one(world: World) -> None:
    key = (await world.ledger.issue("web-shop", actor="test")).key_id
    slow = Slow(world.store)
    look_ups = LookUps(slow)  # type: ignore[arg-type]
    slow.let.clear()
    first = asyncio.create_task(look_ups.row("nobody"))
    while not slow.asked:
        await asyncio.sleep(0)
    second = asyncio.create_task(look_ups.row(key))
    await asyncio.sleep(0)
    async with world.store.write() as connection:
        await connection.exec_driver_sql("UPDATE credentials SET purpose = 'changed'")
    slow.let.set()
    assert await first is None
    row = await second
    assert row is not None
    assert row.purpose == "changed"
    assert slow.asked == 2


async def test_an_error_is_everybodys_and_the_next_question_is_asked_again(world: World) -> None:
    key = (await world.ledger.issue("web-shop", actor="test")).key_id
    slow = Slow(world.store)
    slow.error = OperationalError("SELECT", {}, Exception("gone"))
    look_ups = LookUps(slow)  # type: ignore[arg-type]
    outcomes = await asyncio.gather(look_ups.row(key), look_ups.row("other"), return_exceptions=True)
    assert all(isinstance(each, OperationalError) for each in outcomes)
    slow.error = None
    assert await look_ups.row(key) is not None


async def test_who_goes_away_takes_no_answer_with_them(world: World) -> None:
    key = (await world.ledger.issue("web-shop", actor="test")).key_id
    slow = Slow(world.store)
    look_ups = LookUps(slow)  # type: ignore[arg-type]
    slow.let.clear()
    gone, stays = asyncio.create_task(look_ups.row(key)), asyncio.create_task(look_ups.row(key))
    while not slow.asked:
        await asyncio.sleep(0)
    gone.cancel()
    slow.let.set()
    assert await stays is not None
    assert gone.cancelled()
