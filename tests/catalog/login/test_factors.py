"""Second factors by code: enrolment that roles force, one use of each code, recovery codes."""

from collections.abc import Callable

from catalog.login import cookies
from catalog.login.recovery import NUMBER
from tests.catalog.browser import Browser
from tests.catalog.login.people import PASSWORD, accept, code_of, enrol, invite, log_in, secret_of, told
from tests.catalog.serving import World


def recovery_codes(browser: Browser) -> list[str]:
    return [each.split("</code>")[0] for each in browser.page.html.split("<code>")[1:]]


async def test_who_has_a_guarded_role_sets_up_a_factor_before_anything_else(
    world: World, browser: Browser
) -> None:
    await accept(world, browser, "omar")
    assert browser.page.path == "/login/enrol"
    assert "Your roles need more than a password" in browser.page.text
    assert cookies.SESSION not in browser.cookies()
    await browser.get("/account")
    assert browser.page.path == "/login"
    await browser.get("/login/enrol")
    await enrol(world, browser)
    codes = recovery_codes(browser)
    assert len(set(codes)) == NUMBER
    await browser.get("/account")
    assert browser.page.path == "/account"
    assert "Recovery codes left: 10" in browser.page.text
    assert ("second-factor", "added", "omar/totp", "omar") in await told(world, "second-factor")
    entries = repr([entry async for entry in world.audit.entries()])
    assert not any(code in entries for code in codes)


async def test_without_a_guarded_role_a_password_does(world: World, browser: Browser) -> None:
    await accept(world, browser, "anna")
    assert browser.page.path == "/portal"
    await browser.get("/account")
    assert "You have none." in browser.page.text


async def test_a_wrong_code_enrols_nothing_and_the_secret_stays_the_same(world: World, browser: Browser) -> None:
    await accept(world, browser, "omar")
    secret = secret_of(browser)
    for code in ("000000", "", "12345", code_of(secret, world, 5), "１２３４５６"):
        await browser.send("/login/enrol/totp", code=code)
        assert browser.page.status == 422
        assert secret_of(browser) == secret
    await enrol(world, browser)
    assert len(recovery_codes(browser)) == NUMBER


async def test_a_log_in_asks_for_the_factor_and_takes_each_code_once(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    first, second = browser_at(), browser_at()
    await accept(world, first, "omar")
    secret = await enrol(world, first)
    await log_in(second, "omar")
    assert second.page.path == "/login/factor"
    assert cookies.SESSION not in second.cookies()
    # The code by which the app was set up is used up, and so are all before it.
    for steps in (0, -1):
        await second.send("/login/factor", code=code_of(secret, world, steps))
        assert (second.page.status, second.page.path) == (422, "/login/factor")
    world.now += 30
    await second.send("/login/factor", code=code_of(secret, world))
    assert second.page.path == "/portal"
    third = browser_at()
    await log_in(third, "omar")
    await third.send("/login/factor", code=code_of(secret, world))
    assert third.page.status == 422


async def test_codes_of_the_step_before_and_after_are_good_and_no_others(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    first = browser_at()
    await accept(world, first, "omar")
    secret = await enrol(world, first)
    for offset, good in ((-2, False), (2, False), (-1, True), (1, True)):
        world.now += 3600
        browser = browser_at()
        await log_in(browser, "omar")
        await browser.send("/login/factor", code=code_of(secret, world, offset))
        assert (browser.page.path == "/portal") is good, offset


async def test_a_recovery_code_is_good_once_and_told_of(world: World, browser_at: Callable[[], Browser]) -> None:
    first, second, third = browser_at(), browser_at(), browser_at()
    await accept(world, first, "omar")
    await enrol(world, first)
    code = recovery_codes(first)[3]
    await log_in(second, "omar")
    await second.send("/login/factor", code=code.upper().replace("-", " "))
    assert second.page.path == "/portal"
    await second.get("/account")
    assert "Recovery codes left: 9" in second.page.text
    await log_in(third, "omar")
    await third.send("/login/factor", code=code)
    assert third.page.status == 422
    assert ("second-factor", "used", "omar/recovery-code", "omar") in await told(world, "second-factor")


async def test_one_members_recovery_code_is_no_others(world: World, browser_at: Callable[[], Browser]) -> None:
    omar, otto = browser_at(), browser_at()
    await accept(world, omar, "omar")
    await enrol(world, omar)
    code = recovery_codes(omar)[0]
    await accept(world, otto, "otto")
    await enrol(world, otto)
    other = browser_at()
    await log_in(other, "otto")
    await other.send("/login/factor", code=code)
    assert other.page.status == 422


async def test_a_password_alone_adds_no_factor_to_an_account_that_has_one(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    first, thief = browser_at(), browser_at()
    await accept(world, first, "omar")
    await enrol(world, first)
    await log_in(thief, "omar")
    assert thief.page.path == "/login/factor"
    form = thief.page.form("/login/factor").fields
    await thief.get("/login/enrol")
    assert thief.page.path == "/login"
    await thief.post("/login/enrol/totp", form, {"Sec-Fetch-Site": "same-origin"})
    assert thief.page.status == 403


async def test_a_log_in_that_took_too_long_begins_again(world: World, browser: Browser) -> None:
    await accept(world, browser, "omar")
    secret = secret_of(browser)
    world.now += 601
    await browser.send("/login/enrol/totp", code=code_of(secret, world))
    assert browser.page.status == 403
    assert "took too long" in browser.page.text


async def test_an_invitation_that_resets_ends_the_factors(world: World, browser_at: Callable[[], Browser]) -> None:
    first, second = browser_at(), browser_at()
    await accept(world, first, "omar")
    old = await enrol(world, first)
    code = await invite(world, "omar", resets_factors=True)
    await second.get("/login/invitation")
    await second.send("/login/invitation", name="omar", code=code, password=PASSWORD, again=PASSWORD)
    assert second.page.path == "/login/enrol"
    assert secret_of(second) != old
    await first.get("/account")
    assert first.page.path == "/login"


async def test_an_invitation_that_does_not_reset_leaves_the_factors(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    first, second = browser_at(), browser_at()
    await accept(world, first, "omar")
    await enrol(world, first)
    await accept(world, second, "omar", "quite another long sentence")
    assert second.page.path == "/login/factor"
