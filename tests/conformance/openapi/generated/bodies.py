"""JSON bodies: schemas that combine what contracts combine, and values that are one step away from right."""

import copy
import random
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Body:
    """`good` are values that the schema admits; what is sent is made of them."""

    name: str
    schema: dict[str, Any]
    good: tuple[Any, ...]


_LINE: Final = {
    "type": "object",
    "required": ["sku", "quantity"],
    "additionalProperties": False,
    "properties": {
        "sku": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 99},
        "price": {"type": ["number", "null"], "minimum": 0},
    },
}

BODIES: Final = (
    Body(
        "order",
        {
            "type": "object",
            "required": ["reference", "lines"],
            "additionalProperties": False,
            "properties": {
                "reference": {"type": "string", "minLength": 1, "maxLength": 8},
                "lines": {"type": "array", "minItems": 1, "maxItems": 3, "items": _LINE},
                "gift": {"type": "boolean"},
            },
        },
        (
            {"reference": "PO-1", "lines": [{"sku": "AB-1", "quantity": 2}]},
            {"reference": "PO-2", "gift": True, "lines": [{"sku": "AB-1", "quantity": 2, "price": 1.5}] * 3},
        ),
    ),
    Body(
        "one_of",
        {
            "oneOf": [
                {"type": "object", "required": ["kind", "iban"], "properties": {"kind": {"const": "transfer"}}},
                {"type": "object", "required": ["kind", "card"], "properties": {"kind": {"const": "card"}}},
            ]
        },
        ({"kind": "transfer", "iban": "CH1"}, {"kind": "card", "card": 1, "iban": ""}),
    ),
    Body(
        "any_of",
        {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "string", "maxLength": 3}]},
        ([1, 2], "abc", []),
    ),
    Body(
        "all_of",
        {
            "allOf": [
                {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
                {"properties": {"b": {"type": "string"}}, "required": ["b"]},
            ],
            "unevaluatedProperties": False,
        },
        ({"a": 1, "b": "x"},),
    ),
    Body(
        "patterns",
        {
            "type": "object",
            "patternProperties": {"^x-": {"type": "string"}},
            "additionalProperties": {"type": "integer"},
            "propertyNames": {"maxLength": 5},
            "minProperties": 1,
        },
        ({"x-a": "1", "b": 2}, {"b": 1}),
    ),
    Body(
        "conditions",
        {
            "type": "object",
            "properties": {"country": {"enum": ["CH", "DE"]}, "zip": {"type": "string"}},
            "if": {"properties": {"country": {"const": "CH"}}, "required": ["country"]},
            "then": {"properties": {"zip": {"pattern": "^[0-9]{4}$"}}},
            "else": {"properties": {"zip": {"pattern": "^[0-9]{5}$"}}},
            "dependentRequired": {"zip": ["country"]},
        },
        ({"country": "CH", "zip": "4001"}, {"country": "DE", "zip": "10115"}, {}),
    ),
    Body(
        "tuple",
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}], "items": False, "minItems": 1},
        (["a"], ["a", 1.5]),
    ),
    Body(
        "contains",
        {"type": "array", "contains": {"const": 1}, "minContains": 1, "maxContains": 2, "uniqueItems": False},
        ([1], [1, 0, 1]),
    ),
    Body("scalar", {"type": "integer", "not": {"enum": [3, 4]}}, (1, 5)),
    Body(
        "formats",
        {
            "type": "object",
            "properties": {
                "at": {"type": "string", "format": "date-time"},
                "on": {"type": "string", "format": "date"},
                "id": {"type": "string", "format": "uuid"},
                "net": {"type": "string", "format": "ipv4"},
            },
        },
        (
            {"at": "2026-02-28T10:00:00Z", "on": "2026-02-28"},
            {"id": "123e4567-e89b-12d3-a456-426614174000", "net": "192.0.2.1"},
        ),
    ),
)

_OTHERS: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    3,
    1.0,
    1.5,
    10**20,
    "",
    "a",
    "AB-1",
    "CH",
    [],
    [1],
    {},
    {"a": 1},
)


def mutated(value: Any, source: random.Random) -> Any:
    """The value with one place changed: replaced, dropped, doubled or added."""
    changed = copy.deepcopy(value)
    places = [place for place in _places(changed) if place[0] is not None]
    if not places or source.random() < 0.1:
        return source.choice(_OTHERS)
    holder, key = source.choice(places)
    act = source.randrange(4)
    if act == 0:
        del holder[key]
    elif act == 1 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    elif act == 1:
        holder[source.choice(["more", "x-b", "a", "longer"])] = source.choice(_OTHERS)
    else:
        holder[key] = source.choice(_OTHERS)
    return changed


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [place for key in keys for place in _places(value[key])]
