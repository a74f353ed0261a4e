"""How a process reports: its state, a sample of failures, and what happens while the catalog does not take it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from contracts.usage.report import GatewayReport, decode
from gateway.runtime import Runtime
from gateway.usage.failures import Failures
from gateway.usage.process_report import ProcessReporter
from tests.gateway.usage.test_failures import failed


class Idle:
    """A pipeline without a snapshot."""

    open = 3
    runtime: Runtime | None = None


class World:
    """A catalog that answers as a test says, and a process that reports to it."""

    def __init__(self) -> None:
        self.status = 204
        self.taken: list[GatewayReport] = []
        self.asked = 0
        self.failures = Failures()

    async def take(self, request: web.Request) -> web.Response:
        self.asked += 1
        assert request.headers["authorization"] == "Bearer the-token"
        if self.status == 204:
            self.taken.append(decode(await request.read()))
        return web.Response(status=self.status)


@pytest.fixture
async def told() -> AsyncIterator[tuple[World, ProcessReporter]]:
    world = World()
    app = web.Application()
    app.router.add_post("/gateway/report", world.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    async with aiohttp.ClientSession() as session:
        yield (
            world,
            ProcessReporter(
                Idle(), world.failures, None, url, "the-token", gateway="edge/1", session=session, interval=10.0
            ),
        )
    await runner.cleanup()


Told = tuple[World, ProcessReporter]


async def test_a_report_says_who_it_is_and_how(told: Told) -> None:
    world, reporter = told
    world.failures.record(failed())
    assert await reporter.tell()
    assert await reporter.tell()
    first, second = world.taken
    assert (first.gateway, first.interval, first.open_requests, first.serial, first.age) == (
        "edge/1",
        10.0,
        3,
        0,
        None,
    )
    assert [each.problem for each in first.failures] == ["schema-violation"]
    assert second.failures == ()
    assert (first.boot, first.sequence + 1) == (second.boot, second.sequence)


@pytest.mark.parametrize("status", [401, 500, 503])
async def test_what_was_not_taken_is_asked_to_be_taken_again(told: Told, status: int) -> None:
    world, reporter = told
    world.status = status
    world.failures.record(failed())
    with capture_logs() as logs:
        assert not await reporter.tell()
        assert not await reporter.tell()
    assert [entry["event"] for entry in logs] == ["report not taken"]
    world.failures.record(failed(404, "route-not-found"))
    world.status = 204
    assert await reporter.tell()
    assert [[each.problem for each in report.failures] for report in world.taken] == [
        ["schema-violation"],
        ["route-not-found"],
    ]


async def test_a_catalog_that_takes_no_reports_is_not_asked_for_the_same_twice(told: Told) -> None:
    world, reporter = told
    world.status = 404
    world.failures.record(failed())
    assert await reporter.tell()
    assert world.asked == 1
    world.status = 204
    assert await reporter.tell()
    assert world.taken[0].failures == ()


async def test_a_process_that_ends_tells_its_last_failures(told: Told) -> None:
    world, reporter = told
    world.failures.record(failed())
    await reporter.close()
    assert sum(len(report.failures) for report in world.taken) == 1
