"""The kinds of changes to schemas, and schemas that show each: without a keyword, with it, with a stricter one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SchemaKind:
    """A kind of change. The schemas are YAML in flow style; where one is empty, so are the rules it would show.

    `narrower` are two of which the second has fewer values, if those are not `loose` and `tight`; of the two in
    `unclear` nobody knows. `added_narrows`: adding the thing takes values away, as a bound does; a type or a
    branch gives some.
    """

    keyword: str
    without: str
    loose: str
    tight: str = ""
    other: str = ""
    narrower: tuple[str, str] = ("", "")
    unclear: tuple[str, str] = ("", "")
    added_narrows: bool = True


def _bound(keyword: str, kind: str, loose: object, tight: object, rest: str = "") -> SchemaKind:
    return SchemaKind(
        f"`{keyword}`",
        f"{{type: {kind}{rest}}}",
        f"{{type: {kind}{rest}, {keyword}: {loose}}}",
        f"{{type: {kind}{rest}, {keyword}: {tight}}}",
    )


_ITEM: Final = ", contains: {type: integer}"
AB: Final = "{type: object, properties: {a: {type: string}, b: {type: string}}"

KINDS: Final[Mapping[str, SchemaKind]] = {
    "type": SchemaKind(
        "the type",
        "{type: string}",
        "{type: [string, integer]}",
        narrower=("{}", "{type: string}"),
        added_narrows=False,
    ),
    "nullable": SchemaKind("`null`", "{type: string}", "{type: [string, 'null']}", added_narrows=False),
    "enum": SchemaKind("`enum`", "{type: string}", "{type: string, enum: [a, b]}"),
    "enum-value": SchemaKind(
        "the value", "{type: string, enum: [a]}", "{type: string, enum: [a, b]}", added_narrows=False
    ),
    "const": SchemaKind("`const`", "{type: string}", "{type: string, const: a}", other="{type: string, const: b}"),
    "format": SchemaKind(
        "`format`", "{type: string}", "{type: string, format: date}", other="{type: string, format: ipv4}"
    ),
    "pattern": SchemaKind(
        "`pattern`",
        "{type: string}",
        "{type: string, pattern: '^[a-z]+$'}",
        "{type: string, pattern: '^[a-f]+$'}",
        other="{type: string, pattern: '^[0-9]+$'}",
        unclear=("{type: string, pattern: '(?=a)b'}", "{type: string, pattern: '(?=b)a'}"),
    ),
    "min-length": _bound("minLength", "string", 2, 4),
    "max-length": _bound("maxLength", "string", 40, 20),
    "minimum": _bound("minimum", "integer", 1, 10),
    "maximum": _bound("maximum", "integer", 100, 50),
    "multiple-of": SchemaKind(
        "`multipleOf`",
        "{type: integer}",
        "{type: integer, multipleOf: 2}",
        "{type: integer, multipleOf: 4}",
        other="{type: integer, multipleOf: 3}",
    ),
    "items": SchemaKind(
        "`items`",
        "{type: array}",
        "{type: array, items: {type: string}}",
        narrower=("{type: array, items: {type: string}}", "{type: array, items: false}"),
    ),
    "prefix-items": SchemaKind("the item", "{type: array}", "{type: array, prefixItems: [{type: string}]}"),
    "min-items": _bound("minItems", "array", 1, 2),
    "max-items": _bound("maxItems", "array", 100, 50),
    "unique-items": SchemaKind("`uniqueItems`", "{type: array}", "{type: array, uniqueItems: true}"),
    "contains": SchemaKind(
        "`contains`",
        "{type: array}",
        "{type: array, contains: {type: integer}}",
        "{type: array, contains: {type: integer, minimum: 5}}",
        other="{type: array, contains: {type: string}}",
    ),
    "min-contains": _bound("minContains", "array", 2, 3, _ITEM),
    "max-contains": _bound("maxContains", "array", 5, 3, _ITEM),
    "unevaluated-items": SchemaKind(
        "`unevaluatedItems`",
        "{type: array, prefixItems: [{type: string}]}",
        "{type: array, prefixItems: [{type: string}], unevaluatedItems: false}",
        narrower=(
            "{type: array, prefixItems: [{type: string}], unevaluatedItems: {type: string}}",
            "{type: array, prefixItems: [{type: string}], unevaluatedItems: false}",
        ),
    ),
    "required": SchemaKind("the required property", f"{AB}}}", f"{AB}, required: [a]}}"),
    "additional-properties": SchemaKind(
        "`additionalProperties`",
        f"{AB}}}",
        f"{AB}, additionalProperties: false}}",
        narrower=(f"{AB}, additionalProperties: {{type: string}}}}", f"{AB}, additionalProperties: false}}"),
    ),
    "pattern-property": SchemaKind(
        "the pattern for properties",
        "{type: object}",
        "{type: object, patternProperties: {'^x-': {type: string}}}",
    ),
    "property-names": SchemaKind(
        "`propertyNames`",
        "{type: object}",
        "{type: object, propertyNames: {maxLength: 10}}",
        "{type: object, propertyNames: {maxLength: 5}}",
    ),
    "min-properties": _bound("minProperties", "object", 1, 2),
    "max-properties": _bound("maxProperties", "object", 20, 10),
    "unevaluated-properties": SchemaKind(
        "`unevaluatedProperties`",
        f"{AB}}}",
        f"{AB}, unevaluatedProperties: false}}",
        narrower=(f"{AB}, unevaluatedProperties: {{type: string}}}}", f"{AB}, unevaluatedProperties: false}}"),
    ),
    "dependent-required": SchemaKind(
        "`dependentRequired` of",
        f"{AB}}}",
        f"{AB}, dependentRequired: {{a: [b]}}}}",
        f"{AB}, dependentRequired: {{a: [b, c]}}}}",
    ),
    "dependent-schema": SchemaKind(
        "`dependentSchemas` of",
        f"{AB}}}",
        f"{AB}, dependentSchemas: {{a: {{required: [b]}}}}}}",
        f"{AB}, dependentSchemas: {{a: {{required: [b, c]}}}}}}",
    ),
    "any-of": SchemaKind(
        "a branch of `anyOf`",
        "{anyOf: [{type: string}, {type: boolean}]}",
        "{anyOf: [{type: string}, {type: boolean}, {type: integer}]}",
        narrower=("{}", "{anyOf: [{type: string, maxLength: 3}, {type: boolean}]}"),
        added_narrows=False,
    ),
    "one-of": SchemaKind(
        "a branch of `oneOf`",
        "{oneOf: [{type: string}, {type: boolean}]}",
        "{oneOf: [{type: string}, {type: boolean}, {type: integer}]}",
        narrower=("{}", "{oneOf: [{type: string, maxLength: 3}, {type: boolean}]}"),
        added_narrows=False,
    ),
    "not": SchemaKind(
        "`not`",
        "{type: string}",
        "{type: string, not: {const: a}}",
        "{type: string, not: {enum: [a, b]}}",
        other="{type: string, not: {const: c}}",
    ),
    "if": SchemaKind(
        "`if`",
        "{type: integer}",
        "{type: integer, if: {minimum: 10}, then: {multipleOf: 10}}",
        "{type: integer, if: {minimum: 10}, then: {multipleOf: 20}}",
        other="{type: integer, if: {minimum: 10}, then: {multipleOf: 7}}",
    ),
    "schema": SchemaKind(
        "the schema",
        "",
        "{type: array, items: {type: 'null'}}",
        other="{type: array, prefixItems: [{type: number}], items: {type: 'null'}}",
        narrower=("{}", "false"),
        unclear=("{type: string, not: {pattern: '(?=a)b'}}", "{type: string, not: {pattern: '(?=b)a'}}"),
    ),
}
"""What limits or gives values, by the kind that containment reports. `enum-value` is one value of an `enum`."""
