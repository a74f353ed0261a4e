"""The schemas of versions, found by the references between them: to be compared, changed, and validated by."""

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any, Final
from urllib.parse import unquote

from contracts.containment.source import Place, Schema, Schemas
from contracts.documents.document import value_at
from contracts.operations import JsonSchema
from policies.validation.validators import Check, Validators

_MOST: Final = 64
"""Alternatives that one schema is taken apart into."""

_UNCLEAR: Final = frozenset(
    (
        *("not", "if", "then", "else", "dependentSchemas", "dependentRequired", "patternProperties"),
        *("propertyNames", "unevaluatedProperties", "unevaluatedItems", "prefixItems", "contains"),
    )
)
_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")


class UnclearError(Exception):
    """A schema says something in a way that is not followed; the message is the rest of a sentence."""


class Library:
    """Resources by their absolute URIs."""

    def __init__(self, documents: Mapping[str, dict[str, Any]]) -> None:
        self._documents = dict(documents)
        self._validators = Validators(self._documents)

    def comparable(self, schema: JsonSchema) -> Schema:
        """For `contracts.containment`."""

        def follow(place: Place, text: str) -> tuple[Place, JsonSchema] | None:
            uri, _, fragment = text.partition("#")
            pointer, uri = unquote(fragment), uri or place[0]
            value = value_at(self._documents.get(uri, {}), pointer)
            return ((uri, pointer), value) if isinstance(value, dict | bool) else None

        return Schema(Schemas(follow), ("", ""), schema)

    def check(self, schema: JsonSchema) -> Check:
        """A validator."""
        return self._validators.check(schema)

    def target(self, reference: str) -> JsonSchema:
        """What a reference names, with references that lead from anywhere. Raises UnclearError."""
        uri, _, fragment = reference.partition("#")
        value = value_at(self._documents.get(uri, {}), unquote(fragment))
        if not isinstance(value, dict | bool):
            raise UnclearError(f"the reference {reference!r} leads nowhere")
        found: JsonSchema = _absolute(value, uri)
        return found

    def alternatives(self, schema: JsonSchema) -> list[dict[str, Any]]:
        """Schemas without references and combinations, and of one type at most, of which one holds for each value.

        Raises UnclearError.
        """
        found = _some(self._apart(schema, 0))
        if len(found) > _MOST:
            raise UnclearError("a schema has too many alternatives")
        return found

    def _apart(self, schema: JsonSchema, depth: int) -> Iterator[dict[str, Any]]:
        if isinstance(schema, bool):
            yield from ({},) if schema else ()
            return
        if depth > _MOST:
            raise UnclearError("a schema refers to itself")
        if odd := _UNCLEAR.intersection(schema):
            raise UnclearError(f"a schema uses {sorted(odd)[0]!r}")
        rest = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
        parts: list[list[dict[str, Any]]] = [_by_type(rest)]
        if "$ref" in schema:
            parts.append(_some(self._apart(self.target(schema["$ref"]), depth + 1)))
        parts.extend(_some(self._apart(each, depth + 1)) for each in schema.get("allOf", ()))
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                branches = (self._apart(branch, depth + 1) for branch in schema[keyword])
                parts.append(_some(chain.from_iterable(branches)))
        yield from _product(parts)


def _some(found: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """No more than it takes to see that they are too many: schemas that name each other can make any number."""
    return list(islice(found, _MOST + 1))


def _by_type(schema: dict[str, Any]) -> list[dict[str, Any]]:
    types = schema.get("type")
    return [{**schema, "type": each} for each in types] if isinstance(types, list) else [schema]


def _product(parts: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{}]
    for part in parts:
        both = ((left, right) for left in found for right in part)
        found = [merged for left, right in both if (merged := _both(left, right)) is not None]
        if len(found) > _MOST:
            raise UnclearError("a schema has too many alternatives")
    return found


def _both(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any] | None:
    """Both at once; None where that is nothing. Raises UnclearError."""
    result = {**left, **right}
    for key in left.keys() & right.keys():
        mine, theirs = left[key], right[key]
        if mine == theirs:
            continue
        if key == "type":
            if {mine, theirs} != {"integer", "number"}:
                return None
            result[key] = "integer"
        elif key == "required":
            result[key] = [*mine, *(name for name in theirs if name not in mine)]
        elif key == "enum":
            result[key] = [value for value in mine if value in theirs]
        elif key in _LOWER:
            result[key] = max(mine, theirs)
        elif key in _UPPER:
            result[key] = min(mine, theirs)
        elif key == "items":
            result[key] = {"allOf": [mine, theirs]}
        elif key not in ("properties", "additionalProperties"):
            raise UnclearError(f"two schemas at once say something by {key!r}")
    if "properties" in result or "additionalProperties" in result:
        _join_members(left, right, result)
    return result


def _join_members(left: dict[str, Any], right: dict[str, Any], result: dict[str, Any]) -> None:
    rests = [each.get("additionalProperties", True) for each in (left, right)]
    members = [each.get("properties", {}) for each in (left, right)]
    result["properties"] = {
        name: _conjunction([mine.get(name, rest) for mine, rest in zip(members, rests, strict=True)])
        for name in {**members[0], **members[1]}
    }
    result["additionalProperties"] = _conjunction(rests)


def _conjunction(schemas: list[JsonSchema]) -> JsonSchema:
    if False in schemas:
        return False
    kept = [each for each in schemas if each is not True and each != {}]
    return True if not kept else kept[0] if len(kept) == 1 else {"allOf": kept}


def _absolute(value: Any, uri: str) -> Any:
    if isinstance(value, dict):
        return {
            key: uri + each
            if key == "$ref" and isinstance(each, str) and each.startswith("#")
            else _absolute(each, uri)
            for key, each in value.items()
        }
    return [_absolute(each, uri) for each in value] if isinstance(value, list) else value
