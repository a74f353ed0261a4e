"""Failed log-ins: each waits longer, for the account and the address, and never for good."""

from collections.abc import Callable

import pytest

from catalog.login import cookies
from catalog.login.throttle import ACCOUNT, ADDRESS, of_address
from tests.catalog.browser import Browser
from tests.catalog.login.people import PASSWORD, accept, code_of, enrol, log_in, told
from tests.catalog.serving import World

WRONG = "a wrong but long password"


async def fail(browser: Browser, name: str, times: int) -> None:
    for _ in range(times):
        await log_in(browser, name, WRONG)


def test_the_wait_doubles_and_is_bounded() -> None:
    assert [ACCOUNT.wait(failures) for failures in range(5, 10)] == [0, 2, 4, 8, 16]
    assert {ACCOUNT.wait(failures) for failures in (20, 50, 10**6)} == {300}
    assert ADDRESS.wait(20) == 0
    assert ADDRESS.wait(10**6) == 900


@pytest.mark.parametrize("name", ["anna", "nobody"])
async def test_after_some_failures_the_next_attempt_waits(
    world: World, browser_at: Callable[[], Browser], name: str
) -> None:
    await accept(world, browser_at(), "anna")
    browser = browser_at()
    await fail(browser, name, 6)
    assert browser.page.status == 422
    await log_in(browser, name, PASSWORD)
    assert (browser.page.status, browser.page.headers["retry-after"]) == (429, "2")
    assert "Try again in 2 s." in browser.page.text
    assert cookies.SESSION not in browser.cookies()
    world.now += 2
    await log_in(browser, name, PASSWORD)
    assert browser.page.path == ("/portal" if name == "anna" else "/login")


async def test_trying_while_one_has_to_wait_makes_it_no_longer(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    await accept(world, browser_at(), "anna")
    browser = browser_at()
    await fail(browser, "anna", 12)
    world.now += 2
    await log_in(browser, "anna")
    assert browser.page.path == "/portal"


async def test_a_browser_that_was_in_is_not_slowed_by_strangers(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    own, stranger = browser_at(), browser_at()
    await accept(world, own, "anna")
    await own.send("/logout")
    for _ in range(10):
        await fail(stranger, "anna", 1)
        world.now += 301
    await fail(stranger, "anna", 1)
    assert (await stranger.get("/login")).status == 200
    await log_in(stranger, "anna")
    assert stranger.page.status == 429
    await log_in(own, "anna")
    assert own.page.path == "/portal"


async def test_a_mark_of_another_member_or_of_ones_own_making_is_none(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    own, dora = browser_at(), browser_at()
    await accept(world, own, "anna")
    mark = own.cookies()[cookies.KNOWN]
    stranger = browser_at()
    for planted in ("x", "0123456789abcdef.AAAA", mark.replace(".", ".x")):
        stranger.plant(cookies.KNOWN, planted)
        await fail(stranger, "anna", 2)
    await log_in(stranger, "anna")
    assert stranger.page.status == 429
    dora.plant(cookies.KNOWN, mark)
    await fail(dora, "ben", 6)
    other = browser_at()
    await log_in(other, "ben")
    assert other.page.status == 429


async def test_a_good_log_in_forgets_the_failures_of_the_account(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    await accept(world, browser_at(), "anna")
    for _ in range(3):
        browser = browser_at()
        await fail(browser, "anna", 4)
        await log_in(browser, "anna")
        assert browser.page.path == "/portal"


async def test_a_quiet_hour_forgets_everything(world: World, browser_at: Callable[[], Browser]) -> None:
    await accept(world, browser_at(), "anna")
    browser = browser_at()
    for _ in range(12):
        await fail(browser, "anna", 1)
        world.now += 300
    world.now += 3600
    await fail(browser, "anna", 5)
    assert browser.page.status == 422


async def test_an_address_waits_whatever_names_it_tries(world: World, browser: Browser) -> None:
    for number in range(21):
        await log_in(browser, f"nobody{number}", WRONG)
        assert browser.page.status == 422
    await log_in(browser, "somebody", WRONG)
    assert browser.page.status == 429


async def test_a_log_in_of_ones_own_washes_no_guesses_away(world: World, browser: Browser) -> None:
    await accept(world, browser, "anna")
    await browser.send("/logout")
    for number in range(21):
        await log_in(browser, f"nobody{number}", WRONG)
        if number % 7 == 0:
            await log_in(browser, "anna")
            await browser.send("/logout")
    await log_in(browser, "somebody", WRONG)
    assert browser.page.status == 429


def test_an_ipv6_network_is_one_address() -> None:
    assert of_address("2001:db8:1:2::1").key == of_address("2001:db8:1:2:ffff::9").key
    assert of_address("2001:db8:1:2::1").key != of_address("2001:db8:1:3::1").key
    assert of_address("192.0.2.1").key != of_address("192.0.2.2").key
    assert of_address("").subject == "unknown"


async def test_failures_are_told_in_bulk_and_name_no_name_that_was_typed(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    await accept(world, browser_at(), "anna")
    browser = browser_at()
    for _ in range(12):
        await fail(browser, "anna", 1)
        world.now += 300
    assert [each[2] for each in await told(world, "log-in")][:3] == [
        "account/anna",
        "address/127.0.0.1",
        "account/anna",
    ]
    before = len(await told(world, "log-in"))
    await fail(browser, "my-password-in-the-wrong-field", 6)
    after = await told(world, "log-in")
    assert after[before][:3] == ("log-in", "failed", "account/unknown")
    assert "wrong-field" not in repr([entry async for entry in world.audit.entries()])


async def test_second_factors_wait_too_and_apart_from_passwords(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    first, second, third = browser_at(), browser_at(), browser_at()
    await accept(world, first, "omar")
    secret = await enrol(world, first)
    await log_in(second, "omar")
    for _ in range(6):
        await second.send("/login/factor", code="000000")
        assert second.page.status == 422
    world.now += 1
    await second.send("/login/factor", code=code_of(secret, world, 1))
    assert second.page.status == 429
    await log_in(third, "omar")
    assert third.page.path == "/login/factor"
    world.now += 1
    await third.send("/login/factor", code=code_of(secret, world, 1))
    assert third.page.path == "/portal"
