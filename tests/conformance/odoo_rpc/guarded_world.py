"""A gateway before the Odoo stand-in whose operations speak Odoo's RPC, and calls in each dialect."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xmlrpc.client import Fault, dumps, loads

import msgspec

from catalog.demo.odoo.accounts import ApiKey
from catalog.demo.odoo.database import Settings
from catalog.demo.odoo.server import serve
from contracts.odoo_guard import GuardedModel, OdooGuard
from contracts.operations import ApiKeyUse, MediaType, OdooBackend, Operation, Parameter, RequestBody, Response
from contracts.snapshot import Snapshot, Upstream, encode_part
from tests.gateway.gateway_world import Gateway, gateway, orders, snapshot, token

KEY = "a-key-for-tests-only"
SCOPES = (
    "orders:read",
    "odoo:res.partner:read",
    "odoo:res.partner:write",
    "odoo:res.country:read",
    "odoo:res.partner.category:read",
    "odoo:sale.order:read",
    "odoo:sale.order:write",
    "odoo:sale.order:call:action_confirm",
    "odoo:sale.order.line:write",
)
GUARD = OdooGuard(
    models={
        "res.partner": GuardedModel(
            read=("name", "email", "phone", "city", "color", "country_id", "category_id"),
            write=("name", "email", "phone", "category_id"),
            create=True,
            relations={"country_id": "res.country"},
        ),
        "res.country": GuardedModel(read=("name", "code", "display_name")),
        "res.partner.category": GuardedModel(read=("name",)),
        "sale.order": GuardedModel(
            read=("name", "state", "client_order_ref", "partner_id"),
            write=("client_order_ref", "order_line"),
            call=("action_confirm",),
            relations={"order_line": "sale.order.line", "partner_id": "res.partner"},
            domain=(["partner_id", "=", {"claim": "partner", "as": "reference-id"}],),
        ),
        "sale.order.line": GuardedModel(write=("product_uom_qty",)),
    },
    maximum=50,
    context=("lang", "tz"),
    version="19.0",
)
JSON_ROUTES = ("/orders/v1/jsonrpc", "/orders/v1/json/2")
XML = "/orders/v1/xmlrpc/2/object"
COMMON = "/orders/v1/xmlrpc/2/common"


@dataclass(frozen=True)
class Rpc:
    """A call by names, to be said in any dialect."""

    model: str
    method: str
    named: Mapping[str, Any] = field(default_factory=dict)
    ids: Any = None

    def args(self) -> list[Any]:
        positional = [] if self.ids is None else [self.ids]
        return ["any", 7, "not a password", self.model, self.method, positional, dict(self.named)]


@dataclass(frozen=True)
class Outcome:
    """What a client understands: a result, or an error's name (a fault's code) and message."""

    status: int
    error: Any
    value: Any
    message: str = ""


def _operation(
    dialect: str, path: str, media: str, *names: str, guard: OdooGuard = GUARD, api_key: ApiKeyUse | None = None
) -> Operation:
    parameters = tuple(Parameter(n, "path", "simple", False, {"type": "string"}, required=True) for n in names)
    backend = OdooBackend("erp", "", "rpc", dialect=dialect, guard=guard)  # type: ignore[arg-type]
    return Operation(
        dialect,
        "POST",
        path,
        f"/paths/{dialect}",
        backend,
        scopes=(("orders:read",),),
        parameters=parameters,
        body=RequestBody(True, (MediaType(media),)),
        responses=(Response("200", (MediaType(media),)),),
        max_body=100_000,
        api_key=api_key,
    )


def guarded(url: str, protocol: str = "json2", **options: Any) -> Snapshot:
    """What is in force for the Odoo at a URL; `options` are a `guard` and an `api_key`."""
    made = (
        _operation("jsonrpc", "/jsonrpc", "application/json", **options),
        _operation("xmlrpc-object", "/xmlrpc/2/object", "text/xml", **options),
        _operation("xmlrpc-common", "/xmlrpc/2/common", "text/xml", **options),
        _operation("json2", "/json/2/{model}/{method}", "application/json", "model", "method", **options),
    )
    plain = snapshot(orders(*made), scopes=SCOPES, quota=100_000)
    erp = Upstream(
        "erp",
        "odoo",
        url,
        credential="odoo-key",
        protocol=protocol,  # type: ignore[arg-type]
        database="odoo19",
        login="admin",
    )
    contracts = msgspec.structs.replace(plain.contracts, upstreams=(erp,))
    manifest = msgspec.structs.replace(plain.manifest, serial=2, contracts=encode_part(contracts)[0])
    return Snapshot(manifest, contracts, plain.access)


def give_secret(directory: Path) -> None:
    (directory / "secrets").mkdir()
    (directory / "secrets" / "odoo-key").write_text(KEY)


@contextlib.asynccontextmanager
async def guarding(directory: Path, protocol: str = "json2", **options: Any) -> AsyncIterator[Gateway]:
    give_secret(directory)
    settings = Settings(api_keys=(ApiKey(KEY, "admin"),))
    async with serve(settings) as url, gateway(directory, **options) as running:
        running.adopt(guarded(url, protocol))
        yield running


def bearer(**changes: Any) -> str:
    return token(**{"scope": " ".join(SCOPES), "partner": 13, **changes})


async def say_jsonrpc(world: Gateway, call: Rpc, held: str) -> Outcome:
    params = {"service": "object", "method": "execute_kw", "args": call.args()}
    body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params, "id": 5}).encode()
    return await send_jsonrpc(world, body, held)


async def send_jsonrpc(world: Gateway, body: bytes, held: str) -> Outcome:
    answer = await world.ask("POST", JSON_ROUTES[0], body, bearer=held, Content_Type="application/json")
    document = json.loads(answer.body)
    assert document["jsonrpc"] == "2.0"
    error = document.get("error")
    if error is None:
        return Outcome(answer.status, None, document.get("result"))
    assert error["data"]["debug"] == ""
    return Outcome(answer.status, error["data"]["name"], None, error["data"]["message"])


async def say_xmlrpc(world: Gateway, call: Rpc, held: str) -> Outcome:
    body = dumps(tuple(call.args()), "execute_kw", allow_none=True).encode()
    return await send_xmlrpc(world, body, held)


async def send_xmlrpc(world: Gateway, body: bytes, held: str, path: str = XML) -> Outcome:
    answer = await world.ask("POST", path, body, bearer=held, Content_Type="text/xml")
    try:
        (value,), _ = loads(answer.body.decode())
    except Fault as fault:
        return Outcome(answer.status, fault.faultCode, None, fault.faultString)
    return Outcome(answer.status, None, value)


async def say_json2(world: Gateway, call: Rpc, held: str) -> Outcome:
    document = dict(call.named) if call.ids is None else {**call.named, "ids": call.ids}
    path = f"{JSON_ROUTES[1]}/{quote(call.model)}/{quote(call.method)}"
    answer = await world.ask(
        "POST", path, json.dumps(document).encode(), bearer=held, Content_Type="application/json"
    )
    value = json.loads(answer.body)
    if answer.status >= 400:
        return Outcome(answer.status, value["name"], None, value["message"])
    return Outcome(answer.status, None, value)


DIALECTS = {"jsonrpc": say_jsonrpc, "xmlrpc": say_xmlrpc, "json2": say_json2}
