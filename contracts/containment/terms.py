"""Schemas as terms: every keyword a formula about the instance, each formula once (hash-consed).

A keyword that speaks about one type holds for all others (JSON Schema 2020-12 core §7.6.1), so its negation
implies the type: `not minLength: 3` is a string, and shorter. `properties` and its like are taken apart into one
term per name, so that what two schemas have in common is the same term in both.

Normal forms in the spirit of Habib et al., "Finding data compatibility bugs with JSON subschema checking"
(ISSTA 2021), and Attouche et al., "Witness generation for JSON Schema" (VLDB 2022).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from contracts.containment.values import ALL, ARRAY, NUMBER, OBJECT, STRING, key_of_value, type_of

GUARDS: Final = {
    **dict.fromkeys(("lower", "upper", "multiple"), NUMBER),
    **dict.fromkeys(("minlen", "maxlen", "pattern", "format"), STRING),
    **dict.fromkeys(("minitems", "maxitems", "unique", "item", "rest", "has", "atmost"), ARRAY),
    **dict.fromkeys(("minprops", "maxprops", "required", "prop", "patprop", "extra", "names"), OBJECT),
}
"""The type that each kind of literal speaks about. Arguments:

`lower`, `upper`: bound and whether it is exclusive · `item`: index and term · `rest`: first index and term ·
`has`, `atmost`: term and count of items that satisfy it · `prop`: name and term · `patprop`: pattern and term ·
`extra`: known names, known patterns, and the term for all other members · `names`: the term for every name.
"""


@dataclass(slots=True, eq=False)
class Term:
    """A formula. `yes` and `no` are the types that an instance can have where it holds and where it does not."""

    id: int
    kind: str
    args: tuple[Any, ...]
    yes: int
    no: int

    def __repr__(self) -> str:
        return f"{self.kind}{self.args}" if self.args else self.kind


class Terms:
    """Makes terms, simplified as they are made."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Term] = {}
        self.all: list[Term] = []
        self.true = self.types(ALL)
        self.false = self.types(0)

    def types(self, mask: int) -> Term:
        """The instance is of one of these types."""
        return self._make("types", (mask,), mask, ALL & ~mask)

    def literal(self, kind: str, *args: Any) -> Term:
        """One keyword about one type; see GUARDS."""
        if (
            (kind in ("item", "rest", "prop", "patprop", "extra", "names") and args[-1] is self.true)
            or (args == (0,) and kind in ("minlen", "minitems", "minprops"))
            or (kind == "has" and args[1] <= 0)
        ):
            return self.true
        return self._make(kind, args, ALL, GUARDS[kind])

    def enum(self, values: Iterable[Any]) -> Term:
        """The instance is one of these values."""
        found = {key_of_value(value): value for value in values}
        if not found:
            return self.false
        mask = 0
        for value in found.values():
            mask |= type_of(value)
        key = ("enum", frozenset(found))
        return self._known.get(key) or self._add(key, Term(len(self.all), "enum", (found,), mask, ALL))

    def ref(self, key: object) -> Term:
        """What a `$ref` names, looked up when it is needed."""
        return self._make("ref", (key,), ALL, ALL)

    def opaque(self, key: object) -> Term:
        """A schema that is not taken apart; only whole instances can be checked against it."""
        return self._make("opaque", (key,), ALL, ALL)

    def conj(self, terms: Iterable[Term]) -> Term:
        """All hold."""
        mask, found = ALL, dict[Term, None]()
        for term in terms:
            for part in term.args if term.kind == "and" else (term,):
                if part.kind == "types":
                    mask &= part.args[0]
                else:
                    found[part] = None
        return self._join("and", mask, found)

    def disj(self, terms: Iterable[Term]) -> Term:
        """At least one holds."""
        mask, found = 0, dict[Term, None]()
        for term in terms:
            for part in term.args if term.kind == "or" else (term,):
                if part.kind == "types":
                    mask |= part.args[0]
                else:
                    found[part] = None
        return self._join("or", mask, found)

    def _join(self, kind: str, mask: int, found: dict[Term, None]) -> Term:
        neutral, absorbing = (ALL, 0) if kind == "and" else (0, ALL)
        if mask == absorbing or any(part.kind == "not" and part.args[0] in found for part in found):
            return self.types(absorbing)
        if mask != neutral:
            found[self.types(mask)] = None
        parts = tuple(sorted(found, key=lambda term: term.id))
        if not parts:
            return self.types(neutral)
        if len(parts) == 1:
            return parts[0]
        yes, no = (ALL, 0) if kind == "and" else (0, ALL)
        for part in parts:
            yes, no = (yes & part.yes, no | part.no) if kind == "and" else (yes | part.yes, no & part.no)
        return self.false if yes == 0 else self._make(kind, parts, yes, no)

    def one(self, terms: Iterable[Term]) -> Term:
        """Exactly one holds. Branches that cannot share a type are alternatives."""
        once, twice = dict[Term, None](), dict[Term, None]()
        for term in terms:
            (twice if term in once else once)[term] = None
        parts = [term for term in once if term is not self.false and term not in twice]
        rest = [self.neg(term) for term in twice if term is not self.false]
        seen, apart = 0, True
        for part in parts:
            apart = apart and not seen & part.yes
            seen |= part.yes
        if apart:
            return self.conj([self.disj(parts), *rest])
        parts.sort(key=lambda term: term.id)
        return self.conj([self._make("one", tuple(parts), seen, ALL), *rest])

    def neg(self, term: Term) -> Term:
        """Does not hold."""
        if term.kind == "types":
            return self.types(ALL & ~term.args[0])
        if term.kind == "not":
            found: Term = term.args[0]
            return found
        return self._make("not", (term,), term.no, term.yes)

    def _make(self, kind: str, args: tuple[Any, ...], yes: int, no: int) -> Term:
        key = (kind, *args)
        return self._known.get(key) or self._add(key, Term(len(self.all), kind, args, yes, no))

    def _add(self, key: tuple[Any, ...], term: Term) -> Term:
        self._known[key] = term
        self.all.append(term)
        return term
