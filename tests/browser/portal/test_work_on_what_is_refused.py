"""An architect refuses a change, and says why: its author reads it, nobody can let it pass afterwards, and nothing
that is in force has moved. Who does not decide cannot refuse it either."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from catalog.demo.tour import DISPATCH, Step
from tests.browser.portal.pushing import AUTHOR, CONTRACT, pushed, revision_in_force
from tests.browser.portal.stage import ARCHITECT, PARTNER, Stage, send, visiting

pytestmark = [pytest.mark.xdist_group("portal"), pytest.mark.timeout(600)]

WHY = "Two partners print their labels of a day from one page"
LATER = datetime.now(UTC).date() + timedelta(days=30)
PAGE = Step("", "/shipments/v1/shipments?limit=8", 200, DISPATCH)


async def test_a_change_is_refused_and_its_author_reads_why(stage: Stage, chrome: Browser) -> None:
    before = await revision_in_force(stage)
    longest, shorter = r"minimum: 1, maximum: \d+, default: \d+", "minimum: 1, maximum: 5, default: 5"
    number = await pushed(stage, CONTRACT, longest, shorter, "Pages of 8 take the carrier down")
    path, admin = f"/portal/changes/{number}", f"/changes/{number}"
    await stage.let_in(AUTHOR)
    async with visiting(stage, chrome, PARTNER) as dana:
        await dana.goto(path)
        etag = await dana.locator("form[action$='/reject'] input[name=etag]").input_value()
        assert (await send(dana, f"{path}/reject", text="Not to our taste", etag=etag)).status == 403
        body = {"comment": "Not to our taste"}
        assert (await stage.admin(PARTNER, f"{admin}/rejection", body, if_match=etag)).status == 403

    async with visiting(stage, chrome, AUTHOR) as jonas, visiting(stage, chrome, ARCHITECT) as omar:
        await jonas.goto(path)  # and he leaves the page open
        await refuse(omar, number)
        assert await omar.get_by_role("note").filter(has_text=WHY).count() == 1
        for name in ("Approve", "Publish now", "Reject", "Let it pass", "Withdraw"):
            assert await omar.get_by_role("button", name=name).count() == 0

        await ask_for_a_waiver(jonas)  # on the page of before: there is nothing to ask for any more
        assert "Neither the open change" in await jonas.get_by_role("alert").inner_text()
        await jonas.goto("/portal/changes")
        assert await jonas.get_by_role("link", name=f"#{number} shipments").count() == 0
        await jonas.get_by_label("State", exact=True).select_option("rejected")
        await jonas.wait_for_url("**state=rejected*")
        await jonas.get_by_role("link", name=f"#{number} shipments").click()
        told = await jonas.get_by_role("note").filter(has_text=WHY).inner_text()
        assert ARCHITECT in told

        # What is decided stays so, for who has decided it too: by the forms of the page, and past them.
        shown = await stage.admin(ARCHITECT, admin)
        etag = shown.headers["etag"]
        comment, reason = {"comment": "After all"}, {"reason": "After all"}
        acts: dict[str, tuple[str, dict[str, Any] | None]] = {
            "approve": ("approval", comment),
            "publish": ("publication", None),
            "emergency": ("emergency", reason),
        }
        for act, (operation, body_of) in acts.items():
            assert (await send(omar, f"{path}/{act}", text="After all", etag=etag)).status == 409
            again = await stage.admin(
                ARCHITECT, f"{admin}/{operation}", body_of, method="POST", if_match=etag if body_of else ""
            )
            assert again.status == 409
    assert json.loads((await stage.admin(ARCHITECT, admin)).body)["change"]["state"] == "rejected"
    assert await revision_in_force(stage) == before
    assert await stage.status_of(PAGE) == 200


async def refuse(omar: Page, number: int) -> None:
    """From the start to what breaks, and to the end of it."""
    await omar.goto("/portal")
    await omar.get_by_role("navigation", name="Main").get_by_role("link", name="Changes").click()
    await omar.get_by_role("link", name=f"#{number} shipments").click()
    broken = omar.get_by_role("table", name="Breaks consumers")
    assert "request-maximum-narrowed" in await broken.inner_text()
    assert await omar.get_by_role("row").filter(has_text="polar-dispatch").count() > 0
    await omar.locator("summary", has_text="Reject").click()
    form = omar.locator("form[action$='/reject']")
    await form.get_by_label("What you say to it").fill(WHY)
    await form.get_by_role("button", name="Reject").click()
    await omar.get_by_role("status").wait_for()
    assert "rejected" in await omar.get_by_role("heading", level=1).inner_text()


async def ask_for_a_waiver(jonas: Page) -> None:
    finding = jonas.get_by_role("row").filter(has_text="request-default-changed")
    await finding.locator("summary", has_text="Ask for a waiver").click()
    await finding.get_by_label("Why it may pass").fill("The carrier goes down otherwise")
    await finding.get_by_label("Until").fill(str(LATER))
    await finding.get_by_role("button", name="Ask", exact=True).click()
    await jonas.get_by_role("alert").wait_for()
