"""From a validator's errors to violations: places and rules in the contract's words, never a value.

The library's messages quote what was submitted, so none of them is used; each message is made of the keyword
and the schema's own parameters. Names are values too: a member that the contract does not name may hold
anything (a token as a map's key), so a pointer ends at the last part that the contract itself names.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, Final

import jsonschema_rs
import msgspec

from policies.exchange import Violation
from policies.validation.declared_names import TOLD, of_members
from policies.validation.validators import Check

MAXIMUM: Final = 50
"""The most violations that are reported of one message."""

_OPTIONS_SHOWN: Final = 12
_TEXT_SHOWN: Final = 120
_IN_UNNAMED: Final = "a member that the contract does not name: "

_ARTICLES: Final = {
    "array": "an array",
    "boolean": "a boolean",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


def types_text(types: Iterable[str]) -> str:
    """`an integer or null`."""
    return " or ".join(
        sorted((_ARTICLES.get(name, name) for name in types), key=lambda text: (text == "null", text))
    )


def _shown(value: Any) -> str | None:
    """A value of the contract as JSON, if it is short enough to be read."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _TEXT_SHOWN else None


def _enum(kind: Any) -> str:
    if len(kind.options) <= _OPTIONS_SHOWN:
        shown = _shown(kind.options)
        if shown is not None:
            return f"must be one of {shown[1:-1].replace(',', ', ')}"
    return "must be one of the allowed values"


def _constant(kind: Any) -> str:
    shown = _shown(kind.expected_value)
    return "must be the constant that the contract gives" if shown is None else f"must be {shown}"


def _pattern(kind: Any) -> str:
    return (
        f"must match the pattern {kind.pattern}" if len(kind.pattern) <= _TEXT_SHOWN else "must match the pattern"
    )


def _count(limit: int, one: str, many: str) -> str:
    return f"{limit} {one if limit == 1 else many}"


_MESSAGES: Final[dict[str, Callable[[Any], str]]] = {
    "additionalProperties": lambda kind: "has a property that the contract does not declare",
    "anyOf": lambda kind: "must match at least one of the contract's alternatives",
    "const": _constant,
    "contains": lambda kind: "must contain the items that the contract asks for",
    "enum": _enum,
    "exclusiveMaximum": lambda kind: f"must be less than {kind.limit}",
    "exclusiveMinimum": lambda kind: f"must be greater than {kind.limit}",
    "falseSchema": lambda kind: "is not allowed here",
    "format": lambda kind: f"must be a valid {kind.format}",
    "maxItems": lambda kind: f"must have at most {_count(kind.limit, 'item', 'items')}",
    "maxLength": lambda kind: f"must be at most {_count(kind.limit, 'character', 'characters')} long",
    "maxProperties": lambda kind: f"must have at most {_count(kind.limit, 'property', 'properties')}",
    "maximum": lambda kind: f"must be at most {kind.limit}",
    "minItems": lambda kind: f"must have at least {_count(kind.limit, 'item', 'items')}",
    "minLength": lambda kind: f"must be at least {_count(kind.limit, 'character', 'characters')} long",
    "minProperties": lambda kind: f"must have at least {_count(kind.limit, 'property', 'properties')}",
    "minimum": lambda kind: f"must be at least {kind.limit}",
    "multipleOf": lambda kind: f"must be a multiple of {kind.multiple_of}",
    "not": lambda kind: "must not match the schema that the contract excludes",
    "oneOf": lambda kind: "must match exactly one of the contract's alternatives",
    "pattern": _pattern,
    "propertyNames": lambda kind: "has a property whose name the contract does not allow",
    "required": lambda kind: f"is required: `{kind.property}`",
    "type": lambda kind: f"must be {types_text(kind.types)}",
    "unevaluatedItems": lambda kind: "has an item that the contract does not declare",
    "unevaluatedProperties": lambda kind: "has a property that the contract does not declare",
    "uniqueItems": lambda kind: "must not have the same item twice",
}

_UNDECLARED: Final = frozenset({"additionalProperties", "unevaluatedProperties"})
_SKIP_NAME: Final = frozenset({"dependentSchemas", "$defs", "definitions", "allOf", "anyOf", "oneOf"})
_INTO_ITEM: Final = frozenset({"items", "unevaluatedItems", "contains"})
_INTO_NAMED: Final = frozenset({"properties", "patternProperties", "prefixItems"})
_INTO_UNNAMED: Final = frozenset({"additionalProperties", "unevaluatedProperties", "patternProperties"})


