"""Signing keys and single tokens with real processes: what a withdrawn key signed, and a token that its client
revoked, open no worker of a gateway any more."""

import asyncio
import base64
import json
import urllib.parse
from typing import Any

import jwt
import pytest

from catalog.demo.tour import Visitor, fetch
from tests.catalog.processes import ostiary
from tests.integration.test_revocation import status
from tests.integration.test_revocation import world as world
from tests.integration.test_snapshots_in_force import Stack, restart, until

pytestmark = pytest.mark.xdist_group("stack")
ASKED = 12
"""Calls that are made to see that no worker lets one pass: each is a connection of its own."""


def keys(world: Stack, *arguments: str) -> Any:
    """What `ostiary keys` prints, called by a security member of the estate."""
    data = str(world.running.data / "catalog")
    issued = ostiary("catalog", "member-token", "ruth", "--data", data, "--estate", str(world.estate))
    settings = {"OSTIARY_CATALOG_URL": world.running.catalog_url, "OSTIARY_TOKEN": issued.stdout.strip()}
    done = ostiary("keys", *arguments, "--json", **settings)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def fresh_token(world: Stack, client_id: str = "aurora-shop") -> str:
    secrets = {client_id: world.running.secrets[client_id]}
    return Visitor(world.running.catalog_url, world.running.gateway_url, secrets).token(client_id)


def signer(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def refused_everywhere(world: Stack, token: str) -> bool:
    return all(status(world, token) == 401 for _ in range(ASKED))


async def test_keys_are_rotated_without_a_refused_call_and_withdrawn_at_every_worker(world: Stack) -> None:
    first = await asyncio.to_thread(fresh_token, world)
    assert await asyncio.to_thread(status, world, first) == 200
    rotated = keys(world, "rotate", "--ahead", "0", "--reason", "exercise")
    second = await asyncio.to_thread(fresh_token, world)
    assert signer(second) == rotated["kid"] != signer(first)
    assert [await asyncio.to_thread(status, world, each) for each in (first, second)] == [200, 200]

    done = keys(world, "withdraw", signer(second), "--reason", "its file was copied")
    await until(lambda: refused_everywhere(world, second), "a worker believes the withdrawn key")
    third = await asyncio.to_thread(fresh_token, world)
    assert signer(third) == done["signing"]["kid"]
    assert [await asyncio.to_thread(status, world, each) for each in (first, third)] == [200, 200]

    for name in ("catalog", "gateway"):
        world.child(name).process.kill()
        world.child(name).process.wait()
    await restart(world)
    assert await asyncio.to_thread(refused_everywhere, world, second)
    assert await asyncio.to_thread(status, world, third) == 200


async def test_a_client_revokes_one_token_of_its_own(world: Stack) -> None:
    revoked, other = [await asyncio.to_thread(fresh_token, world) for _ in range(2)]
    assert await asyncio.to_thread(status, world, revoked) == 200
    secret = world.running.secrets["aurora-shop"]
    basic = base64.b64encode(f"aurora-shop:{secret}".encode()).decode()
    answer = fetch(
        f"{world.running.catalog_url}/oauth/revoke",
        method="POST",
        headers={"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
        body=urllib.parse.urlencode({"token": revoked}).encode(),
    )
    assert answer.status == 200
    await until(lambda: refused_everywhere(world, revoked), "a worker lets the revoked token pass")
    assert await asyncio.to_thread(status, world, other) == 200
