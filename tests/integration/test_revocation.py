"""A revocation with real processes: clients keep calling two workers while somebody revokes on a command line."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from catalog.cli import stack
from catalog.cli.processes import choose_port, family
from catalog.demo import carrier
from catalog.demo.tour import Visitor, fetch
from tests.catalog.processes import ostiary
from tests.integration.test_snapshots_in_force import KEY, Stack, restart, until
from tests.support.valkey import valkey

SHIPMENT = "/shipments/v1/shipments/SHP-000001"
CONNECTIONS = 6
pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stack]:
    (tmp_path / "secrets").mkdir()
    for name in ("odoo-key", "carrier-key"):
        (tmp_path / "secrets" / name).write_text(KEY)
    with as_file(files("catalog.demo") / "estate") as source:
        shutil.copytree(source, tmp_path / "estate")
    file = tmp_path / "estate" / "ostiary.yaml"
    limits = "burst: 20/second, per-day: 50000/day"
    assert limits in file.read_text()
    # The limits are not the point here.
    file.write_text(file.read_text().replace(limits, "burst: 100000/second"))
    monkeypatch.setenv("OSTIARY_GATEWAY_USAGE_INTERVAL", "0.2")
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


class Client:
    """One connection on which an application keeps asking; what it was answered, in order."""

    def __init__(self, world: Stack, token: str) -> None:
        self.port = int(world.running.gateway_url.rpartition(":")[2])
        self.request = f"GET {SHIPMENT} HTTP/1.1\r\nHost: gw\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        self.statuses: list[int] = []
        self.going = True

    async def run(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while self.going:
            writer.write(self.request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            self.statuses.append(int(head.split(b" ")[1]))
        writer.close()
        await writer.wait_closed()


def security(world: Stack, *arguments: str) -> Any:
    """What `ostiary credentials` prints, called by a security member of the estate."""
    data = str(world.running.data / "catalog")
    issued = ostiary("catalog", "member-token", "ruth", "--data", data, "--estate", str(world.estate))
    assert issued.returncode == 0, issued.stderr
    settings = {"OSTIARY_CATALOG_URL": world.running.catalog_url, "OSTIARY_TOKEN": issued.stdout.strip()}
    done = ostiary("credentials", *arguments, "--json", **settings)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def used_for(world: Stack, key_id: str) -> set[str]:
    """APIs and scopes that gateways told of."""
    uses = security(world, "show", key_id)["uses"]
    scoped = {f"{each['api']}/{each['version']} {each['scope']}" for each in uses if each["scope"]}
    return scoped or {f"{each['api']}/{each['version']}" for each in uses}


def status(world: Stack, token: str) -> int:
    return fetch(world.running.gateway_url + SHIPMENT, headers={"Authorization": f"Bearer {token}"}).status


async def test_a_revocation_reaches_every_worker_and_lasts_without_the_catalog(world: Stack) -> None:
    cut_off = await asyncio.to_thread(world.visitor.token, "aurora-shop")
    spared = await asyncio.to_thread(world.visitor.token, "polar-dispatch")
    shop = [Client(world, cut_off) for _ in range(CONNECTIONS)]
    desk = [Client(world, spared) for _ in range(2)]
    running = [asyncio.create_task(each.run()) for each in (*shop, *desk)]
    await until(lambda: all(len(each.statuses) > 20 for each in (*shop, *desk)), "no traffic")

    def counted() -> bool:
        asked = security(world, "revoke", "--application", "aurora-shop", "--reason", "leaked", "--dry-run")
        assert asked["revocation"] is None
        return any(each["operation"] == "getShipment" for each in asked["reached"]["called"])

    await until(counted, "it does not show what they call")
    assert all(set(each.statuses) == {200} for each in shop), "a dry run cut somebody off"
    done = await asyncio.to_thread(security, world, "revoke", "--application", "aurora-shop", "--reason", "leaked")
    assert done["reached"]["applications"] == [{"client_id": "aurora-shop", "consumer": "aurora"}]
    await until(lambda: all(each.statuses[-1] == 401 for each in shop), "a worker lets it through")
    told = [len(each.statuses) for each in (*shop, *desk)]
    await until(
        lambda: all(len(each.statuses) > told[index] + 20 for index, each in enumerate((*shop, *desk))),
        "no traffic after the revocation",
    )
    for each in (*shop, *desk):
        each.going = False
    await asyncio.gather(*running)
    for each in shop:
        refused = each.statuses.index(401)
        assert set(each.statuses[:refused]) == {200}
        assert set(each.statuses[refused:]) == {401}, "a worker let it through after it had refused it"
    assert all(set(each.statuses) == {200} for each in desk), "another application was cut off too"

    for name in ("catalog", "gateway"):
        world.child(name).process.kill()
        world.child(name).process.wait()
    await restart(world)
    assert await asyncio.to_thread(status, world, cut_off) == 401
    assert await asyncio.to_thread(status, world, spared) == 200


async def test_a_revoked_secret_takes_the_tokens_with_it_that_it_obtained(world: Stack) -> None:
    old = await asyncio.to_thread(world.visitor.token, "aurora-shop")
    [listed] = security(world, "list", "--application", "aurora-shop")
    assert listed["last_used_at"] is None or listed["state"] == "active"
    rotated = security(world, "rotate", listed["key_id"], "--overlap-days", "1")
    renewed = Visitor(world.running.catalog_url, world.running.gateway_url, {"aurora-shop": rotated["secret"]})
    new = await asyncio.to_thread(renewed.token, "aurora-shop")
    assert await asyncio.to_thread(status, world, old) == 200
    await until(lambda: used_for(world, listed["key_id"]) == {"shipments/v1 shipments:read"}, "it shows no use")
    assert used_for(world, rotated["credential"]["key_id"]) == set(), "nobody has called by the new one yet"
    security(world, "revoke", listed["key_id"], "--reason", "it was in a log")
    await until(lambda: status(world, old) == 401, "its token is still good")
    assert await asyncio.to_thread(status, world, new) == 200
    security(world, "revoke", "--issued-before", "now", "--consumer", "aurora", "--reason", "to be sure")
    await until(lambda: status(world, new) == 401, "its token is still good")
    written = [path for path in world.running.data.rglob("*") if path.is_file()]
    texts = [path.read_bytes() for path in written]
    texts += [path.read_bytes() for path in world.members.logs.iterdir()]
    assert not any(rotated["secret"].encode() in text for text in texts), "a secret was written down"


async def test_an_api_key_opens_what_the_contract_and_the_plan_let_it_until_it_is_revoked(world: Stack) -> None:
    options = ("--team", "logistics", "--owner", "jonas", "--purpose", "labels", "--network", "127.0.0.0/8")
    made = security(world, "issue", "aurora-shop", "--kind", "api-key", *options)
    url, secret = world.running.gateway_url + SHIPMENT, made["secret"]

    def ask(text: str) -> int:
        return fetch(url, headers={"X-Partner-Key": text}).status

    assert ask(secret) == 401, "the contract takes no keys yet"
    contract = "apis/shipments/v1.openapi.yaml"
    world.edit(contract, '  - oauth: ["shipments:read"]\n', '  - oauth: ["shipments:read"]\n  - partner: []\n')
    scheme = "    partner: { type: apiKey, in: header, name: X-Partner-Key }\n"
    world.edit(contract, "  securitySchemes:\n", f"  securitySchemes:\n{scheme}")
    await until(lambda: ask(secret) == 403, "the contract does not take the key, or the plan does already")
    world.edit("ostiary.yaml", "  partner:\n", "  partner:\n    api-keys: true\n")
    await until(lambda: ask(secret) == 200, "the key is not good")
    client_secret = world.running.secrets["aurora-shop"]
    assert ask(client_secret) == 401
    assert ask(secret[:-1] + ("a" if secret[-1] != "a" else "b")) == 401
    key_id = made["credential"]["key_id"]
    await until(lambda: used_for(world, key_id) == {"shipments/v1"}, "it shows no use")
    assert security(world, "show", key_id)["credential"]["last_used_from"] == "127.0.0.0/24"
    mail = world.estate.parent / "mail.txt"
    mail.write_text(f"Hi,\nthe key is {secret}. Bye")
    assert [each["outcome"] for each in security(world, "leak", str(mail))["leaks"]] == ["revoked"]
    await until(lambda: all(ask(secret) == 401 for _ in range(12)), "the key is still good")
    written = [path for path in (*world.running.data.rglob("*"), *world.members.logs.iterdir()) if path.is_file()]
    assert not any(secret.encode() in path.read_bytes() for path in written), "a key was written down"
