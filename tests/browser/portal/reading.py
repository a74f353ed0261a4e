"""A browser in the portal, driven by Playwright: Debian's own Chromium, and axe-core to look for barriers."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright

from catalog.composition import Catalog
from catalog.login import cookies
from tests.catalog.portal.entering import session_cookie

AXE = Path(__file__).parents[2] / "data" / "axe" / "axe-4.14.1.min.js"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
MOST_BYTES = 200_000


@asynccontextmanager
async def reader(catalog: Catalog, url: str, member: str, theme: str = "light") -> AsyncIterator[Page]:
    """A page of a member's browser, logged in. What the browser complains of fails the test."""
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    if found is None:
        pytest.skip("NO CHROMIUM HERE: the portal was not looked at in a browser")
    value = await session_cookie(catalog, member)
    # What the prefix asks for. On this machine browsers send such cookies over http as well.
    secure = url.replace("http://", "https://")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        context: BrowserContext = await browser.new_context(
            color_scheme=theme, viewport={"width": 1280, "height": 900}
        )
        await context.add_cookies(
            [
                {"name": cookies.SESSION, "value": value, "url": secure, "secure": True, "httpOnly": True},
                {"name": "__Host-ostiary-zone", "value": "Europe/Brussels", "url": secure, "secure": True},
            ]
        )
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        try:
            yield page
            assert [each for each in complaints if "status of 4" not in each] == []
        finally:
            await browser.close()


async def barriers(page: Page) -> list[str]:
    """What axe-core finds on the page as it is now: rule, and the elements."""
    # Over the protocol, so that the page's Content-Security-Policy stays as it is.
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("async (rules) => (await axe.run({runOnly: rules})).violations", list(_RULES))
    return [f"{each['id']}: {[node['html'][:120] for node in each['nodes'][:3]]}" for each in found]
