"""The portal in a browser that runs no scripts: every page is read, and a form does what it says."""

import pytest
from playwright.async_api import Browser

from tests.browser.portal.stage import PARTNER, SECURITY, Stage, visiting

pytestmark = [pytest.mark.xdist_group("portal"), pytest.mark.timeout(600)]


async def test_a_search_and_a_page_of_it_need_no_script(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, PARTNER, java_script_enabled=False) as page:
        await page.goto("/portal/apis")
        await page.get_by_label("Name, operation, field or words").fill("shipment")
        await page.get_by_role("button", name="Search").click()
        assert await page.get_by_text("1 API", exact=True).count() == 1
        await page.get_by_role("link", name="Shipments", exact=True).click()
        await page.get_by_role("link", name="v1", exact=True).first.click()
        assert "/shipments" in await page.locator("main").inner_text()


async def test_a_form_is_taken_and_what_it_says_holds(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, PARTNER, java_script_enabled=False) as page:
        await page.goto("/portal/preferences")
        await page.get_by_label("Theme").select_option("dark")
        await page.get_by_label("Language").select_option("de")
        await page.locator("main").get_by_role("button").click()
        assert await page.locator("html").get_attribute("data-theme") == "dark"
        assert await page.locator("html").get_attribute("lang") == "de"


async def test_a_list_is_narrowed_without_a_script(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, SECURITY, java_script_enabled=False) as page:
        await page.goto("/portal/security/ledger?application=aurora-shop")
        rows = page.get_by_role("row").filter(has_text="aurora-shop")
        assert await rows.count() > 0
        assert await page.get_by_role("row").filter(has_text="lumen-bi").count() == 0
