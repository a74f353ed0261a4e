"""The portal without a mouse: from the log-in to what one came for, by keys alone."""

import pytest
from playwright.async_api import Browser, Page

from tests.browser.portal.keys import follow, tab_to, write
from tests.browser.portal.stage import ARCHITECT, PARTNER, Stage, visiting

pytestmark = [pytest.mark.xdist_group("portal"), pytest.mark.timeout(600)]


async def heading(page: Page) -> str:
    return await page.get_by_role("heading", level=1).inner_text()


async def test_from_the_log_in_to_a_reference_by_keys_alone(stage: Stage, chrome: Browser) -> None:
    context = await chrome.new_context(base_url=stage.catalog)
    page = await context.new_page()
    await page.goto("/")
    await write(page, "Name or e-mail address", PARTNER)
    await write(page, "Password", stage.password(PARTNER))
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/portal")
    await follow(page, "APIs")
    await page.wait_for_url("**/portal/apis")
    await page.evaluate("window.kept = true")
    await write(page, "Name, operation, field or words", "shipment")
    await page.get_by_text("1 API", exact=True).wait_for()
    assert await page.evaluate("window.kept")  # a search needs no reload
    await follow(page, "Shipments")
    await page.wait_for_url("**/portal/apis/shipments")
    await follow(page, "v1")
    await page.wait_for_url("**/portal/apis/shipments/v1")
    assert "Shipments" in await heading(page)
    await context.close()


async def test_a_change_is_commented_on_by_keys_alone(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, ARCHITECT) as page:
        await page.goto("/portal/changes")
        await follow(page, "#2 shipments")
        await page.wait_for_url("**/portal/changes/2")
        await write(page, "Comment", "Who sends **more than 10**?")
        await follow(page, "Say it")
        await page.get_by_role("status").wait_for()
        said = page.locator("article.comment", has_text="Who sends more than 10?")
        assert await said.locator("strong", has_text="more than 10").count() == 1


async def test_what_is_folded_away_opens_by_keys(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, ARCHITECT) as page:
        await page.goto("/portal/changes/2")
        await follow(page, "Reject")
        await tab_to(page, "What you say to it")
        assert await page.locator("#text-reject").evaluate("(field) => field === document.activeElement")
