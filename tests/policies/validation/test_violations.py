"""From validator errors to violations: each keyword's words, and which names a pointer may hold."""

from typing import Any

import pytest

from policies.validation.validators import Validators
from policies.validation.violations import violations_of

SECRET = "s3cr3t"


def told(schema: Any, value: Any) -> list[tuple[str, str, str]]:
    found = violations_of(Validators({}).check(schema), value, "body")
    assert all(v.location == "body" for v in found)
    assert SECRET not in repr(found)
    return [(v.pointer, v.rule, v.message) for v in found]


@pytest.mark.parametrize(
    ("schema", "value", "rule", "message"),
    [
        ({"type": "integer"}, SECRET, "type", "must be an integer"),
        ({"type": ["null", "string"]}, 5, "type", "must be a string or null"),
        ({"enum": ["a", 1, None]}, SECRET, "enum", 'must be one of "a", 1, null'),
        ({"enum": list(range(13))}, SECRET, "enum", "must be one of the allowed values"),
        ({"const": "a"}, SECRET, "const", 'must be "a"'),
        ({"const": "a" * 200}, SECRET, "const", "must be the constant that the contract gives"),
        ({"minLength": 9}, SECRET, "minLength", "must be at least 9 characters long"),
        ({"maxLength": 1}, SECRET, "maxLength", "must be at most 1 character long"),
        ({"pattern": "^a$"}, SECRET, "pattern", "must match the pattern ^a$"),
        ({"format": "date"}, SECRET, "format", "must be a valid date"),
        ({"minimum": 1.5}, 1, "minimum", "must be at least 1.5"),
        ({"maximum": 1}, 2, "maximum", "must be at most 1"),
        ({"exclusiveMinimum": 1}, 1, "exclusiveMinimum", "must be greater than 1"),
        ({"exclusiveMaximum": 1}, 1, "exclusiveMaximum", "must be less than 1"),
        ({"multipleOf": 0.01}, 0.001, "multipleOf", "must be a multiple of 0.01"),
        ({"minItems": 2}, [1], "minItems", "must have at least 2 items"),
        ({"maxItems": 1}, [1, 2], "maxItems", "must have at most 1 item"),
        ({"uniqueItems": True}, [SECRET, SECRET], "uniqueItems", "must not have the same item twice"),
        (
            {"contains": {"type": "integer"}},
            [SECRET],
            "contains",
            "must contain the items that the contract asks for",
        ),
        (
            {"contains": {"type": "integer"}, "minContains": 2},
            [1],
            "minContains",
            "must contain the items that the contract asks for",
        ),
        ({"required": ["name"]}, {}, "required", "is required: `name`"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "dependentRequired", "is required: `b`"),
        ({"minProperties": 1}, {}, "minProperties", "must have at least 1 property"),
        ({"maxProperties": 1}, {SECRET: 1, "b": 2}, "maxProperties", "must have at most 1 property"),
        (
            {"additionalProperties": False},
            {SECRET: 1},
            "additionalProperties",
            "has a property that the contract does not declare",
        ),
        (
            {"unevaluatedProperties": False},
            {SECRET: 1},
            "unevaluatedProperties",
            "has a property that the contract does not declare",
        ),
        (
            {"propertyNames": {"maxLength": 2}},
            {SECRET: 1},
            "propertyNames",
            "has a property whose name the contract does not allow",
        ),
        ({"not": {"type": "string"}}, SECRET, "not", "must not match the schema that the contract excludes"),
        (
            {"anyOf": [{"minLength": 9}, {"pattern": "^a"}]},
            SECRET,
            "anyOf",
            "must match at least one of the contract's alternatives",
        ),
        ({"oneOf": [{}, True]}, SECRET, "oneOf", "must match exactly one of the contract's alternatives"),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {SECRET: 1},
            "additionalProperties",
            "has a property that the contract does not declare (it declares `a`)",
        ),
        (False, SECRET, "false", "is not allowed here"),
    ],
)
def test_words(schema: Any, value: Any, rule: str, message: str) -> None:
    assert told(schema, value) == [("", rule, message)]


