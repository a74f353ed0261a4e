"""RFC 9126, pushed authorisation requests."""

from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from catalog.oauth.authorization.pushed_requests import LIFE, OPEN
from catalog.storage.tables.oauth import authorization_codes, pushed_requests
from tests.catalog.browser import Browser, Page
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import (
    ASKING,
    CALLBACK,
    ON_DEVICE,
    Asking,
    answer_of,
    logged_in,
    push,
    redeem,
    target_of,
)
from tests.conformance.oauth.tokens import secret_of

VAULT = Asking("vault", "https://vault.example/callback")


async def open_(browser: Browser, request_uri: str, client_id: str = "planner", **more: str) -> Page:
    query = urlencode({"client_id": client_id, "request_uri": request_uri, **more})
    return await browser.get(f"/oauth/authorize?{query}", follow=False)


async def pushed(world: World, secret: str, **more: str | None) -> str:
    answer = await push(world, secret, **more)
    assert answer.status == 201, answer.body
    return str(answer.body["request_uri"])


async def test_2_2_the_client_gets_a_request_uri(people: World, secret: str) -> None:
    answer = await push(people, secret)
    assert answer.status == 201
    assert answer.headers["cache-control"] == "no-store"
    assert answer.body.keys() == {"request_uri", "expires_in"}
    assert answer.body["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert len(answer.body["request_uri"].rpartition(":")[2]) >= 40
    assert answer.body["expires_in"] == LIFE == 90
    row = await people.store.one(sa.select(pushed_requests))
    assert row is not None
    assert answer.body["request_uri"] not in str(tuple(row))
    assert secret not in row.parameters


async def test_4_the_person_is_asked_for_what_was_pushed(people: World, browser: Browser, secret: str) -> None:
    uri = await pushed(people, secret, scope="orders:write")
    page = await open_(browser, uri, scope="orders:read", redirect_uri="https://evil.example", state="other")
    assert "orders:write" in page.text
    assert "orders:read" not in page.text
    answered = await browser.send("/oauth/authorize/decision", follow=False, decision="allow")
    assert target_of(answered) == CALLBACK
    assert answer_of(answered)["state"] == "st4te"
    answer = await redeem(people, answer_of(answered)["code"], secret)
    assert (answer.status, answer.body["scope"]) == (200, "orders:write")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://evil.example"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "orders:delete"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"client_id": "notes"}, "invalid_request"),
    ],
)
async def test_2_3_a_request_that_is_no_good_is_refused_at_once(
    people: World, secret: str, changes: dict[str, str | None], error: str
) -> None:
    answer = await push(people, secret, **changes)
    assert (answer.status, answer.error) == (400, error)
    assert await people.store.all(sa.select(pushed_requests)) == []


async def test_2_1_the_client_proves_who_it_is(people: World, secret: str) -> None:
    for given in (None, "ost_test_AAAAAAAAAAAA_x", await secret_of(people, "web-shop")):
        answer = await push(people, given)
        assert (answer.status, answer.error) == (401, "invalid_client")
    assert (await push(people, None, asking=ON_DEVICE)).status == 201, "a public client has nothing to prove"


async def test_2_1_a_client_without_the_grant_pushes_nothing(people: World) -> None:
    answer = await push(people, await secret_of(people, "web-shop"), asking=Asking("web-shop"))
    assert (answer.status, answer.error) == (400, "unauthorized_client")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_2_1_it_takes_post_alone(people: World, method: str) -> None:
    async with people.session.request(method, people.url + "/oauth/par") as answer:
        assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def test_2_2_a_request_uri_is_good_for_90_seconds(people: World, browser: Browser, secret: str) -> None:
    uri = await pushed(people, secret)
    people.now += LIFE - 1
    assert (await open_(browser, uri)).status == 200
    uri = await pushed(people, secret)
    people.now += LIFE
    assert (await open_(browser, uri)).status == 400


