"""From schemas to terms (`contracts.containment.terms`)."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from contracts.containment.formats import ASSERTED
from contracts.containment.source import Place, Schema, Schemas
from contracts.containment.terms import Term, Terms
from contracts.containment.unevaluated import unevaluated_items, unevaluated_properties
from contracts.containment.values import NAMES, OBJECT, exact
from contracts.documents.document import escape
from contracts.operations import Direction

_COUNTS: Final = {
    "minLength": "minlen",
    "maxLength": "maxlen",
    "minItems": "minitems",
    "maxItems": "maxitems",
    "minProperties": "minprops",
    "maxProperties": "maxprops",
}
_BOUNDS: Final = {
    "minimum": ("lower", False),
    "exclusiveMinimum": ("lower", True),
    "maximum": ("upper", False),
    "exclusiveMaximum": ("upper", True),
}
_LONGEST_CHAIN: Final = 8
_OPAQUE: Final = frozenset(("$dynamicRef", "$recursiveRef"))


class Compiler:
    """Terms of schemas of any number of documents. A `$ref` whose target is the same in two, with all that it
    refers to in turn, is one term."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._terms: dict[tuple[int, Place, frozenset[str]], Term] = {}
        self._targets: dict[object, Schema] = {}
        self._expanded: dict[Term, Term] = {}
        self._keys: dict[tuple[int, Place], object] = {}
        self._own: dict[tuple[int, Place], tuple[bytes, list[Schema]]] = {}
        self._identities: dict[tuple[int, Place, frozenset[str]], int] = {}
        self._numbers: dict[object, int] = {}
        self._alive: dict[int, Schemas] = {}  # so that no id is used twice

    def term(self, schema: Schema) -> Term:
        """The formula of a schema."""
        key = (id(schema.schemas), schema.place, schema.hidden)
        found = self._terms.get(key)
        if found is None:
            self._alive[id(schema.schemas)] = schema.schemas
            found = self._terms[key] = self._compile(schema)
        return found

    def expand(self, ref: Term) -> Term:
        """The formula of what a reference names."""
        found = self._expanded.get(ref)
        if found is None:
            found = self._expanded[ref] = self.term(self._targets[ref.args[0]])
        return found

    def surface(self, term: Term) -> Term:
        """A term, or what a chain of references ends at."""
        for _ in range(_LONGEST_CHAIN):
            if term.kind != "ref":
                break
            term = self.expand(term)
        return term

    def same(self, left: Schema, right: Schema) -> bool:
        """Whether two schemas are written alike, with all that they refer to."""
        return self.identity(left) == self.identity(right)

    def identity(self, schema: Schema) -> int:
        """Equal for schemas, wherever they stand, that are written alike with all that they refer to."""
        mark = (id(schema.schemas), schema.place, schema.hidden)
        found = self._identities.get(mark)
        if found is None:
            text, targets = self._direct(schema)
            keys = tuple(self.key(target) for target in targets)
            own = (text, keys, schema.hidden, schema.schemas.legacy, _direction(schema, (text,)))
            found = self._identities[mark] = self._numbers.setdefault(own, len(self._numbers))
        return found

    def targets(self, schema: Schema) -> list[Schema]:
        """What a schema refers to itself."""
        return self._direct(schema)[1]

    def reference(self, target: Schema) -> Term:
        """The term of a `$ref` to a schema."""
        key = self.key(target)
        self._targets.setdefault(key, target)
        return self.terms.ref(key)

    def opaque(self, schema: Schema) -> Term:
        """The term of a schema that is only checked as a whole."""
        key = ("opaque", self.identity(schema))
        self._targets.setdefault(key, schema)
        return self.terms.opaque(key)

    def schema_of(self, term: Term) -> Schema:
        """Of a reference or an opaque term."""
        return self._targets[term.args[0]]

    def key(self, target: Schema) -> object:
        """Equal for targets that mean the same by the texts of all schemas that can be reached from them."""
        mark = (id(target.schemas), target.place)
        found = self._keys.get(mark)
        if found is None:
            reached, stack = {target.place: self._direct(target)}, [target]
            while stack:
                for schema in self._direct(stack.pop())[1]:
                    if schema.place not in reached:
                        reached[schema.place] = self._direct(schema)
                        stack.append(schema)
            digest = hashlib.blake2b(digest_size=20)
            for place, (text, _) in sorted(reached.items()):
                digest.update(repr((place, len(text))).encode() + text)
            direction = _direction(target, (text for text, _ in reached.values()))
            found = (target.place, target.schemas.legacy, direction, digest.digest())
            self._keys[mark] = found
        return found

    def _direct(self, schema: Schema) -> tuple[bytes, list[Schema]]:
        mark = (id(schema.schemas), schema.place)
        found = self._own.get(mark)
        if found is None:
            self._alive[id(schema.schemas)] = schema.schemas
            text = msgspec.json.encode(schema.value, order="sorted")
            named = _references(schema) if b'"$ref"' in text else ()
            targets = [target for place, to in named if (target := schema.schemas.target(place, to))]
            found = self._own[mark] = (text, targets)
        return found

    def _compile(self, schema: Schema) -> Term:
        words = schema.read()
        if not isinstance(words, dict):
            return self.terms.true if words else self.terms.false
        return self.terms.conj(self._parts(schema.with_hidden(), words))

    def _parts(self, schema: Schema, words: dict[str, Any]) -> Iterator[Term]:
        for keyword, value in words.items():
            reader = _READERS.get(keyword)
            if reader is not None:
                yield reader(self, schema, words, value)
            elif keyword in _OPAQUE:
                yield self.opaque(schema)
        if "items" in words or "prefixItems" in words:
            yield self._items(schema, words)
        if "additionalProperties" in words:
            yield self.additional(schema, words)
        if "if" in words:
            yield self.conditional(schema, words)
        if "unevaluatedProperties" in words:
            yield unevaluated_properties(self, schema, words)
        if "unevaluatedItems" in words:
            yield unevaluated_items(self, schema, words)

    def keyword(self, schema: Schema, words: dict[str, Any], keyword: str) -> Term:
        """The term of one keyword that needs no neighbours."""
        return _READERS[keyword](self, schema, words, words[keyword])

    def branches(self, schema: Schema, keyword: str, value: Any) -> list[Term]:
        """The terms of a list of schemas."""
        same = keyword == "allOf"
        return [
            self.term(schema.child(item, keyword, index, same_object=same)) for index, item in enumerate(value)
        ]

    def additional(self, schema: Schema, words: dict[str, Any], keyword: str = "additionalProperties") -> Term:
        """`additionalProperties`: it speaks about the names that its neighbours do not (core §10.3.2.3)."""
        names = frozenset(words.get("properties") or ())
        patterns = frozenset(words.get("patternProperties") or ())
        term = self.term(schema.child(words[keyword], keyword))
        return self.terms.literal("extra", names, patterns, term)

    def _items(self, schema: Schema, words: dict[str, Any]) -> Term:
        prefix = words.get("prefixItems") or []
        parts = [
            self.terms.literal("item", index, self.term(schema.child(item, "prefixItems", index)))
            for index, item in enumerate(prefix)
        ]
        if "items" in words:
            term = self.term(schema.child(words["items"], "items"))
            parts.append(self.terms.literal("rest", len(prefix), term))
        return self.terms.conj(parts)

    def conditional(self, schema: Schema, words: dict[str, Any]) -> Term:
        """`if` with its `then` and `else` (core §10.2.2)."""
        if "if" not in words or not ("then" in words or "else" in words):
            return self.terms.true
        condition = self.term(schema.child(words["if"], "if"))
        terms = self.terms
        then, otherwise = (
            self.term(schema.child(words[keyword], keyword, same_object=True)) if keyword in words else terms.true
            for keyword in ("then", "else")
        )
        return terms.conj([terms.disj([terms.neg(condition), then]), terms.disj([condition, otherwise])])

    def present(self, name: str) -> Term:
        """The instance is an object with this member."""
        return self.terms.conj([self.terms.types(OBJECT), self.terms.literal("required", name)])


