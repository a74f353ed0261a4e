"""A schema as a list of facets: what it says about each keyword and name, wherever it says so.

`allOf`, `$ref` and alternatives with one branch are looked through, so that how a schema is put together makes no
difference. An instance is valid exactly if all facets hold: which instances a change of the whole loses is the
sum of what the changes of its facets lose.
"""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.containment.compiling import Compiler
from contracts.containment.evaluate import Evaluator
from contracts.containment.formats import ASSERTED
from contracts.containment.source import Place, Schema
from contracts.containment.terms import Term
from contracts.containment.unevaluated import unevaluated_items, unevaluated_properties
from contracts.containment.values import ALL, exact

FacetKey = tuple[str, str]
_DEEPEST: Final = 30
_COUNTS: Final = {
    "minLength": ("min-length", "minlen"),
    "maxLength": ("max-length", "maxlen"),
    "minItems": ("min-items", "minitems"),
    "maxItems": ("max-items", "maxitems"),
    "minProperties": ("min-properties", "minprops"),
    "maxProperties": ("max-properties", "maxprops"),
}
_BOUNDS: Final = {
    "minimum": ("minimum", "lower", False),
    "exclusiveMinimum": ("minimum", "lower", True),
    "maximum": ("maximum", "upper", False),
    "exclusiveMaximum": ("maximum", "upper", True),
}
_ANNOTATIONS: Final = {
    "default": "default",
    "readOnly": "read-only",
    "writeOnly": "write-only",
    "deprecated": "deprecated",
}


@dataclass(slots=True)
class Site:
    """Where a facet is written: its place, its value, the schema that it holds, and its keyword."""

    place: Place
    value: Any
    keyword: str
    child: Schema | None = None


@dataclass(slots=True)
class Facet:
    """All that is said of one kind and subject. `branches` are those of alternatives."""

    terms: list[Term] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    branches: list[Schema] = field(default_factory=list)


@dataclass(slots=True)
class _Extra:
    names: frozenset[str]
    patterns: frozenset[str]
    term: Term


