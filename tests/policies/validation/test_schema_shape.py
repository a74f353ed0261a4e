"""The types that a schema admits, through references and alternatives, also where they go in circles."""

from typing import Any

import pytest

from policies.validation.schema_shape import shape_of
from policies.validation.validators import Validators

VALIDATORS = Validators(
    {
        "urn:a": {
            "components": {
                "schemas": {
                    "Count": {"type": "integer"},
                    "Loop": {
                        "anyOf": [{"$ref": "#/components/schemas/Loop"}, {"$ref": "#/components/schemas/Loop"}]
                    },
                    "Tree": {
                        "type": "object",
                        "properties": {
                            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}
                        },
                    },
                    "Elsewhere": {"$ref": "urn:b#/components/schemas/Text"},
                }
            }
        },
        "urn:b": {
            "components": {"schemas": {"Text": {"$ref": "#/components/schemas/Own"}, "Own": {"type": "string"}}}
        },
    }
)


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"urn:a#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("schema", "types", "plain"),
    [
        ({"type": "string"}, {"string"}, True),
        ({"type": "string", "description": "a", "default": "b"}, {"string"}, True),
        ({"type": "string", "minLength": 1}, {"string"}, False),
        ({"type": ["integer", "null"]}, {"integer", "null"}, True),
        ({"type": "number"}, {"number"}, True),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, {"integer"}, False),
        ({"allOf": [{"type": "number"}, {"minimum": 1}]}, {"number"}, False),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"integer", "null"}, False),
        ({"type": "integer", "oneOf": [{"minimum": 5}, {"maximum": 1}]}, {"integer"}, False),
        ({"anyOf": [{"type": "integer"}, {}]}, set(), False),
        ({"enum": ["a", 1, 1.5, None, True]}, {"string", "number", "null", "boolean"}, False),
        ({"const": 1}, {"integer"}, False),
        ({"items": {"type": "integer"}}, {"array"}, False),
        ({"properties": {"a": {}}}, {"object"}, False),
        ({}, set(), True),
        (True, set(), True),
        (False, set(), False),
        (ref("Count"), {"integer"}, False),
        (ref("Elsewhere"), {"string"}, False),
        (ref("Loop"), set(), False),
        (ref("Tree"), {"object"}, False),
    ],
)
def test_types(schema: Any, types: set[str], plain: bool) -> None:
    shape = shape_of(schema, VALIDATORS)
    assert shape.types == types
    assert shape.plain is plain


def test_the_parts_of_arrays_and_objects_are_found_in_all_branches() -> None:
    schema = {
        "allOf": [{"properties": {"a": ref("Count")}}, {"anyOf": [{"properties": {"b": {"type": "string"}}}, {}]}],
        "additionalProperties": ref("Elsewhere"),
    }
    shape = shape_of(schema, VALIDATORS)
    assert {name: one.types for name, one in shape.properties.items()} == {"a": {"integer"}, "b": {"string"}}
    assert shape.extra is not None
    assert shape.extra.types == {"string"}
    array = shape_of({"prefixItems": [{"type": "string"}], "items": ref("Count")}, VALIDATORS)
    assert array.items is not None
    assert array.items.types == {"integer"}
    assert [one.types for one in array.prefix] == [{"string"}]


def test_a_reference_that_leads_nowhere_is_a_fault() -> None:
    with pytest.raises(KeyError):
        shape_of(ref("Missing"), VALIDATORS)