def _direction(schema: Schema, texts: Iterable[bytes]) -> Direction | None:
    """The direction, if it makes a difference to schemas of these texts."""
    direction = schema.schemas.direction
    if direction is not None and any(b'"readOnly"' in text or b'"writeOnly"' in text for text in texts):
        return direction
    return None


def _references(schema: Schema) -> Iterator[tuple[Place, str]]:
    """All references in a schema, in the order of the text; what only looks like one does no harm."""
    stack: list[tuple[tuple[str, ...], Any]] = [((), schema.value)]
    while stack:
        tokens, value = stack.pop()
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str):
                yield (schema.place[0], "/".join((schema.place[1], *map(escape, tokens)))), reference
            stack += [
                ((*tokens, str(name)), member) for name, member in value.items() if isinstance(member, dict | list)
            ]
        elif isinstance(value, list):
            stack += [((*tokens, str(i)), item) for i, item in enumerate(value) if isinstance(item, dict | list)]


Reader = Callable[[Compiler, Schema, dict[str, Any], Any], Term]


def _type(compiler: Compiler, schema: Schema, words: dict[str, Any], value: Any) -> Term:
    mask = 0
    for name in value if isinstance(value, list) else [value]:
        mask |= NAMES.get(name, 0) if isinstance(name, str) else 0
    return compiler.terms.types(mask)