class Facets:
    """The facets of one schema. `single` are the kinds of alternatives with one branch that were looked through;
    those in `kept` are not."""

    def __init__(
        self, compiler: Compiler, evaluator: Evaluator, schema: Schema, kept: Set[str] = frozenset()
    ) -> None:
        self._compiler = compiler
        self._evaluator = evaluator
        self._terms = compiler.terms
        self.schema = schema
        self.found: dict[FacetKey, Facet] = {}
        self.annotations: dict[FacetKey, Site] = {}
        self.types = ALL
        self.names: set[str] = set()
        self.prefix = 0
        self.single: set[str] = set()
        self._kept = kept
        self._extras: list[_Extra] = []
        self._rests: list[tuple[int, Term]] = []
        self._targets: set[Place] = set()
        self._read(schema, 0)

    @classmethod
    def as_branch(cls, compiler: Compiler, evaluator: Evaluator, schema: Schema, kind: str) -> "Facets":
        """Of a schema as the only branch of alternatives."""
        facets = cls(compiler, evaluator, Schema(schema.schemas, schema.place, True))
        site = Site(schema.place, schema.value, "", schema)
        facets.found[kind, ""] = Facet([compiler.term(schema)], [site], [schema])
        return facets

    @property
    def kinds(self) -> set[str]:
        """The kinds of facets there are."""
        return {kind for kind, _ in self.found}

    def align(self, names: set[str], prefix: int) -> dict[FacetKey, Term]:
        """One term per facet, when the other schema knows these names, and that many items by their index: what
        `additionalProperties` and `items` say about those counts for them."""
        terms = self._terms
        result = {key: list(facet.terms) for key, facet in self.found.items()}
        for extra in self._extras:
            every = result.setdefault(("additional-properties", ""), [])
            every.append(terms.literal("extra", extra.names | names, extra.patterns, extra.term))
            for name in sorted(names - extra.names):
                if not any(self._evaluator.match(pattern, name) for pattern in extra.patterns):
                    result.setdefault(("property", name), []).append(terms.literal("prop", name, extra.term))
        for first, term in self._rests:
            result.setdefault(("items", ""), []).append(terms.literal("rest", max(first, prefix), term))
            for index in range(first, prefix):
                result.setdefault(("prefix-items", str(index)), []).append(terms.literal("item", index, term))
        if self.types != ALL:
            result[("type", "")] = [terms.types(self.types)]
        return {key: terms.conj(found) for key, found in result.items()}

    def _add(
        self, kind: str, subject: str, term: Term, schema: Schema, keyword: str, value: Any, *tokens: str | int
    ) -> Facet:
        facet = self.found.setdefault((kind, subject), Facet())
        facet.terms.append(term)
        child = schema.child(value, keyword, *tokens)
        facet.sites.append(Site(child.place, value, keyword, child if isinstance(value, dict | bool) else None))
        return facet

    def _read(self, schema: Schema, depth: int) -> None:
        words = schema.read()
        if not isinstance(words, dict):
            if not words:
                self._add_whole(schema, self._terms.false)
            return
        if depth > _DEEPEST:
            self._add_whole(schema, self._compiler.term(schema))
            return
        schema = schema.with_hidden()
        for keyword, value in words.items():
            if keyword == "$ref":
                target = schema.target()
                if target is None:
                    self._add_whole(schema, self._compiler.opaque(schema))
                elif target.place not in self._targets:
                    self._targets.add(target.place)
                    self._read(target, depth + 1)
            elif keyword == "allOf":
                for index, item in enumerate(value):
                    self._read(schema.child(item, "allOf", index, same_object=True), depth + 1)
            elif keyword in ("anyOf", "oneOf"):
                self._alternatives(schema, keyword, value, depth)
            elif keyword in ("$dynamicRef", "$recursiveRef"):
                self._add_whole(schema, self._compiler.opaque(schema))
            else:
                self._keyword(schema, words, keyword, value)

    def _add_whole(self, schema: Schema, term: Term) -> None:
        facet = self.found.setdefault(("schema", ""), Facet())
        facet.terms.append(term)
        facet.sites.append(Site(schema.place, schema.value, ""))

    def _alternatives(self, schema: Schema, keyword: str, value: list[Any], depth: int) -> None:
        branches = [schema.child(item, keyword, index) for index, item in enumerate(value)]
        kind = "any-of" if keyword == "anyOf" else "one-of"
        if len(branches) == 1 and kind not in self._kept:
            self.single.add(kind)
            self._read(branches[0], depth + 1)
            return
        count = sum(found == kind for found, _ in self.found)
        terms = [self._compiler.term(branch) for branch in branches]
        term = self._terms.disj(terms) if keyword == "anyOf" else self._terms.one(terms)
        facet = self._add(kind, str(count) if count else "", term, schema, keyword, value)
        facet.branches = branches

    def _keyword(self, schema: Schema, words: dict[str, Any], keyword: str, value: Any) -> None:
        literal = self._terms.literal
        if keyword in _COUNTS:
            kind, name = _COUNTS[keyword]
            self._add(kind, "", literal(name, int(value)), schema, keyword, value)
        elif keyword in _BOUNDS:
            kind, name, exclusive = _BOUNDS[keyword]
            self._add(kind, "", literal(name, exact(value), exclusive), schema, keyword, value)
        elif keyword in _ANNOTATIONS:
            self.annotations.setdefault((_ANNOTATIONS[keyword], ""), _site(schema, keyword, value))
        else:
            for _ in _READERS.get(keyword, _nothing)(self, schema, words, value):
                pass

    # One reader for each keyword, as generators so that all have one shape.

    def type(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        self.types &= self._compiler.keyword(schema, words, "type").yes
        yield self._add("type", "", self._terms.true, schema, "type", value)

    def values(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        yield self._add("enum", "", self._terms.enum(value), schema, "enum", value)

    def const(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        facet = self._add("enum", "", self._terms.enum([value]), schema, "const", value)
        facet.sites[-1].child = None
        yield facet

    def format(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        if value in ASSERTED:
            yield self._add("format", "", self._terms.literal("format", value), schema, "format", value)
        else:
            self.annotations.setdefault(("format", ""), _site(schema, "format", value))

    def simple(self, kind: str, schema: Schema, words: dict[str, Any], keyword: str) -> Iterator[Facet]:
        term = self._compiler.keyword(schema, words, keyword)
        if term is not self._terms.true:
            yield self._add(kind, "", term, schema, keyword, words[keyword])

    def properties(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        self.names.update(value)
        for name, member in value.items():
            term = self._terms.literal("prop", name, self._compiler.term(schema.child(member, "properties", name)))
            yield self._add("property", name, term, schema, "properties", member, name)

    def required(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        for index, name in enumerate(value):
            yield self._add(
                "required", name, self._terms.literal("required", name), schema, "required", name, index
            )

    def patterns(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        for name, member in value.items():
            below = self._compiler.term(schema.child(member, "patternProperties", name))
            term = self._terms.literal("patprop", name, below)
            yield self._add("pattern-property", name, term, schema, "patternProperties", member, name)

    def additional(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        names = frozenset(words.get("properties") or ())
        patterns = frozenset(words.get("patternProperties") or ())
        term = self._compiler.term(schema.child(value, "additionalProperties"))
        self._extras.append(_Extra(names, patterns, term))
        yield self._add("additional-properties", "", self._terms.true, schema, "additionalProperties", value)

    def prefixes(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        self.prefix = max(self.prefix, len(value))
        for index, item in enumerate(value):
            below = self._compiler.term(schema.child(item, "prefixItems", index))
            term = self._terms.literal("item", index, below)
            yield self._add("prefix-items", str(index), term, schema, "prefixItems", item, index)

    def items(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        first = len(words.get("prefixItems") or ())
        self.prefix = max(self.prefix, first)
        self._rests.append((first, self._compiler.term(schema.child(value, "items"))))
        yield self._add("items", "", self._terms.true, schema, "items", value)

    def contains(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        term = self._compiler.term(schema.child(value, "contains"))
        least, most = int(words.get("minContains", 1)), words.get("maxContains")
        has = self._terms.literal("has", term, least)
        if least == 1:
            yield self._add("contains", "", has, schema, "contains", value)
        else:
            yield self._add("min-contains", "", has, schema, "minContains", least)
        if most is not None:
            bound = self._terms.literal("atmost", term, int(most))
            yield self._add("max-contains", "", bound, schema, "maxContains", most)

    def dependents(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        terms, present = self._terms, self._compiler.present
        for name, names in value.items():
            needed = terms.conj(terms.literal("required", other) for other in names)
            term = terms.disj([terms.neg(present(name)), needed])
            yield self._add("dependent-required", name, term, schema, "dependentRequired", names, name)

    def dependent_schemas(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        for name, member in value.items():
            below = self._compiler.term(schema.child(member, "dependentSchemas", name))
            term = self._terms.disj([self._terms.neg(self._compiler.present(name)), below])
            yield self._add("dependent-schema", name, term, schema, "dependentSchemas", member, name)

    def condition(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        term = self._compiler.conditional(schema, words)
        found = {key: words[key] for key in ("if", "then", "else") if key in words}
        yield self._add("if", "", term, schema, "if", found)

    def unevaluated(self, schema: Schema, words: dict[str, Any], keyword: str) -> Iterator[Facet]:
        of_items = keyword == "unevaluatedItems"
        term = (unevaluated_items if of_items else unevaluated_properties)(self._compiler, schema, words)
        kind = "unevaluated-items" if of_items else "unevaluated-properties"
        yield self._add(kind, "", term, schema, keyword, words[keyword])

    def discriminator(self, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
        if isinstance(value, dict):
            self.annotations[("discriminator", "")] = _site(schema, "discriminator", value.get("propertyName"))
            mapping = value.get("mapping")
            for name, target in mapping.items() if isinstance(mapping, dict) else ():
                site = _site(schema, "discriminator", target, "mapping", name)
                self.annotations["discriminator-mapping", name] = site
        yield from ()


def _site(schema: Schema, keyword: str, value: Any, *tokens: str) -> Site:
    return Site(schema.child(value, keyword, *tokens).place, value, keyword)


def _nothing(facets: Facets, schema: Schema, words: dict[str, Any], value: Any) -> Iterator[Facet]:
    yield from ()


_READERS: Final[dict[str, Callable[[Facets, Schema, dict[str, Any], Any], Iterator[Facet]]]] = {
    "type": Facets.type,
    "enum": Facets.values,
    "const": Facets.const,
    "format": Facets.format,
    "pattern": lambda f, s, w, v: f.simple("pattern", s, w, "pattern"),
    "multipleOf": lambda f, s, w, v: f.simple("multiple-of", s, w, "multipleOf"),
    "uniqueItems": lambda f, s, w, v: f.simple("unique-items", s, w, "uniqueItems"),
    "propertyNames": lambda f, s, w, v: f.simple("property-names", s, w, "propertyNames"),
    "not": lambda f, s, w, v: f.simple("not", s, w, "not"),
    "properties": Facets.properties,
    "required": Facets.required,
    "patternProperties": Facets.patterns,
    "additionalProperties": Facets.additional,
    "prefixItems": Facets.prefixes,
    "items": Facets.items,
    "contains": Facets.contains,
    "dependentRequired": Facets.dependents,
    "dependentSchemas": Facets.dependent_schemas,
    "if": Facets.condition,
    "unevaluatedProperties": lambda f, s, w, v: f.unevaluated(s, w, "unevaluatedProperties"),
    "unevaluatedItems": lambda f, s, w, v: f.unevaluated(s, w, "unevaluatedItems"),
    "discriminator": Facets.discriminator,
}
