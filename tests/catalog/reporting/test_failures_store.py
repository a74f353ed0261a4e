"""Reports in the store: each counts once, failures are bounded by the day, found by who may see them, and go."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from catalog.people.principal import Principal
from catalog.reporting.failures import FailureQueries, Sight, Sought, sight_of
from catalog.reporting.intake import ReportIntake
from catalog.reporting.processes import processes
from catalog.reporting.retention import forget_old_reports
from catalog.storage.engine import Store
from contracts.estate_files import ConsumerEntry, ConsumersFile
from contracts.usage.report import Failure, GatewayReport
from tests.catalog.admin import company

NOW = 1_795_000_000
ANYTHING = Sought()
EVERYTHING = Sight(True)
ACME = Sight(False, frozenset({"acme"}))


def failure(number: int = 1, application: str = "web-shop", consumer: str = "acme", **changes: Any) -> Failure:
    members: dict[str, Any] = {
        "request_id": f"request-{number}",
        "at": NOW - 5,
        "status": 422,
        "milliseconds": 3,
        "upstream": "not-called",
        "method": "POST",
        "api": "orders",
        "version": "v2",
        "operation": "createOrder",
        "application": application,
        "consumer": consumer,
        "problem": "schema-violation",
        "policy": "request-schema",
    }
    return Failure(**{**members, **changes})


def report(sequence: int = 1, *failures: Failure, **changes: Any) -> GatewayReport:
    members: dict[str, Any] = {
        "format": 1,
        "gateway": "edge-1",
        "boot": "0" * 32,
        "sequence": sequence,
        "at": NOW,
        "started": NOW - 60,
        "interval": 10.0,
        "serial": 7,
        "issued": NOW - 50,
        "failures": failures,
    }
    return GatewayReport(**{**members, **changes})


class World:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.intake = ReportIntake(store, lambda: self.now, most_a_day=3)
        self.queries = FailureQueries(store)

    async def found(self, sought: Sought = ANYTHING, sight: Sight = EVERYTHING, limit: int = 100) -> list[str]:
        return [each.failure.request_id for each in await self.queries.find(sought, sight, limit)]


@pytest.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    store = Store.open(store_url)
    await store.migrate()
    yield World(store)
    await store.close()


async def test_a_report_counts_once(world: World) -> None:
    assert await world.intake.take(report(1, failure(1)))
    assert not await world.intake.take(report(1, failure(1)))
    assert await world.intake.take(report(2, failure(2)))
    assert await world.intake.take(report(1, failure(3), boot="1" * 32)), "it was started anew"
    assert await world.found() == ["request-3", "request-2", "request-1"]
    (process,) = await processes(world.store, NOW)
    assert (process.report.serial, process.report.failures, process.silent(NOW + 20)) == (7, (), False)
    assert process.silent(NOW + 60)


async def test_one_application_fills_its_own_day_alone(world: World) -> None:
    await world.intake.take(report(1, *(failure(number) for number in range(5)), failure(9, "analyst")))
    await world.intake.take(report(2, failure(6), failure(7, "analyst")))
    assert len(await world.found(Sought(application="web-shop"))) == 3
    assert len(await world.found(Sought(application="analyst"))) == 2
    world.now += 86_400
    await world.intake.take(report(3, failure(8, at=world.now)))
    assert len(await world.found(Sought(application="web-shop"))) == 4


async def test_pages_follow_each_other(world: World) -> None:
    await world.intake.take(report(1, *(failure(number, f"app-{number}") for number in range(5))))
    first = await world.queries.find(Sought(), EVERYTHING, 2)
    assert await world.found(Sought(before=first[-1].number), limit=2) == ["request-2", "request-1"]


async def test_each_sees_the_calls_of_its_own(world: World) -> None:
    nobody = failure(3, "", "", status=401, problem="token-invalid")
    await world.intake.take(report(1, failure(1), failure(2, "bi", "bi-firm"), nobody))
    assert await world.found(sight=ACME) == ["request-1"]
    assert await world.found(Sought("request-2"), ACME) == []
    assert await world.found(Sought(application="bi"), ACME) == []
    assert await world.found(Sought("request-3"), ACME) == ["request-3"], "by its exact id, of nobody"
    assert await world.found(sight=Sight(False)) == []


def test_who_sees_what_follows_from_roles_and_teams() -> None:
    consumers = ConsumersFile({"acme": ConsumerEntry("Acme", "a@acme.example", {}, "acme-team")})
    view = company(consumers=consumers)
    partner = Principal("dora", {"acme-team": frozenset({"partner-developer"})})
    assert sight_of(partner, view) == Sight(False, frozenset({"acme"}))
    assert sight_of(Principal("eve", {"other": frozenset({"partner-developer"})}), view) == Sight(False)
    assert sight_of(Principal("anna", {"sales": frozenset({"api-owner"})}), view) == Sight(True)
    assert sight_of(partner, None) == Sight(False)


async def test_what_is_old_goes(world: World) -> None:
    await world.intake.take(report(1, failure(1, at=NOW - 40 * 86_400), failure(2)))
    assert await forget_old_reports(world.store, lambda: NOW, 30) == 1
    assert await world.found() == ["request-2"]
    assert len(await processes(world.store, NOW)) == 1
    await forget_old_reports(world.store, lambda: NOW + 8 * 86_400, 30)
    assert await processes(world.store, NOW) == ()
