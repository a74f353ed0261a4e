"""Members who set up their accounts and log in, each in a browser."""

import re

import pyotp

from catalog.login.invitations import Invitation
from catalog.people.principal import Principal
from tests.catalog.browser import Browser
from tests.catalog.serving import World

PASSWORD = "violet tractor sings quietly"


async def principal(world: World, name: str) -> Principal:
    found = await world.catalog.directory.principal(name)
    assert found is not None
    return found


async def invite(world: World, member: str, *, resets_factors: bool = False) -> str:
    """The code of an invitation by Sara of security."""
    made = await world.catalog.login.administration.invite(
        await principal(world, "sara"), member, 72, resets_factors=resets_factors, request_id="r-0"
    )
    assert isinstance(made, Invitation)
    return made.code


async def accept(world: World, browser: Browser, member: str, password: str = PASSWORD) -> None:
    """Sets the member's password by an invitation."""
    code = await invite(world, member)
    await browser.get("/login/invitation")
    await browser.send("/login/invitation", name=member, code=code, password=password, again=password)


async def log_in(browser: Browser, name: str, password: str = PASSWORD, *, return_to: str = "") -> None:
    await browser.get(f"/login?next={return_to}")
    await browser.send("/login", name=name, password=password)


def secret_of(browser: Browser) -> str:
    """The TOTP secret that the enrolment page shows."""
    shown = re.search(r"Key: <code>([A-Z2-7 ]+)</code>", browser.page.html)
    assert shown is not None
    return shown.group(1).replace(" ", "")


def code_of(secret: str, world: World, steps: int = 0) -> str:
    """What an app shows now, or some steps of 30 s from now."""
    return pyotp.TOTP(secret).at(int(world.now) + 30 * steps)


async def enrol(world: World, browser: Browser) -> str:
    """Sets up an app on the enrolment page that the browser shows; its secret."""
    secret = secret_of(browser)
    await browser.send("/login/enrol/totp", code=code_of(secret, world))
    return secret


async def told(world: World, *subjects: str) -> list[tuple[str, str, str, str]]:
    """Subject, action, object and actor of the audit log's entries about these."""
    events = [entry.event async for entry in world.audit.entries()]
    return [(each.subject, each.action, each.object, each.actor) for each in events if each.subject in subjects]
