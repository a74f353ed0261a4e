"""What a contract declares of the values that a rule may read: their types, and how many or how long they may be.

It follows from the schemas, through references, `allOf` (all hold) and `anyOf`/`oneOf` (one does). A rule sees a
value only as far as it is what was declared, so that what was found out of the rule when it was checked holds of
every request, whatever the mode of the request's own validation.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from threading import RLock
from typing import Any, Final, Literal, TypeAlias

import msgspec

from contracts.operations import JsonSchema
from policies.validation.validators import Validators

MOST_ITEMS: Final = 1_000
"""Items of a list of which the contract does not say how many it may have (`maxItems`)."""
MOST_CHARACTERS: Final = 65_536
"""Characters of a string of which it does not say how long it may be (`maxLength`)."""

Kind: TypeAlias = Literal["string", "integer", "number", "boolean", "list", "record", "map", "any"]
"""`record`: an object of which members are declared. `map`: one of which none is."""

_KINDS: Final[Mapping[frozenset[str], Kind]] = {
    frozenset({"string"}): "string",
    frozenset({"integer"}): "integer",
    frozenset({"number"}): "number",
    frozenset({"boolean"}): "boolean",
    frozenset({"array"}): "list",
    frozenset({"object"}): "record",
}
_ALL: Final = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})
_NO_WORD: Final = re.compile(r"[^A-Za-z0-9_]")
# The reserved words of CEL (language definition, "Syntax").
_RESERVED: Final = frozenset(
    {
        *("false", "in", "null", "true", "as", "break", "const", "continue", "else", "for", "function", "if"),
        *("import", "let", "loop", "package", "namespace", "return", "var", "void", "while"),
    }
)

_key_of = msgspec.json.Encoder(order="deterministic").encode


class Declared:
    """A value. `most` bounds its items or characters; `members` are a record's, under the names that rules have
    for them, and `names` says under which they come."""

    __slots__ = ("kind", "members", "most", "names", "nullable", "of")

    def __init__(self, kind: Kind, *, nullable: bool = False, most: int = 0) -> None:
        self.kind = kind
        self.nullable = nullable
        self.most = most
        self.members: Mapping[str, Declared] = {}
        self.names: Mapping[str, str] = {}
        self.of: Declared | None = None
        """What a list's items are."""


ANY: Final = Declared("any", nullable=True)
TEXT: Final = Declared("string", most=MOST_CHARACTERS)


def record(members: Iterable[tuple[str, Declared]], name_of: "Callable[[str], str] | None" = None) -> Declared:
    """An object with these members. Of two that rules would know by one name neither can be read."""
    made = Declared("record")
    found: dict[str, Declared] = {}
    names: dict[str, str] = {}
    twice: set[str] = set()
    for name, declared in members:
        word = (name_of or word_of)(name)
        if word in found:
            twice.add(word)
        found[word], names[word] = declared, name
    made.members = {word: declared for word, declared in found.items() if word not in twice}
    made.names = {word: names[word] for word in made.members}
    return made


def word_of(name: str) -> str:
    """A name as CEL can have it: with `_` for what no identifier has, and behind a reserved word."""
    word = _NO_WORD.sub("_", name) or "_"
    if word[0].isdigit() or word in _RESERVED:
        return "_" + word if word[0].isdigit() else word + "_"
    return word


