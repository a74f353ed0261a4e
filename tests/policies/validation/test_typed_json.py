"""Reading by types: what it clears, the reference takes as well, and as the same value."""

import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.operations import JsonSchema
from policies.validation.json_text import MAXIMUM_DEPTH, parse
from policies.validation.typed_json import MISSED, TypedJson
from policies.validation.validators import Validators

URI = "urn:ostiary:a:v1:request"
NESTED: JsonSchema = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "below": {"type": "array", "items": {"$ref": "#/components/schemas/Nested"}},
    },
}
DOCUMENTS: dict[str, Any] = {
    URI: {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": URI,
        "components": {
            "schemas": {
                "Code": {"type": "string", "pattern": "^[A-Z]{2}$"},
                "Price": {"oneOf": [{"type": "number"}, {"$ref": "#/components/schemas/Code"}]},
                "Nested": NESTED,
                "Line": {
                    "type": "object",
                    "required": ["price"],
                    "additionalProperties": False,
                    "properties": {
                        "price": {"$ref": "#/components/schemas/Price"},
                        "code": {"$ref": "#/components/schemas/Code"},
                        "note": {"type": ["string", "null"], "maxLength": 5},
                    },
                },
            }
        },
    }
}


def reference(name: str) -> JsonSchema:
    return {"$ref": f"{URI}#/components/schemas/{name}"}


def reader_of(validators: Validators, schema: JsonSchema) -> TypedJson | None:
    check = validators.check(schema)
    check.read_by_types()
    return check.reader


def members(properties: dict[str, JsonSchema], *required: str, **rest: Any) -> JsonSchema:
    return {"type": "object", "properties": properties, "required": list(required), **rest}


TEXT: JsonSchema = {"type": "string"}
CLOSED: JsonSchema = members({"a": TEXT, "b": {"type": "integer"}}, "a", additionalProperties=False)
ORDER: JsonSchema = members(
    {
        "customer": {"type": "integer", "minimum": 1, "exclusiveMaximum": 1e6},
        "at": {"type": "string", "format": "date-time"},
        "currency": {"enum": ["EUR", "USD", None]},
        "lines": {"type": "array", "minItems": 1, "maxItems": 2, "items": reference("Line")},
        "tags": {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}},
        "free": True,
        "kind": {"const": "order"},
        "paid": {"type": ["boolean", "null"]},
    },
    "customer",
    "lines",
)
FULL_ORDER: Final = (
    '{"customer":7,"at":"2026-11-22T10:15:30Z","currency":null,"lines":[{"price":1.5,"code":"AB","note":null},'
    '{"note":"short","price":"CD"}],"tags":{"x":"y","a":"b"},"free":{"any":["thing"]},"kind":"order","paid":true}'
)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (TEXT, '"é: 😀"'),
        ({"type": ["string", "integer", "null"]}, "null"),
        ({"type": ["string", "integer", "null"]}, "-5"),
        ({"type": ["number", "string"], "minimum": 0.5, "maxLength": 1}, '"é"'),
        ({"type": "number", "minimum": 0.5, "exclusiveMaximum": 1.5}, "1"),
        ({"type": "number", "minimum": 0.5, "exclusiveMaximum": 1.5}, "0.5"),
        ({"type": "integer"}, "123456789012345678901234567890"),
        ({"enum": ["a", "b", 3, None]}, "3"),
        ({"type": ["string", "null"], "enum": ["a", None]}, "null"),
        ({"type": "string", "format": "date"}, '"0000-12-28"'),
        ({"type": "string", "format": "date"}, '"2024-02-29"'),
        ({"type": ["string", "null"], "format": "date"}, "null"),
        ({"type": "array"}, '[1, "a", {"b": [null]}]'),
        ({"type": "array", "items": {"type": "string", "pattern": "^a"}}, '["a", "ab"]'),
        ({"type": "object", "additionalProperties": {"type": "number"}}, '{"a": 1, "b": 2.5}'),
        (CLOSED, '{ "a" : "x" }'),
        (CLOSED, '{"b":1,"a":"x"}'),
        # Escapes, also of quotation marks and of whole names.
        (CLOSED, r'{"a":"\"\\\n\u00e9"}'),
        (CLOSED, r'{"\u0061":"x", "b":2}'),
        (ORDER, '{"customer": 1, "lines": [{"price": 1}]}'),
        (
            ORDER,
            FULL_ORDER,
        ),
    ],
)
def test_cleared(schema: JsonSchema, text: str) -> None:
    validators = Validators(DOCUMENTS)
    reader = reader_of(validators, schema)
    assert reader is not None
    read = reader.read(text.encode())
    assert read is not MISSED
    assert repr(read) == repr(parse(text.encode()))
    check = validators.check(schema)
    assert check.is_valid(read)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (TEXT, "1"),
        (TEXT, '"a'),
        (TEXT, b'"\xff"'),
        ({"type": "integer"}, "true"),
        ({"type": "integer"}, "1.5"),
        ({"type": "integer", "minimum": 0.5}, "0"),
        ({"type": "number", "exclusiveMinimum": 0}, "0.0"),
        ({"type": "number"}, "1e999"),
        ({"type": "string", "minLength": 2}, '"😀"'),
        ({"type": "string", "format": "date"}, '"2026-02-30"'),
        ({"type": "string", "format": "date"}, '"2026-13-10"'),
        ({"type": "string", "format": "date"}, '"2026-00-10"'),
        ({"type": "string", "format": "date"}, '"2026-01-00"'),
        ({"type": "string", "format": "date"}, '"2026-W10-1"'),
        ({"type": "string", "format": "date"}, '"2026-1-100"'),
        ({"type": "string", "format": "date"}, '"２026-11-22"'),
        ({"type": "string", "pattern": "^a$"}, '"b"'),
        ({"enum": ["a", 1]}, "true"),
        (CLOSED, '{"b": 1}'),
        (CLOSED, '{"a": "x", "c": {"d": []}}'),
        (CLOSED, '{"a": "x", "a": "y"}'),
        (CLOSED, r'{"a": "x", "\u0061": "y"}'),
        (CLOSED, r'{"a": "\n", "c": "y"}'),
        (members({"a": {}, "b": False}), '{"a": 1, "b": 1}'),
        (ORDER, '{"customer": 1, "lines": []}'),
        (ORDER, '{"customer": 1, "lines": [{"price": 1, "code": "ABC"}]}'),
        (ORDER, '{"customer": 1, "lines": [{"price": true}]}'),
        (ORDER, '{"customer": 1, "lines": [{"price": 1}], "free": {"a": 1, "a": 1}}'),
        (ORDER, '{"customer": 1, "lines": [{"price": 1}], "tags": {"a": "x", "a": "y"}}'),
        (ORDER, '{"customer": 1, "lines": [{"price": 1}], "tags": {"a": ""}}'),
        (ORDER, '{"customer": 1, "lines": [{"price": 1}], "kind": "other"}'),
        (ORDER, '{"customer": 1, "lines": [{"price": 1}], "free": %s}' % ("[" * 64 + "]" * 64)),
    ],
)
def test_not_cleared(schema: JsonSchema, text: str | bytes) -> None:
    reader = reader_of(Validators(DOCUMENTS), schema)
    assert reader is not None
    assert reader.read(text if isinstance(text, bytes) else text.encode()) is MISSED


