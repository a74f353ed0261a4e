"""Owners given to Backstage and taken from it: a round trip changes nothing, and nothing is dropped silently."""

from pathlib import Path

import pytest
import yaml

from contracts.adopt.backstage.export import catalog_info
from contracts.adopt.backstage.reading import read_entities
from contracts.adopt.backstage.taking import Taken, take
from contracts.documents.document import parse
from contracts.estate.estate import load_estate
from tests.catalog.processes import ROOT

SAMPLE = ROOT / "catalog" / "demo" / "estate"

TEAMS = """\
# Who owns what.
teams:
  sales:
    title: Sales   # the department
    contact: sales@acme.example
    members:
      # The one to ask first.
      ines: { name: Ines, email: ines@acme.example, roles: [api-owner] }
      omar: { name: Omar, email: omar@acme.example, roles: [architect] }
"""
ORDERS = """\
title: Orders
owner: sales   # since 2024
contact: sales@acme.example
upstream: erp
classification: internal
versions:
  v1: {}
  v2: { state: draft }
"""


def taken(catalog: str, teams: str = TEAMS) -> Taken:
    texts = {}
    for name, text in {"teams.yaml": teams, "apis/orders/api.yaml": ORDERS}.items():
        document, findings = parse(text, name)
        assert document is not None, findings
        texts[name] = (text, document)
    entities, findings = read_entities(catalog, "catalog-info.yaml")
    assert findings == []
    return take(entities, texts)


def entity(kind: str, name: str, spec: str, annotations: str = "{}", title: str = "") -> str:
    titled = f", title: {title}" if title else ""
    return f"""\
---
apiVersion: backstage.io/v1alpha1
kind: {kind}
metadata: {{ name: {name}, annotations: {annotations}{titled} }}
spec: {spec}
"""


def test_a_round_trip_changes_nothing() -> None:
    estate, findings = load_estate(SAMPLE)
    assert estate is not None, findings
    text = catalog_info(estate)
    entities, findings = read_entities(text, "catalog-info.yaml")
    assert (findings, entities.remarks) == ([], [])
    texts = {}
    for path in (SAMPLE / "teams.yaml", *SAMPLE.glob("apis/*/api.yaml")):
        name = path.relative_to(SAMPLE).as_posix()
        document, _ = parse(path.read_bytes(), name)
        assert document is not None
        texts[name] = (path.read_text(), document)
    assert take(entities, texts) == Taken({}, (), ())


def test_what_is_exported_is_what_backstage_reads() -> None:
    """By a parser that is not ours; kinds, names and references as the descriptor format has them."""
    estate, _ = load_estate(SAMPLE)
    assert estate is not None
    entities = list(yaml.safe_load_all(catalog_info(estate)))
    by_kind: dict[str, dict[str, dict[str, object]]] = {}
    for each in entities:
        assert each["apiVersion"] == "backstage.io/v1alpha1"
        by_kind.setdefault(each["kind"], {})[each["metadata"]["name"]] = each["spec"]
    assert {kind: len(found) for kind, found in by_kind.items()} == {"Group": 4, "User": 6, "System": 3, "API": 4}
    assert by_kind["API"]["orders-v2"] == {
        "type": "openapi",
        "lifecycle": "production",
        "owner": "group:sales",
        "system": "orders",
        "definition": {"$text": "./apis/orders/v2.openapi.yaml"},
    }
    assert by_kind["API"]["orders-v1"]["lifecycle"] == "deprecated"
    for spec in by_kind["API"].values():
        assert (SAMPLE / spec["definition"]["$text"]).is_file()  # type: ignore[index]
        assert spec["system"] in by_kind["System"]
    for spec in by_kind["User"].values():
        assert set(spec["memberOf"]) <= set(by_kind["Group"])  # type: ignore[call-overload]