async def test_7_3_it_is_one_browsers_and_then_it_is_used_up(people: World, browser: Browser, secret: str) -> None:
    uri = await pushed(people, secret)
    assert (await open_(browser, uri)).status == 200
    assert (await open_(browser, uri)).status == 200, "the same browser may load the page again"
    other = Browser(people.url)
    await logged_in(people, other, "dora", "pwd", "otp")
    assert (await open_(other, uri)).status == 400
    await other.close()
    await open_(browser, uri)
    answered = await browser.send("/oauth/authorize/decision", follow=False, decision="allow")
    assert answer_of(answered)["code"]
    assert (await open_(browser, uri)).status == 400
    assert len(await people.store.all(sa.select(authorization_codes))) == 1


async def test_7_3_a_form_that_is_sent_twice_gets_one_code(people: World, browser: Browser, secret: str) -> None:
    await open_(browser, await pushed(people, secret))
    fields = browser.page.form("/oauth/authorize/decision").fields | {"decision": "allow"}
    ours = {"Sec-Fetch-Site": "same-origin", "Origin": people.url}
    first = await browser.post("/oauth/authorize/decision", fields, ours)
    second = await browser.post("/oauth/authorize/decision", fields, ours)
    assert (first.status, second.status) == (303, 400)
    assert len(await people.store.all(sa.select(authorization_codes))) == 1


async def test_whatever_looks_at_links_uses_nothing_up(people: World, browser: Browser, secret: str) -> None:
    uri = await pushed(people, secret)
    url = f"{people.url}/oauth/authorize?{urlencode({'client_id': 'planner', 'request_uri': uri})}"
    async with people.session.head(url, allow_redirects=False) as answer:
        assert (answer.status, answer.headers.get("location"), answer.cookies) == (200, None, {})
    assert (await open_(browser, uri)).status == 200


async def test_the_log_in_may_take_longer_than_the_request_uri_lives(people: World, secret: str) -> None:
    uri, browser = await pushed(people, secret), Browser(people.url)
    page = await open_(browser, uri)
    assert page.headers["location"].startswith("/login?next=")
    people.now += OPEN - 1
    await logged_in(people, browser)
    assert (await open_(browser, uri)).status == 200
    people.now += 1
    assert (await open_(browser, uri)).status == 400
    await browser.close()


@pytest.mark.parametrize(
    ("client_id", "suffix"), [("notes", ""), ("planner", "x"), ("nobody", "")], ids=["other", "guessed", "unknown"]
)
async def test_4_a_request_uri_is_its_clients_alone(
    people: World, browser: Browser, secret: str, client_id: str, suffix: str
) -> None:
    page = await open_(browser, await pushed(people, secret) + suffix, client_id)
    assert (page.status, page.headers.get("location")) == (400, None)


async def test_5_a_client_of_fapi_2_has_to_push(people: World, browser: Browser) -> None:
    told = answer_of(await VAULT.go(browser))
    assert told["error"] == "invalid_request"
    secret = await secret_of(people, "vault")
    answer = await push(people, None, asking=VAULT, client_secret=secret)
    assert answer.status == 201
    assert (await open_(browser, answer.body["request_uri"], "vault")).status == 200


async def test_5_the_metadata_names_the_endpoint(people: World) -> None:
    async with people.session.get(people.url + "/.well-known/oauth-authorization-server") as response:
        metadata: dict[str, Any] = await response.json()
    assert metadata["pushed_authorization_request_endpoint"] == people.url + "/oauth/par"


async def test_a_request_too_long_for_a_url_can_be_pushed(people: World, browser: Browser, secret: str) -> None:
    state = "s" * 4000
    assert (await ASKING.go(browser, state=state)).status == 400
    await open_(browser, await pushed(people, secret, state=state))
    answered = await browser.send("/oauth/authorize/decision", follow=False, decision="allow")
    assert answer_of(answered)["state"] == state