def _ref(compiler: Compiler, schema: Schema, words: dict[str, Any], value: Any) -> Term:
    target = schema.schemas.target(schema.place, value) if isinstance(value, str) else None
    return compiler.reference(target) if target is not None else compiler.opaque(schema)


def _count(keyword: str) -> Reader:
    def read(compiler: Compiler, schema: Schema, words: dict[str, Any], value: Any) -> Term:
        return compiler.terms.literal(_COUNTS[keyword], int(value))

    return read


def _bound(keyword: str) -> Reader:
    kind, exclusive = _BOUNDS[keyword]

    def read(compiler: Compiler, schema: Schema, words: dict[str, Any], value: Any) -> Term:
        return compiler.terms.literal(kind, exact(value), exclusive)

    return read


def _format(compiler: Compiler, schema: Schema, words: dict[str, Any], value: Any) -> Term:
    return compiler.terms.literal("format", value) if value in ASSERTED else compiler.terms.true


def _contains(compiler: Compiler, schema: Schema, words: dict[str, Any], value: Any) -> Term:
    terms, term = compiler.terms, compiler.term(schema.child(value, "contains"))
    parts = [terms.literal("has", term, int(words.get("minContains", 1)))]
    if "maxContains" in words:
        parts.append(terms.literal("atmost", term, int(words["maxContains"])))
    return terms.conj(parts)


def _properties(compiler: Compiler, schema: Schema, words: dict[str, Any], value: Any) -> Term:
    return compiler.terms.conj(
        compiler.terms.literal("prop", name, compiler.term(schema.child(member, "properties", name)))
        for name, member in value.items()
    )


def _patterns(compiler: Compiler, schema: Schema, words: dict[str, Any], value: Any) -> Term:
    return compiler.terms.conj(
        compiler.terms.literal("patprop", name, compiler.term(schema.child(member, "patternProperties", name)))
        for name, member in value.items()
    )


def _dependent_required(compiler: Compiler, schema: Schema, words: dict[str, Any], value: Any) -> Term:
    terms = compiler.terms
    return terms.conj(
        terms.disj([terms.neg(compiler.present(name)), terms.conj(terms.literal("required", n) for n in names)])
        for name, names in value.items()
    )


def _dependent_schemas(compiler: Compiler, schema: Schema, words: dict[str, Any], value: Any) -> Term:
    terms = compiler.terms
    return terms.conj(
        terms.disj(
            [
                terms.neg(compiler.present(name)),
                compiler.term(schema.child(member, "dependentSchemas", name)),
            ]
        )
        for name, member in value.items()
    )


_READERS: Final[dict[str, Reader]] = {
    "type": _type,
    "$ref": _ref,
    "enum": lambda c, s, w, v: c.terms.enum(v),
    "const": lambda c, s, w, v: c.terms.enum([v]),
    **{keyword: _count(keyword) for keyword in _COUNTS},
    **{keyword: _bound(keyword) for keyword in _BOUNDS},
    "multipleOf": lambda c, s, w, v: c.terms.literal("multiple", exact(v)),
    "pattern": lambda c, s, w, v: c.terms.literal("pattern", v),
    "format": _format,
    "uniqueItems": lambda c, s, w, v: c.terms.literal("unique") if v else c.terms.true,
    "contains": _contains,
    "properties": _properties,
    "patternProperties": _patterns,
    "propertyNames": lambda c, s, w, v: c.terms.literal("names", c.term(s.child(v, "propertyNames"))),
    "required": lambda c, s, w, v: c.terms.conj(c.terms.literal("required", name) for name in v),
    "dependentRequired": _dependent_required,
    "dependentSchemas": _dependent_schemas,
    "allOf": lambda c, s, w, v: c.terms.conj(c.branches(s, "allOf", v)),
    "anyOf": lambda c, s, w, v: c.terms.disj(c.branches(s, "anyOf", v)),
    "oneOf": lambda c, s, w, v: c.terms.one(c.branches(s, "oneOf", v)),
    "not": lambda c, s, w, v: c.terms.neg(c.term(s.child(v, "not"))),
}
