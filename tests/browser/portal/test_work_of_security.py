"""A security member's work: from a question to the ledger to a gateway that refuses, and the proof of it."""

import asyncio

import pytest
from playwright.async_api import Browser

from catalog.demo.tour import REPORTS, SHOP, Step
from tests.browser.portal.stage import PARTNER, SECURITY, Stage, visiting

pytestmark = [pytest.mark.xdist_group("portal"), pytest.mark.timeout(600)]

READ = Step("", "/partners/v1/partners?limit=1", 200, REPORTS)
WHY = "Its secret was in a public repository"


async def test_what_is_not_a_partner_s_is_refused_and_not_only_hidden(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, PARTNER) as page:
        answer = await page.goto("/portal/security/audit")
        assert answer is not None
        assert answer.status == 403
        assert answer.headers["x-request-id"] in await page.locator("main").inner_text()
        await page.goto("/portal/security/revoke")
        await page.get_by_label("What", exact=True).select_option("application")
        await page.get_by_label("Which").fill(REPORTS)
        await page.get_by_label("Why").fill("It is in our way")
        await page.get_by_role("button", name="Show whom it hits").click()
        await page.wait_for_load_state()
        now = page.get_by_role("button", name="Revoke now")
        if await now.count():
            await now.click()
        assert await page.get_by_role("status").count() == 0
        assert "lumen-bi" not in await page.locator("main").inner_text()
    assert await stage.status_of(READ) in (200, 429)


async def test_an_application_is_cut_off_and_let_in_again(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, SECURITY) as page:
        await page.goto("/portal")
        await page.get_by_role("navigation", name="Main").get_by_role("link", name="Security").click()
        await page.get_by_role("table").get_by_role("link").first.wait_for()
        await page.get_by_role("navigation", name="Security").get_by_role("link", name="Revoke").click()
        await page.get_by_label("What", exact=True).select_option("application")
        await page.get_by_label("Which").fill("lumen-bj")
        await page.get_by_label("Why").fill(WHY)
        await page.get_by_role("button", name="Show whom it hits").click()
        assert await page.get_by_label("Why").input_value() == WHY  # a slip costs nothing of what was typed
        await page.get_by_label("Which").fill(REPORTS)
        await (
            page.get_by_role("button", name="Show whom it hits")
            .or_(page.get_by_role("button", name="Look again"))
            .click()
        )
        await page.get_by_role("heading", name="Whom it hits").wait_for()
        assert await page.get_by_role("row").filter(has_text=REPORTS).count() > 0
        assert await stage.status_of(READ) in (200, 429)  # looking is not doing

        await page.get_by_role("button", name="Revoke now").click()
        await page.get_by_role("status").wait_for()
        while await stage.status_of(READ) not in (401, 403):
            await asyncio.sleep(0.1)  # until the gateway has heard of it; the test's time is bounded
        assert await stage.status_of(Step("", READ.path, 200, SHOP)) == 200  # nobody else is hit

        await page.get_by_role("navigation", name="Security").get_by_role("link", name="Audit log").click()
        assert await page.get_by_role("row").filter(has_text=WHY).filter(has_text=SECURITY).count() > 0
        await page.get_by_role("button", name="Prove the chain").click()
        assert "none of them altered" in await page.get_by_role("status").inner_text()

        await page.goto("/portal/security/revoke")
        cut_off = page.get_by_role("row").filter(has_text=WHY)
        await cut_off.get_by_label("Why").fill("A new secret was issued")
        await cut_off.get_by_role("button", name="Lift").click()
        await page.get_by_role("status").wait_for()
        while await stage.status_of(READ) in (401, 403):
            await asyncio.sleep(0.1)
