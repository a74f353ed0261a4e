"""An architect's work: a change that breaks somebody, from the queue to what gateways enforce; and who may not."""

import asyncio

import pytest
from playwright.async_api import Browser

from catalog.demo.tour import DISPATCH, Step
from tests.browser.portal.stage import ARCHITECT, PARTNER, Stage, visiting

pytestmark = [pytest.mark.xdist_group("portal"), pytest.mark.timeout(600)]

LONG_PAGE = Step("", "/shipments/v1/shipments?limit=50", 200, DISPATCH)


async def test_who_may_not_decide_is_refused_and_told_so(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, PARTNER) as page:
        await page.goto("/portal/changes/2")
        assert await page.get_by_role("button", name="Let it pass").count() == 0  # it is offered to others alone
        await page.locator("summary", has_text="Reject").click()
        await page.locator("#text-reject").fill("Longer pages suit us")
        async with page.expect_response("**/portal/changes/2/reject") as sent:
            await page.get_by_role("button", name="Reject").click()
        answer = await sent.value
        assert answer.status == 403
        await page.wait_for_load_state()
        assert answer.headers["x-request-id"] in await page.locator("main").inner_text()
        # A call without the page's form, which another's page would make, gets no further either.
        forged = await page.request.post("/portal/changes/2/waivers/1", form={"text": "?", "decision": "grant"})
        assert forged.status == 403
        await page.goto("/portal/changes/2")
        assert "proposed" in await page.get_by_role("heading", level=1).inner_text()


async def test_a_break_is_let_pass_and_is_in_force(stage: Stage, chrome: Browser) -> None:
    assert await stage.status_of(LONG_PAGE) == 200
    async with visiting(stage, chrome, ARCHITECT) as page:
        await page.goto("/portal")
        await page.get_by_role("navigation", name="Main").get_by_role("link", name="Changes").click()
        await page.get_by_role("link", name="#2 shipments").click()
        broken = page.get_by_role("table", name="Breaks consumers")
        assert "request-maximum-narrowed" in await broken.inner_text()
        touched = page.get_by_role("row").filter(has_text="polar-dispatch").first
        assert "polar" in await touched.inner_text()

        await page.locator("summary", has_text="Publish now").click()
        await page.get_by_role("button", name="Publish now").click()
        await page.get_by_role("alert").wait_for()  # its conditions are not met
        assert await stage.status_of(LONG_PAGE) == 200

        waiver = page.locator(".card").filter(has=page.get_by_role("heading", name="A waiver is asked for"))
        assert "jonas" in await waiver.inner_text()
        await waiver.get_by_label("What you say to it").fill("Polar was told, and has changed its pages.")
        await waiver.get_by_role("button", name="Let it pass").click()
        await page.get_by_role("status").wait_for()
        assert "published" in await page.get_by_role("heading", level=1).inner_text()

        while await stage.status_of(LONG_PAGE) != 422:
            await asyncio.sleep(0.1)  # until the gateway has heard of it; the test's time is bounded

        await page.get_by_role("link", name="shipments", exact=True).click()
        await page.get_by_role("link", name="See the changes").first.click()
        await page.wait_for_url("**/portal/apis/shipments/changes?*")
        assert "200" in await page.locator("main").inner_text()
