"""Logging in through an OpenID provider that is not ours, and what of its answers is refused."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from catalog.cli.processes import choose_port
from catalog.clock import system_clock
from catalog.login import cookies
from catalog.login.policy import LoginPolicy
from catalog.login.provider.settings import ProviderSettings
from tests.catalog.admin import company, compiled
from tests.catalog.browser import Browser, Page
from tests.catalog.login.openid_provider import CLIENT_ID, SECRET, OpenIdProvider, openid_provider
from tests.catalog.login.people import accept, enrol, told
from tests.catalog.serving import QUICK, World, serving


@dataclass
class Place:
    """A catalog, its members' provider, and browsers."""

    world: World
    provider: OpenIdProvider
    browser_at: Callable[[], Browser]

    async def log_in(self, person: str, browser: Browser | None = None, **how: object) -> Browser:
        """Goes through the provider as a person."""
        browser = browser or self.browser_at()
        await self.provider.next(person=person, **how)
        await browser.get("/login")
        await browser.send("/login/provider")
        return browser


@pytest.fixture
async def policy(request: pytest.FixtureRequest) -> LoginPolicy:
    """What the test's mark changes of the provider's settings."""
    changes = getattr(request, "param", {})
    provider = ProviderSettings(f"http://127.0.0.1:{choose_port(0)}", CLIENT_ID, SECRET, title="Example")
    accounts = changes.pop("accounts", False) if "accounts" in changes else False
    return replace(QUICK, accounts=accounts, provider=replace(provider, **changes))


@pytest.fixture
async def place(tmp_path: Path, policy: LoginPolicy) -> AsyncIterator[Place]:
    made: list[Browser] = []
    async with serving(tmp_path, compiled=compiled(company()), login_policy=policy) as world:
        world.now = system_clock()  # the provider reckons with its own

        def browser_at() -> Browser:
            made.append(Browser(world.url))
            return made[-1]

        assert policy.provider is not None
        port = urlsplit(policy.provider.issuer).port
        assert port is not None
        async with openid_provider(port, f"{world.url}/login/callback") as provider:
            yield Place(world, provider, browser_at)
        for each in made:
            await each.close()


async def test_a_member_logs_in_by_a_verified_e_mail_address(place: Place) -> None:
    browser = await place.log_in("4711")
    assert browser.page.path == "/portal"
    await browser.get("/account")
    assert "Anna Example" in browser.page.text
    assert "by provider" in browser.page.text
    assert [each[1] for each in await told(place.world, "session")] == ["begun"]


async def test_there_is_no_other_way_unless_the_settings_say_so(place: Place) -> None:
    browser = place.browser_at()
    await browser.get("/login")
    assert [each.action for each in browser.page.forms] == ["/login/provider"]
    form = browser.page.forms[0].fields | {"name": "anna", "password": "x" * 12}
    await browser.post("/login", form, {"Sec-Fetch-Site": "same-origin"})
    assert browser.page.status == 403


@pytest.mark.parametrize("policy", [{"accounts": True}], indirect=True)
async def test_both_ways_stand_beside_each_other_where_they_shall(place: Place) -> None:
    browser = place.browser_at()
    await browser.get("/login")
    assert [each.action for each in browser.page.forms] == ["/login/provider", "/login"]
    await accept(place.world, browser, "anna")
    assert browser.page.path == "/portal"


@pytest.mark.parametrize(
    ("person", "says"),
    [
        ("4713", "has not verified your e-mail address"),
        ("4714", "no member of the estate's teams is you"),
        ("4715", "does not say who you are"),
    ],
)
async def test_who_is_no_member_is_told_why(place: Place, person: str, says: str) -> None:
    browser = await place.log_in(person)
    assert browser.page.status == 403
    assert says in browser.page.text
    assert cookies.SESSION not in browser.cookies()


@pytest.mark.parametrize("policy", [{"member_claim": "preferred_username"}], indirect=True)
async def test_another_claim_may_name_the_member(place: Place) -> None:
    assert (await place.log_in("4711")).page.path == "/portal"
    assert (await place.log_in("4714")).page.status == 403


