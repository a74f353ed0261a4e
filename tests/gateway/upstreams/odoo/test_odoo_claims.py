"""Domains forced by the claims of a token: no request, and no odd token, reaches the records of others."""

import pytest

from contracts.problems import Problem
from gateway.upstreams.odoo.claims import MissingClaimError, bound
from policies.exchange import Principal

BY_PARTNER = (["partner_id", "=", {"claim": "partner", "as": "reference-id"}],)


def token(**claims):
    return Principal("https://issuer", "shop", "shop", "acme", frozenset(), 2e9, "t", claims)


async def own(odoo, mapping):
    """The id of a partner with orders, and the ids of these and of all others."""
    orders = []
    for offset in (0, 20):
        orders += (await odoo.ok(mapping("list"), query={"limit": 20, "offset": offset}))["data"]
    partner = orders[0]["customer"]["id"]
    mine = {order["id"] for order in orders if order["customer"]["id"] == partner}
    return partner, mine, {order["id"] for order in orders} - mine


async def test_a_list_has_the_callers_records_alone(odoo, mapping):
    partner, mine, others = await own(odoo, mapping)
    by_claim = mapping("list", domain=BY_PARTNER)
    page = await odoo.ok(by_claim, query={"limit": 20}, principal=token(partner=partner))
    assert {order["id"] for order in page["data"]} == mine
    assert page["total"] == len(mine)
    assert others
    other = await odoo.ok(by_claim, query={"customer": partner}, principal=token(partner=partner + 1))
    assert not {order["id"] for order in other["data"]} & mine


@pytest.mark.parametrize("action", ["get", "update", "delete", "call"])
async def test_the_record_of_another_is_not_there(odoo, mapping, action):
    partner, mine, others = await own(odoo, mapping)
    one = mapping(action, domain=BY_PARTNER, method="action_confirm", fields=mapping("get").fields[:3])
    refused = await odoo.call(one, path={"order_id": min(others)}, body={}, principal=token(partner=partner))
    assert isinstance(refused, Problem)
    assert refused.type.id == "record-not-found"
    found = await odoo.ok(
        mapping("get", domain=BY_PARTNER), path={"order_id": min(mine)}, principal=token(partner=partner)
    )
    assert found["customer"]["id"] == partner


async def test_a_new_record_is_the_callers(odoo, mapping):
    made = mapping("create", domain=BY_PARTNER, success_status=201)
    order = await odoo.ok(made, body={"customer": {"id": 9}, "lines": []}, principal=token(partner="13"))
    assert order["customer"]["id"] == 13


@pytest.mark.parametrize("action", ["list", "get", "create", "update", "delete", "call"])
@pytest.mark.parametrize("claims", [None, {}, {"partner": False}, {"partner": "Azure"}, {"partner": [9]}])
async def test_a_token_without_the_claim_is_refused(odoo, mapping, action, claims):
    by_claim = mapping(action, domain=BY_PARTNER, method="action_confirm")
    principal = None if claims is None else token(**claims)
    refused = await odoo.call(by_claim, path={"order_id": 3}, body={"reference": "X"}, principal=principal)
    assert isinstance(refused, Problem)
    assert (refused.status, refused.type.id) == (403, "claim-missing")
    assert "partner" in refused.detail


@pytest.mark.parametrize(
    "given", [None, True, False, 0, -1, 1.0, 2**31, "", " 7", "7 ", "-7", "٣", "1e3", [], {}, "12345678901"]
)
@pytest.mark.parametrize("operator", ["=", "in", "child_of"])
def test_what_is_no_id_of_a_record_is_no_claim_for_one(given, operator):
    with pytest.raises(MissingClaimError):
        bound([["partner_id", operator, {"claim": "c", "as": "reference-id"}]], token(c=given))


def test_several_values_are_for_operators_that_take_several():
    term = ["partner_id", "in", {"claim": "c", "as": "reference-id"}]
    assert bound([term], token(c=["7", 8])) == [["partner_id", "in", [7, 8]]]
    assert bound([term], token(c=7)) == [["partner_id", "in", [7]]]
    with pytest.raises(MissingClaimError):
        bound([term], token(c=[7, False]))
    with pytest.raises(MissingClaimError):
        bound([term], token(c=list(range(1, 1002))))


@pytest.mark.parametrize(
    ("kind", "given", "value"), [("text", "x%", "x%"), ("integer", "-0", None), ("integer", -3, -3)]
)
def test_other_kinds(kind, given, value):
    term = ["code", "=", {"claim": "c", "as": kind}]
    if value is None:
        with pytest.raises(MissingClaimError):
            bound([term], token(c=given))
    else:
        assert bound([term], token(c=given)) == [["code", "=", value]]
