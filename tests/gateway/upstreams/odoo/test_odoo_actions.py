"""The actions, over both dialects, against the stand-in."""

import msgspec
import pytest

from contracts.operations import OdooField
from contracts.problems import Problem
from gateway.upstreams.odoo.answer import Answer


async def test_a_list_has_the_contracts_fields_and_no_others(odoo, mapping):
    document = await odoo.ok(mapping("list"))
    assert set(document) == {"data", "total"}
    assert len(document["data"]) == 5
    first = document["data"][0]
    assert set(first) == {entry.name for entry in mapping("list").fields}
    assert first["customer"] == {"id": first["customer"]["id"], "name": first["customer_name"]}
    assert first["ordered_at"].endswith("Z")
    assert "T" in first["ordered_at"]
    assert first["deliver_at"] is None
    assert [line["id"] for line in first["lines"]] == first["line_ids"]
    assert all(set(line) == {"id", "product", "quantity", "amount"} for line in first["lines"])


async def test_the_total_counts_all_matches_and_the_pages_cover_them_once(odoo, mapping):
    seen = []
    total = None
    while total is None or len(seen) < total:
        page = await odoo.ok(mapping("list"), query={"limit": 7, "offset": len(seen)})
        total = page["total"]
        assert page["data"], "the pages end before the total"
        seen += [order["id"] for order in page["data"]]
    assert total == 24
    assert len(set(seen)) == len(seen) == total


async def test_a_limit_of_nothing_gives_nothing_and_not_everything(odoo, mapping):
    page = await odoo.ok(mapping("list"), query={"limit": 0})
    assert page == {"data": [], "total": 24}


async def test_a_page_beyond_the_end_still_knows_the_total(odoo, mapping):
    page = await odoo.ok(mapping("list"), query={"offset": 100})
    assert page == {"data": [], "total": 24}


async def test_a_list_may_be_a_bare_array(odoo, mapping):
    rows = await odoo.ok(mapping("list", item_property=None, total_property=None), query={"limit": 2})
    assert isinstance(rows, list)
    assert len(rows) == 2


async def test_filters_become_conditions(odoo, mapping):
    every = (await odoo.ok(mapping("list"), query={"limit": 20}))["data"]
    every += (await odoo.ok(mapping("list"), query={"limit": 20, "offset": 20}))["data"]

    async def ids(query):
        page = await odoo.ok(mapping("list"), query={"limit": 20, **query})
        return {order["id"] for order in page["data"]}

    assert await ids({"status": "cancel"}) == {o["id"] for o in every if o["status"] == "cancel"}
    assert await ids({"statuses": ["sent", "draft"]}) == {
        o["id"] for o in every if o["status"] in ("sent", "draft")
    }
    customer = every[0]["customer"]["id"]
    assert await ids({"customer": customer}) == {o["id"] for o in every if o["customer"]["id"] == customer}
    moment = every[10]["ordered_at"]
    late = {o["id"] for o in every if o["ordered_at"] >= moment}
    assert await ids({"ordered": {"from": moment}}) == late
    assert await ids({"ordered": {"from": moment, "to": moment}}) == set()


async def test_an_offset_of_a_filter_is_converted(odoo, mapping):
    first = (await odoo.ok(mapping("list"), query={"sort": "ordered_at", "limit": 1}))["data"][0]
    in_utc = first["ordered_at"]
    assert in_utc == "2026-10-01T09:37:00Z"
    query = {"ordered": {"from": "2026-10-01T11:37:00+02:00", "to": "2026-10-01T11:37:01+02:00"}}
    page = await odoo.ok(mapping("list"), query=query)
    assert [order["id"] for order in page["data"]] == [first["id"]]


async def test_sorting_follows_the_allow_list(odoo, mapping):
    up = await odoo.ok(mapping("list"), query={"sort": "number"})
    down = await odoo.ok(mapping("list"), query={"sort": ["-number"]})
    assert [order["number"] for order in up["data"]] == [f"S{n:05}" for n in (1, 2, 3, 4, 5)]
    assert [order["number"] for order in down["data"]] == [f"S{n:05}" for n in (24, 23, 22, 21, 20)]
    refused = await odoo.call(mapping("list"), query={"sort": "amount_total"})
    assert isinstance(refused, Problem)
    assert refused.type.id == "schema-violation"
    assert refused.extensions["violations"][0]["pointer"] == "/sort"


@pytest.mark.parametrize("query", [{"limit": 21}, {"limit": -1}, {"offset": -1}])
async def test_a_page_that_the_mapping_does_not_allow_is_refused(odoo, mapping, query):
    refused = await odoo.call(mapping("list"), query=query)
    assert isinstance(refused, Problem)
    assert refused.status == 422
    assert refused.extensions["violations"][0]["in"] == "query"