class Schemas:
    """Reads the schemas of one version. Thread-safe."""

    def __init__(self, validators: Validators) -> None:
        self._validators = validators
        self._known: dict[tuple[str, bytes], Declared] = {}
        self._lock = RLock()  # nobody else may see one that is not complete

    def declared(self, *schemas: tuple[JsonSchema, str]) -> Declared:
        """What holds of a value that matches all of them; each comes with the document that it stands in.

        Raises KeyError for a reference that leads nowhere.
        """
        key = (schemas[0][1], _key_of([schema for schema, _ in schemas]))
        with self._lock:
            found = self._known.get(key)
            if found is None:
                # It is known before it is complete: a schema may contain itself.
                found = self._known[key] = Declared("any", nullable=True)
                self._fill(found, _all_hold(self._facts(schema, base, frozenset()) for schema, base in schemas))
            return found

    def _fill(self, declared: Declared, facts: "_Facts") -> None:
        types = facts.types if facts.types is not None else facts.implied()
        declared.nullable = types is None or "null" in types
        bare = (types or _ALL) - {"null"}
        if "number" in bare:
            bare -= {"integer"}
        declared.kind = _KINDS.get(bare, "any")
        if declared.kind == "string":
            declared.most = MOST_CHARACTERS if facts.max_length is None else facts.max_length
        elif declared.kind == "list":
            declared.most = MOST_ITEMS if facts.max_items is None else facts.max_items
            declared.of = self.declared(*facts.items) if facts.items else ANY
        elif declared.kind == "record" and facts.properties:
            made = record((name, self.declared(*parts)) for name, parts in facts.properties.items())
            declared.members, declared.names = made.members, made.names
        elif declared.kind == "record":
            declared.kind = "map"

    def _facts(self, schema: JsonSchema, base: str, followed: frozenset[tuple[str, str]]) -> "_Facts":
        facts = _Facts()
        if isinstance(schema, bool):
            return facts
        facts.types = _own_types(schema)
        facts.max_items, facts.max_length = schema.get("maxItems"), schema.get("maxLength")
        if "items" in schema and not schema.get("prefixItems"):
            facts.items = [(schema["items"], base)]
        facts.properties = {name: [(value, base)] for name, value in schema.get("properties", {}).items()}
        parts = [facts]
        reference = schema.get("$ref")
        if reference is not None and (base, reference) not in followed:
            target, within = self._validators.lookup(reference, base)
            parts.append(self._facts(target, within, followed | {(base, reference)}))
        parts += [self._facts(each, base, followed) for each in schema.get("allOf", ())]
        for alternatives in ("anyOf", "oneOf"):
            if schema.get(alternatives):
                parts.append(_one_holds([self._facts(each, base, followed) for each in schema[alternatives]]))
        return _all_hold(parts)


class _Facts:
    """What schemas say at one place; None where they say nothing."""

    __slots__ = ("items", "max_items", "max_length", "properties", "types")

    def __init__(self) -> None:
        self.types: frozenset[str] | None = None
        self.max_items: int | None = None
        self.max_length: int | None = None
        self.items: list[tuple[JsonSchema, str]] = []
        self.properties: dict[str, list[tuple[JsonSchema, str]]] = {}

    def implied(self) -> frozenset[str] | None:
        if self.properties:
            return frozenset({"object"})
        return frozenset({"array"}) if self.items else None


def _all_hold(parts: "Iterable[_Facts]") -> "_Facts":
    whole = _Facts()
    for part in parts:
        whole.types = _both(whole.types, part.types)
        whole.max_items = _least(whole.max_items, part.max_items)
        whole.max_length = _least(whole.max_length, part.max_length)
        whole.items += part.items
        for name, schemas in part.properties.items():
            whole.properties.setdefault(name, []).extend(schemas)
    return whole


def _one_holds(parts: "list[_Facts]") -> "_Facts":
    """What holds whichever of them does. A member that only some declare can be read, as what any of them says."""
    whole = _Facts()
    types = [part.types if part.types is not None else part.implied() for part in parts]
    if all(each is not None for each in types):
        whole.types = frozenset().union(*(each for each in types if each is not None))
    lengths = [part.max_length for part in parts if "string" in (part.types or _ALL)]
    whole.max_length = _most(lengths)
    whole.max_items = _most([part.max_items for part in parts if "array" in (part.types or _ALL)])
    items = [part.items for part in parts if part.items]
    if items:
        whole.items = items[0] if all(each == items[0] for each in items) else [_either(items)]
    for name in dict.fromkeys(name for part in parts for name in part.properties):
        told = [part.properties[name] for part in parts if name in part.properties]
        same = all(each == told[0] for each in told)
        whole.properties[name] = told[0] if same else [_either(told)]
    return whole


def _either(alternatives: list[list[tuple[JsonSchema, str]]]) -> tuple[JsonSchema, str]:
    """One schema for several alternatives; where they stand in several documents, nothing is known of it."""
    bases = {base for each in alternatives for _, base in each}
    if len(bases) > 1:
        return True, ""
    return {"anyOf": [{"allOf": [schema for schema, _ in each]} for each in alternatives]}, bases.pop()


def _own_types(schema: Mapping[str, Any]) -> frozenset[str] | None:
    written = schema.get("type")
    if written is not None:
        return frozenset([written] if isinstance(written, str) else written)
    listed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    return None if listed is None else frozenset(_type_of(value) for value in listed)


def _type_of(value: object) -> str:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
    return kinds.get(type(value), "null")


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    both = one & other
    if ("number" in one and "integer" in other) or ("integer" in one and "number" in other):
        both |= {"integer"}
    return both


def _least(one: int | None, other: int | None) -> int | None:
    return min(each for each in (one, other) if each is not None) if (one, other) != (None, None) else None


def _most(bounds: list[int | None]) -> int | None:
    known = [each for each in bounds if each is not None]
    return max(known) if known and len(known) == len(bounds) else None