INTEGER = {"type": "integer"}
UNNAMED = "a member that the contract does not name: must be an integer"


@pytest.mark.parametrize(
    ("schema", "value", "pointer", "message"),
    [
        ({"properties": {"a/b~c": INTEGER}}, {"a/b~c": SECRET}, "/a~1b~0c", "must be an integer"),
        ({"items": {"items": INTEGER}}, [[], [1, SECRET]], "/1/1", "must be an integer"),
        ({"prefixItems": [{}, INTEGER]}, [1, SECRET], "/1", "must be an integer"),
        ({"properties": {"items": {"items": INTEGER}}}, {"items": [SECRET]}, "/items/0", "must be an integer"),
        (
            {"properties": {"m": {"additionalProperties": {"properties": {"k": INTEGER}}}}},
            {"m": {SECRET: {"k": "a"}}},
            "/m",
            UNNAMED,
        ),
        ({"patternProperties": {"^s": INTEGER}}, {SECRET: "a"}, "", UNNAMED),
        ({"allOf": [{"properties": {"a": INTEGER}}]}, {"a": SECRET}, "/a", "must be an integer"),
        (
            {"dependentSchemas": {"a": {"properties": {"b": INTEGER}}}},
            {"a": 1, "b": SECRET},
            "/b",
            "must be an integer",
        ),
        ({"if": True, "then": {"properties": {"a": INTEGER}}}, {"a": SECRET}, "/a", "must be an integer"),
        ({"properties": {"items": False}}, {"items": SECRET}, "/items", "is not allowed here"),
        ({"prefixItems": [{}], "items": False}, [1, SECRET], "/1", "is not allowed here"),
    ],
)
def test_a_pointer_holds_only_names_of_the_contract(schema: Any, value: Any, pointer: str, message: str) -> None:
    assert [(where, text) for where, _, text in told(schema, value)] == [(pointer, message)]


CARD = {"properties": {"kind": {"const": "card"}, "number": {"type": "string"}}, "required": ["number"]}
BANK = {"properties": {"kind": {"const": "bank"}, "iban": {"type": "string"}}, "required": ["iban"]}


@pytest.mark.parametrize(
    ("schema", "value", "pointer", "rule"),
    [
        ({"anyOf": [{"type": "object", "required": ["a"]}, {"type": "null"}]}, {}, "", "required"),
        ({"oneOf": [{"type": "string", "maxLength": 1}, {"type": "null"}]}, SECRET, "", "maxLength"),
        ({"oneOf": [CARD, BANK]}, {"kind": "bank", "iban": 5}, "/iban", "type"),
        ({"oneOf": [CARD, BANK]}, {"kind": "card"}, "", "required"),
        ({"oneOf": [CARD, BANK]}, {"kind": SECRET, "iban": "", "number": ""}, "", "oneOf"),
        (
            {"items": {"anyOf": [{"anyOf": [INTEGER, {"type": "null"}]}, {"type": "null"}]}},
            [SECRET],
            "/0",
            "anyOf",
        ),
    ],
)
def test_the_alternative_that_was_meant_is_the_one_explained(
    schema: Any, value: Any, pointer: str, rule: str
) -> None:
    assert [(where, which) for where, which, _ in told(schema, value)] == [(pointer, rule)]


def test_at_most_fifty_are_told() -> None:
    assert len(told({"items": INTEGER}, [SECRET] * 200)) == 50


def test_only_the_first_where_one_will_do() -> None:
    check = Validators({}).check({"items": INTEGER})
    assert len(violations_of(check, [SECRET] * 200, "body", all_of_them=False)) == 1
    assert violations_of(check, [1], "body", all_of_them=False) == []
