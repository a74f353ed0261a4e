"""Consents: what is remembered, when people are asked again, and how it ends."""

from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import msgspec
import pytest
import sqlalchemy as sa

from catalog.audit.log import Filter
from catalog.oauth.grants.consent import LIFE
from catalog.storage.tables.oauth import consents, grants
from contracts.estate_files import CredentialsEntry
from tests.catalog.admin import AdminClient
from tests.catalog.browser import Browser
from tests.catalog.serving import AUDIENCE, World
from tests.conformance.oauth.authorizing import (
    ASKING,
    ON_DEVICE,
    Asking,
    answer_of,
    compilation,
    logged_in,
    redeem,
    refresh,
)


def revoked(world: World) -> tuple[str, ...]:
    """The ids of credentials and grants that gateways are told to refuse."""
    current = world.publisher.current
    assert current is not None
    return () if current.revoked is None else current.revoked.credentials


async def test_who_has_allowed_it_is_not_asked_again(people: World, browser: Browser) -> None:
    await ASKING.allowed(browser, scope="orders:read orders:write")
    for scope in ("orders:read", "orders:write orders:read"):
        assert answer_of(await ASKING.go(browser, scope=scope))["code"]
    assert len(await people.store.all(sa.select(consents))) == 1


async def test_more_is_asked_for_and_adds_to_the_consent(people: World, browser: Browser) -> None:
    await ASKING.allowed(browser)
    page = await ASKING.go(browser, scope="partners:read")
    assert page.status == 200
    await browser.send("/oauth/authorize/decision", follow=False, decision="allow")
    [row] = await people.store.all(sa.select(consents))
    assert row.scopes == '["orders:read","partners:read"]'
    assert (await ASKING.go(browser, scope="orders:read partners:read")).status == 303


async def test_a_resource_narrows_the_consent(people: World, browser: Browser) -> None:
    await ASKING.allowed(browser, resource=AUDIENCE + "/orders/v2")
    assert (await ASKING.go(browser, resource=AUDIENCE + "/orders/v2")).status == 303
    page = await ASKING.go(browser)
    assert page.status == 200, "everywhere is more than one API"
    assert AUDIENCE not in page.text
    await browser.send("/oauth/authorize/decision", follow=False, decision="allow")
    assert (await ASKING.go(browser)).status == 303
    assert (await ASKING.go(browser, resource=AUDIENCE)).status == 303, "that is everywhere by its name"


async def test_what_is_allowed_at_one_resource_is_not_at_another(people: World, browser: Browser) -> None:
    orders, partners = AUDIENCE + "/orders/v2", AUDIENCE + "/partners/v1"
    await ASKING.allowed(browser, resource=orders)
    await ASKING.allowed(browser, scope="partners:read", resource=partners)
    assert len(await people.store.all(sa.select(consents))) == 2
    assert (await ASKING.go(browser, resource=orders)).status == 303
    assert (await ASKING.go(browser, resource=partners)).status == 303, "it has no such scope there"
    both = urlencode([*ASKING.parameters(scope="orders:read partners:read").items(), ("resource", orders)])
    page = await browser.get(f"/oauth/authorize?{both}&{urlencode({'resource': partners})}", follow=False)
    assert page.status == 200, "the two together were never allowed"


async def test_it_is_one_members_for_one_application(people: World, browser: Browser) -> None:
    await ASKING.allowed(browser)
    assert (await ON_DEVICE.go(browser)).status == 200
    other = Browser(people.url)
    await logged_in(people, other, "ben", "pwd", "otp")
    assert (await ASKING.go(other)).status == 200
    await other.close()


async def test_a_refusal_is_not_remembered(people: World, browser: Browser) -> None:
    await ASKING.go(browser)
    await browser.send("/oauth/authorize/decision", follow=False, decision="refuse")
    assert (await ASKING.go(browser)).status == 200


async def test_it_ends_in_its_time(people: World, browser: Browser) -> None:
    await ASKING.allowed(browser)
    people.now += LIFE
    await logged_in(people, browser)
    assert (await ASKING.go(browser)).status == 200