async def test_who_needs_two_factors_is_asked_for_one_here_where_the_provider_has_not_said_so(
    place: Place,
) -> None:
    browser = await place.log_in("4712", amr=["pwd", "mfa"], acr="gold")
    assert browser.page.path == "/login/enrol"
    assert cookies.SESSION not in browser.cookies()
    await enrol(place.world, browser)
    await browser.get("/account")
    assert "by provider and otp" in browser.page.text


@pytest.mark.parametrize("policy", [{"amr": ("mfa", "hwk")}, {"acr": ("gold",)}], indirect=True)
async def test_the_providers_word_for_two_factors_counts_where_the_settings_name_it(place: Place) -> None:
    browser = await place.log_in("4712", amr=["pwd", "mfa"], acr="gold")
    assert browser.page.path == "/portal"
    await browser.get("/account")
    assert "by provider and mfa" in browser.page.text
    other = await place.log_in("4712", amr=["pwd"], acr="silver")
    assert other.page.path == "/login/enrol"


async def test_a_refusal_at_the_provider_is_a_page_of_ours(place: Place) -> None:
    browser = place.browser_at()
    await place.provider.next(refuse=True)
    await browser.get("/login")
    await browser.send("/login/provider")
    assert browser.page.status == 403
    assert "you did not log in there" in browser.page.text


async def _until_callback(place: Place, browser: Browser) -> str:
    """Goes through the provider up to, and without, its answer; the answer's address."""
    await place.provider.next(person="4711")
    await browser.get("/login")
    page = await browser.send("/login/provider", follow=False)
    address = page.html.split("url=")[1].split('"')[0].replace("&amp;", "&")
    while not address.startswith(f"{place.world.url}/login/callback"):
        page = await browser.get(address, follow=False)
        address = page.headers["location"]
        if address.startswith("/"):
            address = place.provider.issuer + address
    return address


async def test_the_request_has_all_that_it_should(place: Place) -> None:
    browser = place.browser_at()
    await browser.get("/login")
    page = await browser.send("/login/provider", follow=False)
    address = page.html.split("url=")[1].split('"')[0].replace("&amp;", "&")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{place.world.url}/login/callback"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43
    assert SECRET not in address


@pytest.mark.parametrize(
    ("old", "new"),
    [("state=", "state=x"), ("state=", "other="), ("iss=", "iss=x"), ("iss=", "other="), ("code=", "code=x")],
)
async def test_an_answer_that_was_altered_opens_nothing(place: Place, old: str, new: str) -> None:
    browser = place.browser_at()
    answer = await _until_callback(place, browser)
    assert old in answer
    page = await browser.get(answer.replace(old, new, 1))
    assert page.status == 403
    assert cookies.SESSION not in browser.cookies()


async def test_an_answer_is_taken_once_and_in_the_browser_that_asked(place: Place) -> None:
    browser, other = place.browser_at(), place.browser_at()
    answer = await _until_callback(place, browser)
    await other.get("/login")
    assert (await other.get(answer)).status == 403
    await browser.get(answer)
    assert browser.page.path == "/portal"
    assert (await browser.get(answer)).status == 403


async def test_new_keys_of_the_provider_are_found(place: Place) -> None:
    assert (await place.log_in("4711")).page.path == "/portal"
    await place.provider.next(rotate=True)
    place.world.now += 10
    assert (await place.log_in("4711")).page.path == "/portal"


async def test_a_provider_that_is_down_is_told_of_and_can_be_tried_again(place: Place) -> None:
    browser = place.browser_at()
    answer = await _until_callback(place, browser)
    await place.provider.stop()
    page: Page = await browser.get(answer)
    assert (page.status, page.headers["retry-after"]) == (503, "10")
    assert "Example cannot be used now" in page.text


async def test_who_logs_out_is_shown_the_way_to_log_out_there_too(place: Place) -> None:
    browser = await place.log_in("4711")
    await browser.send("/logout")
    assert "At Example you still are" in browser.page.text
    assert f"{place.provider.issuer}/session/end?client_id=ostiary&amp;post_logout" in browser.page.html


async def test_one_who_has_to_prove_it_again_has_to_at_the_provider_too(place: Place) -> None:
    browser = await place.log_in("4711")
    await browser.get("/account")
    place.world.now += 901
    await browser.send("/account/factors/add")
    assert "Log in again" in browser.page.text
    page = await browser.send("/login/provider", follow=False)
    assert "prompt=login" in page.html
