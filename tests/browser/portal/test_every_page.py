"""Every page of the portal in a real browser, filled with what a demonstration has: for everyone to use."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from catalog.login import cookies
from tests.browser.portal.looking_at import faults
from tests.browser.portal.stage import PEOPLE, Stage, visiting
from tests.catalog.browser import Browser as Reader
from tests.catalog.portal.crawling import Seen, crawl, portal_routes
from tests.catalog.serving import World, serving

pytestmark = [pytest.mark.xdist_group("portal"), pytest.mark.timeout(600)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """For the routes alone: which pages there are."""
    async with serving(tmp_path) as world:
        yield world


async def gets_to(stage: Stage, chrome: Browser, member: str, world: World) -> list[Seen]:
    """The pages that a member gets to."""
    async with visiting(stage, chrome, member) as page:
        [session] = [each for each in await page.context.cookies() if each["name"] == cookies.SESSION]
    reader = Reader(stage.catalog)
    reader.plant(cookies.SESSION, session["value"])
    try:
        return await crawl(reader.get, portal_routes(world.catalog))
    finally:
        await reader.close()


async def test_every_page_is_without_barriers_light_and_fits_a_phone(
    stage: Stage, chrome: Browser, world: World, tmp_path: Path
) -> None:
    wrong: dict[str, list[str]] = {}
    reached: set[str] = set()
    looked_at: set[tuple[str, frozenset[str]]] = set()
    sizes: dict[str, int] = {}
    times: list[tuple[float, str]] = []
    for member in PEOPLE:
        pages = await gets_to(stage, chrome, member, world)
        async with visiting(stage, chrome, member) as page:
            for each in pages:
                reached.add(each.route)
                kind = (each.route, each.offers)
                is_page = each.page.headers.get("content-type", "").startswith("text/html")
                if not is_page or kind in looked_at:
                    continue
                looked_at.add(kind)
                began = time.perf_counter()
                await page.request.get(each.path)
                times.append((time.perf_counter() - began, f"{member} {each.path}"))
                found = await faults(page, each.path, sizes)
                if found:
                    wrong[f"{member} {each.path}"] = found
    report = tmp_path / "times.txt"
    report.write_text("\n".join(f"{1000 * taken:6.0f} ms  {path}" for taken, path in sorted(times, reverse=True)))
    print(report.read_text())
    assert wrong == {}
    # A page that nobody is led to is one that nobody finds.
    assert {each.path for each in portal_routes(world.catalog)} - reached == set()