async def test_the_estate_sets_the_longest_life(people: World, browser: Browser) -> None:
    made = compilation()
    assert made.estate is not None
    file = msgspec.structs.replace(made.estate.file, credentials=CredentialsEntry(max_days=7))
    people.compiled = replace(made, estate=replace(made.estate, file=file))
    await people.publisher.publish()
    await ASKING.allowed(browser)
    row = await people.store.one(sa.select(consents))
    assert row is not None
    assert row.expires_at == int(people.now) + 7 * 86_400


async def test_prompt_consent_asks_again(people: World, browser: Browser) -> None:
    await ASKING.allowed(browser)
    assert (await ASKING.go(browser, prompt="consent")).status == 200


async def test_prompt_none_shows_no_page(people: World, browser: Browser) -> None:
    assert answer_of(await ASKING.go(browser, prompt="none"))["error"] == "consent_required"
    await ASKING.allowed(browser)
    assert answer_of(await ASKING.go(browser, prompt="none"))["code"]
    stranger = Browser(people.url)
    assert answer_of(await ASKING.go(stranger, prompt="none"))["error"] == "login_required"
    await stranger.close()


async def test_prompt_login_asks_for_the_log_in_once_more_and_then_no_more(
    people: World, browser: Browser
) -> None:
    await ASKING.allowed(browser)
    page = await ASKING.go(browser, prompt="login")
    where = urlsplit(page.headers["location"])
    assert where.path == "/login"
    query = parse_qs(where.query)
    assert query["again"] == ["1"]
    assert "prompt" not in query["next"][0]
    people.now += 5
    await logged_in(people, browser)
    assert answer_of(await browser.get(query["next"][0], follow=False))["code"]


async def test_withdrawing_it_ends_all_that_came_of_it(people: World, browser: Browser, secret: str) -> None:
    answer = await redeem(people, await ASKING.code(browser), secret)
    pending = await ASKING.code(browser)
    admin = AdminClient(people)
    [consent] = (await admin("anna", "GET", "/oauth/consents")).body["items"]
    assert (consent["client_id"], consent["member"], consent["state"]) == ("planner", "anna", "active")
    [grant] = (await admin("anna", "GET", "/oauth/grants?state=active")).body["items"]
    withdrawn = await admin("anna", "DELETE", f"/oauth/consents/{consent['id']}?reason=changed%20my%20mind")
    assert (withdrawn.status, withdrawn.body["state"]) == (200, "withdrawn")
    assert revoked(people) == (grant["id"],)
    given = {"client_id": "planner"}
    assert (await refresh(people, answer.body["refresh_token"], secret, **given)).error == "invalid_grant"
    assert (await redeem(people, pending, secret)).error == "invalid_grant"
    assert (await ASKING.go(browser)).status == 200
    again = await admin("anna", "DELETE", f"/oauth/consents/{consent['id']}?reason=x")
    assert again.status == 409
    entries = [entry.event async for entry in people.audit.entries(Filter(subject="consent"))]
    assert [(each.action, each.actor) for each in entries] == [("given", "anna"), ("withdrawn", "anna")]


async def test_one_grant_ends_and_the_consent_stays(people: World, browser: Browser, secret: str) -> None:
    first = await redeem(people, await ASKING.code(browser), secret)
    people.now += 10
    second = await redeem(people, await ASKING.code(browser), secret)
    admin = AdminClient(people)
    [newer, older] = (await admin("anna", "GET", "/oauth/grants")).body["items"]
    assert newer["created_at"] > older["created_at"]
    ended = await admin("anna", "DELETE", f"/oauth/grants/{older['id']}?reason=lost%20phone")
    assert (ended.status, ended.body["state"], ended.body["ended_reason"]) == (200, "ended", "lost phone")
    given = {"client_id": "planner"}
    assert (await refresh(people, first.body["refresh_token"], secret, **given)).error == "invalid_grant"
    assert (await refresh(people, second.body["refresh_token"], secret, **given)).status == 200
    assert (await admin("anna", "DELETE", f"/oauth/grants/{older['id']}?reason=x")).status == 409
    assert (await ASKING.go(browser)).status == 303


