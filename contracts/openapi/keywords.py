"""The keywords of JSON Schema 2020-12 that assert something, by what their values hold.

Whoever validates by a schema and whoever compares two have to go through it alike.
"""

from typing import Final

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
