"""What changed between two schemas: kinds, places, effects."""

import pytest

from contracts.containment.changes import KINDS, Effect
from contracts.containment.compare import Comparer, compare
from contracts.containment.source import Schema, Schemas
from contracts.containment.verdict import Answer

NARROWED, WIDENED, BOTH = Effect.NARROWED, Effect.WIDENED, Effect.CHANGED_BOTH
EQUIVALENT, UNDECIDED = Effect.EQUIVALENT, Effect.UNDECIDED
CAT = {"type": "object", "properties": {"kind": {"const": "Cat"}}, "required": ["kind"]}
DOG = {"type": "object", "properties": {"kind": {"const": "Dog"}}, "required": ["kind"]}


def closed(*names):
    return {"type": "object", "properties": {name: {} for name in names}, "additionalProperties": False}


# base, revision, (kind, action, path, subject, effect) of each change
CHANGES = [
    ({"type": "string"}, {"type": ["string", "null"]}, [("nullable", "added", "/type", "null", WIDENED)]),
    ({"type": "number"}, {"type": "integer"}, [("type", "removed", "/type", "number", NARROWED)]),
    (
        {"type": "string"},
        {"type": "integer"},
        [("type", "removed", "/type", "string", NARROWED), ("type", "added", "/type", "integer", WIDENED)],
    ),
    ({}, {"type": "string"}, [("type", "added", "/type", "", NARROWED)]),
    (
        {"type": "string"},
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        [("type", "added", "/type", "integer", WIDENED)],
    ),
    (
        {"enum": ["a", "b"]},
        {"enum": ["c", "b"]},
        [("enum", "removed", "/enum", '"a"', NARROWED), ("enum", "added", "/enum", '"c"', WIDENED)],
    ),
    ({"type": "string", "enum": ["a"]}, {"type": "string"}, [("enum", "removed", "/enum", "", WIDENED)]),
    ({"const": 1}, {"const": 2}, [("const", "changed", "/const", "", BOTH)]),
    (
        {"type": "string"},
        {"type": "string", "maxLength": 3},
        [("max-length", "added", "/maxLength", "", NARROWED)],
    ),
    (
        {"type": "number", "minimum": 1},
        {"type": "number", "exclusiveMinimum": 1},
        [("minimum", "changed", "/minimum", "", NARROWED)],
    ),
    (
        {"type": "integer", "multipleOf": 4},
        {"type": "integer", "multipleOf": 6},
        [("multiple-of", "changed", "/multipleOf", "", BOTH)],
    ),
    (
        {"type": "string", "pattern": "^a+$"},
        {"type": "string", "pattern": "^[ab]+$"},
        [("pattern", "changed", "/pattern", "", WIDENED)],
    ),
    (
        {"type": "string", "format": "date"},
        {"type": "string", "format": "uuid"},
        [("format", "changed", "/format", "", BOTH)],
    ),
    (
        {"type": "string", "format": "own"},
        {"type": "string", "format": "other"},
        [("format", "changed", "/format", "", EQUIVALENT)],
    ),
    (
        {"type": "string", "pattern": r"\bA"},
        {"type": "string", "pattern": r"\bB"},
        [("pattern", "changed", "/pattern", "", UNDECIDED)],
    ),
    (
        {"type": "array", "items": {"type": "number"}},
        {"type": "array", "items": {"type": "integer"}},
        [("type", "removed", "/items/type", "number", NARROWED)],
    ),
    (
        {"type": "array"},
        {"type": "array", "uniqueItems": True},
        [("unique-items", "added", "/uniqueItems", "", NARROWED)],
    ),
    (
        {"type": "array", "contains": {"type": "integer"}},
        {"type": "array", "contains": {"type": "integer"}, "minContains": 2},
        [("min-contains", "added", "/minContains", "", NARROWED)],
    ),
    (closed("a"), closed("a", "b"), [("property", "added", "/properties/b", "b", WIDENED)]),
    (closed("a", "b"), closed("b"), [("property", "removed", "/properties/a", "a", NARROWED)]),
    (closed("a"), {**closed("a"), "required": ["a"]}, [("required", "added", "/required", "a", NARROWED)]),
    (
        closed("a"),
        {**closed("a"), "additionalProperties": True},
        [("additional-properties", "changed", "/additionalProperties", "", WIDENED)],
    ),
    ({"oneOf": [CAT, DOG]}, {"oneOf": [CAT]}, [("one-of", "removed", "/oneOf/kind=Dog", "kind=Dog", NARROWED)]),
    (CAT, {"anyOf": [DOG, CAT]}, [("any-of", "added", "/anyOf/kind=Dog", "kind=Dog", WIDENED)]),
    (
        {"oneOf": [CAT, DOG]},
        {"oneOf": [DOG, {**CAT, "required": ["kind", "age"]}]},
        [("required", "added", "/oneOf/kind=Cat/required", "age", NARROWED)],
    ),
    (
        {"not": {"type": "string"}},
        {"not": {"type": ["string", "null"]}},
        [("not", "changed", "/not", "", NARROWED)],
    ),
    (True, False, [("schema", "added", "", "", NARROWED)]),
    ({"default": 1}, {"default": 2}, [("default", "changed", "/default", "", EQUIVALENT)]),
    (
        {"type": "string"},
        {"type": "string", "deprecated": True},
        [("deprecated", "added", "/deprecated", "", EQUIVALENT)],
    ),
    (
        {"discriminator": {"propertyName": "k", "mapping": {"a": "#/A"}}},
        {"discriminator": {"propertyName": "k", "mapping": {"a": "#/B"}}},
        [("discriminator-mapping", "changed", "/discriminator/mapping/a", "a", EQUIVALENT)],
    ),
]