async def test_who_sees_and_ends_what(people: World, browser: Browser, secret: str) -> None:
    """Anna's is hers and the guards'; another member learns nothing of it."""
    await redeem(people, await ASKING.code(browser), secret)
    admin = AdminClient(people)
    for path in ("/oauth/consents", "/oauth/grants"):
        [item] = (await admin("sara", "GET", f"{path}?member=anna&client_id=planner")).body["items"]
        assert (await admin("sara", "GET", f"{path}?member=ben")).body["items"] == []
        assert (await admin("ben", "GET", path)).body["items"] == []
        assert (await admin("ben", "DELETE", f"{path}/{item['id']}?reason=x")).status == 404
        assert (await admin("sara", "DELETE", f"{path}/{item['id']}?reason=leaver")).status in (200, 409)
    row = await people.store.one(sa.select(grants))
    assert row is not None
    assert row.ended_by == "sara"


@pytest.mark.parametrize("resource", [AUDIENCE + "/orders/v2", AUDIENCE])
async def test_a_resource_is_the_tokens_audience(
    people: World, browser: Browser, secret: str, resource: str
) -> None:
    code = await ASKING.code(browser, resource=resource)
    answer = await redeem(people, code, secret)
    claims = jwt.decode(answer.body["access_token"], options={"verify_signature": False})
    assert claims["aud"] == resource


async def test_a_resource_narrows_the_token_and_goes_no_further_than_the_grant(
    people: World, browser: Browser, secret: str
) -> None:
    everything = Asking(scope="orders:read partners:read")
    answer = await redeem(people, await everything.code(browser), secret, resource=AUDIENCE + "/partners/v1")
    claims = jwt.decode(answer.body["access_token"], options={"verify_signature": False})
    assert (claims["aud"], claims["scope"]) == (AUDIENCE + "/partners/v1", "partners:read")
    narrow = await ASKING.code(browser, resource=AUDIENCE + "/orders/v2", prompt="consent")
    for resource in ("/partners/v1", "", "/unknown/v1"):
        refused = await redeem(people, narrow, secret, resource=AUDIENCE + resource)
        assert (refused.status, refused.error) == (400, "invalid_target")
    assert (await redeem(people, narrow, secret)).status == 200


async def test_a_request_for_an_unknown_resource_uses_nothing_up(people: World, browser: Browser) -> None:
    code = await ON_DEVICE.code(browser)
    refused = await redeem(people, code, asking=ON_DEVICE, resource="https://elsewhere.example")
    assert (refused.status, refused.error) == (400, "invalid_target")
    text = (await redeem(people, code, asking=ON_DEVICE)).body["refresh_token"]
    assert (await refresh(people, text, resource="https://elsewhere.example")).error == "invalid_target"
    people.now += 60
    assert (await refresh(people, text)).status == 200


async def test_a_member_withdraws_on_a_page(people: World, browser: Browser, secret: str) -> None:
    answer = await redeem(people, await ASKING.code(browser), secret)
    page = await browser.get("/account/applications")
    assert ("Planner" in page.text, "orders:read" in page.text) == (True, True)
    fields = page.form("/account/applications/withdraw").fields
    stranger = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert (await browser.post("/account/applications/withdraw", fields, stranger)).status == 403
    other = Browser(people.url)
    await logged_in(people, other, "ben", "pwd", "otp")
    await ASKING.allowed(other)
    theirs = (await other.get("/account/applications")).form("/account/applications/withdraw").fields
    ours = {"Sec-Fetch-Site": "same-origin"}
    wrong = await other.post("/account/applications/withdraw", theirs | {"consent": fields["consent"]}, ours)
    assert wrong.status == 404
    await other.close()
    await browser.get("/account/applications")
    assert (await browser.send("/account/applications/withdraw")).path == "/account/applications"
    assert "You let no application act for you." in browser.page.text
    refused = await refresh(people, answer.body["refresh_token"], secret, client_id="planner")
    assert refused.error == "invalid_grant"


async def test_the_page_of_applications_needs_a_log_in(people: World) -> None:
    browser = Browser(people.url)
    page = await browser.get("/account/applications", follow=False)
    assert page.headers["location"].startswith("/login?next=")
    sent = await browser.post(
        "/account/applications/withdraw", {"consent": "x"}, {"Sec-Fetch-Site": "same-origin"}
    )
    assert sent.status == 403
    await browser.close()
