"""What can be seen in requests to one operation: its parameters and the places of its JSON body, as its contract
names them.

A place is a JSON pointer in which `*` stands for any item of an array and any name that the contract does not
declare: `/lines/*/quantity`. Of values only those are kept that the schema enumerates (`enum`, `const`). So
nothing that a client made up has a place here. Schemas that apply together or instead of each other (`allOf`,
`anyOf`, `oneOf`, `if` and the like) are one: that a place was there says nothing of the branch it was there for.

Both processes derive the same places from the same contract, in the same order and to the same bound, so that the
catalog knows what a gateway would have told.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from contracts.operations import JsonSchema, OdooBackend, Operation
from contracts.usage.batch import Kind
from contracts.usage.guarded import GuardedTerms
from contracts.usage.terms import Term

MAX_PLACES: Final = 1_000
"""Places and values of one operation; those nearest to the root come first."""
MAX_DEPTH: Final = 10
"""Steps of a pointer."""
ANY: Final = "*"
"""Any item of an array, any name that is not declared."""

_LONGEST_NAME: Final = 512
_LONGEST_VALUE: Final = 255
_JSON: Final = re.compile(r"(application/json|[^;]*\+json)\s*(;|$)")
_TOGETHER: Final = ("allOf", "anyOf", "oneOf")
_ALONE: Final = ("if", "then", "else", "not")
_OTHER: Final = ("items", "contains", "additionalProperties", "unevaluatedItems", "unevaluatedProperties")
_NO_PLACES: Final[dict[str, "Place"]] = {}
_NO_VALUES: Final[dict[str, "Term"]] = {}


class Place:
    """One place. `properties` are the places of declared names below it, `other` that of other names and of
    items; `texts` are its enumerated strings, and `scalars` its other enumerated values by their JSON text."""

    __slots__ = ("other", "properties", "scalars", "term", "texts")

    def __init__(self, term: Term) -> None:
        self.term = term
        # Not `Mapping`: a body is walked by these, and what is compiled finds a dict's members far quicker.
        self.properties: dict[str, Place] = _NO_PLACES
        self.other: Place | None = None
        self.texts: dict[str, Term] = _NO_VALUES
        self.scalars: dict[str, Term] = _NO_VALUES


class Observable:
    """All of one operation. The parameters of each location are by name, header fields' in lower case; `body` is
    the place of the JSON body itself, and `statuses` are the codes that the contract declares. `guarded` is of an
    operation that speaks Odoo's RPC, None of all others."""

    __slots__ = ("body", "cookie", "guarded", "header", "query", "statuses")

    def __init__(self, operation: Operation, documents: Mapping[str, dict[str, Any]]) -> None:
        growing = _Growing(documents)
        found: dict[str, dict[str, Place]] = {"query": {}, "header": {}, "cookie": {}}
        for parameter in operation.parameters:
            location = parameter.location
            if location == "path":
                continue
            name = parameter.name.lower() if location == "header" else parameter.name
            place = growing.plant(location, escape(name), (parameter.schema,))
            if place is not None:
                found[location][parameter.name] = place
        self.query: Mapping[str, Place] = found["query"]
        self.header: Mapping[str, Place] = found["header"]
        self.cookie: Mapping[str, Place] = found["cookie"]
        content = () if operation.body is None else operation.body.content
        schemas = [each.schema for each in content if each.schema is not None and _JSON.match(each.range)]
        self.body = None if operation.body is None else growing.plant("body", "", schemas)
        growing.grow()
        self.statuses = frozenset(int(each.status) for each in operation.responses if each.status.isdecimal())
        backend = operation.backend
        speaks_rpc = isinstance(backend, OdooBackend) and backend.guard is not None
        self.guarded = GuardedTerms() if speaks_rpc else None

    def terms(self) -> Iterator[Term]:
        """Everything that can be seen."""
        waiting = [*self.query.values(), *self.header.values(), *self.cookie.values()]
        if self.body is not None:
            waiting.append(self.body)
        while waiting:
            place = waiting.pop()
            yield place.term
            yield from place.texts.values()
            yield from place.scalars.values()
            waiting += place.properties.values()
            if place.other is not None:
                waiting.append(place.other)


def escape(token: str) -> str:
    """A token of a JSON pointer (RFC 6901 §3)."""
    return token.replace("~", "~0").replace("/", "~1")


