"""Mediated operations as a partner has them: claims of a real token, and conditions within all policies."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xmlrpc.client import dumps

import msgspec
import pytest

from contracts.operations import MediaType, Operation, Parameter, RequestBody, Response
from contracts.snapshot import Snapshot, Upstream, encode_part
from tests.gateway.gateway_world import Gateway, gateway, orders, problem_of, snapshot, token
from tests.gateway.http_harness import SeenRequest
from tests.gateway.odoo_pair import odoo
from tests.gateway.upstreams.odoo.conftest import KEY
from tests.gateway.upstreams.odoo.conftest import orders as backend

ID = Parameter("order_id", "path", "simple", False, {"type": "integer"}, required=True)
ORDER = (MediaType("application/json", {"type": "object", "required": ["id", "number"]}),)
MINE = (["partner_id", "=", {"claim": "partner", "as": "reference-id"}],)


def operation(name: str, method: str, path: str, **changes: Any) -> Operation:
    members = {"scopes": (("orders:read",),), "responses": (Response("200", ORDER),), **changes}
    return Operation(name, method, path, f"/paths/{name}", **members)


@contextlib.asynccontextmanager
async def world(directory: Path, *made: Operation) -> AsyncIterator[Gateway]:
    (directory / "secrets").mkdir()
    (directory / "secrets" / "odoo-key").write_text(KEY)
    async with odoo() as url, gateway(directory) as running:
        plain = snapshot(orders(*made))
        contracts = msgspec.structs.replace(
            plain.contracts, upstreams=(Upstream("erp", "odoo", url, credential="odoo-key"),)
        )
        manifest = msgspec.structs.replace(plain.manifest, serial=2, contracts=encode_part(contracts)[0])
        running.adopt(Snapshot(manifest, contracts, plain.access))
        yield running


async def test_a_token_opens_the_records_of_its_claim(tmp_path: Path) -> None:
    listed = backend("list", domain=MINE)
    async with world(tmp_path, operation("listOrders", "GET", "/orders", backend=listed, responses=())) as running:
        mine = await running.ask("GET", "/orders/v1/orders", bearer=token(partner=13))
        assert {each["customer"]["id"] for each in json.loads(mine.body)["data"]} == {13}
        refused = await running.ask("GET", "/orders/v1/orders")
        assert refused.status == 403
        assert problem_of(refused)["type"] == "urn:ostiary:problem:claim-missing"


async def test_conditions_go_the_whole_way(tmp_path: Path) -> None:
    body = RequestBody(True, (MediaType("application/json", {"type": "object"}),))
    read = operation(
        "getOrder", "GET", "/orders/{order_id}", backend=backend("get", etag="offered"), parameters=(ID,)
    )
    write = operation(
        "changeOrder",
        "PATCH",
        "/orders/{order_id}",
        backend=backend("update", etag="required"),
        parameters=(ID,),
        body=body,
    )
    async with world(tmp_path, read, write) as running:
        place, kind = "/orders/v1/orders/3", {"Content_Type": "application/json"}
        tag = (await running.ask("GET", place)).fields[b"etag"].decode()
        known = await running.ask("GET", place, If_None_Match=tag)
        assert (known.status, known.body, known.fields[b"etag"]) == (304, b"", tag.encode())
        change = b'{"reference": "mine"}'
        assert (await running.ask("PATCH", place, change, **kind)).status == 428
        done = await running.ask("PATCH", place, change, If_Match=tag, **kind)
        assert (done.status, json.loads(done.body)["reference"]) == (200, "mine")
        stale = await running.ask("PATCH", place, b'{"reference": "later"}', If_Match=tag, **kind)
        assert (stale.status, problem_of(stale)["type"]) == (412, "urn:ostiary:problem:precondition-failed")


SENT = {
    "Cookie": "session_id=stolen",
    "X_Odoo_Database": "another",
    "X_Openerp_Session_Id": "stolen",
    "X_Forwarded_Host": "evil.example",
    "X_Forwarded_For": "192.0.2.7",
    "X_Forwarded_Proto": "gopher",
    "Forwarded": "host=evil.example",
    "X_Partner": "told",
}


async def _answer(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    found: Any = 7 if b"authenticate" in request.body else [{"id": 3, "name": "S00003"}]
    xml, rpc = request.line.startswith(b"POST /xmlrpc"), b"/jsonrpc" in request.line
    if xml:
        body, kind = dumps((found,), methodresponse=True).encode(), b"text/xml"
    else:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": found} if rpc else found).encode()
        kind = b"application/json"
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (kind, len(body)) + body)
    return False


@pytest.mark.parametrize("protocol", ["json2", "jsonrpc", "xmlrpc"])
async def test_no_header_field_of_the_partners_goes_to_odoo(tmp_path: Path, protocol: Any) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "odoo-key").write_text(KEY)
    shown = backend("get", fields=backend("get").fields[:2])
    made = operation("getOrder", "GET", "/orders/{order_id}", backend=shown, parameters=(ID,))
    held = token()
    async with gateway(tmp_path, _answer) as running:
        url = f"http://127.0.0.1:{running.upstream.port}"
        erp = Upstream("erp", "odoo", url, credential="odoo-key", protocol=protocol, database="db", login="us")
        plain = snapshot(orders(made))
        contracts = msgspec.structs.replace(plain.contracts, upstreams=(erp,))
        manifest = msgspec.structs.replace(plain.manifest, serial=2, contracts=encode_part(contracts)[0])
        running.adopt(Snapshot(manifest, contracts, plain.access))
        answer = await running.ask("GET", "/orders/v1/orders/3", bearer=held, **SENT)
        assert (answer.status, json.loads(answer.body)) == (200, {"id": 3, "number": "S00003"})
        seen = running.upstream.seen
    assert len(seen) == (1 if protocol == "json2" else 2)
    for request in seen:
        told = (request.head + request.body).lower()
        for value in (*SENT.values(), held):
            assert value.lower().encode() not in told, value
