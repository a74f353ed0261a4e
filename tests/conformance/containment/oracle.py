"""A second opinion on a pair of schemas: instances made from both sides, judged by jsonschema-rs.

Nothing here is shared with the product: the dialect of OAS 3.0 is translated once more, in the plainest way.
"""

import random
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs

from tests.conformance.containment.samples import Samples

Schema = dict[str, Any] | bool
_BITS = {"int32": 31, "int64": 63}
_ONE = (
    *("not", "if", "then", "else", "items", "contains", "propertyNames", "additionalProperties"),
    *("unevaluatedItems", "unevaluatedProperties"),
)
_LIST = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAP = ("properties", "patternProperties", "dependentSchemas")
_KNOWN_TO_30 = frozenset(
    (
        *("multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength"),
        *("pattern", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties", "required", "enum"),
        *("type", "allOf", "oneOf", "anyOf", "not", "items", "properties", "additionalProperties", "format"),
        "nullable",
    )
)


def translated(schema: Schema, components: dict[str, Schema], version: str) -> Schema:
    """The schema in JSON Schema 2020-12, with all that it refers to."""
    old = version.startswith("3.0")
    result = _translate(schema, old=old)
    if not isinstance(result, dict):
        return result
    members = {name: _translate(member, old=old) for name, member in components.items()}
    return result | {"components": {"schemas": members}}


def _translate(schema: Schema, *, old: bool) -> Schema:
    if not isinstance(schema, dict):
        return schema
    if old and "$ref" in schema:
        return {"$ref": schema["$ref"]}
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if old and key not in _KNOWN_TO_30:
            continue
        if key in _ONE and isinstance(value, dict | bool):
            result[key] = _translate(value, old=old)
        elif key in _LIST:
            result[key] = [_translate(item, old=old) for item in value]
        elif key in _MAP:
            result[key] = {name: _translate(member, old=old) for name, member in value.items()}
        elif key != "nullable":
            result[key] = value
    if old:
        _modernise(schema, result)
    bits = _BITS.get(result.get("format", ""))
    if bits and result.get("type") == "integer":
        result.setdefault("allOf", []).append({"minimum": -(2**bits), "maximum": 2**bits - 1})
    return result


def _modernise(schema: dict[str, Any], result: dict[str, Any]) -> None:
    if schema.get("nullable") is True and "type" in schema:
        result["type"] = [schema["type"], "null"]
    for bound in ("minimum", "maximum"):
        name = f"exclusive{bound.capitalize()}"
        if result.pop(name, False) is True and bound in result:
            result[name] = result.pop(bound)


def validator(schema: Schema) -> Callable[[Any], bool]:
    """Formats are asserted, as they are by the gateway."""
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid


def counter_example(sub: Schema, sup: Schema, tries: int, seed: int) -> tuple[bool, Any, int]:
    """Whether an instance of `sub` was found that is none of `sup`; it; and how many instances of `sub` there
    were among all that were tried."""
    in_sub, in_sup = validator(sub), validator(sup)
    met = 0
    for instance in instances(sub, sup, tries, seed):
        if in_sub(instance):
            met += 1
            if not in_sup(instance):
                return True, instance, met
    return False, None, met


def instances(sub: Schema, sup: Schema, tries: int, seed: int) -> Iterator[Any]:
    """First the values that the schemas name, then random ones that lean on them."""
    chance = random.Random(seed)
    samples = Samples((sub, sup), chance)
    yield from samples.named()
    for number in range(tries):
        root = (sub, sup)[number % 3 == 2]
        value = samples.like(root, root, 0)
        yield value
        yield samples.mutated(value)


def compiles(pattern: str) -> bool:
    """Whether Python's own engine reads a pattern, from which strings are then made."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            re.compile(pattern)
        except re.error:
            return False
    return True