async def test_get_finds_one(odoo, mapping):
    order = await odoo.ok(mapping("get"), path={"order_id": 3})
    assert order["id"] == 3
    assert order["number"] == "S00003"
    assert order == await odoo.ok(mapping("get"), path={"order_id": "3"})


@pytest.mark.parametrize("key", [99999, 0, -3, 2**31, 10**30, "x", "03", "3 ", "³", None, True])
@pytest.mark.parametrize("action", ["get", "update", "delete", "call"])
async def test_an_id_that_no_record_has_is_not_found(odoo, mapping, action, key):
    refused = await odoo.call(mapping(action, method="action_confirm"), path={"order_id": key}, body={})
    assert isinstance(refused, Problem)
    assert refused.type.id == "record-not-found"


@pytest.mark.parametrize(
    ("action", "body"), [("get", None), ("update", {"reference": "X"}), ("delete", None), ("call", None)]
)
async def test_a_record_outside_of_the_forced_domain_is_not_there(odoo, mapping, action, body):
    outside = mapping(action, domain=(["state", "=", "cancel"],), method="action_confirm")
    refused = await odoo.call(outside, path={"order_id": 3}, body=body)
    assert isinstance(refused, Problem)
    assert refused.type.id == "record-not-found"
    assert (await odoo.ok(mapping("get"), path={"order_id": 3}))["reference"] == "PO-7003"


async def test_filters_stay_within_the_forced_domain(odoo, mapping):
    forced = mapping("list", domain=("|", ["state", "=", "cancel"], ["state", "=", "sent"]))
    every = await odoo.ok(forced, query={"limit": 20})
    assert {order["status"] for order in every["data"]} == {"cancel", "sent"}
    none = await odoo.ok(forced, query={"status": "sale", "limit": 20})
    assert none == {"data": [], "total": 0}


async def test_a_forced_domain_that_would_swallow_a_filter_is_refused(odoo, mapping):
    refused = await odoo.call(mapping("list", domain=("|", ["state", "=", "cancel"])), query={"status": "sale"})
    assert isinstance(refused, Problem)
    assert refused.type.id == "mediation-failed"


async def test_create_answers_the_record_and_where_it_is(odoo, mapping):
    answer = await odoo.call(
        mapping("create", success_status=201),
        body={
            "customer": {"id": 9, "name": "ignored"},
            "reference": "WEB-1",
            "ordered_at": "2026-11-22T10:00:00.25+02:00",
            "valid_until": "2026-12-31",
            "status": "sale",
            "lines": [{"id": 7, "product": 15, "quantity": 2}, {"product": 8, "quantity": 0.5}],
        },
    )
    assert isinstance(answer, Answer)
    assert answer.status == 201
    order = msgspec.json.decode(answer.body)
    assert dict(answer.headers)[b"location"] == f"/orders/v2/orders/{order['id']}".encode()
    assert order["customer"] == {"id": 9, "name": "Acme Corporation"}
    assert order["reference"] == "WEB-1"
    assert order["ordered_at"] == "2026-11-22T08:00:00Z"
    assert order["valid_until"] == "2026-12-31"
    assert order["status"] == "draft", "a read-only property was written"
    assert [(line["product"], line["quantity"]) for line in order["lines"]] == [(15, 2.0), (8, 0.5)]
    assert order["total"] == 1512.5
    assert order == await odoo.ok(mapping("get"), path={"order_id": order["id"]})


async def test_a_created_record_outside_of_the_forced_domain_is_not_shown_nor_denied(odoo, mapping):
    hidden = mapping("create", domain=(["state", "=", "cancel"],), success_status=201)
    answer = await odoo.call(hidden, body={"customer": {"id": 9}, "reference": "HIDDEN"})
    assert isinstance(answer, Problem)
    assert answer.type.id == "outcome-unknown"
    assert "created" in answer.detail
    assert (await odoo.ok(mapping("list"), query={"limit": 1}))["total"] == 25


async def test_values_that_odoo_cannot_take_are_all_named_and_nothing_is_written(odoo, mapping):
    refused = await odoo.call(
        mapping("create"),
        body={
            "customer": {"name": "no id"},
            "ordered_at": "0001-01-01T00:00:00+14:00",
            "lines": [{"product": 2**40}, {"product": 15, "quantity": "two"}],
        },
    )
    assert isinstance(refused, Problem)
    assert refused.type.id == "schema-violation"
    assert [violation["pointer"] for violation in refused.extensions["violations"]] == [
        "/customer",
        "/ordered_at",
        "/lines/0/product",
        "/lines/1/quantity",
    ]
    assert (await odoo.ok(mapping("list"), query={"limit": 1}))["total"] == 24


async def test_update_changes_what_is_given_and_nothing_else(odoo, mapping):
    before = await odoo.ok(mapping("get"), path={"order_id": 2})
    after = await odoo.ok(mapping("update"), path={"order_id": 2}, body={"reference": "NEW", "number": "X"})
    assert after == {**before, "reference": "NEW"}
    cleared = await odoo.ok(mapping("update"), path={"order_id": 2}, body={"reference": None})
    assert cleared == {**before, "reference": None}


