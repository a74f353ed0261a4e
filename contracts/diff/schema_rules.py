"""The rules for schemas: one table of kinds of changes, from which the rules of both directions follow.

A row names a kind (those of `contracts.containment.changes`) and two or more schemas that show it: without the
keyword, with it, with a stricter one. Each pair of them is a change, each change is two rules, and their
severities follow from what the change does to the set of values: taking values from a request breaks it, adding
values to a response breaks it. The pairs are the rules' examples too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from contracts.diff.rule import Bump, DiffRule, Direction
from contracts.findings import Severity

Doing = Literal["narrows", "widens", "both", "undecided"]


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
_AB: Final = "{type: object, properties: {a: {type: string}, b: {type: string}}"

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
    "items": SchemaKind("`items`", "{type: array}", "{type: array, items: {type: string}}"),
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
    ),
    "required": SchemaKind("the required property", f"{_AB}}}", f"{_AB}, required: [a]}}"),
    "additional-properties": SchemaKind(
        "`additionalProperties`", f"{_AB}}}", f"{_AB}, additionalProperties: false}}"
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
        "`unevaluatedProperties`", f"{_AB}}}", f"{_AB}, unevaluatedProperties: false}}"
    ),
    "dependent-required": SchemaKind(
        "`dependentRequired` of",
        f"{_AB}}}",
        f"{_AB}, dependentRequired: {{a: [b]}}}}",
        f"{_AB}, dependentRequired: {{a: [b, c]}}}}",
    ),
    "dependent-schema": SchemaKind(
        "`dependentSchemas` of",
        f"{_AB}}}",
        f"{_AB}, dependentSchemas: {{a: {{required: [b]}}}}}}",
        f"{_AB}, dependentSchemas: {{a: {{required: [b, c]}}}}}}",
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

_WHYS: Final = {
    "narrows": {
        "request": "Consumers send what was valid, and is refused now.",
        "response": "What consumers receive is what they were ready for.",
    },
    "widens": {
        "request": "What consumers send stays valid.",
        "response": "Consumers receive what could not come before.",
    },
    "both": {
        "request": "Consumers send what was valid, and is refused now.",
        "response": "Consumers receive what could not come before.",
    },
    "undecided": {
        "request": "Nobody can tell whether what consumers send stays valid.",
        "response": "Nobody can tell whether consumers are ready for what comes.",
    },
}
_SEVERITIES: Final[dict[str, dict[str, Severity]]] = {
    "narrows": {"request": "error", "response": "info"},
    "widens": {"request": "info", "response": "error"},
    "both": {"request": "error", "response": "error"},
    "undecided": {"request": "warning", "response": "warning"},
}
_DIRECTIONS: Final[tuple[Direction, ...]] = ("request", "response")


@dataclass(frozen=True, slots=True)
class SchemaExample:
    """Two schemas in YAML. `others` are the rules that the pair cannot but show too."""

    base: str
    revision: str
    others: tuple[str, ...] = ()


def _changes(kind: SchemaKind) -> Iterator[tuple[str, Doing, str, str]]:
    """The end of a rule's id, what it does, and the two schemas that show it."""
    first, second = ("narrows", "widens") if kind.added_narrows else ("widens", "narrows")
    if kind.without:
        yield "added", first, kind.without, kind.loose  # type: ignore[misc]
        yield "removed", second, kind.loose, kind.without  # type: ignore[misc]
    wide, narrow = kind.narrower if kind.narrower[0] else (kind.loose, kind.tight)
    if narrow:
        yield "narrowed", "narrows", wide, narrow
        yield "widened", "widens", narrow, wide
    if kind.other:
        yield "changed", "both", kind.tight or kind.loose, kind.other
    if kind.unclear[0]:
        yield "undecided", "undecided", *kind.unclear


def _rule(name: str, direction: Direction, kind: str, action: str, doing: Doing) -> DiffRule:
    severity = _SEVERITIES[doing][direction]
    bump: Bump = "major" if severity == "error" or doing == "undecided" else "minor"
    why = _WHYS[doing][direction]
    return DiffRule(name, severity, direction, why, "schemas", kind, action, bump, doing == "undecided")


def _generated() -> Iterator[tuple[DiffRule, SchemaExample]]:
    for name, kind in KINDS.items():
        for action, doing, base, revision in _changes(kind):
            for direction in _DIRECTIONS:
                rule = _rule(f"{direction}-{name}-{action}", direction, name, action, doing)
                yield rule, SchemaExample(base, revision)


@dataclass(frozen=True, slots=True)
class _Special:
    """A rule that sets alone do not decide, with its example."""

    name: str
    severity: Severity
    why: str
    base: str
    revision: str
    bump: Bump = "minor"


