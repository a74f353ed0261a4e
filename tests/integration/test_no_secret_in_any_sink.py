"""Canary secrets, sent in every place that a secret may travel in; then all that is written is searched."""

import asyncio
import base64
import contextlib
import json
import secrets as random
import shutil
import sqlite3
import time
import urllib.parse
from collections.abc import AsyncIterator, Callable
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from aiohttp import web

from catalog.cli import stack
from catalog.cli.processes import Family, choose_port, family
from catalog.demo import carrier
from catalog.demo.tour import Visitor, fetch

PATIENCE = 30.0
NOBODY = "http://127.0.0.1:1"
CONTROL = "control-of-the-canaries"
SHIPMENT = {
    "order": "S00001",
    "destination": {
        "name": "",
        "street": "Rue Neuve 1",
        "city": "Bruxelles",
        "postal_code": "1000",
        "country": "BE",
    },
    "parcels": [{"weight_kg": 1}],
}
ISSUER = """
issuers:
  sso:
    issuer: {0}
    environment: local
    introspection: {{ client-id: gateway, credential: sso-secret, endpoint: {0}/introspect }}
"""
COPY = """
  copy:
    url: http://127.0.0.1:8090
    description: Another of the carrier's, to compare it with
    credential: carrier-key
    credential-header: x-carrier-key
    credential-scheme: null
"""
MIRRORED = """operationId: bookShipment
      x-ostiary-policies: {mirror: {to: copy, methods: [POST]}}
"""
ROUTED = 8
"""Calls of `call` that were made with a good token and met an operation."""
pytestmark = pytest.mark.xdist_group("stack")