async def test_update_makes_the_list_what_it_is_given(odoo, mapping):
    before = await odoo.ok(mapping("get"), path={"order_id": 2})
    kept, dropped = before["lines"][0]["id"], before["lines"][1]["id"]
    lines = [{"id": kept, "quantity": 9}, {"product": 15, "quantity": 3}]
    after = await odoo.ok(mapping("update"), path={"order_id": 2}, body={"lines": lines})
    assert {(line["id"] == kept, line["quantity"]) for line in after["lines"]} == {(True, 9.0), (False, 3.0)}
    assert dropped not in [line["id"] for line in after["lines"]]
    kept_line = next(line for line in after["lines"] if line["id"] == kept)
    assert kept_line["product"] == before["lines"][0]["product"]
    emptied = await odoo.ok(mapping("update"), path={"order_id": 2}, body={"lines": []})
    assert emptied["lines"] == []


async def test_update_cannot_reach_into_the_list_of_another_record(odoo, mapping):
    other = await odoo.ok(mapping("get"), path={"order_id": 3})
    lines = [{"id": other["lines"][0]["id"], "quantity": 99}]
    refused = await odoo.call(mapping("update"), path={"order_id": 2}, body={"lines": lines})
    assert isinstance(refused, Problem)
    assert refused.extensions["violations"][0]["pointer"] == "/lines/0/id"
    assert other == await odoo.ok(mapping("get"), path={"order_id": 3})


async def test_delete_then_it_is_gone(odoo, mapping):
    made = await odoo.ok(mapping("create"), body={"customer": {"id": 9}})
    delete = mapping("delete", success_status=204)
    answer = await odoo.call(delete, path={"order_id": made["id"]})
    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers, answer.body) == (204, (), b"")
    again = await odoo.call(delete, path={"order_id": made["id"]})
    assert isinstance(again, Problem)
    assert again.type.id == "record-not-found"


async def test_a_business_action_and_the_rule_that_refuses_it(odoo, mapping):
    made = await odoo.ok(
        mapping("create"), body={"customer": {"id": 9}, "lines": [{"product": 15, "quantity": 1}]}
    )
    confirm = mapping("call", method="action_confirm")
    confirmed = await odoo.ok(confirm, path={"order_id": made["id"]})
    assert confirmed["status"] == "sale"
    refused = await odoo.call(confirm, path={"order_id": made["id"]})
    assert isinstance(refused, Problem)
    assert refused.type.id == "business-rule"
    assert refused.detail == "Some orders are not in a state requiring confirmation."


async def test_a_rule_refuses_deletion(odoo, mapping):
    refused = await odoo.call(mapping("delete"), path={"order_id": 1})
    assert isinstance(refused, Problem)
    assert refused.type.id == "business-rule"
    assert "cancel it" in refused.detail


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "does.not.exist"},
        {"fields": (OdooField("x", "no_such_field", "text"),)},
        {"domain": (["no_such_field", "=", 1],)},
        {"order": "no_such_field"},
    ],
)
async def test_a_mapping_to_what_is_not_there_is_the_contracts_fault(odoo, mapping, changes):
    refused = await odoo.call(mapping("list", **changes))
    assert isinstance(refused, Problem)
    assert refused.type.id == "mediation-failed"
    assert "no_such_field" not in refused.detail
    assert "does.not.exist" not in refused.detail


async def test_a_method_that_is_not_there_is_the_contracts_fault(odoo, mapping):
    refused = await odoo.call(mapping("call", method="no_such_method"), path={"order_id": 3})
    assert isinstance(refused, Problem)
    assert refused.type.id == "mediation-failed"


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("reference", "partner_id", "text"),
        ("total", "name", "number"),
        ("placed", "name", "datetime"),
        ("placed", "date_order", "date"),
        ("locked", "name", "boolean"),
        ("customer", "name", "reference"),
        ("lines", "name", "ids"),
    ],
)
async def test_a_value_of_another_shape_is_never_passed_on(odoo, mapping, name, field, value):
    refused = await odoo.call(mapping("get", fields=(OdooField(name, field, value),)), path={"order_id": 3})
    assert isinstance(refused, Problem)
    assert refused.type.id == "mediation-failed"
    assert f"`{name}`" in refused.detail
    assert "S00003" not in refused.detail


async def test_without_declared_fields_nothing_is_told(odoo, mapping):
    assert await odoo.ok(mapping("get", fields=()), path={"order_id": 3}) == {}


async def test_the_context_is_the_contracts(odoo, mapping):
    refused = await odoo.call(mapping("get", context={"lang": "xx_XX"}), path={"order_id": 3})
    assert isinstance(refused, Problem)
    assert refused.type.id == "business-rule"
