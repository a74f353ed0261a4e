"""Fingerprints stay where only wording, order and names of path parameters change."""

import re
from pathlib import Path

import pytest
import yaml

from contracts.documents.document import parse
from contracts.reports.entry import OperationName
from contracts.reports.fingerprints import PATTERN, fingerprint, operation_at, stable_location

ROOT = Path(__file__).parents[3]
GET = OperationName("GET", "/orders/{id}")


def test_form_is_never_a_number_in_yaml() -> None:
    for number in range(2000):
        text = fingerprint("rule", f"/{number}")
        assert PATTERN.fullmatch(text)
        assert yaml.safe_load(text) == text
        document, _ = parse(text, "f.yaml")
        assert document is not None
        assert document.value == text


def test_what_it_depends_on() -> None:
    base = fingerprint("rule", "/info", operation=GET, file="a.yaml")
    assert base == fingerprint("rule", "/info", operation=OperationName("GET", "/orders/{order}"), file="a.yaml")
    others = {
        fingerprint("other", "/info", operation=GET, file="a.yaml"),
        fingerprint("rule", "/tags", operation=GET, file="a.yaml"),
        fingerprint("rule", "/info", operation=OperationName("PUT", "/orders/{id}"), file="a.yaml"),
        fingerprint("rule", "/info", operation=OperationName("GET", "/orders"), file="a.yaml"),
        fingerprint("rule", "/info", file="a.yaml"),
        fingerprint("rule", "/info", operation=GET, file="b.yaml"),
    }
    assert len(others | {base}) == 7


def test_it_is_pinned() -> None:
    """Waivers outlive releases: another value here breaks everybody's ignore file."""
    assert fingerprint("operation-tags", "/paths/~1orders~1{id}/get", operation=GET) == "a79bdbf49af6afa9"


def test_items_go_by_what_they_are() -> None:
    document = {
        "parameters": [
            {"name": "limit", "in": "query", "schema": {"enum": ["a", "b"]}},
            {"$ref": "#/x"},
            {"$ref": "#/x"},
            {"x": 1},
        ]
    }
    assert stable_location(document, "/parameters/0/schema/enum/1") == '/parameters/query:limit/schema/enum/"b"'
    assert stable_location(document, "/parameters/1") == "/parameters/#~1x"
    assert stable_location(document, "/parameters/2") == "/parameters/#~1x#2"
    assert stable_location(document, "/parameters/3/x") == "/parameters/3/x"
    turned = {"parameters": document["parameters"][::-1]}
    assert stable_location(turned, "/parameters/3/schema") == "/parameters/query:limit/schema"
    assert stable_location(document, "/nothing/7") == "/nothing/7"
    assert stable_location(document, "") == ""


def test_the_operation_of_a_pointer() -> None:
    methods = frozenset(("get",))
    assert operation_at("/paths/~1orders~1{id}/get/responses", methods) == GET
    assert operation_at("/paths/~1orders~1{id}/get", methods) == GET
    assert operation_at("/paths/~1orders~1{id}/parameters", methods) is None
    assert operation_at("/components/schemas/get/x", methods) is None
    assert re.match("GET /orders", str(operation_at("/webhooks/~1orders~1{id}/get", methods)))


@pytest.mark.parametrize("guide", ["diff.md", "lint.md"])
def test_those_in_guides_could_be_real(guide: str) -> None:
    text = (ROOT / "docs/guides" / guide).read_text(encoding="utf-8")
    found = re.findall(r'fingerprint"?: "?(\w+)', text)
    assert found
    assert [each for each in found if not PATTERN.fullmatch(each)] == []
