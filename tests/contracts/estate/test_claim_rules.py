"""`claims` of consumers: what passes, what does not, and whether calls that need one can be made."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from contracts.estate.claim_rules import RESERVED
from contracts.estate.estate import consumer_claims, load_estate
from policies.credentials.revocation import OUR_CLAIMS
from tests.contracts.estate.issuer_cases import SSO, URL
from tests.contracts.estate.test_estate import changed

CLUB = "    contact: it@reading-club.example\n"
APP = "        title: Reading Club mobile app\n"
OWN = "domain: [[partner_id, '=', {claim: partner_id}]]"
LIST = """
openapi: 3.1.0
info: {title: Orders, version: "1.0"}
servers: [{url: /orders/v1}]
security: [{o: [orders:read]}]
paths:
  /orders:
    get:
      operationId: listOrders
      x-ostiary-odoo: {model: sale.order, action: list, fields: {id: id}, MAPPING, order: id, items: data}
      responses:
        "200":
          description: All
          content:
            application/json:
              schema:
                type: object
                properties: {data: {type: array, items: {type: object, properties: {id: {type: integer}}}}}
components:
  securitySchemes:
    o: {type: oauth2, flows: {clientCredentials: {tokenUrl: /t, scopes: {"orders:read": Read}}}}
"""
GUARD = """
openapi: 3.1.0
info: {title: Legacy, version: "1.0"}
servers: [{url: /legacy/v1}]
security: [{o: [rpc]}]
x-ostiary-odoo-guard:
  models:
    sale.order:
      read: [name]
      domain: [[partner_id, "=", {claim: partner_id}]]
paths:
  /jsonrpc:
    post:
      operationId: jsonrpc
      x-ostiary-odoo: {action: rpc, dialect: jsonrpc}
      requestBody: {required: true, content: {application/json: {}}}
      responses: {"200": {description: The result}}
components:
  securitySchemes:
    o:
      type: oauth2
      flows: {clientCredentials: {tokenUrl: /t, scopes: {rpc: Call, "odoo:sale.order:read": Read}}}
"""
API = """
title: Orders
owner: books
contact: books@example.com
classification: internal
upstream: erp
versions: {v1: {}}
"""
ERP = "upstreams:\n  erp: {kind: odoo, url: 'https://odoo.example', credential: k}\n"
READ = ("orders:read",)


def estate_of(
    folder: Path, claims: dict[str, Any], mapping: str = OWN, *, scopes: Sequence[str] = READ, more: str = ""
) -> Path:
    """The sample estate, where the reading club has claims and is subscribed to orders of an Odoo: with a mapping
    of the list, or to its guarded RPC."""
    subscribed = f"          - {{api: orders, version: v1, plan: standard, scopes: {json.dumps(scopes)}}}\n"
    text = f"{APP}{more}        subscriptions:\n"
    root = changed(
        folder / "estate",
        [
            ("consumers.yaml", CLUB, f"{CLUB}    claims: {json.dumps(claims)}\n"),
            ("consumers.yaml", f"{APP}        subscriptions:\n", text + subscribed),
            ("ostiary.yaml", "upstreams:\n", (SSO % (URL, "ES256")) + ERP if more else ERP),
        ],
    )
    (root / "apis/orders").mkdir()
    (root / "apis/orders/api.yaml").write_text(API)
    contract = GUARD if mapping == "guard" else LIST.replace("MAPPING", mapping)
    (root / "apis/orders/v1.openapi.yaml").write_text(contract)
    return root


def unfit(root: Path) -> list[str]:
    estate, findings = load_estate(root)
    assert estate is not None, [str(each) for each in findings]
    return [each.message for each in findings if each.rule == "claim-unfit"]


def test_what_is_said_of_a_consumer_is_carried_as_it_stands(tmp_path: Path) -> None:
    claims = {
        "partner_id": 7,
        "region": "EU",
        "vip": True,
        "companies": [1, 2],
        "https://acme.example/tier": "gold",
    }
    estate, _ = load_estate(estate_of(tmp_path, claims))
    assert estate is not None
    assert consumer_claims(estate) == {"reading-club": claims}


COMPANIES = "context: {allowed_company_ids: {claim: companies, as: reference-ids}}"
RPC = ("rpc", "odoo:sale.order:read")


@pytest.mark.parametrize(
    ("claims", "mapping", "scopes", "fault"),
    [
        ({"partner_id": 7}, OWN, READ, ""),
        ({"partner_id": "7"}, OWN, READ, ""),
        ({"region": "EU"}, OWN, READ, "they need the claim 'partner_id', which is not among 'claims' of consumer"),
        (
            {"partner_id": "acme"},
            OWN,
            READ,
            "the claim 'partner_id' of consumer 'reading-club' is no reference-id",
        ),
        ({"partner_id": True}, OWN, READ, "is no reference-id"),
        ({"x": 1}, COMPANIES, READ, "they need the claim 'companies'"),
        ({"companies": [1, "2"]}, COMPANIES, READ, ""),
        ({"x": 1}, "context: {lang: en_US}", READ, ""),
        ({"x": 1}, "domain: [[x_client, '=', {claim: client_id}]]", READ, ""),
        ({"x": 1}, OWN, (), ""),
        ({"x": 1}, "guard", RPC, "of 'orders' v1 are refused, such as 'jsonrpc'"),
        ({"partner_id": 1}, "guard", RPC, ""),
        ({"x": 1}, "guard", RPC[:1], ""),
    ],
)
def test_calls_that_need_a_claim_can_be_made(
    tmp_path: Path, claims: dict[str, Any], mapping: str, scopes: Sequence[str], fault: str
) -> None:
    found = unfit(estate_of(tmp_path, claims, mapping, scopes=scopes))
    assert len(found) == bool(fault)
    assert all(fault in each and "'reading-club-app'" in each for each in found)


def test_an_application_of_another_issuer_has_the_claims_of_that(tmp_path: Path) -> None:
    assert unfit(estate_of(tmp_path, {"x": 1}, more="        identities: {sso: [club]}\n")) == []


def test_what_the_catalog_adds_by_itself_is_reserved() -> None:
    assert OUR_CLAIMS < RESERVED


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"partner id": 7}, "'partner id' should be the name of a claim"),
        (
            {"partner_id": 2**53},
            "'partner_id': 9007199254740992 should be >= -9007199254740991 and <= 9007199254740991",
        ),
        ({"partner_id": 1.5}, "takes text or a number or true or false or a list"),
        ({"partner_id": None}, "not nothing"),
        ({"companies": []}, "'companies' has no item; at least one is needed"),
        ({"companies": list(range(65))}, "'companies' has 65 items; there may be 64"),
        ({"companies": [1, True]}, "'companies[1]' takes text or a number, not true"),
        ({f"c{each}": each for each in range(33)}, "'claims' has 33 entries; there may be 32"),
        ({"region": "a\nb"}, "should be a text of one line"),
        ({"region": {"a": 1}}, "takes text or a number or true or false or a list"),
    ],
)
def test_what_no_claim_can_be_is_said_where_it_stands(tmp_path: Path, claims: dict[str, Any], said: str) -> None:
    text = f"{CLUB}    claims: {json.dumps(claims)}\n"
    estate, findings = load_estate(changed(tmp_path / "estate", [("consumers.yaml", CLUB, text)]))
    assert estate is None
    [found] = [each for each in findings if each.severity == "error"]
    assert found.place.pointer.startswith("/consumers/reading-club/claims")
    assert said in found.message
