"""Schemas in documents: whether examples, defaults and enumerations fit them."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import jsonschema_rs

from contracts.lint.functions.base import BadOptions, Check, Context, Fault, Path, printed
from contracts.lint.functions.schema import faults_of, validator_of
from contracts.lint.jsonpath.selecting import TooMuchWork
from contracts.lint.jsonpath.values import UNDEFINED, is_number, text_of

_MOST_DEPTH: Final = 60
_MOST_PARTS: Final = 20_000


def typed_enum(_: Any) -> Check:
    """The values of `enum` are of the `type` beside it."""

    def check(value: Any, context: Context) -> Iterable[Fault]:
        values, type_ = context.get(value, "enum"), context.get(value, "type")
        names = type_ if isinstance(type_, list) else [type_]
        if not isinstance(values, list) or not all(isinstance(name, str) for name in names):
            return
        nullable = ("nullable", "oas3_0"), ("x-nullable", "oas2")
        if any(value.get(key) is True and form in context.formats for key, form in nullable):
            names = [*names, "null"]
            type_ = names
        for index, item in enumerate(values):
            kind = _kind(item, integers="integer" in names)
            if kind not in names:
                message = f'Enum value {printed(item)} must be "{text_of(type_)}".'
                yield Fault(message, (*context.path, "enum", index))

    return check


def _kind(value: Any, *, integers: bool) -> str:
    if isinstance(value, bool):
        return "boolean"
    if is_number(value):
        return "integer" if integers and float(value).is_integer() else "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, dict) else "null"


def openapi_schema(options: Any) -> Check:
    """A value fits a JSON Schema, in the dialect of the document's version."""
    schema = (options or {}).get("schema", {})
    try:
        validators = {dialect: validator_of(schema, dialect) for dialect in ("draft4", "draft2020-12")}
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        raise BadOptions("`schema` is no JSON Schema that can be used") from None

    def check(value: Any, context: Context) -> Iterable[Fault]:
        if value is not UNDEFINED:
            yield from faults_of(validators[_dialect(context)], context.plain(value), context.path, every=False)

    return check


def _dialect(context: Context) -> str:
    return "draft2020-12" if context.formats & {"oas3_1", "oas3_2"} else "draft4"


def fitting_example(options: Any) -> Check:
    """`example`, `examples` and `default` fit the schema that they stand at, or beside."""
    given = options or {}
    field, kind, version = given.get("schemaField", "$"), given.get("type", "schema"), given.get("oasVersion", 3)

    def check(value: Any, context: Context) -> Iterable[Fault]:
        if not isinstance(value, dict):
            return
        schema = value if field == "$" else context.get(value, field)
        if not isinstance(schema, dict):
            return
        found = (
            _schema_values(value, context.path, version)
            if kind == "schema"
            else _media_values(value, context, version)
        )
        validator, tried = None, 0
        for example, path in found:
            plain = context.plain(example)
            levels = _height(plain)
            if validator is None or levels > tried:
                validator, tried = _validator(schema, context, _relaxed(context.path, kind), levels), levels
            if validator is None:
                return
            yield from faults_of(validator, plain, path, every=False)

    return check


def _schema_values(value: dict[str, Any], path: Path, version: int) -> Iterator[tuple[Any, Path]]:
    for key in ("example", "x-example", "default") if version == 2 else ("example", "default"):
        if key in value:
            yield value[key], (*path, key)


def _media_values(value: dict[str, Any], context: Context, version: int) -> Iterator[tuple[Any, Path]]:
    if version == 3 and "example" in value:
        yield value["example"], (*context.path, "example")
        return
    examples = context.get(value, "examples")
    if isinstance(examples, dict):
        for name, raw in examples.items():
            example = context.follow(raw)
            if version == 2:
                yield example, (*context.path, "examples", name)
            elif isinstance(example, dict) and "externalValue" not in example:
                yield example.get("value"), (*context.path, "examples", name, "value")


def _relaxed(path: Path, kind: str) -> str | None:
    """What a body of a request or of an answer leaves out: `readOnly` properties, or `writeOnly` ones."""
    if kind != "media":
        return None
    if path[:2] == ("components", "requestBodies") or (path[:1] == ("paths",) and path[3:4] == ("requestBody",)):
        return "readOnly"
    if path[:2] == ("components", "responses") or (path[:1] == ("paths",) and path[3:4] == ("responses",)):
        return "writeOnly"
    return None


def _height(value: Any) -> int:
    """How deep a value is nested: 0 for a scalar."""
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_height, members), default=0) if isinstance(value, dict | list) else 0


def _validator(schema: Any, context: Context, relaxed: str | None, levels: int) -> Any:
    """For values of at most so many levels. None where the schema cannot be used: that is another rule's matter,
    or it is beyond bounds."""
    try:
        prepared = _Preparation(relaxed, legacy=_dialect(context) == "draft4").run(
            context.plain(schema), levels, 0
        )
        return validator_of(prepared, _dialect(context))
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, TooMuchWork):
        return None


class _Preparation:
    """Copies a schema into what a validator of its dialect takes, as deep as there are levels in the values. What
    refers to itself admits anything there."""

    def __init__(self, relaxed: str | None, *, legacy: bool) -> None:
        self.relaxed, self.legacy = relaxed, legacy
        self.parts = 0

    def run(self, schema: Any, levels: int, depth: int) -> Any:
        """Raises TooMuchWork."""
        self.parts += 1
        if self.parts > _MOST_PARTS:
            raise TooMuchWork("the schema is too large to try examples on")
        if isinstance(schema, list):
            return [self.run(each, levels, depth + 1) for each in schema]
        if not isinstance(schema, dict):
            return schema
        if levels < 0 or depth > _MOST_DEPTH or isinstance(schema.get("$ref"), str):
            return {}
        copy: dict[str, Any] = {}
        for key, value in schema.items():
            if key in _VALUES or not isinstance(value, dict | list):
                copy[key] = value
            elif key in _MEMBERS and isinstance(value, dict):
                copy[key] = {name: self.run(each, levels - 1, depth + 1) for name, each in value.items()}
            else:
                copy[key] = self.run(value, levels - 1 if key in _BELOW else levels, depth + 1)
        for key in ("id", "$id", "$schema"):
            copy.pop(key, None)
        if self.legacy:
            _modernise(copy)
        self._relax(copy)
        return copy

    def _relax(self, copy: dict[str, Any]) -> None:
        properties, required = copy.get("properties"), copy.get("required")
        if not self.relaxed or not isinstance(properties, dict) or not isinstance(required, list):
            return
        kept = [
            name
            for name in required
            if not (isinstance(each := properties.get(name), dict) and each.get(self.relaxed) is True)
        ]
        copy["required"] = kept
        if not kept:
            del copy["required"]


_MEMBERS: Final = frozenset(("properties", "patternProperties"))
_BELOW: Final = frozenset(
    ("items", "prefixItems", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contains")
)
_VALUES: Final = frozenset(("enum", "const", "example", "examples", "default"))


def _modernise(copy: dict[str, Any]) -> None:
    """`nullable`, and `required` as OpenAPI 2 has it beside a parameter."""
    type_ = copy.get("type")
    if (copy.get("nullable") is True or copy.get("x-nullable") is True) and isinstance(type_, str):
        copy["type"] = [type_, "null"]
        if isinstance(copy.get("enum"), list) and None not in copy["enum"]:
            copy["enum"] = [*copy["enum"], None]
    if isinstance(copy.get("required"), bool):
        del copy["required"]
