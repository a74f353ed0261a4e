"""Accounts and sessions over the admin API: who may do what, and that a code is shown once."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.admin import AdminClient, company, compiled
from tests.catalog.browser import Browser
from tests.catalog.login.people import PASSWORD, accept, enrol
from tests.catalog.serving import World, serving


@pytest.fixture
async def world(tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    async with serving(tmp_path, store_url=store_url, compiled=compiled(company())) as world:
        yield world


@pytest.fixture
async def browser_at(world: World) -> AsyncIterator[Callable[[], Browser]]:
    made: list[Browser] = []

    def make() -> Browser:
        made.append(Browser(world.url))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def account(admin: AdminClient, member: str) -> Any:
    found = await admin("sara", "GET", "/accounts")
    return next(each for each in found.body["items"] if each["member"] == member)


async def test_a_member_is_invited_sets_a_password_and_is_seen_with_it(
    admin: AdminClient, browser_at: Callable[[], Browser]
) -> None:
    made = (await admin("omar", "POST", "/accounts/anna/invitation", {})).body
    assert made["url"] == f"{admin.world.url}/login/invitation?member=anna"
    before = await account(admin, "anna")
    assert (before["password_set_at"], before["invited_until"]) == (None, made["expires_at"])
    browser = browser_at()
    await browser.get(made["url"])
    await browser.send("/login/invitation", code=made["code"], password=PASSWORD, again=PASSWORD)
    assert browser.page.path == "/portal"
    after = await account(admin, "anna")
    assert after["password_set_at"] is not None
    assert (after["invited_until"], after["sessions"], after["factors"]) == (None, 1, [])


async def test_who_has_a_guarded_role_is_seen_to_by_security_alone(admin: AdminClient) -> None:
    for method, path, body in (
        ("POST", "/accounts/otto/invitation", {}),
        ("POST", "/accounts/otto/disablement", {"reason": "x"}),
        ("DELETE", "/accounts/otto/disablement?reason=x", None),
    ):
        refused = await admin("omar", method, path, body)
        assert (refused.status, refused.body["roles"]) == (403, ["security"]), path
    assert (await admin("sara", "POST", "/accounts/otto/invitation", {})).status == 200


async def test_no_other_role_sees_or_changes_anothers_account(admin: AdminClient) -> None:
    for method, path, body in (
        ("GET", "/accounts", None),
        ("POST", "/accounts/dora/invitation", {}),
        ("POST", "/accounts/dora/disablement", {"reason": "x"}),
        ("DELETE", "/accounts/dora/disablement?reason=x", None),
        ("GET", "/accounts/dora/sessions", None),
        ("DELETE", "/accounts/dora/sessions?reason=x", None),
    ):
        assert (await admin("anna", method, path, body)).status == 403, path
    assert (await admin("sara", "POST", "/accounts/nobody/invitation", {})).status == 404


async def test_a_disabled_account_is_shut_at_once_and_opens_as_it_was(
    admin: AdminClient, browser_at: Callable[[], Browser]
) -> None:
    browser, other = browser_at(), browser_at()
    await accept(admin.world, browser, "anna")
    assert (await admin("sara", "POST", "/accounts/anna/disablement", {"reason": "Left."})).status == 200
    assert (await admin("sara", "POST", "/accounts/anna/disablement", {"reason": "Left."})).status == 409
    assert (await admin("sara", "POST", "/accounts/anna/invitation", {})).status == 409
    await browser.get("/account")
    assert browser.page.path == "/login"
    await other.get("/login")
    await other.send("/login", name="anna", password=PASSWORD)
    assert (other.page.status, "name or the password is wrong" in other.page.text) == (422, True)
    assert (await account(admin, "anna"))["disabled_reason"] == "Left."
    assert (await admin("sara", "DELETE", "/accounts/anna/disablement?reason=Back")).status == 200
    await other.send("/login", name="anna", password=PASSWORD)
    assert other.page.path == "/portal"


async def test_sessions_are_seen_and_ended_by_their_member_and_by_guards(
    admin: AdminClient, browser_at: Callable[[], Browser]
) -> None:
    first, second = browser_at(), browser_at()
    await accept(admin.world, first, "anna")
    await second.get("/login")
    await second.send("/login", name="anna", password=PASSWORD)
    seen = (await admin("anna", "GET", "/accounts/anna/sessions")).body["items"]
    assert [each["agent"] for each in seen] == ["Test/1", "Test/1"]
    one = seen[0]["reference"]
    ended = await admin("omar", "DELETE", f"/accounts/anna/sessions?reference={one}&reason=Lost")
    assert ended.body == {"member": "anna", "ended": 1}
    again = await admin("omar", "DELETE", f"/accounts/anna/sessions?reference={one}&reason=Lost")
    assert again.status == 404
    assert (await admin("anna", "DELETE", "/accounts/anna/sessions?reason=Moved")).body["ended"] == 1
    await second.get("/account")
    assert second.page.path == "/login"


async def test_neither_code_nor_secret_stands_anywhere_but_in_the_answer(
    admin: AdminClient, browser_at: Callable[[], Browser]
) -> None:
    browser = browser_at()
    code = (await admin("sara", "POST", "/accounts/omar/invitation", {"hours": 1})).body["code"]
    await browser.get("/login/invitation")
    await browser.send("/login/invitation", name="omar", code=code, password=PASSWORD, again=PASSWORD)
    secret = await enrol(admin.world, browser)
    entries = repr([entry async for entry in admin.world.audit.entries()])
    shown = repr((await admin("sara", "GET", "/accounts")).body)
    for each in (code, secret, PASSWORD):
        assert each not in entries
        assert each not in shown
