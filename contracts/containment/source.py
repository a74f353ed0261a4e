"""Schemas where they stand: read keyword by keyword as JSON Schema 2020-12, whatever dialect they are written in.

OAS 3.0 has a dialect of its own (`nullable`, boolean `exclusiveMinimum`, nothing beside `$ref`); 3.1 and 3.2 are
2020-12. It is read one schema at a time, so that every keyword keeps the place it was written at, and a document
costs only what is looked at.

A direction projects: in a request a `readOnly` property says nothing and is not required, in a response a
`writeOnly` one (OAS 3.1 §4.8.24.2). The name stays known: `additionalProperties: false` does not forbid it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import unquote

from contracts.documents.document import Node, escape, value_at
from contracts.openapi.dialect import apply_format, modernise
from contracts.openapi.references import References
from contracts.operations import Direction, JsonSchema

Place = tuple[str, str]
Exported = tuple[JsonSchema, "list[Schema]"]
Follow = Callable[[Place, str], "tuple[Place, JsonSchema] | None"]

_NOTHING: Final[frozenset[str]] = frozenset()
FLAGS: Final[Mapping[Direction | None, str]] = {"request": "readOnly", "response": "writeOnly"}
"""By direction, what says of a property that messages do not carry it."""
_TELLING: Final = frozenset(("$ref", "allOf", "readOnly", "writeOnly"))
_MOST_STEPS: Final = 100


@dataclass(frozen=True, eq=False)
class Schemas:
    """All schemas of one document as one dialect and direction see them.

    `follow` answers what a `$ref` names, given where it stands; None for a dangling one. `names` and `exported`
    are what `contracts.containment.export` remembers.
    """

    follow: Follow
    legacy: bool = False
    direction: Direction | None = None
    _targets: "dict[tuple[Place, str], Schema | None]" = field(default_factory=dict, repr=False)
    _hidden: dict[Place, bool] = field(default_factory=dict, repr=False)
    _hidden_names: dict[Place, frozenset[str]] = field(default_factory=dict, repr=False)
    _words: dict[tuple[Place, frozenset[str]], JsonSchema] = field(default_factory=dict, repr=False)
    names: dict[Place, str] = field(default_factory=dict, repr=False)
    exported: "dict[tuple[Place, frozenset[str]], Exported]" = field(default_factory=dict, repr=False)

    @classmethod
    def of_references(cls, references: References, direction: Direction | None = None) -> "Schemas":
        """Of an OpenAPI document whose references were resolved."""

        def follow(place: Place, _: str) -> tuple[Place, JsonSchema] | None:
            found = references.references.get(place)
            return ((found.target.document.file, found.target.pointer), found.target.value) if found else None

        return cls(follow, references.legacy, direction)

    @classmethod
    def of_value(
        cls, root: JsonSchema, *, legacy: bool = False, direction: Direction | None = None, file: str = ""
    ) -> "Schemas":
        """Of one JSON value, inside which all references lead (`#`, `#/…`)."""

        def follow(_: Place, text: str) -> tuple[Place, JsonSchema] | None:
            if not text.startswith("#"):
                return None
            pointer = unquote(text[1:])
            value = value_at(root, pointer)
            return ((file, pointer), value) if isinstance(value, dict | bool) else None

        return cls(follow, legacy, direction)

    def at(self, node: Node) -> "Schema":
        """The schema that a node of the document holds."""
        value = node.value if isinstance(node.value, dict | bool) else True
        return Schema(self, (node.document.file, node.pointer), value)

    def target(self, place: Place, text: str) -> "Schema | None":
        key = (place, text)
        if key not in self._targets:
            found = self.follow(place, text)
            self._targets[key] = Schema(self, *found) if found else None
        return self._targets[key]


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """One schema of a document, at its place (file and JSON pointer).

    `hidden` are names that the object around it does not require in this direction.
    """

    schemas: Schemas
    place: Place
    value: JsonSchema
    hidden: frozenset[str] = _NOTHING

    @classmethod
    def of(cls, value: JsonSchema, *, legacy: bool = False, direction: Direction | None = None) -> "Schema":
        """A schema that stands alone, with its definitions in itself. `legacy`: in the dialect of OAS 3.0."""
        return cls(Schemas.of_value(value, legacy=legacy, direction=direction), ("", ""), value)

    def child(self, value: JsonSchema, *tokens: str | int, same_object: bool = False) -> "Schema":
        """A schema inside this one, by keyword and name or index."""
        pointer = self.place[1]
        for token in tokens:
            pointer = f"{pointer}/{escape(str(token))}"
        return Schema(self.schemas, (self.place[0], pointer), value, self.hidden if same_object else _NOTHING)

    @property
    def reference(self) -> str | None:
        found = self.value.get("$ref") if isinstance(self.value, dict) else None
        return found if isinstance(found, str) else None

    def target(self) -> "Schema | None":
        """What `$ref` names."""
        return self.schemas.target(self.place, self.reference) if self.reference is not None else None

    def resolved(self) -> "Schema":
        """Itself, or what a `$ref` that stands alone ends at."""
        found, seen = self, 0
        while found.reference is not None and seen < _MOST_STEPS:
            if not self.schemas.legacy and any(key not in ("$ref", "$defs", "$comment") for key in found.members):
                break
            target = found.target()
            if target is None:
                break
            found, seen = target, seen + 1
        return found

    @property
    def members(self) -> dict[str, Any]:
        """The keywords as they are written."""
        return self.value if isinstance(self.value, dict) else {}

    def read(self) -> "JsonSchema":
        """The keywords in the words of 2020-12: this level rewritten, schemas below it as they are written."""
        if not isinstance(self.value, dict):
            return self.value
        known = self.schemas._words.get((self.place, self.hidden))
        if known is None:
            known = self.schemas._words[self.place, self.hidden] = self._read()
        return known

    def _read(self) -> dict[str, Any]:
        if self.schemas.legacy and self.reference is not None:
            return {"$ref": self.reference}
        result = {key: member for key, member in self.members.items() if key != "nullable"}
        if self.schemas.legacy:
            modernise(result, nullable=self.members.get("nullable") is True)
        apply_format(result)
        if self.schemas.direction is not None:
            self._project(result)
        return result

    def with_hidden(self) -> "Schema":
        """Itself, knowing all names that its own object does not require."""
        if self.schemas.direction is None or not isinstance(self.value, dict):
            return self
        known = self.schemas._hidden_names.get(self.place)
        if known is None:
            known = self.schemas._hidden_names[self.place] = frozenset(self._names(set()))
        return self if known <= self.hidden else replace(self, hidden=self.hidden | known)

    def is_hidden(self) -> bool:
        """Whether messages of this direction do not carry it."""
        flag = FLAGS.get(self.schemas.direction)
        return flag is not None and self._is_hidden(flag, set())

    def _project(self, result: dict[str, Any]) -> None:
        properties = result.get("properties")
        if isinstance(properties, dict) and (gone := set(self._hidden_properties())):
            result["properties"] = {name: True if name in gone else value for name, value in properties.items()}
        names = self.with_hidden().hidden
        required = result.get("required")
        if names and isinstance(required, list):
            result["required"] = [name for name in required if name not in names]

    def _hidden_properties(self) -> Iterator[str]:
        properties = self.members.get("properties")
        for name, value in properties.items() if isinstance(properties, dict) else ():
            # Of most properties a glance is enough.
            if not isinstance(value, dict) or _TELLING.isdisjoint(value):
                continue
            if self.child(value, "properties", name).is_hidden():
                yield name

    def _names(self, seen: set[Place]) -> Iterator[str]:
        if self.place in seen or not isinstance(self.value, dict):
            return
        seen.add(self.place)
        target = self.target()
        if target is not None:
            yield from target._names(seen)
            if self.schemas.legacy:
                return
        yield from self._hidden_properties()
        branches = self.value.get("allOf")
        for index, value in enumerate(branches if isinstance(branches, list) else ()):
            if isinstance(value, dict):
                yield from self.child(value, "allOf", index)._names(seen)

    def _is_hidden(self, flag: str, seen: set[Place]) -> bool:
        known = self.schemas._hidden.get(self.place)
        if known is None and self.place not in seen:
            seen.add(self.place)
            known = self.schemas._hidden[self.place] = self._looks_hidden(flag, seen)
        return bool(known)

    def _looks_hidden(self, flag: str, seen: set[Place]) -> bool:
        if not isinstance(self.value, dict) or _TELLING.isdisjoint(self.value):
            return False
        target = self.target()
        if target is not None and target._is_hidden(flag, seen):
            return True
        if target is not None and self.schemas.legacy:
            return False
        if self.value.get(flag) is True:
            return True
        branches = self.value.get("allOf")
        return isinstance(branches, list) and any(
            self.child(value, "allOf", index)._is_hidden(flag, seen) for index, value in enumerate(branches)
        )
