"""`ostiary usage` against a real catalog."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalog.clock import system_clock
from catalog.usage.ingest import UsageIntake
from contracts.usage.batch import Sight
from tests.catalog.admin import AdminClient, compiled, sample_company
from tests.catalog.serving import serving
from tests.catalog.usage.test_usage_store import batch, row


@dataclass(frozen=True)
class Ended:
    exit_code: int
    stdout: str
    stderr: str


class Shell:
    """A terminal in which a member of the company is known to the catalog."""

    def __init__(self, url: str, token: str) -> None:
        self._environment = {**os.environ, "OSTIARY_CATALOG_URL": url, "OSTIARY_TOKEN": token}

    async def __call__(self, *arguments: str, command: tuple[str, ...] = ("usage",)) -> Ended:
        command = (sys.executable, "-m", "catalog.cli.main", *command, *arguments)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, env=self._environment, stdout=pipe, stderr=pipe)
        stdout, stderr = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, stdout.decode(), stderr.decode())


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    async with serving(tmp_path) as world:
        world.now = system_clock()  # the command asks for days before its own
        world.compiled = compiled(sample_company())
        await world.publisher.publish()
        now = int(world.now)
        legacy = (Sight("rpc", "sale.order/search_read", "", 7), Sight("rpc-read", "sale.order/name", "", 6))
        guarded = row("old-erp", first=now, last=now, version="v2", operation="jsonrpc", seen=legacy)
        rows = (guarded, row(first=now, last=now), row("", 2, first=now, last=now, consumer="", operation="ping"))
        await UsageIntake(world.store, lambda: now).take(batch(1, *rows, begin=now))
        yield Shell(world.url, await AdminClient(world).token("anna"))


async def test_calls_are_shown_over_time(shell: Shell) -> None:
    shown = await shell("orders", "--version", "v1")
    assert shown.exit_code == 0, shown.stderr
    head, line = shown.stdout.splitlines()
    assert head.split("  ")[0] == "start (UTC)"
    assert line.split()[1:5] == ["orders", "v1", "200", "5"]
    hours = await shell("--application", "web-shop", "--by", "hour", "--json")
    document = json.loads(hours.stdout)
    assert (document["by"], [each["calls"] for each in document["points"]]) == ("hour", [3])
    nothing = await shell("partners")
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "Nothing was called.\n")


async def test_callers_are_shown_with_what_they_called(shell: Shell) -> None:
    shown = await shell("orders", "--version", "v1", "--callers")
    assert [line.split()[:4] for line in shown.stdout.splitlines()[1:]] == [
        ["acme", "web-shop", "listOrders", "3"],
        ["-", "(open", "to", "everyone)"],
    ]
    one = await shell("orders", "--version", "v1", "--callers", "--application", "web-shop", "--json")
    assert [each["operation"] for each in json.loads(one.stdout)["callers"]] == ["listOrders"]
    nobody = await shell("shipments", "--version", "v1", "--callers")
    assert "Nobody called shipments v1 in 7 days." in nobody.stderr
    another = await shell("orders", "--version", "v1", "--callers", "--application", "old-erp")
    assert "old-erp did not call orders v1 in 7 days." in another.stderr


@pytest.mark.parametrize("question", [(), ("--callers",), ("--reported",)])
async def test_a_mistyped_name_is_told_as_such(shell: Shell, question: tuple[str, ...]) -> None:
    refused = await shell("ordres", "--version", "v1", *question)
    assert refused.exit_code == 2
    assert "There is no API 'ordres' in force (did you mean 'orders'?)" in refused.stderr


async def test_a_mistyped_application_is_told_as_such(shell: Shell) -> None:
    refused = await shell("--application", "wep-shop")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "There is no application 'wep-shop' in force (did you mean 'web-shop'?)" in refused.stderr


@pytest.mark.parametrize("arguments", [(), ("--callers",), ("orders", "--callers"), ("Orders",)])
async def test_what_is_no_question_ends_with_two(shell: Shell, arguments: tuple[str, ...]) -> None:
    refused = await shell(*arguments)
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert refused.stderr.startswith("ostiary: ")


async def test_what_would_be_refused_is_shown_by_consumer(tmp_path: Path) -> None:
    async with serving(tmp_path) as world:
        world.now = system_clock()
        world.compiled = compiled(sample_company())
        await world.publisher.publish()
        now = int(world.now)
        seen = (Sight("would-refuse", "network", "", 4),)
        rows = (row(first=now, last=now, seen=seen), row("other", first=now, last=now, seen=seen))
        await UsageIntake(world.store, lambda: now).take(batch(1, *rows, begin=now))
        shell = Shell(world.url, await AdminClient(world).token("anna"))
        shown = await shell("orders", "--version", "v1", "--reported", "--application", "web-shop")
        nothing = await shell("orders", "--version", "v2", "--reported")
        of_one = await shell("orders", "--version", "v2", "--reported", "--application", "web-shop")
        both = await shell("orders", "--version", "v1", "--reported", "--callers")
    head, line = shown.stdout.splitlines()
    assert head.split("  ")[0] == "policy"
    assert line.split()[:5] == ["network", "acme", "web-shop", "listOrders", "4"]
    assert "No policy would have refused a call to orders v2" in nothing.stderr
    assert "No policy would have refused a call of web-shop to orders v2" in of_one.stderr
    assert (both.exit_code, "ask one of them" in both.stderr) == (2, True)


async def test_what_legacy_clients_use_of_odoo_is_shown(shell: Shell) -> None:
    command = ("odoo", "usage")
    shown = await shell("orders", "--version", "v2", "--client", "old-erp", command=command)
    assert shown.exit_code == 0, shown.stderr
    assert [line.split()[:6] for line in shown.stdout.splitlines()[1:]] == [
        ["acme", "old-erp", "sale.order", "method", "search_read", "7"],
        ["acme", "old-erp", "sale.order", "read", "name", "6"],
    ]
    nobody = await shell("orders", "--version", "v1", command=command)
    assert nobody.stderr == "No legacy client called Odoo by orders v1 in 90 days.\n"
