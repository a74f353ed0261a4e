"""Is one schema contained in another? Pairs with the answer, by theme; both directions where both are known."""

import pytest

from contracts.containment.decide import Decider, contains
from contracts.containment.source import Schema
from contracts.containment.verdict import Answer

NODE = {"$ref": "#/$defs/node"}


def tree(value, **more):
    return {"$defs": {"node": {"type": "object", "properties": {"next": NODE, "value": value}, **more}}, **NODE}


def tagged(count, value=None):
    return {
        "oneOf": [
            {
                "type": "object",
                "properties": {"k": {"const": i}, "v": value or {"type": "string"}},
                "required": ["k"],
            }
            for i in range(count)
        ]
    }


EQUAL = [
    ({"type": "integer", "minimum": 1}, {"type": "integer", "exclusiveMinimum": 0}),
    ({"type": "integer", "minimum": 0.5}, {"type": "integer", "minimum": 1}),
    ({"type": "integer"}, {"type": "number", "multipleOf": 1}),
    ({"type": "number", "minimum": 2, "maximum": 2}, {"const": 2.0}),
    ({"type": "integer", "minimum": 1, "maximum": 3}, {"enum": [3, 2, 1]}),
    ({"type": "integer", "multipleOf": 4, "allOf": [{"multipleOf": 6}]}, {"type": "integer", "multipleOf": 12}),
    ({"type": "boolean"}, {"enum": [False, True]}),
    ({"type": ["string", "null"]}, {"anyOf": [{"type": "null"}, {"type": "string"}]}),
    ({"oneOf": [{"type": "string"}, {"type": "number"}]}, {"type": ["number", "string"]}),
    ({"oneOf": [{"type": "string"}]}, {"type": "string"}),
    ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, {"type": "number", "not": {"type": "integer"}}),
    ({"oneOf": [{"type": "string"}, {"type": "string"}]}, False),
    ({"allOf": [{"minLength": 1}, {"type": "string"}]}, {"type": "string", "minLength": 1}),
    ({"not": {"not": {"type": "string"}}}, {"type": "string"}),
    (
        {"not": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
        {"allOf": [{"not": {"type": "null"}}, {"not": {"type": "string"}}]},
    ),
    ({"not": {"required": ["a"]}}, {"type": "object", "properties": {"a": False}}),
    (
        {"type": "object", "minProperties": 2, "propertyNames": {"enum": ["a", "b"]}},
        {
            "type": "object",
            "required": ["a", "b"],
            "additionalProperties": False,
            "properties": {"a": True, "b": True},
        },
    ),
    (
        {"dependentRequired": {"a": ["b"]}},
        {"if": {"type": "object", "required": ["a"]}, "then": {"required": ["b"]}},
    ),
    ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"dependentRequired": {"a": ["b"]}}),
    ({"patternProperties": {"^a$": {"type": "string"}}}, {"properties": {"a": {"type": "string"}}}),
    (
        {"properties": {"a": True}, "unevaluatedProperties": False},
        {"properties": {"a": True}, "additionalProperties": False},
    ),
    (
        {"allOf": [{"properties": {"a": True}}], "unevaluatedProperties": False},
        {"properties": {"a": True}, "additionalProperties": False},
    ),
    (
        {"prefixItems": [{"type": "string"}], "unevaluatedItems": False},
        {"prefixItems": [{"type": "string"}], "items": False},
    ),
    ({"prefixItems": [True], "items": False}, {"not": {"type": "array", "minItems": 2}}),
    ({"contains": {"type": "string"}, "minContains": 0}, True),
    (
        {"type": "array", "maxContains": 0, "minContains": 0, "contains": {"type": "string"}},
        {"type": "array", "items": {"not": {"type": "string"}}},
    ),
    ({"type": "array", "contains": True}, {"type": "array", "minItems": 1}),
    ({"type": "array", "maxItems": 1}, {"type": "array", "maxItems": 1, "uniqueItems": True}),
    ({"type": "string", "pattern": "^(a|b)+$"}, {"type": "string", "pattern": "^[ab]{1,}$"}),
    ({"type": "string", "pattern": "^[ab]$"}, {"enum": ["b", "a"]}),
    ({"type": "string", "pattern": "^.{2,}$", "maxLength": 1}, False),
    ({"type": "string", "minLength": 0}, {"type": "string"}),
    ({"type": "string", "format": "own"}, {"type": "string"}),
    ({"minimum": 5, "maximum": 4, "type": "number"}, False),
    ({"type": "object", "required": ["a"], "properties": {"a": False}}, False),
    ({"enum": []}, {"not": {}}),
    (tree({"type": "integer"}), tree({"type": "number", "multipleOf": 1})),
    (tree({"type": "string"}, required=["next"]), False),
    (tagged(4), {"anyOf": tagged(4)["oneOf"][::-1]}),
    (tagged(100), {"oneOf": tagged(100, {"type": "string", "minLength": 0})["oneOf"][::-1]}),
    ({"if": {"type": "string"}, "then": {"minLength": 1}, "else": False}, {"type": "string", "minLength": 1}),
    ({"enum": [{"a": [1, 2.0]}]}, {"const": {"a": [1.0, 2]}}),
]

