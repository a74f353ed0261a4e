"""Texts of strangers in a real browser: none of what they carry runs, loads, leads away or hides anything."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser

from catalog.login import cookies
from tests.browser.portal.stage import watched
from tests.catalog.changes.served import Served
from tests.catalog.portal.crawling import crawl, portal_routes
from tests.catalog.portal.entering import entered
from tests.catalog.portal.hostile import MARK, hostile_office

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Served]:
    async with hostile_office(tmp_path) as world:
        yield world


@pytest.mark.parametrize("member", ["otto", "sara"])
async def test_nothing_of_what_strangers_wrote_does_anything(world: Served, chrome: Browser, member: str) -> None:
    async with entered(world.catalog, world.url, member) as reader:
        pages = await crawl(reader.get, portal_routes(world.catalog))
        session = reader.cookies()[cookies.SESSION]
    # Browsers take this machine for a secure origin, as the cookie's prefix asks for.
    secure = world.url.replace("http://", "https://")
    cookie = {"name": cookies.SESSION, "value": session, "url": secure, "secure": True, "httpOnly": True}
    shown = {each.path for each in pages if each.page.headers["content-type"].startswith("text/html")}
    asked: set[str] = set()
    async with watched(chrome, base_url=world.url) as page:
        await page.context.add_cookies([cookie])
        page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        for path in sorted(shown):
            await page.goto(path, wait_until="networkidle")
            assert await page.evaluate(f"typeof window.{MARK}") == "undefined", path
            assert await page.get_by_role("heading", level=1).is_visible(), path
    assert asked == {urlsplit(world.url).netloc}
