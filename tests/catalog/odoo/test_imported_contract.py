"""A contract that was imported runs at once: the gateway's adapter carries it out as it is."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from typer.testing import CliRunner

from catalog.cli.main import build
from contracts.estate.estate import contracts_part, load_estate
from contracts.operations import ApiVersion, OdooBackend, Operation
from contracts.snapshot import Upstream
from gateway.upstreams.odoo.adapter import OdooAdapter
from gateway.upstreams.odoo.answer import Answer
from policies.exchange import Exchange
from policies.response_schema import ResponseCheck
from policies.validation.media_types import content_of
from policies.validation.validators import validators_of
from tests.catalog.odoo.standing_in import KEY, odoo
from tests.support.estates import write_estate

FIELDS = (
    "name,state,date_order,partner_id,client_order_ref,amount_total,"
    "order_line.product_id,order_line.name,order_line.product_uom_qty,order_line.price_unit"
)
LINE = {"product_id": 15, "product_uom_qty": 2, "price_unit": 10.25}
CALLS: tuple[tuple[str, dict[str, Any], Any], ...] = (
    ("listOrders", {}, None),
    (
        "listOrders",
        {"query": {"state": ["sale"], "date_order": {"from": "2026-01-01T00:00:00Z"}, "limit": 2}},
        None,
    ),
    ("listOrders", {"query": {"partner_id": 9, "sort": "-name"}}, None),
    ("createOrder", {}, {"partner_id": 9, "client_order_ref": "WEB-7", "order_lines": [LINE]}),
    ("createOrders", {}, [{"partner_id": 9}, {"partner_id": 13}]),
    ("getOrder", {"path": {"order_id": 3}}, None),
    ("updateOrder", {"path": {"order_id": 2}}, {"client_order_ref": None}),
    ("confirmOrder", {"path": {"order_id": 2}}, None),
    ("deleteOrder", {"path": {"order_id": 5}}, None),
)


@pytest.mark.parametrize("version", ["17.0", "19.0"])
def test_an_imported_contract_is_carried_out(tmp_path: Path, version: str) -> None:
    root = write_estate(tmp_path)
    with odoo(version) as url:
        wish = ["odoo", "import", "sale.order", "--fields", FIELDS, "--estate", str(root)]
        where = ["--url", url, "--db", "odoo19", "--user", "admin", "--contact", "books@example.com"]
        offers = ["--paging", "both", "--bulk", "5", "--merge"]
        ops = [*offers, "--ops", "list,get,create,update,delete,action_confirm"]
        ended = CliRunner().invoke(build(), [*wish, *where, *ops], env={"OSTIARY_ODOO_KEY": KEY})
        assert ended.exit_code == 0, ended.output
        estate, findings = load_estate(root)
        assert estate is not None, findings
        part = contracts_part(estate)
        made = next(each for each in part.versions if each.api == "orders")
        upstream = next(each for each in part.upstreams if each.name == "odoo")
        told = asyncio.run(_carried_out(made, upstream))
    assert told["listOrders"]["total"] >= 1
    assert told["createOrder"]["order_lines"][0]["product"]["id"] == 15
    assert told["createOrder"]["amount_total"] > 0
    assert told["listOrders"]["next"] is None  # of the last call, whose page is the last
    assert [each["partner"]["id"] for each in told["createOrders"]] == [9, 13]
    assert told["updateOrder"]["client_order_ref"] is None
    assert told["confirmOrder"]["state"] == "sale"


async def _carried_out(version: ApiVersion, upstream: Upstream) -> dict[str, Any]:
    operations = {each.id: each for each in version.operations}
    assert set(operations) == {name for name, _, _ in CALLS}
    told: dict[str, Any] = {}
    async with aiohttp.ClientSession() as session:
        adapter = OdooAdapter(upstream, session, KEY)
        for name, parameters, body in CALLS:
            operation = operations[name]
            assert isinstance(operation.backend, OdooBackend)
            answer = await adapter.call(_exchange(version, operation, parameters, body), operation.backend)
            assert isinstance(answer, Answer), (name, answer)
            check = ResponseCheck(operation, validators_of(version))
            assert check.check(answer.status, list(answer.headers), answer.body) == (), name
            told[name] = json.loads(answer.body) if answer.body else None
    return told


def _exchange(version: ApiVersion, operation: Operation, parameters: dict[str, Any], body: Any) -> Exchange:
    exchange = Exchange(operation.method, b"/", [], {}, "127.0.0.1")
    exchange.version, exchange.operation = version, operation
    exchange.path = version.base_path + operation.path
    exchange.parameters = {"path": {}, "query": {}, **parameters}
    exchange.body_value = body
    if body is not None:
        assert operation.body is not None
        entry = content_of(operation.body.content, validators_of(version)).find(b"application/json")
        assert entry is not None
        assert entry.check is not None
        assert entry.check.is_valid(body)
    return exchange
