"""Interoperability: client libraries that are not ours go through the grants in which people are part."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest
from authlib.integrations.requests_client import OAuth2Session

from catalog.clock import system_clock
from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import CALLBACK, VERIFIER, logged_in
from tests.conformance.oauth.registering import METADATA, approve, call, member_token
from tests.support.node_packages import NoNodeError, installed
from tests.support.openid_client import PEER, Client, openid_client

ON_DEVICE = "https://notes.example/callback"


@pytest.fixture(scope="module")
def node() -> None:
    try:
        installed(PEER, "client.mjs")
    except NoNodeError as error:
        pytest.skip(f"npm's openid-client is not tried: {error}")


async def allow(browser: Browser, url: str) -> str:
    """The person comes with the request and allows it; where the browser is sent."""
    parts = urlsplit(url)
    page = await browser.get(f"{parts.path}?{parts.query}", follow=False)
    if page.status == 200:
        page = await browser.send("/oauth/authorize/decision", follow=False, decision="allow")
    assert page.status == 303, page.text
    return page.headers["location"]


async def go(client: Client, browser: Browser) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the code gave, and what the refresh."""
    client.back_at(await allow(browser, (await client.said())["authorization_url"]))
    given = (await client.said())["given"]
    return given, (await client.said())["refreshed"]


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize("pushed", [False, True], ids=["plain", "pushed"])
async def test_openid_client_as_a_confidential_client(
    people: World, browser: Browser, secret: str, pushed: bool
) -> None:
    told = {"client_id": "planner", "client_secret": secret, "redirect_uri": CALLBACK, "scope": "orders:read"}
    async with openid_client("code", people.url, pushed=pushed, **told) as client:
        given, refreshed = await go(client, browser)
        assert (given["token_type"], given["scope"]) == ("bearer", "orders:read")
        assert refreshed["access_token"] != given["access_token"]
        before, after = (await client.said())["before"], (await client.said())["after"]
        assert (before["active"], before["sub"], after["active"]) == (True, "anna", False)
        await client.ended()


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize("dpop", [False, True], ids=["bearer", "dpop"])
@pytest.mark.parametrize("pushed", [False, True], ids=["plain", "pushed"])
async def test_openid_client_as_a_public_client(people: World, browser: Browser, dpop: bool, pushed: bool) -> None:
    people.now = system_clock()  # proofs are made by the library's
    await logged_in(people, browser)
    told = {"client_id": "notes", "redirect_uri": ON_DEVICE, "scope": "orders:read", "dpop": dpop}
    async with openid_client("code", people.url, pushed=pushed, **told) as client:
        given, refreshed = await go(client, browser)
        assert refreshed["token_type"] == given["token_type"] == ("dpop" if dpop else "bearer")
        assert refreshed["refresh_token"] != given["refresh_token"]
        await client.ended()


@pytest.mark.usefixtures("node")
async def test_openid_client_registers_itself(people: World) -> None:
    token = await member_token(people)
    async with openid_client("registration", people.url, metadata=METADATA, initial_access_token=token) as client:
        made = (await client.said())["registered"]
        assert made["client_secret"]
        await approve(people, made["client_id"])
        told = await call(people, "GET", made["registration_client_uri"], made["registration_access_token"])
        assert told.body["registration_state"] == "approved"
        await client.ended()


async def test_authlibs_session(people: World, browser: Browser, secret: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # the catalog is on this machine
    session = OAuth2Session(
        "planner", secret, scope="orders:read", redirect_uri=CALLBACK, code_challenge_method="S256"
    )
    url, state = session.create_authorization_url(people.url + "/oauth/authorize", code_verifier=VERIFIER)
    answer = await allow(browser, url)
    given = await asyncio.to_thread(
        session.fetch_token,
        people.token_url,
        authorization_response=answer,
        code_verifier=VERIFIER,
        state=state,
    )
    assert given["scope"] == "orders:read"
    refreshed = await asyncio.to_thread(
        session.refresh_token, people.token_url, refresh_token=given["refresh_token"]
    )
    assert refreshed["access_token"] != given["access_token"]