def test_a_schema_within_itself_is_the_validators() -> None:
    reader = reader_of(Validators(DOCUMENTS), reference("Nested"))
    assert reader is not None
    text = b'{"name":"a","below":[{"name":"b","below":[{"name":"c"}]}]}'
    assert reader.read(text) == parse(text)
    assert reader.read(text.replace(b'"c"', b"1")) is MISSED
    assert reader.read(text.replace(b'"name":"b"', b'"name":"b","name":"b"')) is MISSED


def test_nesting_is_taken_as_deep_as_by_the_reference() -> None:
    schema: JsonSchema = TEXT
    for _ in range(MAXIMUM_DEPTH):
        schema = {"type": "array", "items": schema}
    text = b"[" * MAXIMUM_DEPTH + b'"a"' + b"]" * MAXIMUM_DEPTH
    reader = reader_of(Validators({}), schema)
    assert reader is not None
    assert reader.read(text) == parse(text)
    deeper = reader_of(Validators({}), {"type": "array", "items": schema})
    assert deeper is not None
    assert deeper.read(b"[" + text + b"]") is MISSED


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"anyOf": [TEXT]},
        {"type": "object"},
        {"type": ["object", "array"], "items": TEXT},
        {"type": "number", "multipleOf": 0.01},
        {"type": "integer", "minimum": 1e300},
        {"enum": [True]},
        {"enum": [2**70]},
        {"enum": ["a"], "type": "integer"},
        {"type": "string", "maxLength": 2**80},
        members({"a": TEXT}, "b"),
        members({"a": TEXT}, minProperties=1),
    ],
)
def test_what_types_cannot_say(schema: JsonSchema) -> None:
    assert reader_of(Validators({}), schema) is None


def test_a_schema_that_grows_by_its_references_is_left_to_the_validator() -> None:
    """Each level has two of the next: followed to its end it would have a million places."""
    levels: dict[str, JsonSchema] = {"20": TEXT}
    for level in range(20):
        below = {"$ref": f"#/components/schemas/{level + 1}"}
        levels[str(level)] = members({"a": below, "b": below})
    documents = {URI: {**DOCUMENTS[URI], "components": {"schemas": levels}}}
    assert reader_of(Validators(documents), reference("0")) is None
    assert reader_of(Validators(documents), reference("15")) is not None


def test_nothing_more_is_tried_where_it_is_of_no_use() -> None:
    """Of a client that always sends what is not declared, each text would be read twice."""
    reader = reader_of(Validators({}), members({"a": TEXT}))
    assert reader is not None
    good, unknown = b'{"a":"x"}', b'{"a":"x","b":1}'
    for _ in range(100):
        assert reader.read(unknown) is MISSED
        for _ in range(4):
            assert reader.read(good) == {"a": "x"}
    for _ in range(16):
        reader.read(unknown)
    assert reader.read(good) is MISSED


