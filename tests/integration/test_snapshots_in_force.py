"""Catalog and gateway as two real processes: what traffic meets when an estate changes or one of them dies."""

import asyncio
import base64
import json
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from catalog.cli import stack
from catalog.cli.processes import Child, Family, choose_port, family
from catalog.demo import carrier
from catalog.demo.tour import Answer, Visitor, fetch

PATIENCE = 60.0
KEY = "carrier-key-of-the-test"
pytestmark = pytest.mark.xdist_group("stack")


class Stack:
    """The running stack, its estate, and how to poke it."""

    def __init__(self, members: Family, running: stack.Stack, estate: Path) -> None:
        self.members = members
        self.running = running
        self.estate = estate
        self.visitor = Visitor(running.catalog_url, running.gateway_url, running.secrets)

    def status(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(fetch(self.running.admin_url + "/status").body)
        return found

    def serial(self) -> int:
        snapshot = self.status()["snapshot"]
        assert isinstance(snapshot, dict)
        return int(snapshot["serial"])

    def catalog_error(self) -> str:
        """Why the gateway is not at the catalog's snapshot, as its status says it; "" where it is."""
        catalog = self.status()["catalog"]
        assert isinstance(catalog, dict)
        return str(catalog["last_error"] or "")

    def child(self, name: str) -> Child:
        return next(child for child in reversed(self.members.children) if child.name == name)

    def edit(self, file: str, before: str, after: str) -> None:
        path = self.estate / file
        text = path.read_text(encoding="utf-8")
        assert before in text
        temporary = path.with_suffix(".new")
        temporary.write_text(text.replace(before, after), encoding="utf-8")
        temporary.replace(path)

    def list_shipments(self) -> Answer:
        token = self.visitor.token("aurora-shop")
        return fetch(
            self.running.gateway_url + "/shipments/v1/shipments?limit=1",
            headers={"Authorization": f"Bearer {token}"},
        )


def newer(world: Stack, serial: int) -> bool:
    return world.serial() > serial


def longer(statuses: list[int], length: int) -> bool:
    return len(statuses) > length


async def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Stack]:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in ("odoo-key", "carrier-key"):
        (secrets / name).write_text(KEY)
    with as_file(files("catalog.demo") / "estate") as source:
        shutil.copytree(source, tmp_path / "estate")
    async with carrier.serve(KEY) as url:
        with family(tmp_path / "logs") as members:
            ports = stack.Ports(choose_port(0), choose_port(0), choose_port(0))
            running = await asyncio.to_thread(
                lambda: stack.start(
                    members,
                    tmp_path / "estate",
                    tmp_path / "data",
                    ports,
                    upstream_urls={"carrier": url},
                    upstream_secrets=secrets,
                )
            )
            yield Stack(members, running, tmp_path / "estate")


