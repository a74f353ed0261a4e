"""What JSON types a schema admits, so that text can be read as the right one.

A parameter arrives as text; whether `12` is a number or a string only its schema says. The shape is worked out
once, through references, `allOf` (all must admit) and `anyOf`/`oneOf` (one must).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.openapi.keywords import ANNOTATIONS
from contracts.operations import JsonSchema
from policies.validation.validators import Validators

PLAIN: Final = ANNOTATIONS | {"type"}
"""The keywords of a schema that asks for a type at most."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`types`: those the schema admits, or none where it does not say. `plain`: it asks for nothing else.

    `items`, `prefix`, `properties` and `extra` (the schema of free names; None: there are no free names) are
    worked out for the outermost array or object only: a parameter's style has no deeper levels.
    """

    types: frozenset[str] = frozenset()
    plain: bool = False
    items: "Shape | None" = None
    prefix: tuple["Shape", ...] = ()
    properties: Mapping[str, "Shape"] = field(default_factory=dict)
    extra: "Shape | None" = None


@dataclass(slots=True)
class _Parts:
    """All the subschemas that apply at one place, with the document that each stands in."""

    types: list[frozenset[str]] = field(default_factory=list)
    items: tuple[JsonSchema, str] | None = None
    prefix: tuple[list[JsonSchema], str] | None = None
    properties: dict[str, tuple[JsonSchema, str]] = field(default_factory=dict)
    extra: tuple[JsonSchema, str] | None = None


def shape_of(schema: JsonSchema, validators: Validators) -> Shape:
    """The shape of a parameter's schema. Raises KeyError for a reference that leads nowhere."""
    return _shape(schema, "", validators, outermost=True)


def members_of(schema: JsonSchema, validators: Validators) -> tuple[dict[str, Shape], Shape | None]:
    """The shapes of an object's properties, each as an outermost one, and that of free names, if there are any.
    Raises KeyError for a reference that leads nowhere."""
    parts = _Parts()
    _gather(schema, "", validators, parts, frozenset())
    named = {name: _shape(*part, validators, outermost=True) for name, part in parts.properties.items()}
    return named, _shape(*parts.extra, validators, outermost=True) if parts.extra else None


def _shape(schema: JsonSchema, base: str, validators: Validators, *, outermost: bool) -> Shape:
    parts = _Parts()
    _gather(schema, base, validators, parts, frozenset())
    types = frozenset.intersection(*parts.types) if parts.types else frozenset()
    if "number" in types:
        types -= {"integer"}
    plain = schema is True or (isinstance(schema, dict) and schema.keys() <= PLAIN)
    if not outermost:
        return Shape(types, plain)

    def inner(part: tuple[JsonSchema, str]) -> Shape:
        return _shape(*part, validators, outermost=False)

    return Shape(
        types or _implied(parts),
        plain,
        inner(parts.items) if parts.items else None,
        tuple(inner((one, parts.prefix[1])) for one in parts.prefix[0]) if parts.prefix else (),
        {name: inner(part) for name, part in parts.properties.items()},
        inner(parts.extra) if parts.extra else None,
    )


def _implied(parts: _Parts) -> frozenset[str]:
    if parts.properties or parts.extra:
        return frozenset({"object"})
    return frozenset({"array"}) if parts.items or parts.prefix else frozenset()


def _gather(
    schema: JsonSchema, base: str, validators: Validators, parts: _Parts, followed: frozenset[tuple[str, str]]
) -> None:
    """Adds what `schema` says. `followed` are the references on the way here: a circle says nothing new."""
    if isinstance(schema, bool):
        return
    own = _own_types(schema)
    if own is not None:
        parts.types.append(own)
    if "items" in schema:
        parts.items = (schema["items"], base)
    if "prefixItems" in schema:
        parts.prefix = (schema["prefixItems"], base)
    for name, value in schema.get("properties", {}).items():
        parts.properties.setdefault(name, (value, base))
    for keyword in ("additionalProperties", "patternProperties"):
        value = schema.get(keyword, False)
        if keyword == "patternProperties" and value:
            parts.extra = (next(iter(value.values())), base)
        elif value is not False:
            parts.extra = (value, base)
    if "$ref" in schema and (base, schema["$ref"]) not in followed:
        target, within = validators.lookup(schema["$ref"], base)
        _gather(target, within, validators, parts, followed | {(base, schema["$ref"])})
    for one in schema.get("allOf", ()):
        _gather(one, base, validators, parts, followed)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            _gather_any(schema[keyword], base, validators, parts, followed)


def _gather_any(
    branches: list[JsonSchema],
    base: str,
    validators: Validators,
    parts: _Parts,
    followed: frozenset[tuple[str, str]],
) -> None:
    admitted: frozenset[str] | None = frozenset()
    for branch in branches:
        below = _Parts(properties=parts.properties)
        _gather(branch, base, validators, below, followed)
        parts.items = parts.items or below.items
        parts.prefix = parts.prefix or below.prefix
        parts.extra = parts.extra or below.extra
        if admitted is not None:
            admitted = admitted | frozenset.intersection(*below.types) if below.types else None
    if admitted is not None:
        parts.types.append(admitted)


def _own_types(schema: dict[str, Any]) -> frozenset[str] | None:
    types: frozenset[str] | None = None
    if "type" in schema:
        declared = schema["type"]
        types = frozenset((declared,) if isinstance(declared, str) else declared)
    elif "enum" in schema:
        types = frozenset(map(_type_of, schema["enum"]))
    elif "const" in schema:
        types = frozenset((_type_of(schema["const"]),))
    if types is not None and "number" in types:
        types |= {"integer"}  # so that intersections come out right
    return types


def _type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