INSIDE = [
    ({"type": "integer"}, {"type": "number"}),
    ({"type": "number", "multipleOf": 0.1}, {"multipleOf": 0.01}),
    ({"type": "integer", "multipleOf": 6}, {"multipleOf": 3}),
    ({"const": 1}, {"enum": [1, 2]}),
    ({"type": "string", "pattern": "^[a-c]{2,3}$"}, {"pattern": "^[a-z]+$"}),
    ({"type": "string", "pattern": "^ab"}, {"minLength": 2}),
    ({"type": "string", "format": "date"}, {"type": "string", "maxLength": 10}),
    ({"type": "string", "format": "uuid"}, {"type": "string", "pattern": "-"}),
    ({"format": "uri"}, {"format": "uri-reference"}),
    ({"type": "string", "format": "date"}, {"not": {"format": "uuid", "type": "string"}}),
    (
        {"oneOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "uuid"}]},
        {"type": "string", "minLength": 10},
    ),
    (
        {"properties": {"a": True}, "additionalProperties": False},
        {"properties": {"a": True, "b": True}, "additionalProperties": False},
    ),
    (
        {"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": False},
        {"additionalProperties": {"type": "string"}},
    ),
    ({"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True}, {"maxItems": 2}),
    (
        {"type": "array", "contains": {"type": "integer"}, "minContains": 2},
        {"contains": {"type": "number"}, "minItems": 2},
    ),
    (
        {"type": "array", "contains": {"const": 1}, "uniqueItems": True},
        {"contains": {"const": 1}, "maxContains": 1},
    ),
    (
        {"type": "array", "prefixItems": [{"const": 1}, {"const": 1}], "minItems": 2},
        {"not": {"uniqueItems": True}},
    ),
    (tree({"type": "integer"}), tree({"type": "number"})),
    (tree({"type": "string"}, additionalProperties=False), tree({"type": "string"})),
    (tagged(100), tagged(101)),
    (False, {"type": "string"}),
    ({"type": "string"}, True),
]

APART = [
    ({"type": "string"}, {"type": "string", "format": "date"}),
    ({"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}),
    ({"type": "string"}, {"type": "string", "pattern": "a"}),
    (
        {"properties": {"a": {"type": "string"}}},
        {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}},
    ),
    ({"type": "array", "minItems": 2}, {"type": "array", "contains": {"type": "integer"}}),
    ({"type": "array"}, {"type": "array", "uniqueItems": True}),
    ({"type": "object"}, {"type": "object", "propertyNames": {"maxLength": 3}}),
    ({"type": "object"}, {"type": "object", "maxProperties": 3}),
    ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"required": ["a", "b"]}),
    ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
    ({"type": "string", "maxLength": 5000}, {"type": "string", "maxLength": 4999}),
    ({"type": "array", "maxItems": 9000}, {"type": "array", "maxItems": 8999}),
    ({"type": "object"}, {"type": "object", "maxProperties": 1000}),
    ({"type": "integer", "minimum": 10**18}, {"type": "integer", "minimum": 10**18 + 1}),
]


def decided(sub, sup):
    return contains(Schema.of(sub), Schema.of(sup))


@pytest.mark.parametrize(("left", "right"), EQUAL, ids=str)
def test_schemas_that_say_the_same_contain_each_other(left, right):
    for verdict in (decided(left, right), decided(right, left)):
        assert verdict.answer is Answer.CONTAINED, verdict


@pytest.mark.parametrize(("inner", "outer"), INSIDE, ids=str)
def test_smaller_schemas_are_contained_and_do_not_contain(inner, outer):
    assert decided(inner, outer).answer is Answer.CONTAINED
    assert decided(outer, inner).answer is Answer.NOT_CONTAINED


@pytest.mark.parametrize(("sub", "sup"), APART, ids=str)
def test_what_is_not_contained_has_a_witness(sub, sup):
    verdict = decided(sub, sup)
    assert verdict.answer is Answer.NOT_CONTAINED
    assert verdict.witness is not None


def test_a_verdict_says_which_keyword_refuses_the_witness_and_where():
    verdict = decided(
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"type": "string", "minLength": 1}}},
    )
    assert verdict.witness.value == {"a": ""}
    assert (verdict.keyword, verdict.sup_pointer) == ("minLength", "/properties/a/minLength")
    assert verdict.instance_pointer == "/a"
    assert verdict.reason == '{"a":""} is an instance of one and not of the other'


@pytest.mark.parametrize(
    ("sub", "sup"),
    [
        ({"type": "string", "pattern": r"^\bA\b"}, {"type": "string", "pattern": r"^A\b"}),
        ({"$ref": "#/nowhere"}, {"type": "string"}),
        ({"type": "string"}, {"$dynamicRef": "#here"}),
        ({"type": "string", "format": "date", "pattern": "^2.*3$"}, {"not": {"format": "date"}}),
        ({"minLength": "three"}, {"minLength": 2}),
        ({"type": "array", "minItems": 10**9}, {"type": "object"}),
        ({"type": "object", "minProperties": 10**9}, {"type": "array"}),
        ({"type": "string", "minLength": 10**9}, {"type": "array"}),
    ],
    ids=str,
)
def test_what_cannot_be_decided_is_said_to_be_undecided(sub, sup):
    verdict = decided(sub, sup)
    assert verdict.answer is Answer.UNDECIDED
    assert verdict.reason


def test_the_same_text_is_contained_whatever_it_says():
    schema = {"type": "string", "pattern": r"^\bA\b"}
    assert decided(schema, dict(schema)).contained
    assert decided({"const": 1}, {"const": True}).answer is Answer.NOT_CONTAINED


def test_a_decider_remembers_across_questions():
    decider = Decider()
    left, right = Schema.of(tagged(20)), Schema.of(tagged(21))
    assert decider.contains(left, right).contained
    spent = decider.left
    assert decider.contains(left, right).contained
    assert decider.left == spent
