"""Upstream credentials with real processes: set on a command line, presented by a gateway, replaced under load."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from catalog.cli import stack
from catalog.cli.processes import choose_port, family
from tests.catalog.processes import ostiary
from tests.integration.test_revocation import Client, status
from tests.integration.test_snapshots_in_force import Stack, restart, until

pytestmark = pytest.mark.xdist_group("stack")


@dataclass
class Carrier:
    """An upstream that takes some keys, and remembers which it was shown."""

    good: set[str]
    shown: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        key = request.headers.get("x-carrier-key", "")
        self.shown.append(key)
        return web.json_response({}, status=200 if key in self.good else 401)


@pytest.fixture
async def carrier() -> AsyncIterator[tuple[Carrier, str]]:
    made = Carrier({"first-key", "second-key"})
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield made, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def world(tmp_path: Path, carrier: tuple[Carrier, str]) -> AsyncIterator[Stack]:
    with as_file(files("catalog.demo") / "estate") as source:
        shutil.copytree(source, tmp_path / "estate")
    file = tmp_path / "estate" / "ostiary.yaml"
    file.write_text(file.read_text().replace("burst: 20/second, per-day: 50000/day", "burst: 100000/second"))
    with family(tmp_path / "logs") as members:
        running = await asyncio.to_thread(
            lambda: stack.start(
                members,
                tmp_path / "estate",
                tmp_path / "data",
                stack.Ports(choose_port(0), choose_port(0), choose_port(0)),
                upstream_urls={"carrier": carrier[1]},
            )
        )
        yield Stack(members, running, tmp_path / "estate")


def ledger(world: Stack, *arguments: str, value: str = "") -> Any:
    """What `ostiary upstream-credentials` prints for a security member."""
    data = str(world.running.data / "catalog")
    issued = ostiary("catalog", "member-token", "ruth", "--data", data, "--estate", str(world.estate))
    assert issued.returncode == 0, issued.stderr
    settings = {"OSTIARY_CATALOG_URL": world.running.catalog_url, "OSTIARY_TOKEN": issued.stdout.strip()}
    done = ostiary("upstream-credentials", *arguments, "--json", stdin=value, **settings)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


async def test_a_key_is_delivered_replaced_under_load_and_taken_back(
    world: Stack, carrier: tuple[Carrier, str]
) -> None:
    upstream, _ = carrier
    token = await asyncio.to_thread(world.visitor.token, "aurora-shop")
    assert await asyncio.to_thread(status, world, token) == 502, "a call went out without its credential"
    assert upstream.shown == []
    who = ("--team", "logistics", "--owner", "jonas", "--purpose", "Labels")
    await asyncio.to_thread(ledger, world, "set", "carrier-key", *who, value="first-key\n")
    await until(lambda: status(world, token) == 200, "the key was not delivered")
    sources = world.status()["secrets"]
    assert isinstance(sources, dict)
    assert sources["sources"]["carrier-key"] == "catalog"

    clients = [Client(world, token) for _ in range(4)]
    running = [asyncio.create_task(each.run()) for each in clients]
    await until(lambda: all(len(each.statuses) > 20 for each in clients), "no traffic")
    await asyncio.to_thread(ledger, world, "set", "carrier-key", value="second-key")
    await until(lambda: upstream.shown[-1] == "second-key", "the new key is not presented")
    await until(lambda: set(upstream.shown[-50:]) == {"second-key"}, "the old key is still presented")
    for each in clients:
        each.going = False
    await asyncio.gather(*running)
    assert {code for each in clients for code in each.statuses} == {200}, "a call failed while it was replaced"

    for name in ("catalog", "gateway"):
        world.child(name).process.kill()
        world.child(name).process.wait()
    await restart(world)
    assert await asyncio.to_thread(status, world, token) == 200, "it does not go on without the catalog"


async def test_what_was_revoked_is_presented_no_more(world: Stack, carrier: tuple[Carrier, str]) -> None:
    token = await asyncio.to_thread(world.visitor.token, "aurora-shop")
    who = ("--team", "logistics", "--owner", "jonas", "--purpose", "Labels")
    await asyncio.to_thread(ledger, world, "set", "carrier-key", *who, value="first-key")
    await until(lambda: status(world, token) == 200, "the key was not delivered")
    asked = await asyncio.to_thread(ledger, world, "revoke", "carrier-key", "--reason", "leaked", "--dry-run")
    assert asked["credential"]["state"] == "current"
    assert {each["client_id"] for each in asked["depending"]["applications"]} >= {"aurora-shop"}
    assert [each["api"] for each in asked["depending"]["apis"]] == ["shipments"]
    await asyncio.to_thread(ledger, world, "revoke", "carrier-key", "--reason", "leaked")
    await until(lambda: status(world, token) == 502, "it is still presented")
    written = [path for path in (*world.running.data.rglob("*"), *world.members.logs.iterdir()) if path.is_file()]
    assert not any(b"first-key" in path.read_bytes() for path in written), "a value was written down"
