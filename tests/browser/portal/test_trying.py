"""A partner tries operations through the real gateway, is refused, and reads why by the request id."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.portal.stage import ARCHITECT, PARTNER, Stage, visiting

pytestmark = [pytest.mark.xdist_group("portal"), pytest.mark.timeout(600)]


async def send(page: Page, operation: str) -> None:
    await page.get_by_role("link", name=f"Try {operation}").click()
    await page.get_by_label("Application").select_option("aurora-shop")


async def test_a_call_goes_through_the_gateway_and_shows_what_was_decided(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, PARTNER) as page:
        await page.goto("/portal/apis/orders/v2")
        await send(page, "listOrders")
        await page.get_by_label("limit (query").fill("1")
        await page.get_by_role("button", name="Send").click()
        answer = page.get_by_role("status")
        await expect(answer).to_contain_text("200")
        await expect(answer).to_contain_text("orders:read")
        await expect(answer).to_contain_text("Limit per-day")
        await expect(answer).to_contain_text('"data"')


async def test_a_refusal_is_explained_and_found_by_its_request_id(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, PARTNER) as page:
        await page.goto("/portal/apis/orders/v2")
        await send(page, "listOrders")
        await page.get_by_label("limit (query").fill("none")
        await page.get_by_role("button", name="Send").click()
        answer = page.get_by_role("status")
        await expect(answer).to_contain_text("by the policy request-schema")
        address = await answer.get_by_role("link", name="Explained within seconds").get_attribute("href")
        assert address is not None
        explained = page.get_by_text("What to do")
        for _ in range(60):
            await page.goto(address)
            if await explained.count():
                break
            await page.wait_for_timeout(500)
        await expect(explained).to_be_visible()
        await expect(page.get_by_role("main")).to_contain_text("listOrders")


async def test_an_architect_acts_for_no_application(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, ARCHITECT) as page:
        await page.goto("/portal/apis/orders/v2/try/listOrders")
        await expect(page.get_by_role("main")).to_contain_text("You act for no application")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("status")).to_contain_text("401")


async def test_health_tells_what_is_there(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, ARCHITECT) as page:
        await page.goto("/portal/health")
        for name in ("Sales orders", "erp", "carrier"):
            await expect(page.get_by_role("rowheader", name=name, exact=True)).to_be_visible()
        await expect(page.get_by_role("region", name="Gateway processes").get_by_role("row")).to_have_count(2)
