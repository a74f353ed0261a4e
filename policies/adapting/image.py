"""What steps make of all instances of a schema, as a schema.

It admits at least what an instance can become, perhaps more: what is contained in another schema all the same is
proved. Where a step may fail on an instance, or what it makes cannot be told, that is a doubt: nothing is proved.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from contracts.operations import JsonSchema
from policies.adapting.converted import Doubts, converted
from policies.adapting.library import Library, UnclearError
from policies.mapping.places import ITEMS, Place, parse_place
from policies.mapping.steps import Step

_EMPTY: Final[JsonSchema] = {"type": "object", "properties": {}, "additionalProperties": False}
_encode: Final = msgspec.json.Encoder(order="deterministic").encode

Change = Callable[[dict[str, Any]], JsonSchema]


def image(steps: Sequence[Step], schema: JsonSchema, library: Library) -> tuple[JsonSchema, tuple[str, ...]]:
    """The schema, and the doubts, each the rest of a sentence. Raises UnclearError."""
    drawing = _Drawing(library)
    for step in steps:
        schema = drawing.after(step, schema)
    return schema, tuple(dict.fromkeys(drawing.doubts))


def union(schemas: Sequence[JsonSchema]) -> JsonSchema:
    """Any of them."""
    if True in schemas or {} in schemas:
        return True
    kept = list({_encode(each): each for each in schemas if each is not False}.values())
    return False if not kept else kept[0] if len(kept) == 1 else {"anyOf": kept}


class _Drawing:
    def __init__(self, library: Library) -> None:
        self.doubts: Doubts = []
        self._library = library

    def after(self, step: Step, schema: JsonSchema) -> JsonSchema:
        if step.rename is not None:
            place = parse_place(step.rename)
            target = Place(place.base, (*place.members[:-1], step.to or ""))
            return self._moved(schema, place, target, keep=False)
        if step.move is not None or step.copy is not None:
            place, target = parse_place(step.move or step.copy or ""), parse_place(step.to or "")
            return self._moved(schema, place, target, keep=step.move is None)
        if step.default is not None or step.set is not None:
            place = parse_place(step.default or step.set or "")
            return self._on_objects(
                schema, place.base, lambda base: self._given(base, place, step.value, always=step.default is None)
            )
        if step.drop is not None:
            place = parse_place(step.drop)
            return self._on_objects(schema, place.base, lambda base: self._taken(base, place.members)[0])
        if step.convert is not None:
            tokens = parse_place(step.convert).tokens
            return self._on_values(schema, tokens, lambda each: converted(step, each, self.doubts))
        assert step.compute is not None
        self.doubts.append(f"what {step.compute} is computed to be is not known before")
        place = parse_place(step.compute)
        return self._on_objects(schema, (), lambda base: self._put(base, place, True, certain=False))

    def _moved(self, schema: JsonSchema, source: Place, target: Place, *, keep: bool) -> JsonSchema:
        def move(base: dict[str, Any]) -> JsonSchema:
            rest, found, certain = self._taken(base, source.members)
            if found is False:
                return base
            return self._put(base if keep else rest, target, found, certain=certain)

        return self._on_objects(schema, source.base, move)

    def _on_objects(self, schema: JsonSchema, base: tuple[str, ...], change: Change) -> JsonSchema:
        """Changes all objects at `base`; what is no object there stays as it is."""
        return self._on_values(
            schema, base, lambda each: change(each) if _kind(each, "a member is looked for") == "object" else each
        )

    def _on_values(self, schema: JsonSchema, tokens: tuple[str, ...], change: Change) -> JsonSchema:
        """Changes the values at all places of these tokens, as far as they are there."""
        alternatives = self._library.alternatives(schema)
        if not tokens:
            return union([change(each) for each in alternatives])
        first, rest = tokens[0], tokens[1:]
        return union([self._below(each, first, rest, change) for each in alternatives])

    def _below(self, schema: dict[str, Any], first: str, rest: tuple[str, ...], change: Change) -> JsonSchema:
        if first == ITEMS:
            if _kind(schema, "items are looked for") != "array":
                return schema
            items = self._on_values(schema.get("items", True), rest, change)
            return {**_loosened(schema, "uniqueItems"), "items": items}
        if _kind(schema, "a member is looked for") != "object":
            return schema
        member = _member(schema, first)
        if member is False:
            return schema
        return _with(schema, first, self._on_values(member, rest, change))

    def _taken(self, schema: JsonSchema, members: tuple[str, ...]) -> tuple[JsonSchema, JsonSchema, bool]:
        """What is left without a member of members; what it may be, `False` for nothing; whether it is always
        there."""
        left: list[JsonSchema] = []
        found: list[JsonSchema] = []
        certain = True
        for each in self._library.alternatives(schema):
            member = _member(each, members[0]) if _kind(each, "a member is looked for") == "object" else False
            if member is False:
                left.append(each)
                certain = False
                continue
            certain = certain and members[0] in each.get("required", ())
            if len(members) == 1:
                left.append(_without(each, members[0]))
                found.append(member)
            else:
                rest, below, always = self._taken(member, members[1:])
                left.append(_with(each, members[0], rest))
                found.append(below)
                certain = certain and always
        taken = union(found)
        return union(left), taken, certain and taken is not False

    def _put(self, schema: JsonSchema, place: Place, value: JsonSchema, *, certain: bool) -> JsonSchema:
        changed: list[JsonSchema] = []
        for each in self._library.alternatives(schema):
            if _kind(each, "a member is put") != "object":
                self.doubts.append(f"{place} may have no object above it")
                continue
            name, rest = place.members[0], Place((), place.members[1:])
            member, required = _member(each, name), name in each.get("required", ())
            if not rest.members:
                put = value if certain else union([value, member])
            else:
                options: list[JsonSchema] = (
                    [] if member is False else [self._put(member, rest, value, certain=True)]
                )
                if not required or member is False:
                    options.append(self._put(_EMPTY, rest, value, certain=True))
                put = union(options if certain else [*options, member])
            changed.append(_with(each, name, put, required=certain or required))
        return union(changed)

    def _given(self, schema: JsonSchema, place: Place, constant: Any, *, always: bool) -> JsonSchema:
        """With a constant at a place: `always`, or where there is nothing."""
        if always:
            return self._put(schema, place, {"const": constant}, certain=True)
        changed: list[JsonSchema] = []
        for each in self._library.alternatives(schema):
            if _kind(each, "a member is put") != "object":
                self.doubts.append(f"{place} may have no object above it")
                continue
            name, rest = place.members[0], Place((), place.members[1:])
            member, required = _member(each, name), name in each.get("required", ())
            if not rest.members:
                given = member if required else union([member, {"const": constant}])
            else:
                options = [] if member is False else [self._given(member, rest, constant, always=False)]
                if not required or member is False:
                    options.append(self._given(_EMPTY, rest, constant, always=False))
                given = union(options)
            changed.append(_with(each, name, given, required=True))
        return union(changed)


def _kind(schema: dict[str, Any], why: str) -> str:
    """The one type of a schema. Raises UnclearError where it has none."""
    kind = schema.get("type")
    if "const" in schema or "enum" in schema:
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        if any(isinstance(value, dict | list) for value in values):
            raise UnclearError(f"{why} in a schema with values")
        return "" if kind is None else str(kind)
    if kind is None:
        raise UnclearError(f"{why} in a schema without a type")
    return str(kind)


def _member(schema: dict[str, Any], name: str) -> JsonSchema:
    found: JsonSchema = schema.get("properties", {}).get(name, schema.get("additionalProperties", True))
    return found


def _with(schema: dict[str, Any], name: str, member: JsonSchema, *, required: bool | None = None) -> JsonSchema:
    changed = _loosened(schema, "minProperties", "maxProperties") if required is not None else dict(schema)
    changed["properties"] = {**schema.get("properties", {}), name: member}
    names = schema.get("required", ())
    if required and name not in names:
        changed["required"] = [*names, name]
    return changed


def _without(schema: dict[str, Any], name: str) -> JsonSchema:
    changed = _loosened(schema, "minProperties", "maxProperties")
    changed["properties"] = {**schema.get("properties", {}), name: False}
    changed["required"] = [each for each in schema.get("required", ()) if each != name]
    return changed


def _loosened(schema: dict[str, Any], *keywords: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in keywords}
