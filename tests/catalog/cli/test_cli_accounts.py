"""`ostiary accounts` against a real catalog: what is shown, and the exit codes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from catalog.clock import system_clock
from tests.catalog.admin import AdminClient, company, compiled
from tests.catalog.browser import Browser
from tests.catalog.login.people import PASSWORD, accept, log_in
from tests.catalog.serving import World, serving


class Shell:
    """A terminal in which members are known to the catalog."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._admin = AdminClient(world)

    async def __call__(self, member: str, *arguments: str) -> tuple[int, str, str]:
        token = await self._admin.token(member)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "catalog.cli.main", "accounts", *arguments),
            env={**os.environ, "OSTIARY_CATALOG_URL": self.world.url, "OSTIARY_TOKEN": token},
            stdout=pipe,
            stderr=pipe,
        )
        stdout, stderr = await process.communicate()
        assert process.returncode is not None
        return process.returncode, stdout.decode(), stderr.decode()


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    async with serving(tmp_path, compiled=compiled(company())) as world:
        world.now = system_clock()
        yield Shell(world)


async def test_a_code_alone_is_on_standard_output(shell: Shell) -> None:
    code, stdout, stderr = await shell("sara", "invite", "anna", "--hours", "2")
    assert (code, len(stdout.strip().split("-"))) == (0, 6)
    assert stdout.strip() not in stderr
    assert f"{shell.world.url}/login/invitation?member=anna" in stderr


async def test_who_may_not_is_told_who_may(shell: Shell) -> None:
    code, stdout, stderr = await shell("omar", "invite", "otto")
    assert (code, stdout) == (1, "")
    assert "a security member sees to the account" in stderr
    assert (await shell("anna", "list"))[0] == 1
    assert (await shell("sara", "invite", "nobody"))[0] == 2


async def test_an_account_is_seen_disabled_and_enabled(shell: Shell) -> None:
    browser = Browser(shell.world.url)
    await accept(shell.world, browser, "anna")
    listed = (await shell("sara", "list"))[1]
    assert "none, and needs one" in next(line for line in listed.splitlines() if line.startswith("omar"))
    code, stdout, _ = await shell("sara", "disable", "anna", "-m", "Left")
    assert (code, stdout) == (0, "anna is disabled\n")
    await browser.get("/account")
    assert browser.page.path == "/login"
    assert (await shell("sara", "disable", "anna", "-m", "Left"))[0] == 1
    assert (await shell("sara", "enable", "anna", "-m", "Back"))[1] == "anna is enabled\n"
    await log_in(browser, "anna", PASSWORD)
    assert browser.page.path == "/portal"
    await browser.close()


async def test_sessions_are_listed_and_ended(shell: Shell) -> None:
    browser = Browser(shell.world.url)
    await accept(shell.world, browser, "anna")
    stdout = (await shell("anna", "sessions", "anna"))[1]
    identity = stdout.splitlines()[1].split()[0]
    ended = await shell("omar", "end-sessions", "anna", "-m", "Lost", "--session", identity)
    assert ended[:2] == (0, "sessions of anna that ended: 1\n")
    await browser.get("/account")
    assert browser.page.path == "/login"
    await browser.close()
    assert "There is no session." in (await shell("anna", "sessions", "anna"))[2]
