"""The rules by which lint judges an estate: each is broken by one change to an estate that keeps them all."""

from pathlib import Path

import pytest

from contracts.estate.governance import GOVERNANCE_RULES, governed
from contracts.estate.loading import load_sources

FILES = {
    "ostiary.yaml": """\
name: acme
upstreams: { erp: { url: https://erp.example } }
plans: { trial: { limits: { burst: 1/second } }, standard: { limits: { burst: 9/second } } }
deprecation-policy: { notice-days: 90 }
""",
    "teams.yaml": """\
teams:
  sales:
    title: Sales
    contact: sales@acme.example
    members: { ines: { name: Ines, email: ines@acme.example, roles: [api-owner, security] } }
""",
    "consumers.yaml": """\
consumers:
  shop:
    title: Shop
    contact: dev@shop.example
    applications:
      shop-web: { title: Web, subscriptions: [{ api: orders, version: v2, plan: standard }] }
""",
    "apis/orders/api.yaml": """\
title: Orders
description: Sales orders.
owner: sales
contact: sales@acme.example
upstream: erp
classification: restricted
criticality: 1
slo: { availability: 99.5 }
plans: [standard, trial]
system-of-record-for: [order]
business-objects: [order, customer]
versions:
  v1: { state: deprecated, deprecation: 2026-01-01, sunset: 2026-06-01, successor: v2 }
  v2: {}
""",
    "apis/customers/api.yaml": """\
title: Customers
description: Who buys.
owner: sales
contact: sales@acme.example
upstream: erp
classification: internal
slo: { availability: 99 }
plans: [trial]
system-of-record-for: [customer]
versions: { v1: {} }
""",
}
ORDERS = "apis/orders/api.yaml"
CUSTOMERS = "apis/customers/api.yaml"
CALLS = """\
    applications:
      shop-web: { title: Web, subscriptions: [{ api: orders, version: v2, plan: standard }] }
"""


def found(folder: Path, file: str = "", old: str = "", new: str = "") -> list[str]:
    for name, text in FILES.items():
        if name == file:
            assert text.count(old) == 1
            text = text.replace(old, new)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    sources, _ = load_sources(folder)
    return [f"{each.place.file}:{each.place.line} {each.severity} {each.rule}" for each in governed(sources)]


def test_a_governed_estate_has_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path) == []


CASES = [
    (ORDERS, "description: Sales orders.\n", "", f"{ORDERS}:1 warning api-description-missing"),
    (CUSTOMERS, "slo: { availability: 99 }\n", "", f"{CUSTOMERS}:1 warning api-slo-missing"),
    (ORDERS, "slo: { availability: 99.5 }\n", "", f"{ORDERS}:7 error criticality-without-slo"),
    (CUSTOMERS, "plans: [trial]\n", "", f"{CUSTOMERS}:1 warning api-plan-missing"),
    (CUSTOMERS, "plans: [trial]", "plans: [trail]", f"{CUSTOMERS}:8 error plan-unknown"),
    (ORDERS, "plans: [standard, trial]", "plans: [trial]", "consumers.yaml:6 warning plan-not-offered"),
    ("teams.yaml", "[api-owner, security]", "[security]", f"{CUSTOMERS}:3 warning owner-role-missing"),
    ("teams.yaml", "[api-owner, security]", "[api-owner]", f"{ORDERS}:6 error sensitive-without-security"),
    (
        "teams.yaml",
        "members: { ines: { name: Ines, email: ines@acme.example, roles: [api-owner, security] } }",
        "",
        f"{ORDERS}:3 warning owner-team-empty",
    ),
    (CUSTOMERS, "contact: sales@", "contact: other@", f"{CUSTOMERS}:4 info owner-contact-differs"),
    (CUSTOMERS, "contact: sales@", "contact: other@", f"{CUSTOMERS}:4 warning contact-unknown"),
    ("consumers.yaml", CALLS, "", "consumers.yaml:2 info consumer-without-application"),
    (
        "ostiary.yaml",
        "deprecation-policy: { notice-days: 90 }\n",
        "",
        f"{CUSTOMERS}:1 warning deprecation-policy-missing",
    ),
    ("ostiary.yaml", "notice-days: 90", "notice-days: 180", f"{ORDERS}:13 error notice-too-short"),
    (ORDERS, "plans:", "notice-days: 180\nplans:", f"{ORDERS}:14 error notice-too-short"),
    (ORDERS, ", sunset: 2026-06-01", "", f"{ORDERS}:13 warning sunset-missing"),
    (ORDERS, "v2: {}", "v2: { successor: v1 }", f"{ORDERS}:14 warning version-order"),
    (CUSTOMERS, "[customer]", "[customer, Order]", f"{ORDERS}:10 error record-claimed-twice"),
    (ORDERS, "[order, customer]", "[order, product]", f"{ORDERS}:11 warning record-missing"),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), CASES)
def test_finds(tmp_path: Path, file: str, old: str, new: str, expected: str) -> None:
    assert expected in found(tmp_path, file, old, new)


def test_every_rule_is_tried() -> None:
    assert {case[3].split()[-1] for case in CASES} == set(GOVERNANCE_RULES)
