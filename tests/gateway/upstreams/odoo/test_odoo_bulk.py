"""Many records in one request: all of them are created, or none."""

import json

import pytest

from contracts.problems import Problem
from tests.gateway.upstreams.odoo.test_odoo_claims import BY_PARTNER, token


async def count(odoo, mapping):
    return (await odoo.ok(mapping("list"), query={"limit": 1}))["total"]


async def test_records_are_answered_in_the_order_of_the_request(odoo, mapping):
    body = [{"customer": {"id": 9}, "reference": name, "lines": [{"product": 8}]} for name in ("B", "A", "C")]
    answer = await odoo.call(mapping("create", bulk=True, success_status=201), body=body)
    assert answer.status == 201
    made = json.loads(answer.body)
    assert [order["reference"] for order in made] == ["B", "A", "C"]
    assert [len(order["lines"]) for order in made] == [1, 1, 1]
    assert b"location" not in dict(answer.headers)
    assert await count(odoo, mapping) == 27


async def test_one_that_odoo_refuses_keeps_all_from_being_created(odoo, mapping):
    body = [{"customer": {"id": 9}, "reference": "A"}, {"customer": {"id": 99999}, "reference": "B"}]
    refused = await odoo.call(mapping("create", bulk=True), body=body)
    assert isinstance(refused, Problem)
    assert refused.type.id == "business-rule"
    assert await count(odoo, mapping) == 24


async def test_what_cannot_be_written_is_told_by_its_place(odoo, mapping):
    body = [{"customer": {"id": 9}}, {"customer": {"name": "x"}}, {"reference": "\x00"}]
    refused = await odoo.call(mapping("create", bulk=True), body=body)
    assert isinstance(refused, Problem)
    assert [each["pointer"] for each in refused.extensions["violations"]] == ["/1/customer", "/2/reference"]
    assert await count(odoo, mapping) == 24


async def test_each_of_them_is_the_callers(odoo, mapping):
    body = [{"customer": {"id": 9}}, {"reference": "x"}]
    made = await odoo.ok(mapping("create", bulk=True, domain=BY_PARTNER), body=body, principal=token(partner=13))
    assert [order["customer"]["id"] for order in made] == [13, 13]


async def test_no_records_are_no_call(odoo, mapping):
    assert await odoo.ok(mapping("create", bulk=True), body=[]) == []


@pytest.mark.parametrize("bulk", [True, False])
async def test_one_object_where_the_contract_has_one_is_one_record(odoo, mapping, bulk):
    refused = await odoo.call(mapping("create", bulk=bulk), body="x")
    assert isinstance(refused, Problem)
    assert refused.type.id == "schema-violation"