def escape(token: str) -> str:
    """A reference token of a JSON pointer (RFC 6901 §3)."""
    return token.replace("~", "~0").replace("/", "~1")


def _place(evaluation: list[str | int], instance: list[str | int]) -> tuple[str, bool]:
    """The pointer to `instance` as far as the contract names it, and whether it had to end earlier.

    `evaluation` is the way the validator took through the schema: a name that it reached through `properties`
    is the contract's, one that it reached through `additionalProperties` or a pattern is the sender's.
    """
    pointer = ""
    at = depth = 0
    while depth < len(instance) and at < len(evaluation):
        keyword = evaluation[at]
        at += 1
        if keyword == "properties":
            pointer += "/" + escape(str(instance[depth]))
            depth += 1
            at += 1
        elif keyword in _INTO_ITEM or keyword == "prefixItems":
            pointer += f"/{instance[depth]}"
            depth += 1
            at += keyword == "prefixItems"
        elif keyword in _INTO_UNNAMED:
            return pointer, True
        elif keyword in _SKIP_NAME:
            at += 1
    return pointer, depth < len(instance)


def _rule(error: jsonschema_rs.ValidationError) -> str:
    path = error.schema_path
    match error.kind.name:
        case "required" | "contains" if path[-1] in ("dependentRequired", "minContains", "maxContains"):
            return str(path[-1])
        case "falseSchema" if path:
            # The keyword that led to `false`: `properties` and the like have a name or an index after them.
            return str(path[-2] if path[-2:-1] and path[-2] in _INTO_NAMED else path[-1])
        case "falseSchema":
            return "false"
        case name:
            return name


def _likely_branch(error: jsonschema_rs.ValidationError) -> list[jsonschema_rs.ValidationError] | None:
    """The errors of the one alternative that was meant, where that is plain: `null` beside an object, or
    branches told apart by a constant (`kind: card`) or by their type."""
    branches = getattr(error.kind, "context", None)
    if not branches:
        return None
    here = len(error.instance_path)

    def excluded(other: jsonschema_rs.ValidationError) -> bool:
        below = len(other.instance_path) - here
        name = other.kind.name
        return (below == 0 and name in ("type", "const", "enum")) or (below == 1 and name == "const")

    meant = [branch for branch in branches if branch and not any(map(excluded, branch))]
    return meant[0] if len(meant) == 1 and all(branches) else None


def _flat(errors: Iterable[jsonschema_rs.ValidationError]) -> Iterator[jsonschema_rs.ValidationError]:
    for error in errors:
        branch = _likely_branch(error)
        if branch is None:
            yield error
        else:
            yield from _flat(branch)


def violations_of(
    check: Check, value: Any, location: str, prefix: str = "", *, all_of_them: bool = True
) -> list[Violation]:
    """Where `value` does not match; at most MAXIMUM places, and only the first unless `all_of_them`.

    The validator makes the list of all its errors, with copies of what they are about, before it gives the
    first (100,000 errors take over a second), so the caller says of a large value that one will do.
    """
    errors: Iterable[jsonschema_rs.ValidationError]
    if all_of_them:
        errors = check.validator.iter_errors(value)
    else:
        try:
            check.validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            errors = (error,)
        else:
            errors = ()
    found: list[Violation] = []
    told = 0
    for each in islice(_flat(errors), MAXIMUM):
        violation = _violation(each, location, prefix)
        if violation.rule in _UNDECLARED and told < TOLD:
            told += 1
            violation = replace(violation, message=violation.message + of_members(check, each))
        found.append(violation)
    return found


def _violation(error: jsonschema_rs.ValidationError, location: str, prefix: str) -> Violation:
    pointer, unnamed = _place(error.evaluation_path, error.instance_path)
    rule = _rule(error)
    if rule in _UNDECLARED:
        unnamed = False  # that is what the message says
    message = _MESSAGES.get(rule) or _MESSAGES.get(error.kind.name)
    text = "does not match the contract" if message is None else message(error.kind)
    return Violation(location, prefix + pointer, rule, _IN_UNNAMED + text if unnamed else text)
