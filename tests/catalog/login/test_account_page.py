"""The account page: one's own password, factors and sessions."""

from collections.abc import Callable

import pytest
from sqlalchemy.exc import OperationalError

from catalog.login import cookies
from tests.catalog.browser import Browser
from tests.catalog.login.people import PASSWORD, accept, code_of, enrol, log_in, secret_of, told
from tests.catalog.serving import World

NEW = "another good long password"


async def test_a_password_is_changed_by_the_old_one_and_ends_other_sessions(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    own, other = browser_at(), browser_at()
    await accept(world, own, "anna")
    await log_in(other, "anna")
    before = own.cookies()[cookies.SESSION]
    await own.get("/account")
    await own.send("/account/password", current=PASSWORD, password=NEW, again=NEW)
    assert "The password is changed" in own.page.text
    assert own.cookies()[cookies.SESSION] != before
    await other.get("/account")
    assert other.page.path == "/login"
    await log_in(other, "anna", PASSWORD)
    assert other.page.status == 422
    await log_in(other, "anna", NEW)
    assert other.page.path == "/portal"


@pytest.mark.parametrize(
    ("current", "password", "again", "at"),
    [
        (PASSWORD + "x", NEW, NEW, "current"),
        (PASSWORD, "anna example 2026", "anna example 2026", "password"),
        (PASSWORD, NEW, NEW + "x", "again"),
    ],
)
async def test_what_is_wrong_is_said_at_the_field(
    world: World, browser: Browser, current: str, password: str, again: str, at: str
) -> None:
    await accept(world, browser, "anna")
    await browser.get("/account")
    await browser.send("/account/password", current=current, password=password, again=again)
    assert browser.page.status == 422
    assert f'id="{at}-fault"' in browser.page.html
    assert "The password is not changed" in browser.page.text
    await browser.send("/logout")
    await log_in(browser, "anna", PASSWORD)
    assert browser.page.path == "/portal"


async def test_guessing_the_password_in_a_session_has_to_wait(world: World, browser: Browser) -> None:
    await accept(world, browser, "anna")
    await browser.get("/account")
    for _ in range(6):
        await browser.send("/account/password", current="wrong", password=NEW, again=NEW)
    await browser.send("/account/password", current=PASSWORD, password=NEW, again=NEW)
    assert (browser.page.status, browser.page.headers["retry-after"]) == (429, "2")


async def test_changes_need_a_log_in_from_just_now(world: World, browser: Browser) -> None:
    await accept(world, browser, "anna")
    world.now += 901
    for path in ("/account/password", "/account/factors/add"):
        await browser.get("/account")
        await browser.send(path)
        assert browser.page.path == "/login"
        assert "Log in again" in browser.page.text
    await browser.send("/login", name="anna", password=PASSWORD)
    await browser.send("/account/factors/add")
    assert browser.page.path == "/login/enrol"


async def test_a_factor_is_added_and_taken_away_and_the_session_changes_each_time(
    world: World, browser: Browser
) -> None:
    await accept(world, browser, "anna")
    values = [browser.cookies()[cookies.SESSION]]
    await browser.get("/account")
    await browser.send("/account/factors/add")
    assert "Your roles need" not in browser.page.text
    await enrol(world, browser)
    values.append(browser.cookies()[cookies.SESSION])
    await browser.get("/account")
    assert "Authenticator app" in browser.page.text
    await browser.send("/account/factors/remove")
    assert "The factor is removed." in browser.page.text
    values.append(browser.cookies()[cookies.SESSION])
    assert len(set(values)) == 3
    assert "You have none." in browser.page.text
    acts = [each[1:3] for each in await told(world, "second-factor")]
    assert acts == [("added", "anna/totp"), ("removed", "anna/totp")]


async def test_who_needs_a_factor_keeps_the_last_one(world: World, browser: Browser) -> None:
    await accept(world, browser, "omar")
    await enrol(world, browser)
    await browser.get("/account")
    await browser.send("/account/factors/remove")
    assert browser.page.status == 403
    assert "this is the last one" in browser.page.text
    await browser.get("/account")
    assert "Authenticator app" in browser.page.text


async def test_a_new_app_takes_the_place_of_the_old(world: World, browser_at: Callable[[], Browser]) -> None:
    own, other = browser_at(), browser_at()
    await accept(world, own, "omar")
    old = await enrol(world, own)
    await own.get("/account")
    await own.send("/account/factors/add")
    assert "takes the place of the app" in own.page.text
    new = secret_of(own)
    assert new != old
    world.now += 60
    await own.send("/login/enrol/totp", code=code_of(new, world))
    assert own.page.path == "/account"
    await log_in(other, "omar")
    await other.send("/login/factor", code=code_of(old, world))
    assert other.page.status == 422
    world.now += 30
    await other.send("/login/factor", code=code_of(new, world))
    assert other.page.path == "/portal"


async def test_new_recovery_codes_end_the_old(world: World, browser_at: Callable[[], Browser]) -> None:
    own, other = browser_at(), browser_at()
    await accept(world, own, "omar")
    await enrol(world, own)
    old = own.page.html.split("<code>")[1].split("</code>")[0]
    await own.get("/account")
    await own.send("/account/recovery-codes")
    new = own.page.html.split("<code>")[1].split("</code>")[0]
    await log_in(other, "omar")
    await other.send("/login/factor", code=old)
    assert other.page.status == 422
    await other.send("/login/factor", code=new)
    assert other.page.path == "/portal"


async def test_one_session_is_ended_and_then_all_others(world: World, browser_at: Callable[[], Browser]) -> None:
    own, *others = (browser_at() for _ in range(4))
    await accept(world, own, "anna")
    for each in others:
        await log_in(each, "anna")
    await own.get("/account")
    assert own.page.text.count("Test/1") == 4
    ending = [form for form in own.page.forms if form.action == "/account/sessions/end"]
    assert [len(form.fields) for form in ending] == [2, 2, 2, 1]
    await own.send("/account/sessions/end")
    assert own.page.text.count("Test/1") == 3
    form = next(
        form for form in own.page.forms if form.action == "/account/sessions/end" and len(form.fields) == 1
    )
    await own.post("/account/sessions/end", form.fields, {"Sec-Fetch-Site": "same-origin"})
    await own.get("/account")
    assert own.page.text.count("Test/1") == 1
    for each in others:
        await each.get("/account")
        assert each.page.path == "/login"


async def test_anothers_session_is_not_ended_by_its_reference(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    anna, omar = browser_at(), browser_at()
    await accept(world, anna, "anna")
    await accept(world, omar, "omar")
    await enrol(world, omar)
    [entry] = await world.catalog.login.sessions.list("omar")
    form = anna.page.form("/logout").fields | {"reference": entry.reference}
    await anna.post("/account/sessions/end", form, {"Sec-Fetch-Site": "same-origin"})
    await omar.get("/account")
    assert omar.page.path == "/account"


async def test_when_the_store_fails_half_way_nothing_has_happened(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await accept(world, browser, "omar")
    secret = secret_of(browser)

    async def fails(*_: object, **__: object) -> None:
        raise OperationalError("INSERT", {}, Exception("gone"))

    with monkeypatch.context() as patch:
        patch.setattr(type(world.audit), "append", fails)
        await browser.send("/login/enrol/totp", code=code_of(secret, world))
        assert browser.page.status == 503
        assert cookies.SESSION not in browser.cookies()
    assert not (await world.catalog.login.administration.status("omar")).factors.any
    await browser.get("/login/enrol")
    assert secret_of(browser) == secret
    await browser.send("/login/enrol/totp", code=code_of(secret, world))
    assert "Your recovery codes" in browser.page.text
    assert (await world.catalog.login.sessions.list("omar"))[0].methods == ("pwd", "otp")
