"""Logging in by name and password, and everything that is refused."""

from collections.abc import Callable

import pytest
from sqlalchemy.exc import OperationalError

from catalog.login import cookies
from contracts.estate_files import TeamsFile
from tests.catalog.admin import TEAMS, company, compiled
from tests.catalog.browser import Browser
from tests.catalog.login.people import PASSWORD, accept, invite, log_in, told
from tests.catalog.serving import World


async def test_a_member_sets_a_password_by_invitation_and_logs_in(world: World, browser: Browser) -> None:
    code = await invite(world, "anna")
    await browser.get("/login/invitation?member=anna")
    assert browser.page.form("/login/invitation").fields["name"] == "anna"
    await browser.send("/login/invitation", code=code, password=PASSWORD, again=PASSWORD)
    assert (browser.page.status, browser.page.path) == (200, "/portal")
    await browser.get("/account")
    assert "Anna Example" in browser.page.text
    await browser.send("/logout")
    assert "logged out" in browser.page.text
    assert cookies.SESSION not in browser.cookies()
    await log_in(browser, "anna")
    assert browser.page.path == "/portal"
    assert await told(world, "account", "session") == [
        ("account", "invited", "anna", "sara"),
        ("account", "password-set", "anna", "anna"),
        *[(each[0], each[1], each[2], "anna") for each in (await told(world, "session"))],
    ]
    entries = [entry async for entry in world.audit.entries()]
    assert PASSWORD not in repr(entries)
    assert code not in repr(entries)


async def test_a_member_may_give_the_e_mail_address_as_a_name(world: World, browser: Browser) -> None:
    await accept(world, browser, "anna")
    await browser.send("/logout")
    await log_in(browser, "Anna@Example.com")
    assert browser.page.path == "/portal"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("anna", PASSWORD + "x"),
        ("anna", PASSWORD[:-1]),
        ("nobody", PASSWORD),
        ("ben", PASSWORD),
        ("anna", "x" * 4000),
    ],
)
async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(
    world: World, browser: Browser, name: str, password: str
) -> None:
    await accept(world, browser, "anna")
    await browser.send("/logout")
    await log_in(browser, name, password)
    assert browser.page.status == 422
    assert "The name or the password is wrong." in browser.page.text
    assert browser.page.form("/login").fields["name"] == name
    assert browser.page.form("/login").fields["password"] == ""
    assert cookies.SESSION not in browser.cookies()


async def test_what_is_missing_is_said_at_the_field(browser: Browser) -> None:
    await browser.get("/login")
    await browser.send("/login", name="anna", password="")
    assert browser.page.status == 422
    assert 'id="password-fault">This is needed.' in browser.page.html
    assert 'aria-describedby="password-fault"' in browser.page.html
    assert browser.page.form("/login").fields["name"] == "anna"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/%09/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/a\tb",
        " /account",
        "/" + "x" * 9000,
        "",
    ],
)
async def test_a_log_in_leads_to_no_address_but_ours(world: World, browser: Browser, target: str) -> None:
    await accept(world, browser, "anna")
    await browser.send("/logout")
    await browser.get("/login")
    page = browser.page
    page.form("/login").fields["next"] = target
    await browser.send("/login", follow=False, name="anna", password=PASSWORD)
    assert browser.page.status == 200
    leads = browser.page.html.split("url=")[1].split('"')[0]
    # Space around a path is dropped, as browsers do.
    own = target.strip() if target.startswith(("/%09", " /account")) else "/portal"
    assert leads == own


async def test_it_leads_back_to_what_was_asked_for(world: World, browser: Browser) -> None:
    await accept(world, browser, "anna")
    await browser.send("/logout")
    await browser.get("/account?done=sessions", follow=False)
    assert browser.page.status == 303
    await browser.get(browser.page.headers["location"])
    await browser.send("/login", name="anna", password=PASSWORD)
    assert browser.page.url.endswith("/account?done=sessions")


async def test_the_value_of_before_the_log_in_is_not_the_sessions(world: World, browser: Browser) -> None:
    planted = "B" * 43
    for name in (cookies.SESSION, cookies.LOG_IN):
        browser.plant(name, planted)
    await accept(world, browser, "anna")
    assert browser.cookies()[cookies.SESSION] != planted
    assert cookies.LOG_IN not in browser.cookies()


