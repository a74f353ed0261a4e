"""`ostiary registrations` and `ostiary consents` against a real catalog."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.admin import AdminClient
from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import ASKING, logged_in, people_world, redeem
from tests.conformance.oauth.registering import member_token, register
from tests.conformance.oauth.tokens import secret_of


@dataclass(frozen=True)
class Ended:
    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        assert self.exit_code == 0, self.stderr
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Shell:
    """A terminal of Sara's of security."""

    world: World
    environment: dict[str, str]

    async def __call__(self, *arguments: str) -> Ended:
        command = [sys.executable, "-m", "catalog.cli.main", *arguments]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, env=self.environment, stdout=pipe, stderr=pipe)
        stdout, stderr = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, stdout.decode(), stderr.decode())


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    async with people_world(tmp_path) as world:
        token = await AdminClient(world).token("sara")
        yield Shell(world, {**os.environ, "OSTIARY_CATALOG_URL": world.url, "OSTIARY_TOKEN": token})


async def test_a_registration_is_looked_at_and_approved(shell: Shell) -> None:
    told = (await register(shell.world, await member_token(shell.world))).body
    client_id = told["client_id"]
    listed = await shell("registrations", "list", "--state", "pending")
    assert client_id in listed.stdout
    shown = await shell("registrations", "show", client_id)
    assert "redirect_uris: https://diary.example/callback" in shown.stdout
    version = next(line.split()[1] for line in shown.stdout.splitlines() if "Version:" in line)
    arguments = ("registrations", "approve", client_id, "--consumer", "acme", "-m", "agreed")
    wrong = await shell(*arguments, "--grant", "orders:read")
    assert (wrong.exit_code, "orders/v1/standard=orders:read" in wrong.stderr) == (2, True)
    grant = ("--grant", "orders/v2/standard=orders:read,orders:write")
    assert (await shell(*arguments, *grant, "--seen", "other")).exit_code == 1
    done = await shell(*arguments, *grant, "--seen", version)
    assert (done.exit_code, "is an application of acme" in done.stdout) == (0, True)
    assert (await shell("registrations", "show", client_id, "--json")).json["state"] == "approved"
    assert (await shell("registrations", "end", client_id, "-m", "over")).exit_code == 0
    assert (await shell("registrations", "refuse", client_id, "-m", "over")).exit_code == 1


async def test_an_initial_access_token_alone_is_on_standard_output(shell: Shell) -> None:
    issued = await shell(
        "registrations", "issue-token", "--team", "sales", "--owner", "dora", "--purpose", "installer"
    )
    assert issued.exit_code == 0
    text = issued.stdout.strip()
    assert (await register(shell.world, text)).status == 201
    listed = await shell("registrations", "tokens", "--json")
    assert [each["uses_left"] for each in listed.json] == [0]
    assert text not in listed.stdout
    key_id = listed.json[0]["key_id"]
    assert (await shell("registrations", "revoke-token", key_id, "-m", "done")).exit_code == 0


async def test_consents_and_grants_are_listed_and_ended(shell: Shell) -> None:
    browser = Browser(shell.world.url)
    await logged_in(shell.world, browser)
    secret = await secret_of(shell.world, "planner")
    await redeem(shell.world, await ASKING.code(browser), secret)
    await redeem(shell.world, await ASKING.code(browser), secret)
    await browser.close()
    listed = await shell("consents", "list", "--member", "anna")
    assert ("planner" in listed.stdout, "orders:read" in listed.stdout) == (True, True)
    [consent] = (await shell("consents", "list", "--json")).json
    first, second = (await shell("consents", "grants", "--application", "planner", "--json")).json
    assert (await shell("consents", "end", first["id"], "-m", "lost")).exit_code == 0
    assert (await shell("consents", "end", first["id"], "-m", "lost")).exit_code == 1
    assert (await shell("consents", "withdraw", consent["id"], "-m", "left")).exit_code == 0
    states = {each["id"]: each["state"] for each in (await shell("consents", "grants", "--json")).json}
    assert states == {first["id"]: "ended", second["id"]: "ended"}
    assert (await shell("consents", "list", "--state", "active")).stderr == "There is no such consent.\n"