class World:
    """The running stack, the canaries that were sent, and the sinks that are not files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.canaries: dict[str, bytes] = {}
        self.spans: list[bytes] = []
        self.introspected: list[str] = []
        self.refusals: list[bytes] = []
        self.sent = 0
        self.members: Family
        self.running: stack.Stack
        self.visitor: Visitor

    def canary(self, place: str) -> str:
        """A new secret for a place, in letters that no encoding changes."""
        made = "canary" + random.token_hex(12)
        self.canaries[place] = made.encode()
        return made

    def send(
        self, status: int, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> None:
        """One call through the gateway, with the answer that it must have."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.running.gateway_url + path
        answer = fetch(url, method=method, headers={"Content-Type": "application/json", **fields}, body=body)
        self.sent += 1
        assert answer.status == status, (path, answer.status, answer.body)
        if answer.headers.get("Content-Type") == "application/problem+json":
            self.refusals.append(answer.body)

    def sinks(self) -> dict[str, bytes]:
        """All that was written or is shown, but the two places whose purpose is to hold a secret."""
        held = {self.running.data / "catalog" / "keys", self.running.credentials}
        found = {
            str(path.relative_to(self.directory)): path.read_bytes()
            for folder in ("logs", "data")
            for path in (self.directory / folder).rglob("*")
            if path.is_file() and not held & {path, *path.parents}
        }
        for url in ("/metrics", "/status", "/mirror", "/healthz", "/readyz"):
            found["gateway " + url] = fetch(self.running.admin_url + url).body
        found["catalog /healthz"] = fetch(self.running.catalog_url + "/healthz").body
        found["spans"] = b"".join(self.spans)
        found["refusals"] = b"".join(self.refusals)
        return found


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    made = World(tmp_path)

    async def take(request: web.Request) -> web.Response:
        made.spans.append(await request.read())
        return web.Response(content_type="application/x-protobuf")

    async def introspect(request: web.Request) -> web.Response:
        made.introspected.append((await request.text()) + request.headers["authorization"])
        return web.json_response({"active": False})

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    app.router.add_post("/introspect", introspect)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("OSTIARY_GATEWAY_TRACES_URL", f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces")
    monkeypatch.setenv("OSTIARY_GATEWAY_TRACES_RATIO", "1")
    monkeypatch.setenv("OSTIARY_GATEWAY_USAGE_INTERVAL", "0.2")
    held = tmp_path / "secrets"
    held.mkdir()
    for name in ("odoo-key", "carrier-key", "sso-secret"):
        (held / name).write_text(made.canary(f"upstream credential {name}"))
    with as_file(files("catalog.demo") / "estate") as source:
        shutil.copytree(source, tmp_path / "estate")
    issuer = ISSUER.format(f"http://127.0.0.1:{runner.addresses[0][1]}")
    estate = tmp_path / "estate" / "ostiary.yaml"
    estate.write_text(estate.read_text().replace("\nplans:\n", COPY + "\nplans:\n", 1) + issuer)
    contract = tmp_path / "estate" / "apis" / "shipments" / "v1.openapi.yaml"
    contract.write_text(contract.read_text().replace("operationId: bookShipment\n", MIRRORED, 1))
    async with carrier.serve(made.canaries["upstream credential carrier-key"].decode()) as url:
        with family(tmp_path / "logs") as members:
            ports = stack.Ports(choose_port(0), choose_port(0), choose_port(0))
            made.running = await asyncio.to_thread(
                lambda: stack.start(
                    members,
                    tmp_path / "estate",
                    tmp_path / "data",
                    ports,
                    upstream_urls={"carrier": url, "copy": url, "erp": NOBODY, "erp-rpc": NOBODY},
                    upstream_secrets=held,
                )
            )
            made.visitor = Visitor(made.running.catalog_url, made.running.gateway_url, made.running.secrets)
            made.members = members
            yield made
    await runner.cleanup()


def ask_for_tokens(world: World) -> str:
    """A good token; and secrets that are refused, by header and by form."""
    for client_id, secret in world.running.secrets.items():
        world.canaries[f"client secret of {client_id}"] = secret.encode()
    token = world.visitor.token("aurora-shop")
    wrong = base64.b64encode(f"aurora-shop:{world.canary('wrong client secret')}".encode()).decode()
    world.canaries["wrong client secret, encoded"] = wrong.encode()
    form = {"grant_type": "client_credentials"}
    by_form = {**form, "client_id": "aurora-shop", "client_secret": world.canary("wrong client secret in a form")}
    for headers, fields in (({"Authorization": f"Basic {wrong}"}, form), ({}, by_form)):
        answer = fetch(
            world.running.catalog_url + "/oauth/token",
            method="POST",
            headers={"Content-Type": "application/x-www-form-urlencoded", **headers},
            body=urllib.parse.urlencode(fields).encode(),
        )
        assert answer.status == 401
        world.refusals.append(answer.body)
    return token


def ask_people(world: World) -> None:
    """Secrets at the endpoints of which people are part; each is refused."""
    url, client = world.running.catalog_url, {"client_id": "aurora-shop"}
    code = {"grant_type": "authorization_code", "code": world.canary("code"), **client}
    forms: list[tuple[str, dict[str, str]]] = [
        ("/oauth/token", {**code, "code_verifier": world.canary("code verifier")}),
        (
            "/oauth/token",
            {"grant_type": "refresh_token", "refresh_token": world.canary("refresh token"), **client},
        ),
        (
            "/oauth/par",
            {"state": world.canary("pushed state"), "client_secret": world.canary("at the push"), **client},
        ),
        ("/oauth/authorize/decision", {"csrf": world.canary("form token"), "request": world.canary("request")}),
    ]
    for path, form in forms:
        sent = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = fetch(url + path, method="POST", headers=sent, body=urllib.parse.urlencode(form).encode())
        assert 400 <= answer.status < 500, (path, answer.status)
        world.refusals.append(answer.body)
    query = urllib.parse.urlencode({"state": world.canary("state"), "redirect_uri": NOBODY, **client})
    asked = [fetch(f"{url}/oauth/authorize?{query}")]
    for method, path in (("POST", "/oauth/register"), ("GET", "/oauth/register/reg-none")):
        headers = {
            "Authorization": f"Bearer {world.canary(f'token at {path}')}",
            "Content-Type": "application/json",
        }
        body = json.dumps({"client_secret": world.canary(f"metadata at {path}")}).encode()
        asked.append(fetch(url + path, method=method, headers=headers, body=body if method == "POST" else None))
    assert [each.status for each in asked] == [400, 401, 401]
    world.refusals += [each.body for each in asked]


def call(world: World, token: str) -> None:
    """Calls that pass, are refused by each part, and fail behind the gateway."""
    for name, part in zip(("header", "claims", "signature"), token.split("."), strict=True):
        world.canaries[f"token's {name}"] = part.encode()
    good = {"Authorization": f"Bearer {token}", "Cookie": f"session={world.canary('cookie')}"}
    good["X_Secret"] = world.canary("header of the client's own")
    shipments = "/shipments/v1/shipments"
    world.send(200, f"{shipments}?limit=1", X_Request_Id=CONTROL, **good)
    world.send(422, f"{shipments}/{world.canary('path value')}", **good)
    world.send(404, f"/{world.canary('path of no contract')}", **good)
    world.send(422, f"{shipments}?limit={world.canary('query value')}", **good)
    world.send(422, f"{shipments}?{world.canary('name in a query')}=1", **good)
    world.send(400, f"{shipments}?access_token={world.canary('query')}&/%00{world.canary('target')}%zz", **good)
    order = SHIPMENT | {"destination": SHIPMENT["destination"] | {"name": world.canary("value of a good body")}}
    world.send(201, shipments, method="POST", body=json.dumps(order).encode(), **good)
    bad = {**order, "parcels": world.canary("value of a bad body"), world.canary("name in a body"): 1}
    world.send(422, shipments, method="POST", body=json.dumps(bad).encode(), **good)
    broken = b'{"order": "' + world.canary("broken body").encode()
    world.send(400, shipments, method="POST", body=broken, **good)
    forged = (
        base64.urlsafe_b64encode(json.dumps({"sub": world.canary("forged claim")}).encode()).decode().rstrip("=")
    )
    world.canaries["forged claims, encoded"] = forged.encode()
    head, _, signature = token.split(".")
    world.send(401, shipments, Authorization=f"Bearer {head}.{forged}.{signature}")
    opaque = world.canary("opaque token")
    world.send(401, shipments, Authorization=f"Bearer {opaque}")
    asked = "".join(world.introspected)
    assert opaque in asked, "its issuer was asked about it"
    basic = asked.partition("Basic ")[2]
    world.canaries["secret at the issuer, encoded"] = basic.encode()
    assert world.canaries["upstream credential sso-secret"] in base64.b64decode(basic)
    world.send(401, shipments, Authorization=f"Basic {world.canary('other credential')}")
    # Odoo is not there: what is told of the failure is told without its key.
    world.send(502, "/orders/v2/orders?limit=1", **good)


async def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


def counted(world: World) -> int:
    """Calls in the catalog's usage."""
    path = world.running.data / "catalog" / "catalog.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        (found,) = database.execute("SELECT coalesce(sum(calls), 0) FROM usage_days").fetchone()
    return int(found)


def mirrored(world: World) -> int:
    """Answers that were compared."""
    mirrors = json.loads(fetch(world.running.admin_url + "/mirror").body)["mirrors"]
    return sum(sum(each["outcomes"].values()) for each in mirrors)


async def test_no_secret_in_any_sink(world: World) -> None:
    token = await asyncio.to_thread(ask_for_tokens, world)
    await asyncio.to_thread(ask_people, world)
    world.canaries["gateway's token"] = (
        (world.running.data / "catalog" / "keys" / "gateway.token").read_bytes().strip()
    )
    await asyncio.to_thread(call, world, token)
    log = world.directory / "logs" / "access.log"
    await until(lambda: log.read_bytes().count(b"\n") >= world.sent, "the access log is not complete")
    await until(lambda: b"".join(world.spans).count(b"ostiary.request_id") >= world.sent, "spans are missing")
    await until(lambda: counted(world) == ROUTED, "the usage is not complete")
    await until(lambda: mirrored(world) == 1, "nothing was mirrored")
    found = await asyncio.to_thread(world.sinks)
    assert len(world.canaries) > 20
    for name in ("logs/access.log", "spans"):
        assert CONTROL.encode() in found[name], f"{name} is not what it is taken for"
    database = b"".join(text for name, text in found.items() if name.startswith("data/catalog/catalog.db"))
    assert b"aurora-shop" in database, "the catalog's database is not what it is taken for"
    assert b"/destination/country" in database, "what was seen of requests is not in the catalog's database"
    leaks = [
        f"{place} in {sink}"
        for place, canary in world.canaries.items()
        for sink, text in found.items()
        # A refusal tells whoever sent a name that the contract lacks which name that is.
        if canary in text and (sink, place.partition(" ")[0]) != ("refusals", "name")
    ]
    assert leaks == []