def text_of(value: Any) -> str:
    """The JSON text of a scalar. `1.0` is the number 1 (JSON Schema 2020-12 §4.2.2)."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return msgspec.json.encode(value).decode()


class _Growing:
    """Places that are being found, the nearest to the root first."""

    def __init__(self, documents: Mapping[str, dict[str, Any]]) -> None:
        self._documents = documents
        self._room = MAX_PLACES
        self._waiting: deque[tuple[Place, list[tuple[dict[str, Any], str]], int]] = deque()

    def plant(self, kind: Kind, name: str, schemas: Iterable[JsonSchema]) -> Place | None:
        return self._place(kind, name, [(schema, "") for schema in schemas], 0)

    def grow(self) -> None:
        while self._waiting:
            self._expand(*self._waiting.popleft())

    def _place(self, kind: Kind, name: str, schemas: list[tuple[JsonSchema, str]], depth: int) -> Place | None:
        if not self._room or len(name) > _LONGEST_NAME:
            return None
        self._room -= 1
        place = Place(Term(kind, name))
        gathered: list[tuple[dict[str, Any], str]] = []
        seen: set[int] = set()
        for schema, base in schemas:
            self._gather(schema, base, gathered, seen)
        if gathered:
            self._waiting.append((place, gathered, depth))
        return place

    def _gather(
        self, schema: JsonSchema, base: str, into: list[tuple[dict[str, Any], str]], seen: set[int]
    ) -> None:
        """All schemas that say something of one place, each with the URI of its document."""
        if isinstance(schema, bool) or id(schema) in seen:
            return
        seen.add(id(schema))
        into.append((schema, base))
        reference = schema.get("$ref")
        if isinstance(reference, str):
            target = self._lookup(reference, base)
            if target is not None:
                self._gather(*target, into, seen)
        for keyword in _TOGETHER:
            for branch in schema.get(keyword, ()):
                self._gather(branch, base, into, seen)
        for keyword in _ALONE:
            self._gather(schema.get(keyword, True), base, into, seen)
        for branch in schema.get("dependentSchemas", {}).values():
            self._gather(branch, base, into, seen)

    def _lookup(self, reference: str, base: str) -> tuple[JsonSchema, str] | None:
        uri, _, fragment = reference.partition("#")
        uri = uri or base
        found: Any = self._documents.get(uri)
        for token in fragment.split("/")[1:]:
            token = unquote(token).replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and token.isdecimal() and int(token) < len(found):
                found = found[int(token)]
            else:
                found = found.get(token) if isinstance(found, dict) else None
        return (found, uri) if isinstance(found, dict | bool) else None

    def _expand(self, place: Place, schemas: list[tuple[dict[str, Any], str]], depth: int) -> None:
        self._enumerate(place, schemas)
        if depth == MAX_DEPTH:
            return
        kind, name = place.term.kind, place.term.name
        declared: dict[str, list[tuple[JsonSchema, str]]] = {}
        other: list[tuple[JsonSchema, str]] = []
        inner = False
        for schema, base in schemas:
            for key, value in schema.get("properties", {}).items():
                declared.setdefault(key, []).append((value, base))
            other += [(schema[keyword], base) for keyword in _OTHER if keyword in schema]
            other += [(value, base) for value in schema.get("prefixItems", ())]
            other += [(value, base) for value in schema.get("patternProperties", {}).values()]
            inner = inner or "object" in schema.get("type", ()) or "array" in schema.get("type", ())
        places = {
            key: self._place(kind, f"{name}/{escape(key)}", parts, depth + 1) for key, parts in declared.items()
        }
        place.properties = {key: made for key, made in places.items() if made is not None}
        if declared or other or inner:
            place.other = self._place(kind, f"{name}/{ANY}", other, depth + 1)

    def _enumerate(self, place: Place, schemas: list[tuple[dict[str, Any], str]]) -> None:
        texts: dict[str, Term] = {}
        scalars: dict[str, Term] = {}
        for schema, _ in schemas:
            for value in (*schema.get("enum", ()), *((schema["const"],) if "const" in schema else ())):
                if isinstance(value, dict | list):
                    continue
                text = text_of(value)
                known: dict[str, Term] = texts if isinstance(value, str) else scalars
                key = value if isinstance(value, str) else text
                if key in known or len(text) > _LONGEST_VALUE or not self._room:
                    continue
                self._room -= 1
                known[key] = Term(place.term.kind, place.term.name, text)
        if texts:
            place.texts = texts
        if scalars:
            place.scalars = scalars
