"""An old version that is served by a new one which Odoo serves: no second mapping, and no second backend."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from contracts.estate.adapting import ADAPTER, adapted
from contracts.operations import MediaType, Operation, Parameter, RequestBody, Response
from contracts.policy_settings import PolicyUse
from contracts.snapshot import FORMAT, AccessPart, ContractsPart, Manifest, Snapshot, Upstream, encode_part
from tests.gateway.gateway_world import AUDIENCE, NOW, Gateway, gateway, orders
from tests.gateway.odoo_pair import odoo
from tests.gateway.upstreams.odoo.conftest import KEY
from tests.gateway.upstreams.odoo.conftest import orders as backend

ANY = (MediaType("application/json", True),)
ID = Parameter("order_id", "path", "simple", False, {"type": "integer"}, required=True)
NUMBER = msgspec.structs.replace(ID, name="number")
"""Of an order, as the old version calls its id."""


def operation(name: str, method: str, path: str, **changes: Any) -> Operation:
    members = {"public": True, "responses": (Response("200", ANY), Response("201", ANY)), **changes}
    return Operation(name, method, path, f"/paths/{name}", **members)


def settings(**config: Any) -> tuple[PolicyUse, ...]:
    return (PolicyUse(ADAPTER, config={"version": "v2", **config}),)


NEW = orders(
    operation(
        "listOrders",
        "GET",
        "/orders",
        backend=backend("list"),
        parameters=(
            Parameter("status", "query", "form", True, {"type": "string"}),
            Parameter("limit", "query", "form", True, {"type": "integer"}),
        ),
    ),
    operation("getOrder", "GET", "/orders/{order_id}", backend=backend("get"), parameters=(ID,)),
    operation(
        "createOrder",
        "POST",
        "/orders",
        backend=backend("create", success_status=201),
        body=RequestBody(True, ANY),
    ),
    version="v2",
    base_path="/orders/v2",
)
OLD = orders(
    operation(
        "sales",
        "GET",
        "/sales",
        backend=backend("list"),
        parameters=(Parameter("phase", "query", "form", True, {"type": "string", "enum": ["firm", "open"]}),),
        policies=settings(
            operation="listOrders",
            request=[
                {"rename": "/query/phase", "to": "status"},
                {"convert": "/query/status", "values": {"firm": "sale", "open": "draft"}},
                {"set": "/query/limit", "value": 2},
            ],
            response=[{"move": "/body/data", "to": "/body"}, {"rename": "/body/*/number", "to": "name"}],
        ),
    ),
    operation(
        "sale",
        "GET",
        "/sales/{number}",
        backend=backend("get"),
        parameters=(NUMBER,),
        policies=settings(
            operation="getOrder",
            request=[{"rename": "/path/number", "to": "order_id"}],
            response=[{"rename": "/body/number", "to": "name"}],
        ),
    ),
    operation(
        "sell",
        "POST",
        "/sales",
        backend=backend("create"),
        body=RequestBody(True, ANY),
        policies=settings(
            operation="createOrder",
            request=[{"move": "/body/ref", "to": "/body/reference"}],
            response=[{"rename": "/body/reference", "to": "ref"}],
            statuses={"201": 200},
        ),
    ),
)


@asynccontextmanager
async def world(directory: Path) -> AsyncIterator[Gateway]:
    (directory / "secrets").mkdir()
    (directory / "secrets" / "odoo-key").write_text(KEY)
    async with odoo("19.0") as url, gateway(directory) as running:
        versions = adapted({"v1": OLD, "v2": NEW})
        erp = Upstream("erp", "odoo", url, credential="odoo-key")
        contracts = ContractsPart(AUDIENCE, (erp,), (), tuple(versions.values()))
        access = AccessPart((), ())
        manifest = Manifest(FORMAT, 2, NOW, encode_part(contracts)[0], encode_part(access)[0])
        running.adopt(Snapshot(manifest, contracts, access))
        yield running


async def asked(running: Gateway, method: str, path: str, body: bytes = b"") -> tuple[int, Any, bytes]:
    kind = {"Content_Type": "application/json"} if body else {}
    answer = await running.ask(method, path, body, bearer=None, **kind)
    return answer.status, json.loads(answer.body), answer.fields.get(b"location", b"")


async def test_both_versions_are_one_mapping_to_odoo(tmp_path: Path) -> None:
    async with world(tmp_path) as running:
        status, new, _ = await asked(running, "GET", "/orders/v2/orders?status=sale&limit=2")
        assert status == 200
        status, old, _ = await asked(running, "GET", "/orders/v1/sales?phase=firm")
        assert status == 200
        assert len(old) == 2
        assert [each["name"] for each in old] == [each["number"] for each in new["data"]]
        status, one, _ = await asked(running, "GET", f"/orders/v1/sales/{old[0]['id']}")
        assert (status, one["name"], "number" in one) == (200, old[0]["name"], False)
        status, refusal, _ = await asked(running, "GET", "/orders/v1/sales/999999")
        assert (status, refusal["type"]) == (404, "urn:ostiary:problem:record-not-found")


async def test_a_write_by_the_old_version_is_one_of_the_new(tmp_path: Path) -> None:
    async with world(tmp_path) as running:
        _, (first, *_), _ = await asked(running, "GET", "/orders/v1/sales?phase=firm")
        body = json.dumps({"customer": {"id": first["customer"]["id"]}, "ref": "from v1"}).encode()
        status, made, location = await asked(running, "POST", "/orders/v1/sales", body)
        assert (status, made["ref"]) == (200, "from v1")
        assert location == f"/orders/v1/sales/{made['id']}".encode()
        status, same, _ = await asked(running, "GET", f"/orders/v2/orders/{made['id']}")
        assert (status, same["reference"]) == (200, "from v1")
        assert (await asked(running, "GET", location.decode()))[1]["name"] == same["number"]
