"""Security's work on many credentials: a question that is kept, a rotation of what was picked, its progress, and a
secret that was found outside, until the gateways refuse it; with what a partner is refused of it."""

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from catalog.demo.tour import DISPATCH, REPORTS, fetch
from tests.browser.portal.stage import PARTNER, SECURITY, Stage, send, visiting
from tests.browser.portal.test_work_of_a_partner import token_of

pytestmark = [pytest.mark.xdist_group("portal"), pytest.mark.timeout(600)]

WHY = "They were in a laptop that was lost"
QUESTION = "Good secrets that read orders"
SHIPMENTS = "/shipments/v1/shipments?limit=1"


async def test_what_was_picked_is_rotated_as_shown_or_not_at_all(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, SECURITY) as page:
        await page.goto("/portal/security/ledger")
        await page.get_by_label("Kind", exact=True).select_option("client-secret")
        await page.get_by_label("Scope", exact=True).fill("orders:read")
        await page.get_by_label("State", exact=True).select_option("active")
        await page.wait_for_url("**kind=client-secret*scope=orders*")
        await page.locator("summary", has_text="Saved views").click()
        await page.get_by_label("Keep what is asked now, as").fill(QUESTION)
        await page.get_by_role("button", name="Keep it").click()
        await page.get_by_role("status").wait_for()
        assert await page.get_by_label("Scope", exact=True).input_value() == "orders:read"
        await page.get_by_role("link", name="All", exact=True).click()
        await page.wait_for_url("**/portal/security/ledger")
        await page.locator("summary", has_text="Saved views").click()
        await page.get_by_role("link", name=QUESTION).click()
        await page.wait_for_url("**scope=orders*")
        assert await page.get_by_label("Kind", exact=True).input_value() == "client-secret"
        assert await page.get_by_label("State", exact=True).input_value() == "active"
        found = await page.locator("#results").inner_text()
        assert DISPATCH in found
        assert REPORTS in found
        assert "signing-key" not in found

        picked = {name: await pick(page, name) for name in (DISPATCH, REPORTS)}
        await page.get_by_role("button", name="Act on the picked ones").click()
        await page.get_by_label("What is to be done").select_option("rotate")
        await page.get_by_label("Why", exact=True).fill(WHY)
        await page.get_by_role("button", name="Show whom it hits").click()
        await page.get_by_role("heading", name="Whom it hits").wait_for()
        assert await page.get_by_role("row").filter(has_text="polar").count() > 0

        # Meanwhile one of the two is rotated in another window: what was shown is not what would happen any more.
        other = await page.context.new_page()
        await other.goto(f"/portal/security/ledger/{picked[REPORTS]}")
        await other.locator("summary", has_text="Rotate").click()
        await other.get_by_role("button", name="Issue a successor").click()
        await other.get_by_text("shown this once").first.wait_for()
        await other.close()

        async with page.expect_response("**/portal/security/act") as sent:
            await page.get_by_role("button", name="Do exactly this").click()
        assert (await sent.value).status == 412
        assert "nothing was done" in await page.get_by_role("alert").inner_text()
        assert await state_of(stage, picked[DISPATCH]) == "active"

        # The page shows what it would be now: that is done.
        await page.get_by_role("button", name="Do exactly this").click()
        assert "done to 1 credential" in await page.get_by_role("status").inner_text()
        secret = (await page.locator("pre").first.inner_text()).strip()
        assert await state_of(stage, picked[DISPATCH]) == "replaced"

        await page.get_by_role("navigation", name="Security").get_by_role("link", name="Rotations").click()
        for name in picked.values():
            assert "not taken up yet" in await page.get_by_role("row").filter(has_text=name).inner_text()
        issued = await asyncio.to_thread(token_of, stage, DISPATCH, secret)
        assert issued.status == 200
        while "both are used" not in await page.get_by_role("row").filter(has_text=picked[DISPATCH]).inner_text():
            await page.reload()  # until its use was told; the test's time is bounded

        await leaked(stage, page, secret, json.loads(issued.body)["access_token"])


