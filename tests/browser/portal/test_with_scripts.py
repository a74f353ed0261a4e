"""What scripts save is saved without loss: a part of a page that cannot be had has its reason shown."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.browser.portal.stage import SECURITY, Stage, visiting

pytestmark = [pytest.mark.xdist_group("portal"), pytest.mark.timeout(600)]


@asynccontextmanager
async def looking(stage: Stage, chrome: Browser) -> AsyncIterator[Page]:
    """A security member's page. It is not watched as others are: what was not loaded stands on the console."""
    async with visiting(stage, chrome, SECURITY) as page:
        state = await page.context.storage_state()
    context = await chrome.new_context(storage_state=state, base_url=stage.catalog)
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def test_a_question_that_is_refused_is_answered_with_its_fault(stage: Stage, chrome: Browser) -> None:
    async with looking(stage, chrome) as page:
        await page.goto("/portal/security/ledger")
        await page.locator("#unused_days").fill("many")
        await page.keyboard.press("Tab")
        await expect(page.locator("#unused_days-fault")).to_be_visible()
        await expect(page.locator("#unused_days")).to_have_value("many")


async def test_a_page_that_keeps_itself_up_to_date_says_when_it_cannot(stage: Stage, chrome: Browser) -> None:
    async def refused(route: Route) -> None:
        await route.abort()

    async with looking(stage, chrome) as page:
        await page.goto("/portal/health")
        note = page.get_by_text("This is not up to date any more")
        await expect(note).to_be_hidden()
        await page.route("**/portal/health", refused)
        await expect(note).to_be_visible(timeout=30_000)
        await page.unroute("**/portal/health")
        await expect(note).to_be_hidden(timeout=30_000)
        await page.context.clear_cookies(name="__Host-ostiary-session")
        await page.wait_for_url("**/login?next=*", timeout=30_000)
