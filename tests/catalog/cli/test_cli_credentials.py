"""`ostiary credentials` against a real catalog: what is shown, and the exit codes."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog.clock import system_clock
from tests.catalog.admin import AdminClient, company, compiled
from tests.catalog.serving import serving

ISSUE = ("issue", "web-shop", "--team", "sales", "--owner", "anna", "--purpose", "Order import")


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
    """A terminal in which a security member is known to the catalog."""

    environment: dict[str, str]

    async def __call__(self, *arguments: str, stdin: bytes = b"") -> Ended:
        command = [sys.executable, "-m", "catalog.cli.main", "credentials", *arguments]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, env=self.environment, stdin=pipe, stdout=pipe, stderr=pipe
        )
        stdout, stderr = await process.communicate(stdin)
        assert process.returncode is not None
        return Ended(process.returncode, stdout.decode(), stderr.decode())


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    async with serving(tmp_path) as world:
        world.now = system_clock()  # the command reckons with its own
        world.compiled = compiled(company())
        await world.publisher.publish()
        token = await AdminClient(world).token("sara")
        yield Shell({**os.environ, "OSTIARY_CATALOG_URL": world.url, "OSTIARY_TOKEN": token})


async def test_a_secret_alone_is_on_standard_output(shell: Shell) -> None:
    issued = await shell(*ISSUE)
    assert issued.exit_code == 0
    [secret] = issued.stdout.splitlines()
    assert secret.startswith("ost_test_")
    assert secret not in issued.stderr
    assert "cannot be shown again" in issued.stderr


async def test_a_credential_is_shown_replaced_and_handed_over(shell: Shell) -> None:
    key_id = (await shell(*ISSUE, "--json")).json["credential"]["key_id"]
    listed = await shell("list", "--application", "web-shop")
    assert [line.split()[:4] for line in listed.stdout.splitlines()[1:]] == [
        [key_id, "client-secret", "active", "web-shop"]
    ]
    new = (await shell("rotate", key_id, "--overlap-days", "2", "--json")).json["credential"]["key_id"]
    shown = await shell("show", key_id)
    assert f"Replaced by:  {new}" in shown.stdout
    assert "Nothing was called in the last day." in shown.stdout
    assert [each["key_id"] for each in (await shell("reminders", "--days", "3", "--json")).json] == [key_id]
    handed = await shell("hand-over", new, "--team", "platform", "--owner", "omar", "-m", "Anna has left.")
    assert handed.stdout == f"omar of platform answers for {new}\n"
    assert (await shell("list", "--state", "revoked")).stderr == "There is no such credential.\n"


async def test_who_is_cut_off_is_shown_before_and_after(shell: Shell) -> None:
    asked = await shell("revoke", "--application", "web-shop", "--reason", "leaked", "--dry-run")
    assert asked.stdout.splitlines()[:2] == ["Nothing was done. It would cut off:", "  web-shop of acme"]
    assert (await shell("revocations")).stderr == "Nothing was cut off.\n"
    done = await shell("revoke", "--application", "web-shop", "--reason", "leaked")
    assert done.stdout.startswith("Revocation 1 is in force. Cut off:\n")
    again = await shell("revoke", "--application", "web-shop", "--reason", "leaked")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "leaked" in (await shell("revocations")).stdout
    assert (await shell("lift", "1", "--reason", "found")).stdout == "web-shop may call again\n"
    tokens = await shell("revoke", "--issued-before", "2026-01-01", "--consumer", "acme", "-m", "x", "--json")
    assert tokens.json["revocation"]["issued_before"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "arguments",
    [
        ("revoke", "--reason", "x"),
        ("revoke", "--issued-before", "yesterday", "--reason", "x"),
        ("show", "k2V0aW1lbGVz"),
        (*ISSUE, "--kind", "password"),
        (*ISSUE[:-1], ""),
    ],
)
async def test_bad_input_ends_with_two(shell: Shell, arguments: tuple[str, ...]) -> None:
    refused = await shell(*arguments)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith("ostiary: ")


async def test_a_leaked_secret_is_taken_from_standard_input_and_from_a_file(shell: Shell, tmp_path: Path) -> None:
    secrets = [(await shell(*ISSUE)).stdout.strip() for _ in range(2)]
    found = await shell("leak", "--source", "a chat", stdin=f"> look: {secrets[0]}".encode())
    assert (found.exit_code, found.stdout.rstrip().endswith("client-secret of web-shop: revoked")) == (0, True)
    file = tmp_path / "log.bin"
    file.write_bytes(b"\xff\x00" + secrets[1].encode())
    assert [each["outcome"] for each in (await shell("leak", str(file), "--json")).json["leaks"]] == ["revoked"]
    nothing = await shell("leak", stdin=b"hello")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert (await shell("leak", str(tmp_path / "none"))).exit_code == 2
    assert not any(secret in each.stdout + each.stderr for secret in secrets for each in (found, nothing))


async def test_many_are_acted_on_once_it_was_shown_who_is_hit(shell: Shell) -> None:
    await shell(*ISSUE)
    asked = await shell("bulk", "revoke", "--consumer", "acme", "--reason", "over", "--dry-run")
    assert asked.stdout.startswith("Nothing was done. revoke would hit 1:")
    assert (await shell("bulk", "revoke", "--consumer", "acme", "-m", "over", "--expected", "2")).exit_code == 1
    rotated = (await shell("bulk", "rotate", "--team", "sales", "-m", "yearly", "--json")).json
    assert [each["secret"].startswith("ost_test_") for each in rotated["issued"]] == [True]
    assert (await shell("bulk", "extend", "--team", "sales", "-m", "later")).exit_code == 2
    done = (await shell("bulk", "revoke", "--consumer", "acme", "-m", "over", "--expected", "2", "--json")).json
    assert {each["state"] for each in done["credentials"]} == {"revoked"}


async def test_unused_grants_are_listed_and_reduced(shell: Shell) -> None:
    listed = await shell("least-privilege")
    assert (listed.exit_code, listed.stdout) == (0, ""), listed.stderr
    assert (await shell("least-privilege", "--patch")).json == []
    assert (await shell("least-privilege", "--reduce")).exit_code == 2
    assert (await shell("least-privilege", "--reduce", "-m", "spare", "--json")).json["narrowed"] == []


async def test_how_far_clients_and_gateways_are_and_what_one_keeps(shell: Shell) -> None:
    empty = await shell("rotations")
    assert (empty.exit_code, "No rotation is under way." in empty.stderr + empty.stdout) == (0, True)
    old = (await shell(*ISSUE, "--json")).json["credential"]["key_id"]
    await shell("rotate", old)
    [under_way] = (await shell("rotations", "--application", "web-shop", "--json")).json
    assert (under_way["old"]["key_id"], under_way["progress"]) == (old, "waiting")
    assert old in (await shell("rotations")).stdout
    far = await shell("enforcement")
    assert (far.exit_code, "0 enforce it, 0 do not yet" in far.stderr) == (0, True)
    assert (await shell("views", "--room", "audit", "--json")).json == []
