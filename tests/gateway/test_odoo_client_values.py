"""What Odoo refuses is the client's mistake only where the contract proves it; else it is the mapping's."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.operations import MediaType, OdooField, Operation, RequestBody
from tests.gateway.gateway_world import Gateway, problem_of
from tests.gateway.odoo_care_world import ID, KIND, Counted, world
from tests.gateway.telemetry.test_gateway_metrics import scrape
from tests.gateway.upstreams.odoo.conftest import orders as backend

pytestmark = pytest.mark.parametrize("protocol", ["json2", "jsonrpc"])

TEXT = {"type": "string"}
FIELDS = (
    OdooField("id", "id", "integer", writable=False),
    OdooField("status", "state", "text"),
    OdooField("reference", "client_order_ref", "text"),
    OdooField("customer", "partner_id", "reference-id"),
)
PLACE, ORDERS = "/orders/v1/orders/3", "/orders/v1/orders"


def writing(*fields: OdooField, status: dict[str, Any] = TEXT, model: str = "sale.order") -> tuple[Operation, ...]:
    """Public ones that change and create orders."""
    properties = {"status": status, "reference": TEXT, "customer": {"type": "integer"}}
    body = RequestBody(True, (MediaType("application/json", {"type": "object", "properties": properties}),))
    mapping = backend("update", fields=fields or FIELDS, model=model)
    made = msgspec.structs.replace(mapping, action="create", success_status=201)
    given: dict[str, Any] = {"public": True, "body": body}
    return (
        Operation("amend", "PATCH", "/orders/{order_id}", "/a", mapping, parameters=(ID,), **given),
        Operation("place", "POST", "/orders", "/b", made, **given),
    )


async def mismatches(running: Gateway) -> dict[tuple[str, str], float]:
    """By operation and part."""
    return {
        (dict(labels)["operation"], dict(labels)["part"]): count
        for (name, labels), count in (await scrape(running)).items()
        if name == "ostiary_odoo_mismatches_total"
    }


async def test_a_value_that_is_none_of_odoos_is_the_clients_where_the_contract_admits_any(
    tmp_path: Path, protocol: str
) -> None:
    async with world(tmp_path, Counted(), *writing(), protocol=protocol) as running:
        answer = await running.ask("PATCH", PLACE, b'{"status": "nonsense"}', **KIND)
        assert answer.status == 422
        told = problem_of(answer)
        assert told["type"] == "urn:ostiary:problem:schema-violation"
        (violation,) = told["violations"]
        assert (violation["in"], violation["pointer"]) == ("body", "/status")
        assert b"nonsense" not in answer.body
        assert await mismatches(running) == {}


async def test_one_that_the_contract_enumerates_is_the_contracts(tmp_path: Path, protocol: str) -> None:
    status = {"type": "string", "enum": ["draft", "gone"]}
    async with world(tmp_path, Counted(), *writing(status=status), protocol=protocol) as running:
        answer = await running.ask("PATCH", PLACE, b'{"status": "gone"}', **KIND)
        assert (answer.status, problem_of(answer)["type"]) == (502, "urn:ostiary:problem:mediation-failed")
        assert await mismatches(running) == {("amend", "value"): 1}


async def test_a_reference_to_nothing_is_the_clients(tmp_path: Path, protocol: str) -> None:
    async with world(tmp_path, Counted(), *writing(), protocol=protocol) as running:
        for method, place in (("POST", ORDERS), ("PATCH", PLACE)):
            answer = await running.ask(method, place, b'{"customer": 99999}', **KIND)
            told = problem_of(answer)
            assert (answer.status, told["type"]) == (422, "urn:ostiary:problem:business-rule")
            assert told["detail"] == "A record that the request refers to does not exist."
        assert await mismatches(running) == {}


@pytest.mark.parametrize(
    ("fields", "model", "part"),
    [
        ((*FIELDS[:1], OdooField("reference", "x_gone", "text")), "sale.order", "field"),
        (FIELDS, "sale.gone", "model"),
    ],
    ids=["field", "model"],
)
async def test_what_odoo_does_not_have_is_the_mappings(
    tmp_path: Path, protocol: str, fields: tuple[OdooField, ...], model: str, part: str
) -> None:
    made = writing(*fields, model=model)
    async with world(tmp_path, Counted(), *made, protocol=protocol) as running:
        answer = await running.ask("POST", ORDERS, b'{"reference": "x"}', **KIND)
        assert (answer.status, problem_of(answer)["type"]) == (502, "urn:ostiary:problem:mediation-failed")
        assert b"gone" not in answer.body
        assert await mismatches(running) == {("place", part): 1}


async def test_a_record_of_the_path_that_is_not_there_is_the_clients(tmp_path: Path, protocol: str) -> None:
    async with world(tmp_path, Counted(), *writing(), protocol=protocol) as running:
        answer = await running.ask("PATCH", f"{ORDERS}/99999", b'{"reference": "x"}', **KIND)
        assert (answer.status, problem_of(answer)["type"]) == (404, "urn:ostiary:problem:record-not-found")
