"""Structural errors of a document in few words, by OpenAPI's or JSON Schema's own schemas, without echoes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jsonschema_rs

from contracts.documents.builder import quote

Kind = jsonschema_rs.ValidationErrorKind
_MOST_OPTIONS: Final = 8
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class StructuralError:
    """Where (as path segments), what, and whether it is about the last segment's key."""

    path: list[str]
    message: str
    at_key: bool = False


class StructureCheck:
    """A schema for documents, compiled."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        plain = dict(schema)
        self._words = frozenset(_property_names(plain))
        self._validator = jsonschema_rs.validator_cls_for(plain)(plain)

    def errors(self, document: Any) -> list[StructuralError]:
        """Every error, each descended to the alternative that its author meant."""
        if self._validator.is_valid(document):
            return []
        leaves = [leaf for error in self._validator.iter_errors(document) for leaf in _leaves(error)]
        paths = [tuple(error.instance_path) for error in leaves]
        described: list[StructuralError] = []
        for error, path in zip(leaves, paths, strict=True):
            found = _described(error)
            # Where a part fails, the objects around it see its members as not evaluated: an echo, unless the
            # member is no word of OpenAPI at all.
            if isinstance(error.kind, Kind.UnevaluatedProperties) and any(
                other != path and other[: len(path)] == path for other in paths
            ):
                found = [item for item in found if item.path[-1] not in self._words]
            described.extend(found)
        return described


def _property_names(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for member in schema.values():
            yield from _property_names(member)
    elif isinstance(schema, list):
        for member in schema:
            yield from _property_names(member)


def _leaves(error: jsonschema_rs.ValidationError) -> list[jsonschema_rs.ValidationError]:
    if not isinstance(error.kind, Kind.OneOfNotValid | Kind.AnyOf):
        return [error]
    branches = [(_distance(branch, error.instance_path), branch) for branch in error.kind.context if branch]
    branches.sort(key=lambda pair: pair[0])
    if not branches or (len(branches) > 1 and branches[0][0] == branches[1][0]):
        return [error]  # nothing tells the alternatives apart
    return [leaf for inner in branches[0][1] for leaf in _leaves(inner)]


def _distance(
    branch: list[jsonschema_rs.ValidationError], path: list[str | int]
) -> tuple[bool, bool, bool, int, int]:
    """How far an alternative is from what was written: least for the one that was meant. Another type, a `$ref`
    that is not there, or another value of a member that tells alternatives apart, is far; a fault deep inside
    is near."""
    other_type = any(isinstance(error.kind, Kind.Type) and error.instance_path == path for error in branch)
    no_reference = any(isinstance(error.kind, Kind.Required) and error.kind.property == "$ref" for error in branch)
    other_kind = any(
        isinstance(error.kind, Kind.Enum | Kind.Constant) and error.instance_path[-1:] in (["in"], ["type"])
        for error in branch
    )
    return other_type, no_reference, other_kind, -max(len(error.instance_path) for error in branch), len(branch)


def _described(error: jsonschema_rs.ValidationError) -> list[StructuralError]:
    path = [str(part) for part in error.instance_path]
    kind = error.kind
    match kind:
        case Kind.Required():
            return [StructuralError(path, f"{quote(kind.property)} is missing here")]
        case Kind.AdditionalProperties() | Kind.UnevaluatedProperties():
            return [
                StructuralError([*path, name], f"{quote(name)} is not allowed here", at_key=True)
                for name in kind.unexpected
            ]
        case Kind.OneOfNotValid() | Kind.AnyOf():
            inner = [found.message for branch in kind.context for leaf in branch for found in _described(leaf)]
            unique = list(dict.fromkeys(inner))
            text = unique[0] if len(unique) == 1 else "none of the alternatives fits: " + " / ".join(unique)
        case Kind.OneOfMultipleValid():
            text = "more than one of the alternatives fits, where exactly one may"
        case Kind.Type():
            text = f"this must be of type {' or '.join(kind.types)}, not {_type_of(error.instance)}"
        case Kind.Enum():
            options = ", ".join(quote(_said(option)) for option in kind.options[:_MOST_OPTIONS])
            text = f"{quote(_said(error.instance))} is none of {options}"
        case Kind.Constant():
            text = f"this must be {quote(_said(kind.expected_value))}, not {quote(_said(error.instance))}"
        case Kind.Pattern():
            text = f"{quote(str(error.instance))} does not match {quote(kind.pattern)}"
        case Kind.Format():
            text = f"{quote(str(error.instance))} is not a valid {kind.format}"
        case Kind.MinProperties() | Kind.MinItems():
            text = "this is empty"
        case Kind.PropertyNames():
            text = f"{quote(str(kind.error.instance))} is not allowed as a key here"
        case _:
            text = error.message
    return [StructuralError(path, text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")]


def _said(value: Any) -> str:
    """A value as JSON has it; a string stands without quotation marks."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _type_of(value: Any) -> str:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "number")
