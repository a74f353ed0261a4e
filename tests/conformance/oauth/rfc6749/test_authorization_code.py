"""RFC 6749 §4.1, authorisation code grant: the request, the answer, and the token request."""

from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
import sqlalchemy as sa

from catalog.storage.tables.oauth import authorization_codes, grants
from tests.catalog.browser import Browser
from tests.catalog.serving import AUDIENCE, World
from tests.conformance.oauth.authorizing import (
    ASKING,
    CALLBACK,
    ON_DEVICE,
    answer_of,
    logged_in,
    redeem,
    target_of,
)
from tests.conformance.oauth.tokens import post, secret_of


async def test_4_1_1_the_person_is_asked_and_the_client_gets_a_code(people: World, browser: Browser) -> None:
    page = await ASKING.go(browser)
    assert page.status == 200
    for shown in (
        "Planner",
        "Acme Ltd",
        "anna",
        "Orders v2",
        "GET /orders/v2/1",
        "orders:read",
        "planner.example",
        "16 February 2027",
    ):
        assert shown in page.text
    assert "partners:read" not in page.text
    assert "GET /orders/v2/2" not in page.text
    answered = await browser.send("/oauth/authorize/decision", follow=False, decision="allow")
    assert target_of(answered) == CALLBACK
    assert answer_of(answered).keys() == {"code", "state", "iss"}


async def test_4_1_2_1_a_refusal_is_told_to_the_client(people: World, browser: Browser) -> None:
    await ASKING.go(browser)
    answered = await browser.send("/oauth/authorize/decision", follow=False, decision="refuse")
    assert target_of(answered) == CALLBACK
    assert answer_of(answered)["error"] == "access_denied"
    assert await people.store.all(sa.select(authorization_codes)) == []


@pytest.mark.parametrize("state", ["x", "a b+c%20&=?/#", "~!@$^*()_{}|:\"<>`'", "s" * 1000])
async def test_4_1_2_the_state_comes_back_as_it_was(people: World, browser: Browser, state: str) -> None:
    assert answer_of(await ASKING.allowed(browser, state=state))["state"] == state
    refused = await ASKING.go(browser, state=state, response_type="token")
    assert answer_of(refused)["state"] == state


async def test_4_1_2_without_a_state_none_comes_back(people: World, browser: Browser) -> None:
    assert answer_of(await ASKING.allowed(browser, state=None)).keys() == {"code", "iss"}


@pytest.mark.parametrize("client_id", [None, "nobody", "web-shop", "x" * 300, "notes "])
async def test_3_1_2_4_an_unknown_client_or_one_without_redirect_uris_sends_nobody_anywhere(
    people: World, browser: Browser, client_id: str | None
) -> None:
    page = await ASKING.go(browser, client_id=client_id)
    assert (page.status, page.headers.get("location")) == (400, None)
    assert "planner.example" not in page.html


@pytest.mark.parametrize(
    "uri",
    [
        None,  # there are two
        "https://planner.example/callback/",
        "https://planner.example/Callback",
        "https://planner.example/callback?x=1",
        "https://planner.example/callback#",
        "https://planner.example/callback/../callback",
        "https://planner.example:443/callback",
        "https://planner.example.evil.example/callback",
        "https://planner.example@evil.example/callback",
        "https://PLANNER.example/callback",
        "http://planner.example/callback",
        "//evil.example/callback",
        "javascript:alert(1)",
        "https://notes.example/callback",  # another client's
    ],
)
async def test_3_1_2_3_another_redirect_uri_is_told_to_the_person_alone(
    people: World, browser: Browser, uri: str | None
) -> None:
    page = await ASKING.go(browser, redirect_uri=uri)
    assert (page.status, page.headers.get("location")) == (400, None)
    assert "evil" not in page.html


