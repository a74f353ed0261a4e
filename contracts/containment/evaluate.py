"""Whether a term holds for an instance: plain evaluation, to check what the search comes up with."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from contracts.containment.compiling import Compiler
from contracts.containment.export import Judge, Unreadable
from contracts.containment.formats import has_format
from contracts.containment.regexes import Unrun, matches
from contracts.containment.terms import GUARDS, Term
from contracts.containment.values import exact, key_of_value, type_of

_DEEPEST: Final = 200


class Unsure(Exception):
    """The term cannot be evaluated; the message says why, as the rest of a sentence."""


class Evaluator:
    """Evaluates terms of one compiler."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._named_parts: dict[tuple[int, int], bool] = {}
        self._opaque: dict[Term, Judge] = {}

    def holds(self, term: Term, value: Any, depth: int = 0) -> bool:
        """Raises Unsure."""
        if depth > _DEEPEST:
            raise Unsure("a schema leads back to itself without going into the value")
        if depth == 0:
            self._named_parts.clear()  # ids are only good for as long as the value is there
        kind, args = term.kind, term.args
        bit = type_of(value)
        if kind == "types":
            return bool(args[0] & bit)
        if not term.yes & bit:
            return False
        if not term.no & bit:
            return True
        if kind == "and":
            return all(self.holds(part, value, depth + 1) for part in args)
        if kind == "or":
            return any(self.holds(part, value, depth + 1) for part in args)
        if kind == "not":
            return not self.holds(args[0], value, depth + 1)
        if kind == "one":
            return sum(self.holds(part, value, depth + 1) for part in args) == 1
        if kind == "enum":
            return key_of_value(value) in args[0]
        if kind == "ref":
            return self._named(term, value, depth)
        if kind == "opaque":
            return self._whole(term, value)
        return not GUARDS[kind] & bit or _LITERALS[kind](self, value, depth + 1, *args)

    def _named(self, term: Term, value: Any, depth: int) -> bool:
        """Each definition once for each part of a value."""
        mark = (term.id, id(value))
        answer = self._named_parts.get(mark)
        if answer is None:
            answer = self._named_parts[mark] = self.holds(self._compiler.expand(term), value, depth + 1)
        return answer

    def _whole(self, term: Term, value: Any) -> bool:
        found = self._opaque.get(term)
        if found is None:
            try:
                found = self._opaque[term] = Judge(self._compiler.schema_of(term))
            except Unreadable as error:
                raise Unsure(str(error)) from error
        try:
            return found.admits(value)
        except Unrun as error:
            raise Unsure(str(error)) from error

    def match(self, pattern: str, text: str) -> bool:
        """Whether a pattern is found in a text. Raises Unsure."""
        try:
            return matches(pattern, text)
        except Unrun as error:
            raise Unsure(str(error)) from error

    def _extra(self, value: dict[str, Any], depth: int, names: Any, patterns: Any, term: Term) -> bool:
        return all(
            name in names or any(self.match(p, name) for p in patterns) or self.holds(term, member, depth)
            for name, member in value.items()
        )


def _multiple(evaluator: Evaluator, value: float, depth: int, divisor: Fraction) -> bool:
    return (exact(value) / divisor).denominator == 1


def _unique(evaluator: Evaluator, value: list[Any], depth: int) -> bool:
    return len({key_of_value(item) for item in value}) == len(value)


def _count(evaluator: Evaluator, value: list[Any], depth: int, term: Term) -> int:
    return sum(evaluator.holds(term, item, depth) for item in value)


_LITERALS: Final[dict[str, Callable[..., bool]]] = {
    "lower": lambda e, v, d, bound, exclusive: exact(v) > bound if exclusive else exact(v) >= bound,
    "upper": lambda e, v, d, bound, exclusive: exact(v) < bound if exclusive else exact(v) <= bound,
    "multiple": _multiple,
    "minlen": lambda e, v, d, count: len(v) >= count,
    "maxlen": lambda e, v, d, count: len(v) <= count,
    "pattern": lambda e, v, d, pattern: e.match(pattern, v),
    "format": lambda e, v, d, name: has_format(name, v),
    "minitems": lambda e, v, d, count: len(v) >= count,
    "maxitems": lambda e, v, d, count: len(v) <= count,
    "unique": _unique,
    "item": lambda e, v, d, index, term: len(v) <= index or e.holds(term, v[index], d),
    "rest": lambda e, v, d, first, term: all(e.holds(term, item, d) for item in v[first:]),
    "has": lambda e, v, d, term, count: _count(e, v, d, term) >= count,
    "atmost": lambda e, v, d, term, count: _count(e, v, d, term) <= count,
    "minprops": lambda e, v, d, count: len(v) >= count,
    "maxprops": lambda e, v, d, count: len(v) <= count,
    "required": lambda e, v, d, name: name in v,
    "prop": lambda e, v, d, name, term: name not in v or e.holds(term, v[name], d),
    "patprop": lambda e, v, d, pattern, term: all(
        not e.match(pattern, name) or e.holds(term, member, d) for name, member in v.items()
    ),
    "extra": lambda e, v, d, names, patterns, term: e._extra(v, d, names, patterns, term),
    "names": lambda e, v, d, term: all(e.holds(term, name, d) for name in v),
}
