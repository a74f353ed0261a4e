"""Batches in the store: each counts once, by hour and by day, and goes when it is old."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from catalog.storage.engine import Store
from catalog.storage.tables.usage import usage_callers, usage_days, usage_hours, usage_seen, usage_sources
from catalog.usage.ingest import UsageIntake
from catalog.usage.queries import Calls, Seen, Selection, UsageQueries
from catalog.usage.retention import Retention, forget_old_usage
from contracts.usage.batch import Batch, Lost, Row, Sight, Tally

NOW = 1_795_000_000  # 2026-11-18 11:06:40 UTC
HOUR = 1_794_999_600
DAY = 1_794_960_000


def row(application: str = "web-shop", calls: int = 3, **changes: Any) -> Row:
    members: dict[str, Any] = {
        "api": "orders",
        "version": "v1",
        "operation": "listOrders",
        "application": application,
        "consumer": "acme",
        "first": NOW - 5,
        "last": NOW - 1,
        "tallies": (Tally("200", calls, 1000 * calls, 10 * calls, (calls, 0, 0, 0, 0)),),
        "seen": (Sight("accepted", "", "", calls), Sight("query", "status", '"open"', 1)),
    }
    return Row(**{**members, **changes})


def batch(sequence: int, *rows: Row, begin: int = NOW - 10, **changes: Any) -> Batch:
    members: dict[str, Any] = {
        "format": 1,
        "gateway": "edge-1",
        "boot": "0" * 32,
        "sequence": sequence,
        "begin": begin,
        "end": begin + 10,
        "rows": rows or (row(),),
    }
    return Batch(**{**members, **changes})


class World:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.intake = UsageIntake(store, lambda: self.now)
        self.queries = UsageQueries(store)

    async def forget(self, **days: int) -> int:
        return await forget_old_usage(self.store, lambda: self.now, Retention(**days))


@pytest.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    store = Store.open(store_url)
    await store.migrate()
    yield World(store)
    await store.close()


async def hours(store: Store) -> list[tuple[Any, ...]]:
    columns = (usage_hours.c.hour, usage_hours.c.status, usage_hours.c.calls, usage_hours.c.bytes)
    return [tuple(each) for each in await store.all(sa.select(*columns).order_by(*columns))]


async def test_what_is_told_twice_counts_once(world: World) -> None:
    assert await world.intake.take(batch(1)) is True
    assert await world.intake.take(batch(1)) is False
    assert await world.intake.take(batch(3)) is True  # the second was given up
    assert await world.intake.take(batch(2)) is False
    assert await hours(world.store) == [(HOUR, "200", 6, 60)]


async def test_each_process_has_numbers_of_its_own(world: World) -> None:
    taken = [
        await world.intake.take(batch(1)),
        await world.intake.take(batch(1, boot="1" * 32)),
        await world.intake.take(batch(1, gateway="edge-2")),
    ]
    assert taken == [True, True, True]
    assert await hours(world.store) == [(HOUR, "200", 9, 90)]


async def test_a_batch_that_fails_half_way_leaves_nothing_and_can_be_told_again(world: World) -> None:
    async with world.store.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE usage_seen RENAME TO usage_seen_away")
    with pytest.raises(sa.exc.SQLAlchemyError):
        await world.intake.take(batch(1))
    async with world.store.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE usage_seen_away RENAME TO usage_seen")
        for table in (usage_sources, usage_callers, usage_hours, usage_days):
            assert await connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    assert await world.intake.take(batch(1)) is True
    assert await hours(world.store) == [(HOUR, "200", 3, 30)]


async def test_hours_and_statuses_are_apart_and_a_day_is_their_sum(world: World) -> None:
    refused = Tally("4xx", 2, 50, 0, (2, 0, 0, 0, 0))
    await world.intake.take(batch(1, row(tallies=(*row().tallies, refused))))
    await world.intake.take(batch(2, row("other-shop"), begin=NOW - 3600))
    assert await hours(world.store) == [(HOUR - 3600, "200", 3, 30), (HOUR, "200", 3, 30), (HOUR, "4xx", 2, 0)]
    points = await world.queries.points(Selection(NOW - 7200, NOW, api="orders"), "day", 100)
    assert [(each.start, each.status, each.calls) for each in points] == [(DAY, "200", 6), (DAY, "4xx", 2)]
    mine = Selection(NOW - 7200, NOW, application="other-shop")
    assert [each.start for each in await world.queries.points(mine, "hour", 100)] == [HOUR - 3600]


async def test_a_clock_that_is_ahead_dates_nothing_in_the_future(world: World) -> None:
    ahead = NOW + 50_000
    await world.intake.take(batch(1, row(first=ahead, last=ahead), begin=ahead))
    assert await hours(world.store) == [(HOUR, "200", 3, 30)]
    assert await world.queries.last_call("orders", "v1") == NOW


async def test_callers_are_known_by_what_they_called(world: World) -> None:
    await world.intake.take(batch(1, row(), row("other-shop", 5), row("", 1, consumer="")))
    await world.intake.take(batch(2, row(operation="getOrder", first=NOW - 2, last=NOW)))
    await world.intake.take(batch(3, row(version="v2")))
    assert await world.queries.callers("orders", "v1", NOW - 100) == (
        Calls("listOrders", "other-shop", "acme", 5, NOW - 1),
        Calls("getOrder", "web-shop", "acme", 3, NOW),
        Calls("listOrders", "web-shop", "acme", 3, NOW - 1),
        Calls("listOrders", "", "", 1, NOW - 1),
    )
    assert await world.queries.last_call("orders", "v1") == NOW
    assert await world.queries.last_call("orders", "v9") is None
    assert await world.queries.callers("orders", "v1", NOW + 1) == ()


async def test_what_was_seen_is_found_by_operation_and_sight(world: World) -> None:
    wanted = ("listOrders", ("query", "status", '"open"'))
    await world.intake.take(batch(1, lost=Lost(1, 7)))
    await world.intake.take(batch(2, row(last=NOW), row("other-shop", seen=()), lost=Lost(1, 7)))
    found = await world.queries.observations(
        "orders", "v1", operations=("listOrders",), sights=(wanted,), since=NOW - 100
    )
    assert found.seen == {wanted: {"web-shop": Seen(2, NOW)}}
    assert {each.application: each.calls for each in found.calls} == {"web-shop": 6, "other-shop": 3}
    assert (found.began, found.lost_calls) == (NOW - 5, 7)
    later = await world.queries.observations("orders", "v1", operations=(), sights=(wanted,), since=NOW + 1)
    assert later.seen == {}
    assert later.calls == ()


async def test_hours_go_before_days_and_callers_last(world: World) -> None:
    await world.intake.take(batch(1))
    world.now = NOW + 31 * 86_400
    assert await world.forget(hourly=30, daily=60) == 0
    assert await hours(world.store) == []
    assert await world.queries.last_call("orders", "v1") == NOW - 1
    assert len(await world.queries.callers("orders", "v1", NOW - 100)) == 1
    world.now = NOW + 75 * 86_400  # a month that is gone whole
    assert await world.forget(hourly=30, daily=60) == 1
    for table in (usage_callers, usage_days, usage_seen, usage_sources):
        assert await world.store.all(sa.select(table)) == []


async def test_what_is_young_enough_stays(world: World) -> None:
    await world.intake.take(batch(1, *(row(f"shop-{number}") for number in range(250))))
    before = await hours(world.store)
    world.now = NOW + 29 * 86_400
    assert await world.forget(hourly=30, daily=60) == 0
    assert await hours(world.store) == before
