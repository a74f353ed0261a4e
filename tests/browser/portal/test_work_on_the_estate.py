"""An architect's way from a finding to what mends it, through the estate; and who is not let in there."""

import pytest
from playwright.async_api import Browser, Page

from tests.browser.portal.stage import ARCHITECT, PARTNER, Stage, visiting

pytestmark = [pytest.mark.xdist_group("portal"), pytest.mark.timeout(600)]


async def test_a_finding_leads_to_what_mends_it(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, PARTNER) as dana:
        await dana.goto("/portal")
        assert await dana.get_by_role("link", name="Estate", exact=True).count() == 0
        for page, operation in (("", ""), ("/graph", "/graph"), ("/scorecards", "/scorecards")):
            assert (await dana.request.get(f"/portal/estate{page}")).status == 403
            assert (await stage.admin(PARTNER, f"/estate{operation}")).status == 403
    async with visiting(stage, chrome, ARCHITECT) as omar:
        await omar.goto("/portal")
        await omar.get_by_role("navigation", name="Main").get_by_role("link", name="Estate").click()
        rooms = omar.get_by_role("navigation", name="Estate")
        await rooms.get_by_role("link", name="Graph").click()
        await omar.get_by_role("link", name="Shipments", exact=True).first.click()
        await omar.get_by_role("heading", name="Around Shipments").wait_for()
        assert "Polar" in await omar.locator("main").inner_text()

        await rooms.get_by_role("link", name="At a glance").click()
        findings = omar.get_by_role("table").filter(has_text="input-array-bounded").last
        await (
            findings.get_by_role("row")
            .filter(has_text="input-array-bounded")
            .get_by_role("link", name="shipments")
            .click()
        )
        await omar.get_by_role("heading", name="Scorecard of Shipments").wait_for()
        await mends(omar)

        await rooms.get_by_role("link", name="Scorecards").click()
        await omar.get_by_role("table").get_by_role("link").first.click()
        await omar.get_by_role("heading", name="Scorecard of").wait_for()


async def mends(page: Page) -> None:
    """Each mark that is not met says the file, and its link leads to a page that there is."""
    open_marks = page.get_by_role("row").filter(has=page.get_by_role("link", name="Look at it"))
    assert await open_marks.count() > 0
    for row in await open_marks.all():
        assert "apis/shipments/" in await row.locator("code").last.inner_text()
        address = await row.get_by_role("link", name="Look at it").get_attribute("href")
        assert address is not None
        assert (await page.request.get(address)).status == 200
    await open_marks.first.get_by_role("link", name="Look at it").click()
    await page.get_by_role("heading", level=1).wait_for()
    await page.go_back()
