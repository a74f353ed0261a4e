"""What a contract's schemas say of each place of an answer: its class, and which members are known there.

A place is reached by names and items; what is said of it is said by all schemas that may apply: through `$ref`,
`allOf`, `anyOf`, `oneOf`, `if`/`then`/`else` and `dependentSchemas` alike. Which branch a value takes is not
asked, as that would be to believe the upstream. So the most protective word of them all holds: a value has the
highest class that any of them gives it, an object is closed where any of them closes it, and a name is known where
any of them declares it. `not` says nothing of values that are there.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from contracts.openapi.classification import CLASSIFICATION, LEVELS
from contracts.operations import JsonSchema
from policies.validation.validators import Check, Validators

Said: TypeAlias = tuple[JsonSchema, str]
"""A schema, and the URI of the document in which its references are read."""

_SURE: Final = ("allOf",)
_LISTS: Final = (*_SURE, "anyOf", "oneOf")
_ALONE: Final = ("if", "then", "else")
_KINDS: Final = {"object": "object", "array": "array"}
"""Of values, by JSON type; all others are `scalar`."""
_IMPLIED: Final = {
    **dict.fromkeys(("properties", "patternProperties", "required", "propertyNames"), "object"),
    **dict.fromkeys(("items", "prefixItems", "contains", "unevaluatedItems"), "array"),
    **dict.fromkeys(("enum", "const", "pattern", "format", "minLength", "maxLength"), "scalar"),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), "scalar"),
}
"""The kind of value that a keyword is about."""
_OF_MEMBERS: Final = ("additionalProperties", "unevaluatedProperties")


Criterion: TypeAlias = tuple[int, bool, bool]
"""What a view changes: what is above a class; with the second, what is closed; with the third, anything."""


class Places:
    """The places of answers, each made once: schemas that refer to themselves make a circle. Those of which only a
    version's documents say anything are shared by all its operations."""

    __slots__ = ("_made", "_patterns", "_reached", "_shared", "_validators")

    def __init__(self, validators: Validators, shared: "Places | None" = None) -> None:
        self._validators = validators
        self._shared = shared
        self._made: dict[frozenset[int], Place] = {}
        self._patterns: dict[str, Check] = {}
        self._reached: dict[Criterion, tuple[set[Place], set[Place]]] = {}

    @classmethod
    def of_operation(cls, validators: Validators) -> "Places":
        """Those of one operation, with what its version shares."""
        return cls(validators, validators.keep(Places, lambda: Places(validators)))

    def of(self, schemas: Iterable[Said]) -> "Place":
        """The place of which these schemas are said."""
        roots = tuple(schemas)
        if self._shared is not None and all(base for _, base in roots):
            return self._shared.of(roots)
        key = frozenset(id(schema) for schema, _ in roots)
        place = self._made.get(key)
        if place is None:
            place = self._made[key] = Place(self, roots, tuple(self.applying(roots)))
        return place

    def touches(self, place: "Place", criterion: Criterion) -> bool:
        """Whether a view changes anything at one of these places or below it."""
        explored, touched = self._reached.setdefault(criterion, (set(), set()))
        if place not in explored:
            self._explore(place, criterion, explored, touched)
        return place in touched

    def _explore(self, root: "Place", criterion: Criterion, explored: "set[Place]", touched: "set[Place]") -> None:
        """Each place once, and from those where something is changed the way back up."""
        above: dict[Place, list[Place]] = {}
        hot: list[Place] = []
        waiting = [root]
        explored.add(root)
        while waiting:
            place = waiting.pop()
            if place.is_changed(criterion):
                hot.append(place)
            for below in place.below:
                if below.places is not self:
                    hot += [place] if below.touches(criterion) else []
                    continue
                if below in touched:
                    hot.append(place)
                above.setdefault(below, []).append(place)
                if below not in explored:
                    explored.add(below)
                    waiting.append(below)
        while hot:
            place = hot.pop()
            if place not in touched:
                touched.add(place)
                hot += above.get(place, ())

    def admit(self, schemas: Iterable[Said], value: Any) -> bool:
        """Whether all the schemas admit a value."""
        checks = [self._validators.check(_absolute(schema, base)) for schema, base in schemas]
        return all(check.is_valid(value) for check in checks)

    def matches(self, pattern: str, name: str) -> bool:
        """Whether a name matches a pattern, as it does when answers are validated."""
        check = self._patterns.get(pattern)
        if check is None:
            check = self._patterns[pattern] = self._validators.check({"pattern": pattern})
        return check.is_valid(name)

    def applying(self, roots: Iterable[Said], *, surely: bool = False) -> Iterator[tuple[dict[str, Any], str]]:
        """All schemas that may apply to the very value of which the roots are said; or `surely` do."""
        lists, alone = (_SURE, ()) if surely else (_LISTS, _ALONE)
        waiting = list(roots)
        seen: set[int] = set()
        while waiting:
            schema, base = waiting.pop()
            if isinstance(schema, bool) or id(schema) in seen:
                continue
            seen.add(id(schema))
            yield schema, base
            reference = schema.get("$ref")
            if isinstance(reference, str):
                waiting.append(self._validators.lookup(reference, base))
            for keyword in lists:
                waiting += ((branch, base) for branch in schema.get(keyword, ()))
            waiting += ((schema[keyword], base) for keyword in alone if keyword in schema)
            if not surely:
                waiting += ((branch, base) for branch in schema.get("dependentSchemas", {}).values())