NAMES = st.sampled_from(["a", "b", "é", "a b", '"', "$ref"])
BOUNDS = st.sampled_from([-1, 0, 0.5, 1, 2.0, 3])
COUNTS = st.sampled_from([0, 1, 2])
SCALARS = (
    st.none()
    | st.booleans()
    | st.sampled_from([-1, 0, 1, 2**64, 1.0, 0.5, 1e20])
    | st.sampled_from(["", "a", "ab", "é", "😀", '"', "\\", ":", "\n", "2026-11-22", "http://a/"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=8
)
TEXTS = st.fixed_dictionaries(
    {"type": st.just("string")},
    optional={
        "minLength": COUNTS,
        "maxLength": COUNTS,
        "pattern": st.sampled_from(["^a", "b$"]),
        "format": st.sampled_from(["date", "uri"]),
    },
)
NUMBERS = st.fixed_dictionaries(
    {"type": st.sampled_from(["number", "integer", ["integer", "null"], ["number", "string"]])},
    optional={
        "minimum": BOUNDS,
        "maximum": BOUNDS,
        "exclusiveMinimum": BOUNDS,
        "exclusiveMaximum": BOUNDS,
        "multipleOf": st.just(2),
    },
)
OTHERS = st.sampled_from(
    [
        True,
        {},
        {"type": ["boolean", "null"]},
        {"enum": ["a", 1, None]},
        {"const": {"a": 1}},
        {"not": {"type": "null"}},
    ]
    + [reference(name) for name in ("Code", "Price", "Nested", "Line")]
)


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    arrays = st.fixed_dictionaries(
        {"type": st.sampled_from(["array", ["array", "null"]]), "items": inner},
        optional={"minItems": COUNTS, "maxItems": COUNTS, "uniqueItems": st.booleans()},
    )
    objects = st.fixed_dictionaries(
        {"type": st.sampled_from(["object", ["object", "null"]])},
        optional={
            "properties": st.dictionaries(NAMES, inner, max_size=4),
            "required": st.lists(NAMES, max_size=2, unique=True),
            "additionalProperties": st.booleans() | inner,
            "maxProperties": COUNTS,
        },
    )
    return arrays | objects | st.lists(inner, min_size=1, max_size=2).map(lambda branches: {"allOf": branches})


SCHEMAS = st.recursive(TEXTS | NUMBERS | OTHERS, _around, max_leaves=6)


@st.composite
def _values_of(draw: st.DrawFn, schema: JsonSchema) -> Any:
    """Values that are as the schema asks more often than not."""
    if not isinstance(schema, dict) or draw(st.integers(0, 9)) == 0:
        return draw(VALUES)
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    kinds = schema.get("type")
    match kinds if isinstance(kinds, str) else draw(st.sampled_from(kinds)) if kinds else "":
        case "string":
            return draw(st.sampled_from(["a", "ab", "é", "", '"', "2026-11-22", "http://a/"]))
        case "integer" | "number":
            return draw(st.sampled_from([0, 1, 2, 3, 0.5, 1.0]))
        case "null":
            return None
        case "boolean":
            return True
        case "array":
            return draw(st.lists(_values_of(schema["items"]), max_size=2))
        case "object":
            properties = schema.get("properties", {})
            names = set(draw(st.lists(st.sampled_from(sorted(properties)), unique=True))) if properties else set()
            found = {
                name: draw(_values_of(properties[name]))
                for name in sorted(names | set(schema.get("required", ())) & set(properties))
            }
            return found | draw(st.dictionaries(NAMES, VALUES, max_size=1))
        case _:
            return draw(VALUES)


def _written(value: Any, draw: st.DrawFn) -> str:
    """As clients write it, sometimes with a member twice."""
    spaced = draw(st.sampled_from(["", " "]))
    if isinstance(value, dict):
        pairs = [(name, inner) for name, inner in value.items()]
        if pairs and draw(st.integers(0, 5)) == 0:
            pairs.append((draw(st.sampled_from(pairs))[0], draw(SCALARS)))
        return (
            "{"
            + ",".join(
                f"{spaced}{_written(name, draw)}{spaced}:{spaced}{_written(inner, draw)}" for name, inner in pairs
            )
            + "}"
        )
    if isinstance(value, list):
        return "[" + f",{spaced}".join(_written(inner, draw) for inner in value) + "]"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


@given(st.data())
def test_what_is_cleared_is_taken_by_the_reference(data: st.DataObject) -> None:
    schema = data.draw(SCHEMAS)
    check = Validators(DOCUMENTS).check(schema)
    check.read_by_types()
    reader = check.reader
    if reader is None:
        return
    text = _written(data.draw(_values_of(schema)), data.draw).encode()
    value, reference_value = reader.read(text), parse(text)
    if value is not MISSED:
        assert repr(value) == repr(reference_value)
        assert check.is_valid(value)
