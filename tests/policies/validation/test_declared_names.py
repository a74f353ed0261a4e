"""What is said where a member was misspelt: names of the contract, and never the one that was sent."""

from typing import Any

import pytest

from policies.validation.declared_names import TOLD
from policies.validation.validators import Validators
from policies.validation.violations import violations_of

DOCUMENT = "urn:ostiary:orders:v1:request"
LINE = {"properties": {"sku": {}, "quantity": {}}, "additionalProperties": False}
DOCUMENTS = {
    DOCUMENT: {
        "components": {
            "schemas": {
                "Line": LINE,
                "Order": {
                    "properties": {
                        "partner_id": {},
                        "order_lines": {"items": {"$ref": "#/components/schemas/Line"}},
                    },
                    "additionalProperties": False,
                },
                "Open": {
                    "allOf": [{"properties": {"a": {}}}],
                    "properties": {"note": {}},
                    "unevaluatedProperties": False,
                },
            }
        }
    }
}


def said(schema: Any, value: Any) -> list[str]:
    violations = violations_of(Validators(DOCUMENTS).check(schema), value, "body")
    assert all(each.message.startswith("has a property that the contract does not declare") for each in violations)
    return [each.message.removeprefix("has a property that the contract does not declare") for each in violations]


def schema(name: str) -> dict[str, str]:
    return {"$ref": f"{DOCUMENT}#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Order", {"orderLines": []}, " (did you mean `order_lines`?)"),
        ("Order", {"partnerid": 1}, " (did you mean `partner_id`?)"),
        ("Order", {"s3cr3t": 1}, " (it declares `order_lines`, `partner_id`)"),
        ("Order", {"s" * 65: 1}, " (it declares `order_lines`, `partner_id`)"),
        ("Order", {"order_lines": [{"sku": 1}, {"qantity": 1}]}, " (did you mean `quantity`?)"),
        ("Open", {"a": 1, "notes": 1}, " (did you mean `note`?)"),
        ("Open", {"s3cr3t": 1}, ""),
    ],
)
def test_a_misspelt_name_is_told_by_those_of_the_contract(name: str, value: Any, expected: str) -> None:
    assert said(schema(name), value) == [expected]


@pytest.mark.parametrize(
    ("inline", "value", "expected"),
    [
        (LINE, {"skus": 1}, " (did you mean `sku`?)"),
        ({"properties": {"a/b": {"items": LINE}}}, {"a/b": [{"skus": 1}]}, " (did you mean `sku`?)"),
        ({"additionalProperties": False}, {"sku": 1}, ""),
        ({"properties": {f"p{n}": {} for n in range(13)}, "additionalProperties": False}, {"x": 1}, ""),
        ({"properties": {f"p{n}": {} for n in range(201)}, "additionalProperties": False}, {"p0x": 1}, ""),
        ({"properties": {"n" * 65: {}}, "additionalProperties": False}, {"n" * 64: 1}, ""),
        ({"properties": {"b": {}, "a": {}}, "additionalProperties": False}, {"": 1}, " (it declares `a`, `b`)"),
    ],
)
def test_a_schema_that_stands_in_the_operation(inline: Any, value: Any, expected: str) -> None:
    assert said(inline, value) == [expected]


def test_only_the_first_of_many_are_told() -> None:
    found = said({"items": LINE}, [{"qantity": 1}] * 9)
    assert found == [" (did you mean `quantity`?)"] * TOLD + [""] * (9 - TOLD)
