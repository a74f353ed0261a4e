"""Pages of failed calls and of how things are: what each sees, and what is said where there is nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from catalog.portal.reader import LANGUAGE_COOKIE
from catalog.portal.visit import Visit
from contracts.estate_files import ConsumerEntry, ConsumersFile, TeamEntry, TeamsFile
from contracts.usage import batch as usage
from contracts.usage.report import encode
from tests.catalog.admin import TEAMS, company, compiled, member
from tests.catalog.health.test_health_endpoint import FILE, ODOO, ORDERS, tally, told
from tests.catalog.portal.entering import entered
from tests.catalog.reporting.test_failures_store import failure, report
from tests.catalog.serving import World, serving
from tests.catalog.usage.test_usage_store import batch, row

CONSUMERS = ConsumersFile({"acme": ConsumerEntry("Acme", "a@acme.example", {}, "partners")})
PARTNERS = TeamEntry("Partners", "p@example.com", {"pia": member("pia", "partner-developer")})


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    teams = TeamsFile({**TEAMS.teams, "partners": PARTNERS})
    estate = company(teams, apis={"orders": ORDERS}, file=FILE, consumers=CONSUMERS)
    async with serving(tmp_path, compiled=compiled(estate)) as world:
        yield world


async def test_a_call_is_found_by_its_request_id(world: World) -> None:
    await told(world, "/gateway/report", encode(report(1, failure(1), failure(2, "bi", "bi-firm"))))
    async with entered(world.catalog, world.url, "pia") as browser:
        page = await browser.get("/portal/errors?request=request-1")
        assert "Request does not match the contract" in page.text
        assert "What to do" in page.text
        assert "It was not called." in page.text
        assert "There is no such call." in (await browser.get("/portal/errors?request=request-2")).text
        assert "request-2" not in (await browser.get("/portal/errors")).text
        part = await browser.part("/portal/errors?application=web-shop")
        assert "<html" not in part.html
        assert "request-1" in part.html


async def test_an_explanation_is_given_in_the_readers_language(world: World) -> None:
    await told(world, "/gateway/report", encode(report(1, failure(1))))
    async with entered(world.catalog, world.url, "pia") as browser:
        browser.plant(LANGUAGE_COOKIE, "de")
        page = await browser.get("/portal/errors?request=request-1")
        assert "Anfrage passt nicht zum Vertrag" in page.text
        assert "Verbessern Sie die Anfrage" in page.text
        assert "match the contract" not in page.text


async def test_what_was_typed_wrong_is_said_at_the_field(world: World) -> None:
    async with entered(world.catalog, world.url, "pia") as browser:
        page = await browser.get("/portal/errors?request_id=a%20b")
        assert page.status == 200
        assert 'value="a b"' in page.html
        assert 'aria-invalid="true"' in page.html
        assert "Nothing was looked up" in page.text


async def test_errors_are_paged(world: World) -> None:
    failures = [failure(number, f"app-{number % 9}") for number in range(60)]
    await told(world, "/gateway/report", encode(report(1, *failures)))
    async with entered(world.catalog, world.url, "sara") as browser:
        page = await browser.get("/portal/errors?api=orders")
        assert page.html.count("request-") // 2 == 50
        onward = page.html.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        page = await browser.get(onward)
        assert page.html.count("request-") // 2 == 10


async def test_health_says_how_everything_is(world: World) -> None:
    await told(world, "/gateway/report", encode(report(upstreams=(ODOO,))))
    await told(world, "/gateway/usage", usage.encode(batch(1, row(tallies=(tally("200", 90), tally("500", 10))))))
    async with entered(world.catalog, world.url, "sara") as browser:
        page = await browser.get("/portal/health")
        assert "impaired" in page.text
        assert "down" in page.text
        assert "edge-1" in page.text
        assert 'hx-trigger="every 10s"' in page.html
        assert "hx-trigger" not in (await browser.get("/portal/health?still=1")).html
        part = await browser.part("/portal/health")
        assert "<html" not in part.html
        assert "edge-1" in part.html
    async with entered(world.catalog, world.url, "pia") as browser:
        page = await browser.get("/portal/health")
        assert "Orders" in page.text
        assert "edge-1" not in page.text


async def test_an_api_shows_its_promise_to_all_and_its_usage_to_some(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Visit.ask

    async def ask(self: Visit, operation: str, *arguments: Any, **query: Any) -> Any:
        # An estate that a test puts in force has no units.
        return (
            {"items": []} if operation == "listPublications" else await asked(self, operation, *arguments, **query)
        )

    monkeypatch.setattr(Visit, "ask", ask)
    await told(world, "/gateway/usage", usage.encode(batch(1, row(tallies=(tally("200", 999), tally("500", 1))))))
    async with entered(world.catalog, world.url, "anna") as browser:
        page = await browser.get("/portal/apis/orders")
        assert "What it promises" in page.text
        assert "99.9%" in page.text
        assert "Calls by day and status" in page.text
        part = await browser.part("/portal/apis/orders")
        assert "<html" not in part.html
        assert "Calls by day and version" in part.html
    async with entered(world.catalog, world.url, "pia") as browser:
        page = await browser.get("/portal/apis/orders")
        assert "What it promises" in page.text
        assert "Calls by day" not in page.text