async def leaked(stage: Stage, page: Page, secret: str, token: str) -> None:
    """The new secret is found outside: it is ended, and what it has got by then."""
    assert await called(stage, token) == 200
    await page.get_by_role("navigation", name="Security").get_by_role("link", name="Leaks").click()
    await page.get_by_label("What it was found in").fill(
        f"deploy.sh: curl -u {DISPATCH}:{secret} https://x.example"
    )
    await page.get_by_label("Where that was").fill("A ticket of the help desk")
    await page.get_by_role("button", name="Take it in").click()
    assert "1 secret is ours" in await page.get_by_role("status").inner_text()
    assert "revoked now" in await page.get_by_role("row").filter(has_text=DISPATCH).inner_text()
    assert secret not in await page.content()
    await page.get_by_role("link", name="See how far the gateways are").click()
    await page.get_by_text("enforces what is published, every revocation in it").wait_for()
    assert await called(stage, token) == 401
    assert (await asyncio.to_thread(token_of, stage, DISPATCH, secret)).status in (400, 401)

    # All of it is in the audit log, which goes with one to whoever wants to read it elsewhere.
    await page.get_by_role("navigation", name="Security").get_by_role("link", name="Audit log").click()
    await page.get_by_label("Search", exact=True).fill("A ticket of the help desk")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("row").filter(has_text="leaked").first.wait_for()
    table = await file_of(page, "As a CSV file")
    assert "A ticket of the help desk" in table
    assert WHY not in table  # the file has what is asked
    lines = [json.loads(each) for each in (await file_of(page, "All of it, with its digests")).splitlines()]
    assert [each["number"] for each in lines] == list(range(1, len(lines) + 1))
    assert any(each["reason"] == WHY for each in lines)
    assert all(secret not in json.dumps(each) for each in lines)


async def test_a_partner_acts_on_nobody_else_s_and_reads_no_audit_log(stage: Stage, chrome: Browser) -> None:
    [theirs, *_] = await ledger_of(stage, SECURITY, REPORTS)
    why = "It is in our way"
    async with visiting(stage, chrome, PARTNER) as page:
        await page.goto("/portal/security/ledger")
        assert REPORTS not in await page.locator("#results").inner_text()
        form = {"action": "revoke", "reason": why, f"id-{theirs['key_id']}": "yes", "step": "preview"}
        shown = await send(page, "/portal/security/act", **form)
        assert theirs["owner"] not in await shown.text()
        assert "None: nothing of the kind" in await shown.text()
        assert (await send(page, "/portal/security/revocations/1/lift", reason=why)).status == 403
        for name in ("audit", "audit.csv", "audit.jsonl"):
            assert (await page.request.get(f"/portal/security/{name}")).status == 403
    acted = await stage.admin(
        PARTNER, "/credential-actions", {"action": "revoke", "reason": why, "key_ids": [theirs["key_id"]]}
    )
    assert (acted.status, json.loads(acted.body)["credentials"]) == (200, [])
    assert (await stage.admin(PARTNER, "/audit/entries")).status == 403
    assert (await stage.admin(PARTNER, "/revocations/1?reason=x", method="DELETE")).status == 403
    assert await state_of(stage, theirs["key_id"]) == theirs["state"]


async def pick(page: Page, application: str) -> str:
    """Ticks an application's credential; its public id."""
    row = page.get_by_role("row").filter(has_text=application)
    await row.get_by_role("checkbox").check()
    return (await row.get_by_role("link").first.inner_text()).strip()


async def file_of(page: Page, link: str) -> str:
    """What a link lets one keep."""
    async with page.expect_download() as kept:
        await page.get_by_role("link", name=link).click()
    return (await (await kept.value).path()).read_text(encoding="utf-8")


async def ledger_of(stage: Stage, member: str, application: str) -> list[dict[str, Any]]:
    answer = await stage.admin(member, f"/credentials?application={application}")
    found: list[dict[str, Any]] = json.loads(answer.body)["items"]
    return found


async def state_of(stage: Stage, key_id: str) -> str:
    return str(json.loads((await stage.admin(SECURITY, f"/credentials/{key_id}")).body)["credential"]["state"])


async def called(stage: Stage, token: str) -> int:
    """What the gateway answers to a token."""
    headers = {"Authorization": f"Bearer {token}"}
    return (await asyncio.to_thread(fetch, stage.gateway + SHIPMENTS, headers=headers)).status
