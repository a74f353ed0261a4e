"""A partner developer's work: from a search to an application of its own that calls, with those who decide."""

import asyncio
import base64
import json
import re

import pytest
from playwright.async_api import Browser, Page

from catalog.demo.tour import Answer, fetch
from tests.browser.portal.stage import PARTNER, SECURITY, Stage, visiting

pytestmark = [pytest.mark.xdist_group("portal"), pytest.mark.timeout(600)]

PATH = "/partners/v1/partners?limit=1"


async def main_of(page: Page) -> str:
    return await page.locator("main").inner_text()


async def test_from_a_search_to_a_call_that_shows_what_was_decided(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, PARTNER) as page:
        await page.goto("/portal/apis")
        await page.get_by_label("Name, operation, field or words").fill("listOrders")
        await page.wait_for_url("**q=listOrders*")
        await page.get_by_role("link", name="Sales orders", exact=True).click()
        await page.wait_for_url("**/portal/apis/orders")
        await page.get_by_role("link", name="v2", exact=True).first.click()
        await page.wait_for_url("**/portal/apis/orders/v2")
        assert "curl" in await main_of(page)

        await page.goto("/portal/apis/orders/v2/try/listOrders")
        await page.get_by_label("Application").select_option("aurora-shop")
        await page.get_by_label(re.compile("^limit ")).fill("2")
        await page.get_by_role("button", name="Send").click()
        answer = page.get_by_role("status")
        await answer.get_by_text("What was decided").wait_for()
        told = await answer.inner_text()
        assert "200" in told
        assert "orders:read" in told
        assert re.search(r"[\d,]+ left of 50,000", told)

        await page.get_by_label("Application").select_option("")
        await page.get_by_role("button", name="Send").click()
        await page.get_by_role("status").get_by_text("401", exact=True).first.wait_for()


async def test_an_application_from_its_registration_to_its_calls(stage: Stage, chrome: Browser) -> None:
    async with visiting(stage, chrome, PARTNER) as dana, visiting(stage, chrome, SECURITY) as ruth:
        await dana.goto("/portal/applications")
        await dana.get_by_role("link", name="Register an application").click()
        await dana.get_by_label("Name").fill("Aurora price list")
        await dana.get_by_role("button", name="Register").click()
        await dana.get_by_role("status").wait_for()
        facts = await main_of(dana)
        client_id = re.search(r"Client id\s+(\S+)", facts)
        secret = re.search(r"Client secret\s+(\S+)", facts)
        assert client_id
        assert secret
        await dana.get_by_role("link", name="I have copied it").click()
        assert secret[1] not in await dana.content()  # it was shown once
        application = f"/portal/applications/{client_id[1]}"

        # It opens nothing before somebody of security has looked at it.
        assert (await asyncio.to_thread(token_of, stage, client_id[1], secret[1])).status in (400, 401)
        await dana.goto(f"/portal/security/registrations/{client_id[1]}")
        assert await dana.get_by_role("button", name="Approve").count() == 0
        await ruth.goto("/portal/security/registrations")
        await ruth.get_by_role("link", name="Aurora price list").click()
        approval = ruth.locator("form").filter(has=ruth.get_by_role("button", name="Approve", exact=True))
        await approval.get_by_label("Consumer").fill("aurora")
        await approval.get_by_label("Why").fill("We know them")
        await approval.get_by_role("button", name="Approve").click()
        await ruth.get_by_role("status").wait_for()

        # What it may call its developer asks for, and an owner of the API decides.
        await dana.goto(f"/portal/subscriptions/new?application={client_id[1]}&target=partners/v1")
        await dana.get_by_label("trial").check()
        await dana.get_by_label("partners:read", exact=True).check()
        await dana.get_by_label("Why").fill("Prices by customer group")
        await dana.get_by_role("button", name="Ask").click()
        await dana.get_by_role("status").wait_for()
        assert await dana.get_by_role("button", name="Approve").count() == 0
        await ruth.goto("/portal/subscriptions")
        asked = ruth.get_by_role("row").filter(has_text=client_id[1])
        await asked.get_by_role("link").first.click()
        decision = ruth.locator("form").filter(has=ruth.get_by_role("button", name="Approve", exact=True))
        await decision.get_by_label("Why").fill("Reading is fine")
        await decision.get_by_role("button", name="Approve").click()
        await ruth.get_by_role("status").wait_for()

        issued = await asyncio.to_thread(token_of, stage, client_id[1], secret[1])
        assert issued.status == 200
        token = json.loads(issued.body)["access_token"]
        while (called := await asyncio.to_thread(call, stage, token)).status != 200:
            assert called.status in (401, 403)
            await asyncio.sleep(0.1)  # until the gateway has heard of it; the test's time is bounded

        # A further credential, and its successor: both are good for a while.
        await dana.goto(application)
        await dana.get_by_role("link", name="Issue a credential").click()
        await dana.get_by_label("What for").fill("The nightly run")
        await dana.get_by_role("button", name="Issue").click()
        first = await once(dana)
        await dana.get_by_role("link", name="I have copied it").click()
        await dana.get_by_role("row").filter(has_text="The nightly run").get_by_role("link", name="Rotate").click()
        await dana.get_by_role("button", name="Issue its successor").click()
        second = await once(dana)
        assert first != second
        for each in (first, second):
            assert (await asyncio.to_thread(token_of, stage, client_id[1], each)).status == 200

        while "partners" not in await usage_of(dana, application):
            await asyncio.sleep(0.2)  # until the gateway has told of the calls


async def once(page: Page) -> str:
    """The text that is shown this once."""
    await page.get_by_role("status").wait_for()
    return await page.locator("code.once").first.inner_text()


async def usage_of(page: Page, application: str) -> str:
    """What an application's page says of its calls."""
    await page.goto(application)
    return (await main_of(page)).partition("Calls in 30 days")[2]


def token_of(stage: Stage, client_id: str, secret: str) -> Answer:
    """What the token endpoint says to a client's secret."""
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    body = b"grant_type=client_credentials"
    return fetch(f"{stage.catalog}/oauth/token", method="POST", headers=headers, body=body)


def call(stage: Stage, token: str) -> Answer:
    """A call with a token."""
    return fetch(stage.gateway + PATH, headers={"Authorization": f"Bearer {token}"})
