"""`unevaluatedProperties` and `unevaluatedItems` without annotations (2020-12 core §11).

What a schema evaluates depends on which of its branches hold. All cases are written out, each with its condition
and what is evaluated in it; then the keyword is `additionalProperties` or `items` in every case. Schemas of more
cases than `_MOST` are left as they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final, Protocol

from contracts.containment.source import Schema
from contracts.containment.terms import Term, Terms
from contracts.containment.values import ALL, ARRAY, OBJECT

_MOST: Final = 16
_DEEPEST: Final = 6
_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Case:
    when: Term
    names: frozenset[str] = _NOTHING
    patterns: frozenset[str] = _NOTHING
    items: int = 0
    kinds: tuple[Term, ...] = ()  # items of these kinds are evaluated wherever they stand, by `contains`
    everything: bool = False


class Compiling(Protocol):
    """The compiler, as far as these keywords need it."""

    @property
    def terms(self) -> Terms: ...

    def term(self, schema: Schema) -> Term:
        """What a schema admits."""

    def opaque(self, schema: Schema) -> Term:
        """A schema of which nothing is known but what validators say."""

    def present(self, name: str) -> Term:
        """An object with a property of that name."""


class _TooMany(Exception):
    pass


def unevaluated_properties(compiler: Compiling, schema: Schema, words: dict[str, Any]) -> Term:
    """The keyword as a term."""
    return _keyword(compiler, schema, words, "unevaluatedProperties")


def unevaluated_items(compiler: Compiling, schema: Schema, words: dict[str, Any]) -> Term:
    """The keyword as a term."""
    return _keyword(compiler, schema, words, "unevaluatedItems")


def _keyword(compiler: Compiling, schema: Schema, words: dict[str, Any], keyword: str) -> Term:
    terms = compiler.terms
    kind = ARRAY if keyword == "unevaluatedItems" else OBJECT
    below = compiler.term(schema.child(words[keyword], keyword))
    outer = {key: value for key, value in words.items() if key != keyword}
    try:
        cases = _cases(compiler, schema, outer, keyword == "unevaluatedItems", 0)
    except _TooMany:
        return terms.disj([terms.types(ALL & ~kind), compiler.opaque(schema)])
    parts = []
    for case in cases:
        if case.everything:
            continue
        if keyword == "unevaluatedItems":
            literal = terms.literal("rest", case.items, terms.disj([*case.kinds, below]))
        else:
            literal = terms.literal("extra", case.names, case.patterns, below)
        parts.append(terms.disj([terms.neg(case.when), literal]))
    return terms.conj(parts)


def _cases(compiler: Compiling, schema: Schema, words: dict[str, Any], of_items: bool, depth: int) -> list[_Case]:
    if depth > _DEEPEST:
        raise _TooMany
    terms = compiler.terms
    if of_items:
        kinds = (compiler.term(schema.child(words["contains"], "contains")),) if "contains" in words else ()
        everything = "items" in words or "unevaluatedItems" in words
        count = len(words.get("prefixItems") or ())
        groups = [[_Case(terms.true, items=count, kinds=kinds, everything=everything)]]
    else:
        everything = "additionalProperties" in words or "unevaluatedProperties" in words
        names = frozenset(words.get("properties") or ())
        patterns = frozenset(words.get("patternProperties") or ())
        groups = [[_Case(terms.true, names, patterns, everything=everything)]]

    def below(child: Schema) -> list[_Case]:
        read = child.read()
        return _cases(compiler, child, read if isinstance(read, dict) else {}, of_items, depth + 1)

    def either(condition: Term, cases: list[_Case]) -> list[_Case]:
        if all(case == _Case(case.when) for case in cases):
            return [_Case(terms.true)]
        return [_Case(terms.neg(condition)), *_given(compiler, condition, cases)]

    if "$ref" in words:
        target = schema.target()
        if target is None:
            raise _TooMany
        groups.append(below(target))
    for index, value in enumerate(words.get("allOf") or ()):
        groups.append(below(schema.child(value, "allOf", index)))
    for index, value in enumerate(words.get("anyOf") or ()):
        child = schema.child(value, "anyOf", index)
        groups.append(either(compiler.term(child), below(child)))
    if branches := words.get("oneOf"):
        children = [schema.child(value, "oneOf", index) for index, value in enumerate(branches)]
        groups.append(
            [case for child in children for case in _given(compiler, compiler.term(child), below(child))]
        )
    for name, value in (words.get("dependentSchemas") or {}).items():
        groups.append(either(compiler.present(name), below(schema.child(value, "dependentSchemas", name))))
    if "if" in words:
        condition = schema.child(words["if"], "if")
        term = compiler.term(condition)
        then = _join(
            compiler,
            [below(schema.child(words[key], key)) for key in ("if", "then") if key in words],
        )
        otherwise = below(schema.child(words["else"], "else")) if "else" in words else [_Case(terms.true)]
        groups.append([*_given(compiler, term, then), *_given(compiler, terms.neg(term), otherwise)])
    return _join(compiler, groups)


def _given(compiler: Compiling, condition: Term, cases: Iterable[_Case]) -> list[_Case]:
    conj = compiler.terms.conj
    return [replace(case, when=conj([condition, case.when])) for case in cases]


def _join(compiler: Compiling, groups: list[list[_Case]]) -> list[_Case]:
    """One case of each group at a time."""
    count = 1
    for group in groups:
        count *= len(group)
    if count > _MOST:
        raise _TooMany
    found = []
    for chosen in product(*groups):
        when = compiler.terms.conj(case.when for case in chosen)
        if when is compiler.terms.false:
            continue
        names = frozenset[str]().union(*(case.names for case in chosen))
        patterns = frozenset[str]().union(*(case.patterns for case in chosen))
        items = max(case.items for case in chosen)
        kinds = tuple(term for case in chosen for term in case.kinds)
        found.append(_Case(when, names, patterns, items, kinds, any(case.everything for case in chosen)))
    return found