class Place:
    """One place. `level` is its class, as an index of `LEVELS`; `never` says that no value is admitted there;
    `closed`, that an object there has no names but those that are declared. `required` are names that it has to
    have, by the word of any schema, and `kinds` those of values that any speaks of; empty where none does."""

    __slots__ = (
        "_below",
        "_members",
        "_schemas",
        "closed",
        "declared",
        "kinds",
        "level",
        "never",
        "open_names",
        "places",
        "required",
        "roots",
    )

    def __init__(
        self, places: Places, roots: tuple[Said, ...], schemas: tuple[tuple[dict[str, Any], str], ...]
    ) -> None:
        self.places = places
        self._schemas = schemas
        self._members: dict[str, Place] = {}
        self._below: tuple[Place, ...] | None = None
        self.roots = roots
        self.never = bool(roots) and all(schema is False for schema, _ in roots)
        self.level = max((_level(schema) for schema, _ in schemas), default=0)
        self.closed = any(schema.get(keyword) is False for schema, _ in schemas for keyword in _OF_MEMBERS)
        self.declared = frozenset(name for schema, _ in schemas for name in schema.get("properties", ()))
        self.open_names = any(
            schema.get("patternProperties") or isinstance(schema.get(keyword), dict)
            for schema, _ in schemas
            for keyword in _OF_MEMBERS
        )
        """Whether something is said of names that are not declared."""
        self.kinds = frozenset(kind for schema, _ in schemas for kind in _kinds(schema))
        self.required = frozenset(
            name
            for schema, _ in schemas
            for names in (schema.get("required", ()), *schema.get("dependentRequired", {}).values())
            for name in names
        )

    def member(self, name: str) -> "Place | None":
        """The place of a member; None for a name of which nothing is said."""
        place = self._members.get(name)
        if place is None:
            said = [each for schema, base in self._schemas for each in self._said_of(name, schema, base)]
            place = self.places.of(said) if said else None
            if place is not None and name in self.declared:
                self._members[name] = place
        return place

    def _said_of(self, name: str, schema: dict[str, Any], base: str) -> Iterator[Said]:
        named = list(self._named(name, schema))
        for inner in named:
            yield inner, base
        other, rest = (schema.get(keyword) for keyword in _OF_MEMBERS)
        if not named and isinstance(other, dict):
            yield other, base
        if isinstance(rest, dict) and not any(
            "additionalProperties" in each or any(True for _ in self._named(name, each))
            for each, _ in self.places.applying([(schema, base)], surely=True)
        ):
            yield rest, base

    def _named(self, name: str, schema: dict[str, Any]) -> Iterator[JsonSchema]:
        """What one schema itself says of a name, as such or by a pattern."""
        if name in schema.get("properties", ()):
            yield schema["properties"][name]
        for pattern, inner in schema.get("patternProperties", {}).items():
            if self.places.matches(pattern, name):
                yield inner

    @property
    def prefix(self) -> tuple["Place", ...]:
        """The places of the first items, where the schemas tell them from the rest."""
        length = max((len(schema.get("prefixItems", ())) for schema, _ in self._schemas), default=0)
        return tuple(self.places.of(self._said_of_item(index)) for index in range(length))

    @property
    def item(self) -> "Place":
        """The place of all other items."""
        return self.places.of(self._said_of_item(None))

    def _said_of_item(self, index: int | None) -> Iterator[Said]:
        for schema, base in self._schemas:
            prefix = schema.get("prefixItems", ())
            if index is not None and index < len(prefix):
                yield prefix[index], base
            elif "items" in schema:
                yield schema["items"], base
            if "contains" in schema:
                yield schema["contains"], base
            if "unevaluatedItems" in schema and not any(
                "items" in each or (index is not None and index < len(each.get("prefixItems", ())))
                for each, _ in self.places.applying([(schema, base)], surely=True)
            ):
                yield schema["unevaluatedItems"], base

    def said(self, keyword: str) -> Iterator[Any]:
        """What the schemas say there by a keyword, those that have it."""
        return (schema[keyword] for schema, _ in self._schemas if keyword in schema)

    @property
    def below(self) -> tuple["Place", ...]:
        """All places in this one; of names that are not declared, each that some may have."""
        if self._below is None:
            self._below = tuple(self._found_below())
        return self._below

    def is_changed(self, criterion: Criterion) -> bool:
        """Whether a view changes anything at the place itself."""
        level, closed, unknown = criterion
        return unknown or self.level > level or (closed and (self.closed or self.never))

    def touches(self, criterion: Criterion) -> bool:
        """Whether a view changes anything at the place or below it."""
        return self.places.touches(self, criterion)

    def _found_below(self) -> Iterator["Place"]:
        for name in self.declared:
            place = self.member(name)
            assert place is not None
            yield place
        for schema, base in self._schemas:
            for inner in schema.get("patternProperties", {}).values():
                yield self.places.of([(inner, base)])
            for keyword in _OF_MEMBERS:
                if isinstance(schema.get(keyword), dict):
                    yield self.places.of([(schema[keyword], base)])
        yield from self.prefix
        yield self.item

    def admits(self, value: Any) -> bool:
        """Whether all that is said of the place admits a value."""
        return self.places.admit(self.roots, value)


def _kinds(schema: dict[str, Any]) -> Iterator[str]:
    types = schema.get("type", ())
    for name in (types,) if isinstance(types, str) else types:
        yield _KINDS.get(name, "scalar")
    if any(schema.get(keyword) not in (None, True) for keyword in _OF_MEMBERS):
        yield "object"
    yield from (kind for keyword, kind in _IMPLIED.items() if keyword in schema)


def _level(schema: dict[str, Any]) -> int:
    """The class that a schema gives, if it gives one. A name that is classified makes its object so."""
    names = schema.get("propertyNames")
    inner = _level(names) if isinstance(names, dict) else 0
    mark = schema.get(CLASSIFICATION)
    return max(inner, LEVELS.index(mark)) if mark in LEVELS else inner


def _absolute(value: Any, base: str) -> Any:
    """A schema from inside a document, with absolute references."""
    if isinstance(value, dict):
        result = {key: _absolute(member, base) for key, member in value.items()}
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            result["$ref"] = base + reference
        return result
    return [_absolute(item, base) for item in value] if isinstance(value, list) else value