async def test_an_edit_is_in_force_and_no_request_is_dropped(world: Stack) -> None:
    """Clients keep asking, on connections they keep, while the estate changes five times."""
    port = int(world.running.gateway_url.rpartition(":")[2])
    token = await asyncio.to_thread(world.visitor.token, "polar-dispatch")
    request = (
        f"GET /shipments/v1/shipments/SHP-000001 HTTP/1.1\r\nHost: gw\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()
    statuses: list[int] = []
    going = True
    # The limits are not the point here.
    serial = world.serial()
    world.edit("ostiary.yaml", "burst: 20/second, per-day: 50000/day", "burst: 100000/second")
    await until(lambda: world.serial() > serial, "the first edit is not in force")

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while going:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            statuses.append(int(head.split(b" ")[1]))
        writer.close()
        await writer.wait_closed()

    clients = [asyncio.create_task(client()) for _ in range(8)]
    for round_ in range(5):
        before, serial = len(statuses), world.serial()
        world.edit("ostiary.yaml", f"burst: {100000 + round_}/second", f"burst: {100001 + round_}/second")
        await until(partial(newer, world, serial), "an edit is not in force")
        await until(partial(longer, statuses, before + 50), "no traffic")
    going = False
    await asyncio.gather(*clients)
    assert set(statuses) == {200}
    assert len(statuses) > 250


async def test_a_broken_edit_is_reported_and_changes_nothing(world: Stack) -> None:
    before = world.serial()
    world.edit("apis/shipments/api.yaml", "owner: logistics", "owner: nobody-there")

    def reported() -> bool:
        document = json.loads(fetch(world.running.catalog_url + "/healthz").body)
        return document["last_publication"]["ok"] is False

    await until(reported, "the catalog does not say that the estate is broken")
    assert "unknown-owner" in world.child("catalog").log.read_text()
    assert (await asyncio.to_thread(world.list_shipments)).status == 200
    assert world.serial() == before
    world.edit("apis/shipments/api.yaml", "owner: nobody-there", "owner: customers")
    await until(lambda: world.serial() > before, "the mended estate is not in force")


async def test_a_subscription_that_is_taken_away_ends(world: Stack) -> None:
    assert (await asyncio.to_thread(world.list_shipments)).status == 200
    scopes = '["shipments:read", "shipments:write"]'
    line = f"          - {{ api: shipments, version: v1, plan: partner, scopes: {scopes} }}\n"
    world.edit("consumers.yaml", line, "")

    def refused() -> bool:
        return world.list_shipments().status == 403

    await until(refused, "the token still opens the API")


async def test_the_gateway_serves_and_restarts_without_the_catalog(world: Stack) -> None:
    assert (await asyncio.to_thread(world.list_shipments)).status == 200
    catalog, gateway = world.child("catalog"), world.child("gateway")
    catalog.process.send_signal(signal.SIGKILL)
    catalog.process.wait()
    assert (await asyncio.to_thread(world.list_shipments)).status == 200

    gateway.process.send_signal(signal.SIGKILL)
    gateway.process.wait()
    await restart(world)
    assert (await asyncio.to_thread(world.list_shipments)).status == 200
    await until(lambda: world.catalog_error() != "", "the status does not say that the catalog is down")


async def test_an_altered_snapshot_on_disk_is_not_enforced(world: Stack) -> None:
    assert (await asyncio.to_thread(world.list_shipments)).status == 200
    for name in ("catalog", "gateway"):
        world.child(name).process.kill()
        world.child(name).process.wait()
    part = max((world.running.data / "gateway" / "parts").iterdir(), key=lambda path: path.stat().st_size)
    text = part.read_bytes()
    assert b"shipments:read" in text
    part.write_bytes(text.replace(b"shipments:read", b"shipments:xxxx"))
    await restart(world)
    answer = await asyncio.to_thread(world.list_shipments)
    assert (answer.status, json.loads(answer.body)["type"]) == (503, "urn:ostiary:problem:not-ready")
    assert "was altered" in world.child("gateway").log.read_text()


async def test_a_snapshot_of_another_catalog_is_not_enforced(world: Stack) -> None:
    """The trusted key is the gateway's own setting: whoever answers at the catalog's address proves nothing."""
    world.child("gateway").process.kill()
    world.child("gateway").process.wait()
    shutil.rmtree(world.running.data / "gateway")
    other = base64.b64encode(bytes(range(32))).decode()
    await restart(world, OSTIARY_GATEWAY_SNAPSHOT_KEY=other)
    await until(lambda: "not with the trusted key" in world.catalog_error(), "no word of the wrong key")
    assert (await asyncio.to_thread(world.list_shipments)).status == 503


async def test_sigterm_lets_open_requests_end(world: Stack) -> None:
    gateway = world.child("gateway")
    token = await asyncio.to_thread(world.visitor.token, "polar-dispatch")
    port = int(world.running.gateway_url.rpartition(":")[2])
    body = json.dumps(
        {
            "order": "S00001",
            "destination": {
                "name": "Ada",
                "street": "Rue Neuve 1",
                "city": "Bruxelles",
                "postal_code": "1000",
                "country": "BE",
            },
            "parcels": [{"weight_kg": 1}],
        }
    ).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /shipments/v1/shipments HTTP/1.1\r\nHost: gw\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (token.encode(), len(body))
    )
    writer.write(body[:10])
    await until(lambda: world.status()["open_requests"] == 1, "the request is not open")
    gateway.process.terminate()
    await until(lambda: "gateway stopping" in gateway.log.read_text(), "the gateway does not stop")
    assert gateway.process.poll() is None
    writer.write(body[10:])
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    assert head.startswith(b"HTTP/1.1 201 ")
    assert b"connection: close" in head.lower()
    writer.close()
    await asyncio.to_thread(gateway.process.wait, PATIENCE)
    assert gateway.process.returncode == 0


async def restart(world: Stack, **changes: str) -> None:
    """The gateway once more, as it was started, but for `changes`."""
    port_file = world.running.data / "gateway.json"
    port_file.unlink()
    keys = world.running.data / "catalog" / "keys"
    environment = {
        "OSTIARY_GATEWAY_PORT": world.running.gateway_url.rpartition(":")[2],
        "OSTIARY_GATEWAY_ADMIN_PORT": world.running.admin_url.rpartition(":")[2],
        "OSTIARY_GATEWAY_DATA": str(world.running.data / "gateway"),
        "OSTIARY_GATEWAY_CATALOG_URL": world.running.catalog_url,
        "OSTIARY_GATEWAY_TOKEN": (keys / "gateway.token").read_text().strip(),
        "OSTIARY_GATEWAY_SNAPSHOT_KEY": str(keys / "snapshot.pub"),
        "OSTIARY_GATEWAY_SECRETS": str(world.estate.parent / "secrets"),
        "OSTIARY_GATEWAY_PORT_FILE": str(port_file),
        **changes,
    }
    child = world.members.start("gateway", ["-m", "gateway"], environment)
    await asyncio.to_thread(world.members.wait_for_file, child, port_file)


async def test_a_stopping_gateway_still_accepts_for_a_while(world: Stack) -> None:
    """Readiness fails at once, so that load balancers go away; whoever comes meanwhile is served and sent off."""
    token = await asyncio.to_thread(world.visitor.token, "polar-dispatch")
    world.child("gateway").process.terminate()
    world.child("gateway").process.wait()
    await restart(world, OSTIARY_GATEWAY_DRAIN_DELAY="60")
    gateway = world.child("gateway")
    gateway.process.terminate()
    await until(lambda: fetch(world.running.admin_url + "/readyz").status == 503, "readiness does not fail")
    answer = await asyncio.to_thread(
        fetch,
        world.running.gateway_url + "/shipments/v1/shipments/SHP-000001",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert gateway.process.poll() is None
    gateway.process.kill()
