"""Instances of a schema for trying things out: few, small, and such that each part of the schema is seen.

Every value is in the end looked at by a validator, so that what is here need not be exact.
"""

import itertools
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from contracts.containment.decide import Decider
from contracts.containment.results import Found
from contracts.containment.search import yes
from contracts.operations import JsonSchema
from policies.adapting.library import Library, UnclearError

_MOST: Final = 300
_MOST_BELOW: Final = (120, 60, 30, 12)
"""Of the schemas inside of one, by how deep they are in it; the last holds for all that are deeper."""
_DEEPEST: Final = 12
_MOST_LOOKS: Final = 20_000
"""At schemas, for all the examples of one: those that contain each other have no end."""
_LONGEST: Final = 64

_NOTHING: Final = object()
_encode: Final = msgspec.json.Encoder(order="deterministic").encode

_FORMATS: Final = {
    "date": ("2026-05-01",),
    "date-time": ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00.5+02:00"),
    "time": ("10:00:00Z",),
    "email": ("a@example.com",),
    "uuid": ("123e4567-e89b-12d3-a456-426614174000",),
    "uri": ("https://example.com/a",),
    "byte": ("YQ==",),
}


class Examples:
    """Makes instances of schemas in a library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._decider = Decider()
        self._looks = 0

    def of(self, schema: JsonSchema) -> list[Any]:
        """Valid instances, all different, the smallest first."""
        self._looks = _MOST_LOOKS
        check = self._library.check(schema)
        found: dict[bytes, Any] = {}
        for value in itertools.islice(self._values(schema, 0), 4 * _MOST):
            if len(found) >= _MOST:
                break
            if check.is_valid(value):
                found.setdefault(_encode(value), value)
        return list(found.values())

    def _values(self, schema: JsonSchema, depth: int) -> Iterator[Any]:
        self._looks -= 1
        if depth > _DEEPEST or self._looks < 0:
            return
        try:
            alternatives = self._library.alternatives(schema)
        except UnclearError:
            yield from self._searched(schema)
            return
        for each in alternatives:
            yield from self._of_one(each, depth)

    def _of_one(self, schema: dict[str, Any], depth: int) -> Iterator[Any]:
        if "const" in schema or "enum" in schema:
            yield from schema.get("enum", [schema.get("const")])
            return
        kind = schema.get("type")
        if kind == "object" or (kind is None and "properties" in schema):
            yield from self._objects(schema, depth)
        elif kind == "array":
            yield from self._arrays(schema, depth)
        elif kind == "string":
            yield from self._texts(schema)
        elif kind in ("integer", "number"):
            yield from _numbers(schema)
        elif kind == "boolean":
            yield from (True, False)
        elif kind == "null":
            yield None
        else:
            yield from ("text", 1, None, True, {}, [])

    def _objects(self, schema: dict[str, Any], depth: int) -> Iterator[Any]:
        members = {
            name: self._some(member, depth)
            for name, member in schema.get("properties", {}).items()
            if member is not False
        }
        required = [name for name in schema.get("required", ()) if members.get(name)]
        least = {name: members[name][0] for name in required}
        most = {name: values[0] for name, values in members.items() if values}
        yield least
        yield most
        for name in members:
            yield {key: value for key, value in most.items() if key != name}
        # One of each member, and then another of each: so that none has to wait until all of another were seen.
        for row in itertools.zip_longest(*members.values(), fillvalue=_NOTHING):
            for name, value in zip(members, row, strict=True):
                if value is not _NOTHING:
                    yield {**least, name: value}
                    yield {**most, name: value}
        if schema.get("additionalProperties", True) is not False:
            yield {**most, "another": "text"}

    def _arrays(self, schema: dict[str, Any], depth: int) -> Iterator[Any]:
        items = self._some(schema.get("items", True), depth)
        least = schema.get("minItems", 0)
        yield items[:1] * least
        for each in items:
            yield [each] * max(1, least)
        yield items[: schema.get("maxItems", len(items))]

    def _some(self, schema: JsonSchema, depth: int) -> list[Any]:
        most = _MOST_BELOW[min(depth, len(_MOST_BELOW) - 1)]
        return list(itertools.islice(self._values(schema, depth + 1), most))

    def _texts(self, schema: dict[str, Any]) -> Iterator[Any]:
        if "pattern" in schema:
            yield from self._searched(schema)
        yield from _FORMATS.get(schema.get("format", ""), ())
        least, most = schema.get("minLength", 0), schema.get("maxLength", _LONGEST)
        for length in dict.fromkeys((max(least, 1), least, min(most, _LONGEST))):
            yield "a" * length
        yield from ("12", "1.5", "true", "a b/c", "..", "é")

    def _searched(self, schema: JsonSchema) -> Iterator[Any]:
        """One, if it is found."""
        found = self._decider.ask(yes(self._decider.compiler.term(self._library.comparable(schema))))
        if isinstance(found, Found):
            yield found.value


def _numbers(schema: dict[str, Any]) -> Iterator[Any]:
    step = schema.get("multipleOf", 1)
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    for bound in (low, high):
        if bound is not None:
            yield from (bound, bound + step, bound - step)
    yield from (step, 0, -step, 7 * step)
    if schema.get("type") == "number":
        yield from (1.5, 0.1)