async def test_3_1_2_a_query_of_the_redirect_uri_is_kept(people: World, browser: Browser) -> None:
    answered = await ASKING.allowed(browser, redirect_uri=CALLBACK + "?tenant=1")
    assert answered.headers["location"].startswith(CALLBACK + "?tenant=1&code=")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"scope": "orders:delete"}, "invalid_scope"),
        ({"scope": "orders:read  orders:write"}, "invalid_scope"),
        ({"scope": 'orders:"read"'}, "invalid_scope"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"dpop_jkt": "short"}, "invalid_request"),
    ],
)
async def test_4_1_2_1_what_is_wrong_is_told_to_the_client(
    people: World, browser: Browser, changes: dict[str, str | None], error: str
) -> None:
    page = await ASKING.go(browser, **changes)
    assert target_of(page) == CALLBACK
    told = answer_of(page)
    assert (told["error"], told["state"], told["iss"]) == (error, "st4te", people.url)
    assert "code" not in told
    assert not set(told["error_description"]) & set('"\\')


async def test_3_1_a_repeated_parameter_is_refused(people: World, browser: Browser) -> None:
    for name in ("client_id", "redirect_uri", "state", "scope", "response_type"):
        query = urlencode([*ASKING.parameters().items(), (name, ASKING.parameters()[name])])
        page = await browser.get(f"/oauth/authorize?{query}", follow=False)
        assert (page.status, page.headers.get("location")) == (400, None), name


async def test_3_1_a_parameter_without_a_value_is_as_if_omitted_and_unknown_ones_are_ignored(
    people: World, browser: Browser
) -> None:
    assert (await ASKING.go(browser, response_mode="", prompt="", claims="{}")).status == 200


async def test_3_3_without_a_scope_it_is_all_that_was_granted(
    people: World, browser: Browser, secret: str
) -> None:
    answer = await redeem(people, await ASKING.code(browser, scope=None), secret)
    assert answer.body["scope"] == "orders:read orders:write partners:read"


async def test_4_1_4_the_token_is_about_the_member_and_for_what_they_allowed(
    people: World, browser: Browser, secret: str
) -> None:
    answer = await redeem(people, await ASKING.code(browser), secret)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert (answer.body["token_type"], answer.body["scope"]) == ("Bearer", "orders:read")
    claims = jwt.decode(answer.body["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["client_id"], claims["scope"]) == ("anna", "planner", "orders:read")
    assert (claims["aud"], claims["auth_time"]) == (AUDIENCE, int(people.now))
    row = await people.store.one(sa.select(grants))
    assert row is not None
    assert claims["grant_id"] == row.id


async def test_4_1_3_a_code_is_good_for_a_minute(people: World, browser: Browser, secret: str) -> None:
    code = await ASKING.code(browser)
    people.now += 59
    assert (await redeem(people, code, secret)).status == 200
    code = await ASKING.code(browser)
    people.now += 60
    answer = await redeem(people, code, secret)
    assert (answer.status, answer.error) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "x" * 43},
        {"redirect_uri": None},
        {"redirect_uri": CALLBACK + "?tenant=1"},
        {"code_verifier": "y" * 43},
        {"code_verifier": "short"},
    ],
)
async def test_4_1_3_what_differs_from_the_request_gets_nothing(
    people: World, browser: Browser, secret: str, changes: dict[str, str | None]
) -> None:
    code = await ASKING.code(browser)
    answer = await redeem(people, code, secret, **changes)
    assert (answer.status, answer.error) == (400, "invalid_grant")
    assert "refresh_token" not in answer.body
    # Whoever only guesses spends nothing of the client's.
    assert (await redeem(people, code, secret)).status == 200


@pytest.mark.parametrize("missing", ["code", "code_verifier"])
async def test_4_1_3_what_is_missing_is_an_invalid_request(
    people: World, browser: Browser, secret: str, missing: str
) -> None:
    answer = await redeem(people, await ASKING.code(browser), secret, **{missing: None})
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_4_1_3_a_code_is_its_clients_alone(people: World, browser: Browser, secret: str) -> None:
    code = await ASKING.code(browser)
    answer = await redeem(people, code, asking=ON_DEVICE, redirect_uri=CALLBACK)
    assert (answer.status, answer.error) == (400, "invalid_grant")


