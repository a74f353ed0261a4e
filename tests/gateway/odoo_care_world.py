"""A gateway before an Odoo stand-in that counts: how many calls it has at once, which, and of what record."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from catalog.demo.odoo.accounts import ApiKey
from catalog.demo.odoo.database import Settings
from catalog.demo.odoo.server import build_app
from contracts.odoo_care import OdooCare
from contracts.operations import MediaType, Operation, Parameter, RequestBody
from contracts.snapshot import Snapshot, Upstream, encode_part
from gateway.upstreams.resilience.odoo_service import OdooService
from tests.gateway.gateway_world import Gateway, gateway, orders, snapshot
from tests.gateway.upstreams.odoo.conftest import KEY
from tests.gateway.upstreams.odoo.conftest import orders as backend

ID = Parameter("order_id", "path", "simple", False, {"type": "integer"}, required=True)
LIMIT = Parameter("limit", "query", "form", True, {"type": "integer"})
KIND = {"Content_Type": "application/json"}
BODY = RequestBody(True, (MediaType("application/json", {"type": "object"}),))


def _method(path: str, body: bytes) -> str:
    """Which one of a model's is called, in whatever dialect; that of a service for another call."""
    if path.startswith("/json/2/"):
        return path.rpartition("/")[2]
    params = json.loads(body)["params"]
    return str(params["args"][4] if params["method"] == "execute_kw" else params["method"])


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class Counted:
    """What the stand-in saw. Each call takes `turns` turns of the event loop and waits until none is `held`;
    `refuse` answers in its place, if it has an answer to a method. `called` are all of these."""

    turns: int = 20
    held: asyncio.Event = field(default_factory=_set)
    running: int = 0
    most: int = 0
    paths: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    refuse: Callable[[str], web.Response | None] = lambda method: None
    called: list[str] = field(default_factory=list)
    health: str = '{"status": "pass"}'
    checks: int = 0

    @web.middleware
    async def watch(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith("/web/"):
            self.checks += 1
            return web.Response(text=self.health)
        self.paths.append(request.path)
        self.hosts.append(request.headers["host"])
        self.called.append(_method(request.path, await request.read()))
        refusal = self.refuse(self.called[-1])
        if refusal is not None:
            return refusal
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            for _ in range(self.turns):
                await asyncio.sleep(0)
            await self.held.wait()
            return await handler(request)
        finally:
            self.running -= 1


async def until(true: Callable[[], bool]) -> None:
    """Returns once it is so."""
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.001)


def service_of(running: Gateway) -> OdooService:
    assert running.pipeline.runtime is not None
    service = running.pipeline.runtime.upstreams["erp"][1]
    assert isinstance(service, OdooService)
    return service


@contextlib.asynccontextmanager
async def counting(seen: Counted, version: str = "19.0") -> AsyncIterator[str]:
    """The stand-in's URL."""
    app = build_app(Settings(version=version, api_keys=(ApiKey(KEY, "admin"),)))

    @web.middleware
    async def watch(request: web.Request, handler: Any) -> web.StreamResponse:
        return await seen.watch(request, handler)

    app.middlewares.append(watch)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def operations(**changes: Any) -> tuple[Operation, ...]:
    """Public ones: list, get, update and create orders."""
    made = {
        "listOrders": ("GET", "/orders", backend("list", total_property=None, **changes), (LIMIT,)),
        "getOrder": ("GET", "/orders/{order_id}", backend("get", **changes), (ID,)),
        "amendOrder": ("PATCH", "/orders/{order_id}", backend("update", **changes), (ID,)),
        "placeOrder": ("POST", "/orders", backend("create", success_status=201, **changes), ()),
    }
    return tuple(
        Operation(
            name,
            method,
            path,
            f"/paths/{name}",
            mapping,
            public=True,
            parameters=parameters,
            body=BODY if method in ("PATCH", "POST") else None,
        )
        for name, (method, path, mapping, parameters) in made.items()
    )


def caring(
    url: str,
    *made: Operation,
    care: OdooCare | None = None,
    scopes: tuple[str, ...] = ("orders:read",),
    **changes: Any,
) -> Snapshot:
    """What is in force for the Odoo at a URL; `scopes` are granted, `changes` are of the upstream."""
    plain = snapshot(orders(*(made or operations())), scopes=scopes)
    members = {"credential": "odoo-key", "database": "odoo19", "login": "admin", **changes}
    erp = Upstream("erp", "odoo", url, care=care or OdooCare(), **members)
    contracts = msgspec.structs.replace(plain.contracts, upstreams=(erp,))
    manifest = msgspec.structs.replace(plain.manifest, serial=2, contracts=encode_part(contracts)[0])
    return Snapshot(manifest, contracts, plain.access)


def give_secret(directory: Path) -> Path:
    (directory / "secrets").mkdir()
    (directory / "secrets" / "odoo-key").write_text(KEY)
    return directory


@contextlib.asynccontextmanager
async def world(
    directory: Path, seen: Counted, *made: Operation, care: OdooCare | None = None, **changes: Any
) -> AsyncIterator[Gateway]:
    async with counting(seen) as url, gateway(give_secret(directory)) as running:
        running.adopt(caring(url, *made, care=care, **changes))
        yield running
