"""A purge with real processes: typed on a command line, followed by every worker of the gateway."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from catalog.cli import stack
from catalog.cli.processes import choose_port, family
from catalog.demo import carrier
from catalog.demo.tour import Answer, fetch
from tests.catalog.processes import ostiary
from tests.integration.test_snapshots_in_force import KEY, Stack, until
from tests.support.valkey import valkey

SHIPMENT = "/shipments/v1/shipments/SHP-000001"
pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stack]:
    (tmp_path / "secrets").mkdir()
    for name in ("odoo-key", "carrier-key"):
        (tmp_path / "secrets" / name).write_text(KEY)
    with as_file(files("catalog.demo") / "estate") as source:
        shutil.copytree(source, tmp_path / "estate")
    manifest = tmp_path / "estate" / "apis" / "shipments" / "api.yaml"
    manifest.write_text(manifest.read_text() + "policies:\n  cache: { ttl: 600, tags: [tracking] }\n")
    with valkey() as server, family(tmp_path / "logs") as members:
        monkeypatch.setenv("OSTIARY_GATEWAY_WORKERS", "2")
        monkeypatch.setenv("OSTIARY_GATEWAY_ACTIVE_WORKERS", "2")
        monkeypatch.setenv("OSTIARY_GATEWAY_STATE_URL", server.url)
        async with carrier.serve(KEY) as url:
            running = await asyncio.to_thread(
                lambda: stack.start(
                    members,
                    tmp_path / "estate",
                    tmp_path / "data",
                    stack.Ports(choose_port(0), choose_port(0), choose_port(0)),
                    upstream_urls={"carrier": url},
                    upstream_secrets=tmp_path / "secrets",
                )
            )
            yield Stack(members, running, tmp_path / "estate")


def asked(world: Stack, token: str) -> str:
    """What one call's cache says; each call is on a connection of its own, and so at either worker."""
    answer: Answer = fetch(world.running.gateway_url + SHIPMENT, headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 200
    return answer.headers["cache-status"]


def run(world: Stack, member: str, *arguments: str) -> tuple[int, str]:
    data = str(world.running.data / "catalog")
    issued = ostiary("catalog", "member-token", member, "--data", data, "--estate", str(world.estate))
    assert issued.returncode == 0, issued.stderr
    settings = {"OSTIARY_CATALOG_URL": world.running.catalog_url, "OSTIARY_TOKEN": issued.stdout.strip()}
    done = ostiary("cache", *arguments, **settings)
    return done.returncode, done.stdout + done.stderr


async def test_what_is_purged_on_a_command_line_every_worker_forgets(world: Stack) -> None:
    token = await asyncio.to_thread(world.visitor.token, "aurora-shop")

    def all_kept() -> bool:
        return all("hit" in asked(world, token) for _ in range(12))

    await until(all_kept, "it is not kept")
    code, said = await asyncio.to_thread(run, world, "omar", "purge", "--api", "shipments", "-m", "x")
    assert (code, "owner of the API" in said) == (1, True)
    assert await asyncio.to_thread(all_kept), "who may not purge has purged"
    named = ("--api", "shipments", "--tag", "tracking", "--reason", "Parcels were sorted anew.")
    code, said = await asyncio.to_thread(run, world, "jonas", "purge", *named)
    assert (code, said.strip()) == (0, "shipments#tracking is purged")
    answers: list[str] = []

    def asked_twice() -> bool:
        answers.append(asked(world, token))
        return sum("uri-miss" in each for each in answers) == 2

    await until(asked_twice, "a worker has not forgotten it")
    await until(all_kept, "it is not kept again")
    code, said = await asyncio.to_thread(run, world, "omar", "purges", "--json")
    [purge] = json.loads(said)
    assert (purge["api"], purge["tag"], purge["purged_by"]) == ("shipments", "tracking", "jonas")