def test_what_is_new_and_what_changed_is_taken_and_comments_stay() -> None:
    found = taken(
        entity(
            "Group",
            "sales",
            "{ profile: { displayName: Sales and more }, members: [ines, omar, 'user:default/eva'] }",
        )
        + entity("Group", "ops", "{ profile: { email: ops@acme.example } }")
        + entity("User", "eva", "{ profile: { displayName: Eva, email: eva@acme.example }, memberOf: [ops] }")
        + entity(
            "User",
            "omar",
            "{ profile: { email: o@acme.example } }",
            "{ ostiary/roles.sales: 'operator,architect' }",
        )
        + entity("System", "orders", "{ owner: 'group:ops' }", "{ ostiary/contact: ops@acme.example }")
    )
    assert found.remarks == ()
    assert (
        found.files["teams.yaml"]
        == """\
# Who owns what.
teams:
  sales:
    title: Sales and more
    contact: sales@acme.example
    members:
      # The one to ask first.
      ines: { name: Ines, email: ines@acme.example, roles: [api-owner] }
      omar:
        name: Omar
        email: o@acme.example
        roles:
          - architect
          - operator
      eva:
        name: Eva
        email: eva@acme.example
  ops:
    title: ops
    contact: ops@acme.example
    members:
      eva:
        name: Eva
        email: eva@acme.example
"""
    )
    assert found.files["apis/orders/api.yaml"] == ORDERS.replace("sales   # since 2024", "ops").replace(
        "contact: sales@", "contact: ops@"
    )
    assert len(found.changes) == 6
    assert taken(catalog="", teams=found.files["teams.yaml"]) == Taken({}, (), ())


@pytest.mark.parametrize(
    ("catalog", "remark"),
    [
        (
            entity("Component", "shop", "{ owner: sales }"),
            "Component 'shop' is not taken over: an estate has nothing",
        ),
        (entity("Domain", "trade", "{ owner: sales }"), "Domain 'trade' is not taken over: an estate has nothing"),
        (entity("Location", "all", "{ targets: [] }"), "Location 'all' is not taken over: an estate has nothing"),
        (
            entity("Group", "Sales_EU", "{}"),
            "Group 'Sales_EU' is not taken over: its name is no name of an estate",
        ),
        (entity("Group", "ops", "{}"), "team 'ops' is not taken over: no spec.profile.email"),
        (entity("User", "eva", "{ memberOf: [sales] }"), "User 'eva' is not taken over: no spec.profile.email"),
        (entity("User", "eva", "{ profile: { email: e@x.y }, memberOf: [ops] }"), "team 'ops' is in neither file"),
        (entity("User", "omar", "{}", "{ ostiary/roles.sales: king }"), "'king' is no role"),
        (entity("Group", "sales", "{ members: [ines, omar, eva] }"), "'eva' of team 'sales' is not taken over"),
        (entity("Group", "sales", "{ members: [ines] }"), "'omar' of team 'sales' is not in the Backstage group"),
        (
            entity("System", "parcels", "{ owner: sales }"),
            "the estate has no API 'parcels' (a contract: ostiary add",
        ),
        (entity("System", "orders", "{ owner: ops }"), "the owner 'ops' of 'orders' is no team"),
        (entity("System", "orders", "{}"), "System 'orders' is not taken over: its owner is no team of an estate"),
        (entity("API", "orders-v9", "{ owner: sales }"), "'orders' has no version 'v9'"),
        (
            entity("API", "orders-v1", "{ owner: sales, lifecycle: deprecated }"),
            "'orders' v1 is deprecated here and published in the estate, which stays",
        ),
        (
            entity("System", "orders", "{ owner: sales }") + entity("API", "orders-v1", "{ owner: ops }"),
            "'orders' is owned by 'ops' here, by 'sales' at catalog-info.yaml:2:1",
        ),
        ("---\njust: data\n", "no entity: it has no kind"),
    ],
)
def test_what_is_not_taken_over_is_told(catalog: str, remark: str) -> None:
    found = taken(catalog)
    assert found.files == {}
    assert any(remark in each for each in found.remarks), found.remarks


def test_an_api_entity_without_a_system_says_who_owns_it_too() -> None:
    catalog = entity("API", "orders", "{ owner: ops, lifecycle: experimental }") + entity(
        "Group", "ops", "{ profile: { email: o@x.y } }"
    )
    found = taken(catalog)
    assert "owner: ops\n" in found.files["apis/orders/api.yaml"]


def test_a_broken_document_is_named_at_its_line() -> None:
    text = entity("Group", "sales", "{}") + "---\nkind: User\nmetadata: { name: [\n"
    _, findings = read_entities(text, "catalog-info.yaml")
    assert findings[0].place.line >= 8


def test_markers_inside_of_texts_and_comments_before_them(tmp_path: Path) -> None:
    text = f"# all of it\n{entity('Group', 'ops', '{ profile: { email: o@x.y } }')}  # an end\n---\n"
    text += "kind: User\nmetadata:\n  name: eva\n  description: |\n    a\n    ---\n    b\n---\n# nothing\n"
    entities, findings = read_entities(text, "catalog-info.yaml")
    assert (findings, entities.remarks) == ([], [])
    assert (set(entities.groups), set(entities.users)) == ({"ops"}, {"eva"})
    assert entities.users["eva"].place.line == 9
