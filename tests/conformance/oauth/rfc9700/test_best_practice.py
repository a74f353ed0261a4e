"""RFC 9700, best current practice for OAuth 2.0 security, where it goes beyond the RFCs that have folders here."""

import pytest
import sqlalchemy as sa

from catalog.storage.tables.oauth import authorization_codes, grants, refresh_tokens
from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import (
    ASKING,
    LOOPBACK,
    ON_DEVICE,
    PRIVATE,
    answer_of,
    redeem,
    target_of,
)
from tests.conformance.oauth.tokens import post


@pytest.mark.parametrize("uri", ["http://127.0.0.1:49152/callback", "http://127.0.0.1:1/callback", LOOPBACK])
async def test_4_1_3_only_the_port_of_a_loopback_address_is_free(
    people: World, browser: Browser, uri: str
) -> None:
    """RFC 8252 §7.3."""
    page = await ON_DEVICE.allowed(browser, redirect_uri=uri)
    assert target_of(page) == uri
    answer = await redeem(people, answer_of(page)["code"], asking=ON_DEVICE, redirect_uri=uri)
    assert answer.status == 200
    assert (await redeem(people, await ON_DEVICE.code(browser), asking=ON_DEVICE, redirect_uri=uri)).status == 400


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:49152/callback",
        "http://127.0.0.2:49152/callback",
        "http://[::1]:49152/callback",
        "https://127.0.0.1:49152/callback",
        "http://127.0.0.1:49152/other",
        "http://127.0.0.1:49152/callback?x=1",
        "http://127.0.0.1:49152@evil.example/callback",
        "http://127.0.0.1:x/callback",
        "http://user@127.0.0.1/callback",
        "com.example.notes:/other",
        "com.example.notes:80/callback",
        "https://notes.example:8443/callback",
    ],
)
async def test_4_1_3_nothing_else_of_a_redirect_uri_is_free(people: World, browser: Browser, uri: str) -> None:
    page = await ON_DEVICE.go(browser, redirect_uri=uri)
    assert (page.status, page.headers.get("location")) == (400, None)


async def test_2_1_2_there_is_no_implicit_grant(people: World, browser: Browser) -> None:
    for response_type in ("token", "id_token", "code id_token", "none"):
        page = await ASKING.go(browser, response_type=response_type)
        assert answer_of(page)["error"] == "unsupported_response_type"


async def test_2_4_there_is_no_password_grant(people: World, secret: str) -> None:
    answer = await post(people, "grant_type=password&username=anna&password=x", basic=("planner", secret))
    assert (answer.status, answer.error) == (400, "unsupported_grant_type")


async def test_2_6_the_authorization_endpoint_knows_no_cors(people: World, browser: Browser) -> None:
    url, headers = people.url + ASKING.path(), {"Origin": "https://planner.example"}
    async with people.session.get(url, headers=headers, allow_redirects=False) as answer:
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    preflight = headers | {"Access-Control-Request-Method": "GET"}
    async with people.session.options(url, headers=preflight) as answer:
        assert answer.status == 405
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


async def test_4_2_4_the_answer_leaks_by_no_referrer_and_no_cache(people: World, browser: Browser) -> None:
    page = await ASKING.allowed(browser)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


async def test_4_5_a_code_is_worth_nothing_in_another_clients_session(
    people: World, browser: Browser, secret: str
) -> None:
    """Code injection (§4.5): the verifier is that of the browser in which it began."""
    stolen = await ASKING.code(browser, code_challenge="x" * 42 + "A")
    assert (await redeem(people, stolen, secret)).error == "invalid_grant"


async def test_4_8_a_downgrade_of_pkce_is_refused(people: World, browser: Browser, secret: str) -> None:
    code = await ASKING.code(browser)
    answer = await redeem(people, code, secret, code_verifier=None)
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_4_11_no_open_redirect_for_what_nobody_registered(people: World, browser: Browser) -> None:
    for changes in (
        {"redirect_uri": "https://evil.example"},
        {"client_id": "nobody", "redirect_uri": "https://evil.example"},
        {"redirect_uri": "https://evil.example", "prompt": "none"},
        {"redirect_uri": "https://evil.example", "response_type": "token"},
    ):
        page = await ASKING.go(browser, **changes)
        assert (page.status, page.headers.get("location")) == (400, None)


async def test_4_12_a_form_is_followed_by_303(people: World, browser: Browser) -> None:
    await ASKING.go(browser)
    page = await browser.send("/oauth/authorize/decision", follow=False, decision="allow")
    assert page.status == 303


async def test_4_16_the_page_of_consent_allows_no_frame(people: World, browser: Browser) -> None:
    page = await ASKING.go(browser)
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("uri", [LOOPBACK, PRIVATE])
async def test_a_client_that_others_can_pretend_to_be_is_asked_about_each_time(
    people: World, browser: Browser, uri: str
) -> None:
    """RFC 8252 §8.6."""
    assert answer_of(await ON_DEVICE.allowed(browser, redirect_uri=uri))["code"]
    again = await ON_DEVICE.go(browser, redirect_uri=uri)
    assert again.status == 200
    assert "other programs there could use its name" in again.text
    silent = await ON_DEVICE.go(browser, redirect_uri=uri, prompt="none")
    assert answer_of(silent)["error"] == "consent_required"


async def test_nothing_that_opens_anything_is_stored_as_it_is(
    people: World, browser: Browser, secret: str
) -> None:
    code = await ASKING.code(browser)
    answer = await redeem(people, code, secret)
    stored = ""
    for table in (authorization_codes, refresh_tokens, grants):
        stored += str([tuple(row) for row in await people.store.all(sa.select(table))])
    for text in (code, answer.body["refresh_token"], answer.body["access_token"]):
        assert text not in stored
