"""How usage reaches the catalog: in order, once it is there again, and with what was lost."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from contracts.usage.batch import Batch, Lost, decode
from gateway.usage import packing, reporting
from gateway.usage.counting import UsageCounting
from gateway.usage.credentials import CredentialUses
from gateway.usage.reporting import UsageReporter
from tests.gateway.usage.test_usage_counting import call


class Catalog:
    """Takes batches, or answers as a test says."""

    def __init__(self) -> None:
        self.status = 204
        self.hold: asyncio.Event | None = None
        self.asked = asyncio.Event()
        self.taken: list[Batch] = []
        self.tokens: set[str] = set()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.tokens.add(request.headers["authorization"])
        batch = decode(await request.read())
        self.asked.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.status == 204:
            self.taken.append(batch)
        return web.Response(status=self.status)


class World:
    def __init__(self, catalog: Catalog, session: aiohttp.ClientSession) -> None:
        self.catalog = catalog
        self.counting = UsageCounting()
        self.credentials = CredentialUses()
        self._session = session
        self.now = 1_000_000.0

    def reporter(self, **options: Any) -> UsageReporter:
        given = {"interval": 60.0, "room": 1 << 20, **options}
        return UsageReporter(
            self.counting,
            self.catalog.url + "/",
            "the-token",
            credentials=self.credentials,
            gateway="edge",
            session=self._session,
            clock=lambda: self.now,
            monotonic=lambda: 200.0,
            **given,
        )

    def count(self, calls: int = 1, who: str = "web-shop") -> None:
        for _ in range(calls):
            self.counting.record(call(who=who))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    catalog = Catalog()
    app = web.Application()
    app.router.add_post("/gateway/usage", catalog.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    catalog.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as session:
        yield World(catalog, session)
    await runner.cleanup()


async def test_a_batch_says_who_tells_when_and_what(world: World) -> None:
    reporter = world.reporter()
    world.count(3)
    world.now += 10
    await reporter.gather()
    assert await reporter.send() is True
    (batch,) = world.catalog.taken
    assert (batch.gateway, batch.sequence, batch.begin, batch.end) == ("edge", 1, 1_000_000, 1_000_010)
    assert batch.lost == Lost()
    assert batch.rows[0].tallies[0].calls == 3
    assert batch.rows[0].last == 1_000_010 - 200 + 100  # by the wall's clock
    assert world.catalog.tokens == {"Bearer the-token"}
    assert (reporter.sent, reporter.dropped, reporter.lost_calls, reporter.waiting_bytes) == (1, 0, 0, 0)


async def test_where_nothing_was_called_nothing_is_told(world: World) -> None:
    reporter = world.reporter()
    await reporter.gather()
    await _start_and_close(reporter)
    assert world.catalog.taken == []


async def _start_and_close(reporter: UsageReporter) -> None:
    reporter.start()
    await reporter.close()


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 503])
async def test_what_the_catalog_does_not_take_is_told_again_in_order(world: World, status: int) -> None:
    reporter = world.reporter()
    world.catalog.status = status
    for number in range(3):
        world.count(number + 1)
        await reporter.gather()
        assert await reporter.send() is False
    assert reporter.waiting_bytes > 0
    world.catalog.status = 204
    while len(world.catalog.taken) < 3:
        assert await reporter.send() is True
    assert [batch.sequence for batch in world.catalog.taken] == [1, 2, 3]
    assert [batch.rows[0].tallies[0].calls for batch in world.catalog.taken] == [1, 2, 3]
    assert (reporter.dropped, reporter.waiting_bytes) == (0, 0)


async def test_what_does_not_fit_is_given_up_from_the_oldest_on_and_told_as_lost(world: World) -> None:
    first = world.reporter()
    world.count()
    await first.gather()
    reporter = world.reporter(room=first.waiting_bytes * 2)
    for number in range(4):
        world.count(number + 1)
        await reporter.gather()
    assert (reporter.dropped, reporter.lost_calls) == (2, 3)
    assert reporter.waiting_bytes <= first.waiting_bytes * 2 + 2
    await _start_and_close(reporter)
    assert [batch.sequence for batch in world.catalog.taken] == [3, 4]
    assert [batch.lost for batch in world.catalog.taken] == [Lost(0, 0), Lost(1, 1)]
    world.count()
    await reporter.gather()
    await reporter.send()
    assert world.catalog.taken[-1].lost == Lost(2, 3)


async def test_a_report_larger_than_the_room_goes_in_pieces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "BATCH", 1)
    world.count()
    first = world.reporter()
    await first.gather()
    reporter = world.reporter(room=first.waiting_bytes * 3)
    reporter.start()
    for number in range(20):
        world.count(who=f"shop-{number}")
    await reporter.gather()
    await reporter.close()
    assert len({batch.sequence for batch in world.catalog.taken}) == 20
    assert (reporter.dropped, reporter.lost_calls, reporter.waiting_bytes) == (0, 0, 0)


async def test_the_collector_is_spared_many_callers_that_are_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "GROWN", 3)
    spared: list[int] = []
    monkeypatch.setattr(reporting, "keep_what_is_there", lambda: spared.append(1))
    reporter = world.reporter()
    for callers, times in ((2, 0), (3, 2), (5, 2), (6, 4)):
        for _ in range(2):  # those of two intervals are kept in turn
            for number in range(callers):
                world.count(who=f"shop-{number}")
            await reporter.gather()
        assert len(spared) == times


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_what_is_refused_for_good_does_not_hold_up_the_rest(world: World, status: int) -> None:
    reporter = world.reporter()
    world.count(5)
    await reporter.gather()
    world.catalog.status = status
    assert await reporter.send() is True
    assert (reporter.dropped, reporter.lost_calls, reporter.waiting_bytes) == (1, 5, 0)
    world.catalog.status = 204
    world.count()
    await _start_and_close(reporter)
    assert [(batch.sequence, batch.lost) for batch in world.catalog.taken] == [(2, Lost(1, 5))]


async def test_calls_of_too_many_callers_are_told_as_lost(world: World) -> None:
    reporter = world.reporter()
    world.count()
    world.counting.overflowed = 4
    await _start_and_close(reporter)
    assert world.catalog.taken[0].lost == Lost(0, 4)


async def test_it_tells_by_itself_at_each_interval(world: World) -> None:
    reporter = world.reporter(interval=0.01)
    reporter.start()
    async with asyncio.timeout(10):
        for number in range(3):
            world.count()
            while len(world.catalog.taken) <= number:
                await asyncio.sleep(0.005)
    await reporter.close()
    # The end may come before the answer to the last: that one is told again, under its number.
    assert [batch.sequence for batch in world.catalog.taken[:3]] == [1, 2, 3]
    assert {batch.sequence for batch in world.catalog.taken} == {1, 2, 3}


async def test_while_the_catalog_is_away_an_hour_waits_as_one_batch(world: World) -> None:
    world.catalog.status = 503
    reporter = world.reporter(interval=0.01)
    world.count()
    reporter.start()
    async with asyncio.timeout(10):
        for _ in range(5):  # attempts; each comes after an interval
            world.count()
            world.catalog.asked.clear()
            await world.catalog.asked.wait()
        waited = reporter.waiting_bytes
        world.catalog.asked.clear()
        await world.catalog.asked.wait()
        assert reporter.waiting_bytes == waited
        world.catalog.status = 204
        while sum(batch.rows[0].tallies[0].calls for batch in world.catalog.taken) < 6:
            await asyncio.sleep(0.005)
    await reporter.close()
    assert len(world.catalog.taken) <= 3


async def test_a_fault_of_ours_is_logged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(reporting, "rows_of", fail)
    reporter = world.reporter(interval=0.01)
    with capture_logs() as logs:
        reporter.start()
        async with asyncio.timeout(10):
            while not logs:
                await asyncio.sleep(0.005)
    assert [(entry["event"], str(entry["exc_info"])) for entry in logs] == [("usage is told no more", "broken")]
    monkeypatch.undo()
    await reporter.close()


async def test_it_tells_at_the_full_hour_so_that_a_batch_is_of_one(world: World) -> None:
    world.now = 3_600_000 - 0.01
    reporter = world.reporter(interval=3_600)
    world.count()
    reporter.start()
    async with asyncio.timeout(10):
        while not world.catalog.taken:
            await asyncio.sleep(0.005)
    await reporter.close()
    assert world.catalog.taken[0].begin == 3_599_999


async def test_an_interval_in_which_the_catalog_hangs_is_told_at_the_end(world: World) -> None:
    """The catalog may have taken what hung: it is told again under the same number."""
    world.catalog.hold = asyncio.Event()
    reporter = world.reporter(interval=0.01)
    world.count(2)
    reporter.start()
    async with asyncio.timeout(10):
        await world.catalog.asked.wait()
    closing = asyncio.create_task(reporter.close())
    await asyncio.sleep(0)
    world.catalog.hold.set()
    await closing
    assert {batch.sequence for batch in world.catalog.taken} == {1}
    assert reporter.waiting_bytes == 0


async def test_a_catalog_that_is_gone_holds_up_no_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "_LAST_SECONDS", 0.05)
    world.catalog.hold = asyncio.Event()
    reporter = world.reporter()
    world.count()
    await _start_and_close(reporter)
    assert world.catalog.taken == []
    assert reporter.waiting_bytes > 0
    world.catalog.hold.set()
    world.catalog.url = "http://127.0.0.1:1"
    unreachable = world.reporter()
    world.count()
    await _start_and_close(unreachable)
    assert unreachable.waiting_bytes > 0
