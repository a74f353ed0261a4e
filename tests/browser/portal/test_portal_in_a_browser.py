"""The portal's pages in a real browser: without barriers in both themes, light, for keys alone and for phones."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser.portal.reading import MOST_BYTES, barriers, reader
from tests.catalog.changes.office import BREAKING, office
from tests.catalog.changes.served import Served, served
from tests.support.migrated import sqlite_store

pytestmark = pytest.mark.xdist_group("browser")

PAGES = (
    "/portal",
    "/portal/preferences",
    "/portal/apis",
    "/portal/apis?q=nothing-of-the-kind",
    "/portal/apis/books",
    "/portal/apis/books/v1",
    "/portal/apis/books/changes",
    "/portal/changes",
    "/portal/changes/1",
    "/portal/changes/404",
    "/portal/security/ledger",
    "/portal/security/revoke",
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Served]:
    async with office(tmp_path, sqlite_store(tmp_path / "catalog.db")) as made, served(made) as world:
        await made.pushed("ada", BREAKING)
        yield world


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_pages_have_no_barriers_and_are_light(world: Served, theme: str) -> None:
    async with reader(world.catalog, world.url, "otto", theme) as page:
        for path in PAGES:
            answer = await page.goto(world.url + path)
            assert answer is not None
            assert len(await answer.body()) < MOST_BYTES, path
            assert await barriers(page) == [], path
    async with reader(world.catalog, world.url, "sara", theme) as page:
        for path in ("/portal/security/revoke", "/portal/security/audit?prove=1"):
            await page.goto(world.url + path)
            assert await barriers(page) == [], path


async def test_a_phone_shows_pages_within_its_width(world: Served) -> None:
    async with reader(world.catalog, world.url, "otto") as page:
        await page.set_viewport_size({"width": 390, "height": 844})
        for path in PAGES:
            await page.goto(world.url + path)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390, path


async def test_a_search_needs_no_reload_and_no_mouse(world: Served) -> None:
    async with reader(world.catalog, world.url, "otto") as page:
        await page.goto(world.url + "/portal/apis")
        await page.evaluate("window.kept = true")
        await page.get_by_label("Name, operation, field or words").focus()
        await page.keyboard.type("films")
        await page.get_by_text("1 API", exact=True).wait_for()
        assert await page.get_by_role("heading", level=2).all_inner_texts() == ["Films"]
        assert await page.evaluate("window.kept")
        assert page.url.endswith("q=films&owner=&domain=&state=&classification=")


async def test_a_change_is_commented_on_by_keys_alone(world: Served) -> None:
    async with reader(world.catalog, world.url, "otto") as page:
        await page.goto(world.url + "/portal/changes/1")
        await page.locator("summary", has_text="Comment").focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Who sends more than 50?")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.get_by_role("status").wait_for()
        assert await page.get_by_text("Who sends more than 50?").count() == 1
