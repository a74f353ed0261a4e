"""Invitations: good once, for one member, for a time."""

from collections.abc import Callable

import pytest

from catalog.login import cookies
from tests.catalog.browser import Browser
from tests.catalog.login.people import PASSWORD, accept, invite, log_in
from tests.catalog.serving import World


async def redeem(browser: Browser, name: str, code: str, password: str = PASSWORD) -> None:
    await browser.get("/login/invitation")
    await browser.send("/login/invitation", name=name, code=code, password=password, again=password)


async def test_a_code_is_good_once(world: World, browser_at: Callable[[], Browser]) -> None:
    code = await invite(world, "anna")
    first, second = browser_at(), browser_at()
    await redeem(first, "anna", code)
    assert first.page.path == "/portal"
    await redeem(second, "anna", code, "another good long password")
    assert second.page.status == 422
    assert "do not belong together" in second.page.text


async def test_a_code_may_be_typed_with_or_without_its_hyphens(world: World, browser: Browser) -> None:
    code = await invite(world, "anna")
    await redeem(browser, "anna", f" {code.upper().replace('-', ' ')} ")
    assert browser.page.path == "/portal"


@pytest.mark.parametrize("name", ["ben", "nobody", "Anna"])
async def test_one_members_code_is_no_others(world: World, browser: Browser, name: str) -> None:
    code = await invite(world, "anna")
    await redeem(browser, name, code)
    assert browser.page.status == 422
    assert browser.page.form("/login/invitation").fields["name"] == name
    assert cookies.SESSION not in browser.cookies()


async def test_it_ends_and_a_new_one_ends_the_old(world: World, browser: Browser) -> None:
    old = await invite(world, "anna")
    new = await invite(world, "anna")
    await redeem(browser, "anna", old)
    assert browser.page.status == 422
    world.now += 72 * 3600
    await redeem(browser, "anna", new)
    assert browser.page.status == 422


async def test_a_bad_password_does_not_use_it_up_and_says_why_at_the_field(world: World, browser: Browser) -> None:
    code = await invite(world, "anna")
    for password, again, says in (
        ("short", "short", "password-fault"),
        ("anna example 2026", "anna example 2026", "password-fault"),
        (PASSWORD, PASSWORD + "x", "again-fault"),
    ):
        await browser.get("/login/invitation")
        await browser.send("/login/invitation", name="anna", code=code, password=password, again=again)
        assert browser.page.status == 422
        assert f'id="{says}"' in browser.page.html
        assert browser.page.form("/login/invitation").fields["code"] == code
        assert browser.page.form("/login/invitation").fields["password"] == ""
    await redeem(browser, "anna", code)
    assert browser.page.path == "/portal"


async def test_without_the_code_nobody_learns_what_a_members_words_are(world: World, browser: Browser) -> None:
    said = []
    for password in ("anna example 2026", PASSWORD):
        await redeem(browser, "anna", "x" * 30, password)
        said.append(browser.page.text)
    assert said[0] == said[1]


async def test_a_new_password_ends_what_was_begun_with_the_old(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    first, second, third = browser_at(), browser_at(), browser_at()
    await accept(world, first, "anna")
    await accept(world, second, "anna", "another good long password")
    await first.get("/account")
    assert first.page.path == "/login"
    await log_in(third, "anna", PASSWORD)
    assert third.page.status == 422


async def test_guessing_codes_slows_the_address(world: World, browser: Browser) -> None:
    for _ in range(21):
        await redeem(browser, "anna", "x" * 30)
        assert browser.page.status == 422
    await redeem(browser, "anna", "x" * 30)
    assert browser.page.status == 429
