"""The end of a version, and the extension that a partner asks for: an architect grants it, the calendar and the
partner's page of what is to be done show the new date; who asks does not decide."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, Locator, Page

from catalog.demo.tour import SHOP
from tests.browser.portal.pushing import API_FILE, pushed
from tests.browser.portal.stage import ARCHITECT, PARTNER, Stage, send, visiting

pytestmark = [pytest.mark.xdist_group("portal"), pytest.mark.timeout(600)]

TODAY = datetime.now(UTC).date()
END = TODAY + timedelta(days=400)
LATER = END + timedelta(days=60)
WHY = "Our season ends two months later"
LATER_WORDS = f"{LATER:%b} {LATER.day}, {LATER.year}"
ANSWER = "Until then, and no longer"


async def test_an_end_and_the_extension_that_a_partner_is_granted(stage: Stage, chrome: Browser) -> None:
    ends = f"{{ state: deprecated, deprecation: {TODAY}, sunset: {END} }}"
    number = await pushed(
        stage, API_FILE, r"\{ state: published \}", ends, "The carrier's own API takes its place"
    )
    async with visiting(stage, chrome, PARTNER) as dana, visiting(stage, chrome, ARCHITECT) as omar:
        await approve(omar, number)
        extension = await ask(dana)

        # Who asks does not decide, by the page or past it.
        row = dana.get_by_role("row").filter(has_text=WHY)
        assert await row.get_by_role("button", name="Grant").count() == 0
        etag = await row.locator("input[name=etag]").input_value()
        for decision, operation in (("grant", "grant"), ("refuse", "refusal")):
            answer = await send(dana, f"/portal/extensions/{extension}/{decision}", text="Please", etag=etag)
            assert answer.status == 403
            path = f"/extensions/{extension}/{operation}"
            assert (await stage.admin(PARTNER, path, {"comment": "Please"}, if_match=etag)).status == 403
        assert "extended" not in await end_of(dana)

        await omar.goto("/portal")
        await omar.get_by_role("navigation", name="Main").get_by_role("link", name="Calendar").click()
        version = omar.get_by_role("row").filter(has=omar.get_by_role("rowheader", name="Shipments v1"))
        assert SHOP not in await version.locator("td").nth(4).inner_text()
        drawn = omar.locator("svg.gantt .extended")
        before = await drawn.count()
        waits = omar.get_by_role("row").filter(has_text=WHY)
        await waits.get_by_label("What you say to it").fill(ANSWER)
        await waits.get_by_role("button", name="Grant").click()
        await omar.get_by_role("status").wait_for()
        assert "granted" in await omar.get_by_role("row").filter(has_text=ANSWER).inner_text()
        assert f"{SHOP} {LATER_WORDS}" in await version.locator("td").nth(4).inner_text()
        assert await drawn.count() == before + 1

        todo = await end_of(dana)
        assert "It is extended for this application" in todo
        assert LATER_WORDS in todo


async def approve(omar: Page, number: int) -> None:
    """An architect lets the announcement of the end be in force."""
    await omar.goto(f"/portal/changes/{number}")
    await omar.locator("summary", has_text="Approve").click()
    form = omar.locator("form[action$='/approve']")
    await form.get_by_label("What you say to it").fill("They have had their notice")
    await form.get_by_role("button", name="Approve").click()
    await omar.get_by_role("status").wait_for()
    assert "published" in await omar.get_by_role("heading", level=1).inner_text()


async def ask(dana: Page) -> str:
    """A partner's developer asks for an extension from the page of what is to be done; its number."""
    await dana.goto("/portal/todo")
    await entry(dana).get_by_role("link", name="Ask for an extension").click()
    assert await dana.get_by_label("Application").input_value() == SHOP
    await dana.get_by_label("Until (UTC)").fill(str(LATER))
    await dana.get_by_label("Why", exact=True).fill(WHY)
    await dana.get_by_role("button", name="Ask", exact=True).click()
    await dana.get_by_role("status").wait_for()
    await dana.get_by_role("navigation", name="Main").get_by_role("link", name="Calendar").click()
    asked = dana.get_by_role("row").filter(has_text=WHY)
    assert "requested" in await asked.inner_text()
    return (await asked.locator("td").first.inner_text()).split()[0].removeprefix("#")


def entry(dana: Page) -> Locator:
    return dana.get_by_role("article").filter(has_text="Shipments v1 ends")


async def end_of(dana: Page) -> str:
    """What the page of what is to be done says of it."""
    await dana.goto("/portal/todo")
    return await entry(dana).inner_text()
