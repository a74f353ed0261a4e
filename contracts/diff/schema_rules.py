"""The rules for schemas: one table of kinds of changes, from which the rules of both directions follow.

Each pair of a kind's schemas is a change, each change is two rules, and their severities follow from what the
change does to the set of values: taking values from a request breaks it, adding values to a response breaks it.
The pairs are the rules' examples too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from contracts.diff.rule import Bump, DiffRule, Direction
from contracts.diff.schema_kinds import AB, KINDS, SchemaKind
from contracts.findings import Severity

Doing = Literal["narrows", "widens", "both", "undecided"]


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
        "request-property-added", "info", "Nobody has to send a new optional property.", f"{_A}}}", f"{AB}}}"
    ),
    _Special(
        "request-property-added-to-map",
        "error",
        "Under that name consumers could send what `additionalProperties` admitted.",
        f"{_A}{_MAP}",
        f"{AB}{_MAP}",
        "major",
    ),
    _Special(
        "request-property-removed",
        "warning",
        "What consumers send under that name is admitted, but means nothing any more.",
        f"{AB}}}",
        f"{_A}}}",
    ),
    _Special(
        "request-property-removed-from-closed",
        "error",
        "Consumers send the property, and it is refused now.",
        f"{AB}{_CLOSED}",
        f"{_A}{_CLOSED}",
        "major",
    ),
    _Special(
        "response-property-added",
        "info",
        "Consumers who do not know a property ignore it where objects are open.",
        f"{_A}}}",
        f"{AB}}}",
    ),
    _Special(
        "response-property-added-to-closed",
        "error",
        "The contract said that no other property would come.",
        f"{_A}{_CLOSED}",
        f"{AB}{_CLOSED}",
        "major",
    ),
    _Special(
        "response-property-removed",
        "warning",
        "The property was optional, but consumers who read it get none any more.",
        f"{AB}}}",
        f"{_A}}}",
    ),
    _Special(
        "response-property-removed-from-map",
        "error",
        "Under that name consumers receive what `additionalProperties` admits.",
        f"{AB}{_MAP}",
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