async def test_the_cookie_is_bound_to_the_host_and_out_of_reach_of_scripts(world: World, browser: Browser) -> None:
    code = await invite(world, "anna")
    await browser.get("/login/invitation")
    await browser.send(
        "/login/invitation", follow=False, name="anna", code=code, password=PASSWORD, again=PASSWORD
    )
    async with world.session.get(f"{world.url}/login") as answer:
        fields = answer.headers.getall("set-cookie")
    assert fields
    for each in fields:
        name, *attributes = (part.strip() for part in each.split(";"))
        assert name.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(attributes)
        assert "Domain" not in each


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
async def test_a_form_of_another_site_does_nothing(
    world: World, browser: Browser, headers: dict[str, str]
) -> None:
    await accept(world, browser, "anna")
    form = browser.page.form("/logout")
    await browser.post("/logout", form.fields, headers)
    assert browser.page.status == 403
    assert "Not from our own page" in browser.page.text
    await browser.get("/account")
    assert browser.page.path == "/account"


@pytest.mark.parametrize("token", ["", "x", "A" * 43])
async def test_a_form_without_the_sessions_token_does_nothing(world: World, browser: Browser, token: str) -> None:
    await accept(world, browser, "anna")
    for path in (
        "/logout",
        "/account/password",
        "/account/sessions/end",
        "/account/factors/add",
        "/account/factors/remove",
        "/account/recovery-codes",
    ):
        await browser.post(path, {"csrf": token}, {"Sec-Fetch-Site": "same-origin"})
        assert browser.page.status == 403, path
    await browser.get("/account")
    assert browser.page.path == "/account"


async def test_one_browsers_token_is_no_others(world: World, browser_at: Callable[[], Browser]) -> None:
    anna, other = browser_at(), browser_at()
    await accept(world, anna, "anna")
    token = anna.page.form("/logout").fields["csrf"]
    await log_in(other, "anna")
    await other.post("/logout", {"csrf": token}, {"Sec-Fetch-Site": "same-origin"})
    assert other.page.status == 403


async def test_a_log_in_by_another_sites_form_is_refused(world: World, browser: Browser) -> None:
    await accept(world, browser, "anna")
    await browser.send("/logout")
    values = {"name": "anna", "password": PASSWORD, "csrf": "", "next": "/account"}
    await browser.post("/login", values, {"Sec-Fetch-Site": "same-origin"})
    assert browser.page.status == 403
    assert cookies.SESSION not in browser.cookies()


async def test_every_page_says_what_may_be_done_with_it(browser: Browser) -> None:
    for path in ("/login", "/login/invitation", "/account", "/login/factor", "/login/enrol"):
        page = await browser.get(path)
        policy = page.headers["content-security-policy"]
        for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
            assert part in policy, path
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "same-origin"
        assert "<style" not in page.html
        assert " style=" not in page.html
        assert " onclick=" not in page.html


async def test_what_was_typed_is_shown_as_text(browser: Browser) -> None:
    await browser.get("/login")
    await browser.send("/login", name='"><script>alert(1)</script>', password="x" * 12)
    assert "<script>alert" not in browser.page.html
    assert browser.page.form("/login").fields["name"] == '"><script>alert(1)</script>'


async def test_a_member_who_left_the_estate_is_let_in_no_more(world: World, browser: Browser) -> None:
    await accept(world, browser, "anna")
    await browser.send("/logout")
    world.compiled = compiled(company(TeamsFile({"platform": TEAMS.teams["platform"]})))
    await world.publisher.publish()
    await log_in(browser, "anna")
    assert browser.page.status == 422
    assert "The name or the password is wrong." in browser.page.text


async def test_with_the_store_down_the_page_says_so(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    await accept(world, browser, "anna")
    monkeypatch.setattr(type(world.store), "one", down)
    await browser.get("/account")
    assert (browser.page.status, browser.page.headers["retry-after"]) == (503, "5")
    assert browser.page.headers["content-type"].startswith("text/html")
    assert "The catalog's database does not answer." in browser.page.text
    assert browser.page.headers["x-request-id"] in browser.page.text
