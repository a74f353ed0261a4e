"""Cases of draft 4 as OAS 3.0 can say them.

OAS 3.0 has an own dialect, which stands on draft 4's vocabulary (Wright-00): without `null` as a type, lists of
types, tuples, dependencies, patterns of names, or definitions in a schema. What can be said in other words is:
`["string", "null"]` is `nullable`, and definitions are components.
"""

from typing import Any

from tests.conformance.jsonschema.suite import Schema

KEYWORDS = frozenset(
    (
        *("multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength"),
        *("pattern", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties", "required", "enum"),
        *("type", "allOf", "oneOf", "anyOf", "not", "items", "properties", "additionalProperties", "format"),
        *("nullable", "default", "title", "description", "$ref"),
    )
)
"""OAS 3.0.4, §4.7.24: what a Schema Object holds that bears on validation, and some annotations."""
TYPES = ("string", "number", "integer", "boolean", "object", "array")


class Unsayable(Exception):
    """OAS 3.0 has no words for the schema; the message names the first that is missing."""


def said(schema: Schema) -> tuple[Schema, dict[str, Schema]]:
    """The schema in OAS 3.0, and the components that its definitions become. Raises Unsayable."""
    if not isinstance(schema, dict):
        raise Unsayable("boolean schema")
    rest = {key: value for key, value in schema.items() if key not in ("definitions", "$schema")}
    definitions = schema.get("definitions", {})
    return _said(rest), {f"Case.{name}": _said(value) for name, value in definitions.items()}


def _said(schema: Any) -> dict[str, Any]:
    if not isinstance(schema, dict):
        raise Unsayable("boolean schema")
    if "$ref" in schema:
        if not isinstance(schema["$ref"], str):
            raise Unsayable("$ref as a name")
        return {**schema, "$ref": _reference(schema["$ref"])}
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key not in KEYWORDS:
            raise Unsayable(key)
        if key in ("allOf", "anyOf", "oneOf"):
            result[key] = [_said(item) for item in value]
        elif key == "properties":
            result[key] = {name: _said(member) for name, member in value.items()}
        elif key == "items" and isinstance(value, list):
            raise Unsayable("tuple")
        elif key in ("items", "not") or (key == "additionalProperties" and isinstance(value, dict)):
            result[key] = _said(value)
        elif key == "type":
            result |= _types(value)
        else:
            result[key] = value
    return result


def _types(value: Any) -> dict[str, Any]:
    names = value if isinstance(value, list) else [value]
    rest = [name for name in names if name != "null"]
    if len(rest) != 1 or rest[0] not in TYPES:
        raise Unsayable(f"type {value}")
    return {"type": rest[0], "nullable": True} if "null" in names else {"type": rest[0]}


def _reference(text: str) -> str:
    if text.startswith("#/definitions/"):
        name, slash, below = text.removeprefix("#/definitions/").partition("/")
        return f"#/components/schemas/Case.{name}{slash}{below}"
    if text != "#" and not text.startswith("#/"):
        raise Unsayable("reference to elsewhere")
    return text