async def test_4_1_3_a_confidential_client_proves_who_it_is(people: World, browser: Browser) -> None:
    code = await ASKING.code(browser)
    answer = await redeem(people, code)
    assert (answer.status, answer.error) == (401, "invalid_client")
    assert (await redeem(people, code, await secret_of(people, "web-shop"))).error == "invalid_client"


async def test_4_1_2_a_code_that_comes_twice_ends_what_it_gave(
    people: World, browser: Browser, secret: str
) -> None:
    code = await ASKING.code(browser)
    first = await redeem(people, code, secret)
    again = await redeem(people, code, secret)
    assert (again.status, again.error) == (400, "invalid_grant")
    row = await people.store.one(sa.select(grants))
    assert row is not None
    assert "second time" in row.ended_reason
    current = people.publisher.current
    assert current is not None
    assert current.revoked is not None
    assert row.id in current.revoked.credentials, "gateways still take the access token"
    body = f"grant_type=refresh_token&refresh_token={first.body['refresh_token']}"
    assert (await post(people, body, basic=("planner", secret))).error == "invalid_grant"


async def test_5_2_a_client_uses_only_the_grants_that_it_is_registered_for(people: World) -> None:
    other = await secret_of(people, "web-shop")
    body = "grant_type=authorization_code&code=x&code_verifier=y"
    answer = await post(people, body, basic=("web-shop", other))
    assert (answer.status, answer.error) == (400, "unauthorized_client")


async def test_10_12_a_forged_decision_does_nothing(people: World, browser: Browser) -> None:
    page = await ASKING.go(browser)
    fields = page.form("/oauth/authorize/decision").fields | {"decision": "allow"}
    ours = {"Sec-Fetch-Site": "same-origin", "Origin": people.url}
    for values, headers in (
        (fields, {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}),
        (fields, {"Origin": "https://evil.example"}),
        (fields, {}),
        (fields | {"csrf": "x"}, ours),
        ({name: value for name, value in fields.items() if name != "csrf"}, ours),
    ):
        answered = await browser.post("/oauth/authorize/decision", values, headers)
        assert answered.status == 403
    assert await people.store.all(sa.select(authorization_codes)) == []
    assert (await browser.post("/oauth/authorize/decision", fields, ours)).status == 303


async def test_10_12_another_persons_page_is_worth_nothing(people: World, browser: Browser) -> None:
    page = await ASKING.go(browser)
    fields = page.form("/oauth/authorize/decision").fields | {"decision": "allow"}
    other = Browser(people.url)
    await logged_in(people, other, "dora", "pwd", "otp")
    ours = {"Sec-Fetch-Site": "same-origin", "Origin": people.url}
    assert (await other.post("/oauth/authorize/decision", fields, ours)).status == 403
    await other.close()


async def test_10_13_the_page_is_in_no_frame_and_runs_no_foreign_script(people: World, browser: Browser) -> None:
    page = await ASKING.go(browser)
    assert page.headers["x-frame-options"] == "DENY"
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-inline'" not in policy
    # Browsers hold form-action against the redirect that follows the form.
    assert "form-action 'self' https://planner.example;" in policy
    assert page.headers["cache-control"] == "no-store"


async def test_a_person_who_is_not_logged_in_comes_back_to_the_question(people: World) -> None:
    browser = Browser(people.url)
    page = await ASKING.go(browser, state='a "quoted" {state}')
    assert page.status == 303
    assert page.headers["location"].startswith("/login?next=%2Foauth%2Fauthorize%3F")
    await logged_in(people, browser)
    [back] = parse_qs(urlsplit(page.headers["location"]).query)["next"]
    await browser.get(back, follow=False)
    answered = await browser.send("/oauth/authorize/decision", follow=False, decision="allow")
    assert answer_of(answered)["state"] == 'a "quoted" {state}'
    await browser.close()