_A: Final = "{type: object, properties: {a: {type: string}}"
_MAP: Final = ", additionalProperties: {type: integer}}"
_CLOSED: Final = ", additionalProperties: false}"
_OPEN: Final = "x-extensible-enum: true"
_SPECIAL: Final = (
    _Special(
        "request-property-added", "info", "Nobody has to send a new optional property.", f"{_A}}}", f"{_AB}}}"
    ),
    _Special(
        "request-property-added-to-map",
        "error",
        "Under that name consumers could send what `additionalProperties` admitted.",
        f"{_A}{_MAP}",
        f"{_AB}{_MAP}",
        "major",
    ),
    _Special(
        "request-property-removed",
        "warning",
        "What consumers send under that name is admitted, but means nothing any more.",
        f"{_AB}}}",
        f"{_A}}}",
    ),
    _Special(
        "request-property-removed-from-closed",
        "error",
        "Consumers send the property, and it is refused now.",
        f"{_AB}{_CLOSED}",
        f"{_A}{_CLOSED}",
        "major",
    ),
    _Special(
        "response-property-added",
        "info",
        "Consumers who do not know a property ignore it where objects are open.",
        f"{_A}}}",
        f"{_AB}}}",
    ),
    _Special(
        "response-property-added-to-closed",
        "error",
        "The contract said that no other property would come.",
        f"{_A}{_CLOSED}",
        f"{_AB}{_CLOSED}",
        "major",
    ),
    _Special(
        "response-property-removed",
        "warning",
        "The property was optional, but consumers who read it get none any more.",
        f"{_AB}}}",
        f"{_A}}}",
    ),
    _Special(
        "response-property-removed-from-map",
        "error",
        "Under that name consumers receive what `additionalProperties` admits.",
        f"{_AB}{_MAP}",
        f"{_A}{_MAP}",
        "major",
    ),
    _Special(
        "response-enum-value-added-to-open",
        "warning",
        "The list was declared open by `x-extensible-enum`, so consumers were told to expect more.",
        f"{{type: string, {_OPEN}, enum: [a]}}",
        f"{{type: string, {_OPEN}, enum: [a, b]}}",
    ),
    _Special(
        "request-default-added",
        "warning",
        "Requests without the value mean something that they did not say before.",
        "{type: integer}",
        "{type: integer, default: 5}",
    ),
    _Special(
        "request-default-removed",
        "warning",
        "Requests without the value mean something else.",
        "{type: integer, default: 5}",
        "{type: integer}",
    ),
    _Special(
        "request-default-changed",
        "warning",
        "Requests without the value mean something else.",
        "{type: integer, default: 5}",
        "{type: integer, default: 10}",
    ),
    *(
        _Special(
            f"response-default-{action}",
            "info",
            "A default in a response is a note; what comes is what the server sends.",
            base,
            revision,
        )
        for action, base, revision in (
            ("added", "{type: integer}", "{type: integer, default: 5}"),
            ("removed", "{type: integer, default: 5}", "{type: integer}"),
            ("changed", "{type: integer, default: 5}", "{type: integer, default: 10}"),
        )
    ),
)

LABELS: Final[Mapping[str, str]] = {
    **{name: kind.keyword for name, kind in KINDS.items()},
    "property": "the property",
    "default": "`default`",
    "read-only": "`readOnly`",
    "write-only": "`writeOnly`",
    "deprecated": "`deprecated`",
    "discriminator": "the discriminator",
    "discriminator-mapping": "the discriminator's value",
}
"""What a message calls each kind."""

_NOTES: Final[tuple[tuple[str, str, str, str, Severity, Severity], ...]] = (
    # kind, keyword, without, with, severity in requests, severity in responses
    ("read-only", "`readOnly`", "{type: string}", "{type: string, readOnly: true}", "warning", "info"),
    ("write-only", "`writeOnly`", "{type: string}", "{type: string, writeOnly: true}", "info", "warning"),
    ("deprecated", "`deprecated`", "{type: string}", "{type: string, deprecated: true}", "info", "info"),
)
_PET: Final = "{type: object, required: [kind], properties: {kind: {type: string}, sort: {type: string}}"
_CAT: Final = ", discriminator: {propertyName: kind, mapping: {cat: '#/components/schemas/Cat'}}}"
_NONE: Final = ", discriminator: {propertyName: kind, mapping: {}}}"
_DOG: Final = ", discriminator: {propertyName: kind, mapping: {cat: '#/components/schemas/Dog'}}}"
_KIND: Final = ", discriminator: {propertyName: kind}}"
_SORT: Final = ", discriminator: {propertyName: sort}}"
_TOLD: Final = "Generated clients choose the type of a value by it."


def _special() -> Iterator[tuple[DiffRule, SchemaExample]]:
    for each in _SPECIAL:
        direction: Direction = "request" if each.name.startswith("request") else "response"
        kind = "default" if "-default-" in each.name else "enum-value" if "-enum-" in each.name else "property"
        action = each.name.removeprefix(f"{direction}-{kind}-")
        rule = DiffRule(each.name, each.severity, direction, each.why, "schemas", kind, action, each.bump)
        yield rule, SchemaExample(each.base, each.revision)
    for direction in _DIRECTIONS:
        for kind, keyword, plain, noted, sent, received in _NOTES:
            severity = sent if direction == "request" else received
            for action, base, revision in (("added", plain, noted), ("removed", noted, plain)):
                why = f"{keyword} tells consumers what to do with a value, not what it may be."
                graver: Severity = severity if action == "added" else "info"
                name = f"{direction}-{kind}-{action}"
                yield (
                    DiffRule(name, graver, direction, why, "schemas", kind, action, "minor"),
                    SchemaExample(base, revision),
                )
        for kind, action, base, revision in (
            ("discriminator", "added", "}", _KIND),
            ("discriminator", "removed", _KIND, "}"),
            ("discriminator", "changed", _KIND, _SORT),
            ("discriminator-mapping", "added", _NONE, _CAT),
            ("discriminator-mapping", "removed", _CAT, _NONE),
            ("discriminator-mapping", "changed", _CAT, _DOG),
        ):
            told: Severity = "info" if action == "added" else "warning"
            name = f"{direction}-{kind}-{action}"
            yield (
                DiffRule(name, told, direction, _TOLD, "schemas", kind, action, "minor"),
                SchemaExample(_PET + base, _PET + revision),
            )


_ALL: Final = (*_generated(), *_special())
ANNOTATIONS: Final = frozenset(
    ("default", "read-only", "write-only", "deprecated", "discriminator", "discriminator-mapping")
)
SCHEMA_ROWS: Final = tuple(rule for rule, _ in _ALL)
SCHEMA_EXAMPLES: Final[Mapping[str, SchemaExample]] = {rule.id: example for rule, example in _ALL}
