"""Mediated operations as a partner has them: claims of a real token, and conditions within all policies."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec

from contracts.operations import MediaType, Operation, Parameter, RequestBody, Response
from contracts.snapshot import Snapshot, Upstream, encode_part
from tests.gateway.gateway_world import Gateway, gateway, orders, problem_of, snapshot, token
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