def told(comparison):
    return [
        (change.kind, change.action, change.path, change.subject, change.effect) for change in comparison.changes
    ]


@pytest.mark.parametrize(("base", "revision", "expected"), CHANGES, ids=str)
def test_changes(base, revision, expected):
    comparison = compare(Schema.of(base), Schema.of(revision))
    assert told(comparison) == expected
    assert all(change.kind in KINDS for change in comparison.changes)


@pytest.mark.parametrize(
    ("base", "revision"),
    [
        ({"type": "integer", "minimum": 1}, {"exclusiveMinimum": 0, "type": "integer"}),
        (
            {"allOf": [{"properties": {"a": {"type": "string"}}}, {"required": ["a"]}]},
            {"required": ["a"], "properties": {"a": {"type": "string"}}},
        ),
        ({"oneOf": [CAT, DOG]}, {"anyOf": [DOG, CAT]}),
        ({"type": "object", "properties": {"a": {}}}, {"type": "object"}),
        ({"$ref": "#/$defs/a", "$defs": {"a": CAT}}, {"$ref": "#/$defs/b", "$defs": {"b": CAT}}),
        ({"title": "old", "description": "x", "example": 1}, {"title": "new", "examples": [2]}),
    ],
    ids=str,
)
def test_other_words_for_the_same_are_no_change(base, revision):
    comparison = compare(Schema.of(base), Schema.of(revision))
    assert (comparison.narrowed, comparison.widened, comparison.changes) == (
        Answer.CONTAINED,
        Answer.CONTAINED,
        (),
    )


def test_places_lead_into_both_documents_through_references():
    base = {"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"type": "string", "maxLength": 3}}}
    revision = {"items": {"$ref": "#/$defs/b"}, "$defs": {"b": {"type": "string", "maxLength": 2}}}
    (change,) = compare(Schema.of(base), Schema.of(revision)).changes
    assert change.path == "/items/maxLength"
    assert (change.base, change.revision) == (("", "/$defs/a/maxLength"), ("", "/$defs/b/maxLength"))
    assert (change.before, change.after) == (3, 2)
    assert len(change.lost.value) == 3
    assert change.gained is None


@pytest.mark.parametrize(
    ("base", "revision", "undeclared"),
    [
        ({"type": "object"}, {"type": "object", "properties": {"a": {"type": "string"}}}, True),
        (
            {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
            {
                "type": "object",
                "additionalProperties": {"type": ["string", "null"]},
                "properties": {"a": {"type": "string"}},
            },
            False,
        ),
        (
            {"type": "object", "required": ["a"]},
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}},
            False,
        ),
        (
            {"type": "object", "anyOf": [{"required": ["a"]}, {}]},
            {"type": "object", "properties": {"a": {"type": "string"}}},
            False,
        ),
        ({"type": "object"}, {"type": "object", "properties": {"a": False}}, False),
    ],
    ids=str,
)
def test_undeclared_is_a_property_whose_name_stood_nowhere(base, revision, undeclared):
    changes = compare(Schema.of(base), Schema.of(revision)).changes
    (change,) = [change for change in changes if change.kind == "property"]
    assert change.undeclared is undeclared


def test_a_change_deep_in_recursion_is_told_once_with_its_shortest_path():
    def tree(kind):
        node = {"$ref": "#/$defs/n"}
        return {
            **node,
            "$defs": {"n": {"type": "object", "properties": {"l": node, "r": node, "v": {"type": kind}}}},
        }

    comparison = compare(Schema.of(tree("number")), Schema.of(tree("integer")))
    assert told(comparison) == [("type", "removed", "/properties/v/type", "number", NARROWED)]


def ring(length, kind):
    """Definitions that each lead to the next, the last to the first; the sixth has a value of a kind."""
    schemas = {
        f"S{n}": {
            "type": "object",
            "properties": {
                "next": {"$ref": f"#/$defs/S{(n + 1) % length}"},
                "v": {"type": kind if n == 5 else "null"},
            },
        }
        for n in range(length)
    }
    return {"$defs": schemas}


def test_a_ring_of_definitions_is_settled_from_each_of_them():
    base, revision = ring(40, "number"), ring(40, "integer")
    sides, comparer = (Schemas.of_value(base), Schemas.of_value(revision)), Comparer()
    for n in range(40):
        place, ref = ("", "/entry"), {"$ref": f"#/$defs/S{n}"}
        comparison = comparer.compare(*(Schema(side, place, ref) for side in sides))
        assert comparison.widened is Answer.CONTAINED
        assert comparison.narrowed is Answer.NOT_CONTAINED
        (change,) = comparison.changes
        assert change.path == "/properties/next" * ((5 - n) % 40) + "/properties/v/type"


def test_the_work_of_a_whole_diff_is_bounded():
    def hard(more):
        names = range(60)
        return {
            "oneOf": [
                {"properties": {f"p{n}": {"type": "integer", "minimum": n}, f"p{n + 1}": {"maxLength": n + more}}}
                for n in names
            ]
        }

    comparer = Comparer(steps=2_000)
    comparer.decider.left = 4_000
    comparison = comparer.compare(Schema.of(hard(1)), Schema.of(hard(2)))
    assert Answer.UNDECIDED in (comparison.narrowed, comparison.widened)
    assert any("budget" in change.reason for change in comparison.changes)


def test_a_schema_that_is_none_is_undecided():
    comparison = compare(Schema.of({"properties": 3}), Schema.of({"properties": {"a": {}}}))
    assert told(comparison) == [("schema", "changed", "", "", UNDECIDED)]
