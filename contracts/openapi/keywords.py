"""The keywords of JSON Schema 2020-12, by what their values hold.

Whoever validates by a schema and whoever compares two have to go through it alike.
"""

from collections.abc import Callable
from typing import Any, Final

ONE_SCHEMA: Final = frozenset(
    (
        *("not", "if", "then", "else", "items", "contains", "propertyNames"),
        *("additionalProperties", "unevaluatedItems", "unevaluatedProperties"),
    )
)
SCHEMAS: Final = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
"""An array of them."""
NAMED_SCHEMAS: Final = frozenset(("properties", "patternProperties", "dependentSchemas"))
"""One by name, or by pattern of names."""
SAME_OBJECT: Final = frozenset(("allOf", "then", "else"))
"""These speak about the same object, and hold together with it: what is hidden beside them is hidden in them."""
VALUES: Final = frozenset(
    (
        *("type", "enum", "const", "format", "pattern", "required", "dependentRequired", "multipleOf"),
        *("maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength"),
        *("maxItems", "minItems", "uniqueItems", "maxContains", "minContains", "maxProperties", "minProperties"),
    )
)
"""No schema at all."""
ANNOTATIONS: Final = frozenset(
    ("title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly")
)
"""These assert nothing."""


def with_each(schema: dict[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """The schema, with what `change` makes of each schema that stands directly in it."""
    changed = dict(schema)
    for keyword, value in schema.items():
        if keyword in ONE_SCHEMA:
            changed[keyword] = change(value)
        elif keyword in SCHEMAS:
            changed[keyword] = [change(each) for each in value]
        elif keyword in NAMED_SCHEMAS:
            changed[keyword] = {name: change(each) for name, each in value.items()}
    return changed


def absolute(schema: Any, uri: str) -> Any:
    """A schema from inside the resource `uri`, as it is written outside of it."""
    if not isinstance(schema, dict):
        return schema
    result = with_each(schema, lambda inner: absolute(inner, uri))
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        result["$ref"] = uri + reference
    return result
