"""The log-in's pages in a real browser: cookies over http on this machine, passkeys, keys alone, both schemes."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser.chromium import Tab, chromium
from tests.browser.looking import look
from tests.catalog.admin import company, compiled
from tests.catalog.login.people import PASSWORD, code_of, invite
from tests.catalog.serving import World, serving

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with serving(tmp_path, compiled=compiled(company())) as world:
        yield world


@pytest.fixture
async def at_localhost(tmp_path: Path) -> AsyncIterator[World]:
    """A catalog that is reached by a name: passkeys are bound to one."""
    async with serving(tmp_path, compiled=compiled(company()), host="localhost") as world:
        yield world


@pytest.fixture
async def tab() -> AsyncIterator[Tab]:
    async with chromium() as tab:
        yield tab


async def set_password(tab: Tab, world: World, member: str) -> None:
    code = await invite(world, member)
    await tab.go(f"{world.url}/login/invitation?member={member}")
    await tab.fill(code=code, password=PASSWORD, again=PASSWORD)
    await tab.click("Set the password")


async def test_a_session_is_kept_over_http_on_this_machine_and_gone_after_logging_out(
    tab: Tab, world: World
) -> None:
    await set_password(tab, world, "anna")
    await tab.until("location.pathname === '/portal'")
    cookies = (await tab.call("Network.getCookies"))["cookies"]
    kept = {each["name"]: each for each in cookies}
    session = kept["__Host-ostiary-session"]
    assert (session["secure"], session["httpOnly"], session["sameSite"], session["path"]) == (
        True,
        True,
        "Lax",
        "/",
    )
    assert "__Host-ostiary-log-in" not in kept
    # What scripts see of it all is the time zone that one of ours has set.
    assert re.fullmatch(r"__Host-ostiary-zone=[\w%]+", await tab.run("document.cookie"))
    await tab.click("Log out")
    assert "You are logged out" in await tab.text()
    await tab.go(f"{world.url}/account")
    assert await tab.path() == "/login"
    assert tab.messages == []


async def test_the_keyboard_alone_is_enough(tab: Tab, world: World) -> None:
    await set_password(tab, world, "anna")
    await tab.until("location.pathname === '/portal'")
    await tab.click("Log out")
    await tab.go(f"{world.url}/login")
    order = []
    for _ in range(5):
        await tab.press("Tab", 9)
        order.append(await tab.run("document.activeElement.id || document.activeElement.textContent.trim()"))
        outline = await tab.run("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", order
    assert order == ["Skip to the content", "name", "password", "Log in", "set a password"]
    await tab.fill(name="anna", password=PASSWORD)
    await tab.press("Enter", 13)
    await tab.until("location.pathname === '/portal'")


async def test_a_passkey_is_set_up_and_shown_by_the_script(tab: Tab, at_localhost: World) -> None:
    world = at_localhost
    await tab.call("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    await tab.call("WebAuthn.addVirtualAuthenticator", options=options)
    await set_password(tab, world, "omar")
    await tab.until("location.pathname === '/login/enrol'")
    await tab.click("Set up a passkey", loads=False)
    await tab.until("document.querySelector('h1')?.textContent === 'Your recovery codes'")
    await tab.go(f"{world.url}/account")
    assert "Passkey" in await tab.text()
    await tab.click("Log out")
    await tab.go(f"{world.url}/login")
    await tab.fill(name="omar", password=PASSWORD)
    await tab.click("Log in")
    await tab.until("location.pathname === '/login/factor'")
    await tab.click("Use a passkey", loads=False)
    await tab.until("location.pathname === '/portal'")
    await tab.go(f"{world.url}/account")
    assert "by pwd and hwk" in await tab.text()
    assert tab.messages == []


async def test_an_authenticator_that_gives_nothing_is_told_of_on_the_page(tab: Tab, at_localhost: World) -> None:
    await tab.call("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasUserVerification": True,
        "isUserVerified": False,
        "automaticPresenceSimulation": True,
    }
    added = await tab.call("WebAuthn.addVirtualAuthenticator", options=options)
    await set_password(tab, at_localhost, "omar")
    await tab.until("location.pathname === '/login/enrol'")
    await tab.call("WebAuthn.removeVirtualAuthenticator", authenticatorId=added["authenticatorId"])
    await tab.run("navigator.credentials.create = () => Promise.reject(new DOMException('', 'NotAllowedError'))")
    await tab.click("Set up a passkey", loads=False)
    await tab.until(
        "document.querySelector('[data-passkey-fault]').textContent.includes('did not give a passkey')"
    )
    assert await tab.path() == "/login/enrol"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_each_page_can_be_read_and_used_by_everyone(
    tab: Tab, at_localhost: World, tmp_path: Path, scheme: str
) -> None:
    world = at_localhost
    await tab.scheme(scheme)

    async def seen(name: str, width: int = 1000) -> None:
        await look(tab, tmp_path / f"{name}-{scheme}.png", width)

    await tab.go(f"{world.url}/login")
    await seen("login")
    await tab.fill(name="omar", password="wrong but long enough")
    await tab.click("Log in")
    await seen("login-failed")
    code = await invite(world, "omar")
    await tab.go(f"{world.url}/login/invitation?member=omar")
    await tab.fill(code=code, password="password1234", again="password1234")
    await tab.click("Set the password")
    await seen("invitation-failed")
    await tab.fill(password=PASSWORD, again=PASSWORD)
    await tab.click("Set the password")
    await tab.until("location.pathname === '/login/enrol'")
    await seen("enrol")
    shown = re.search(r"Key: ([A-Z2-7 ]+)", await tab.text())
    assert shown is not None
    await tab.fill(code=code_of(shown.group(1).strip().replace(" ", ""), world))
    await tab.click("Set up the app")
    await seen("recovery-codes")
    await tab.go(f"{world.url}/account")
    await seen("account")
    await tab.go(f"{world.url}/account?done=password")
    await seen("account-done")
    await tab.go(f"{world.url}/account")
    await seen("account-narrow", 320)
    await tab.click("Log out")
    await tab.go(f"{world.url}/login")
    await tab.fill(name="omar", password=PASSWORD)
    await tab.click("Log in")
    await tab.until("location.pathname === '/login/factor'")
    await seen("factor")
    assert tab.messages == []
