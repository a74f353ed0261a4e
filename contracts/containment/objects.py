"""Is there an object whose members, names and size are as wanted?

Members are of three kinds: those that must be there; one for each demand that some member be (from `not` around
`additionalProperties` and its like), under a name that some keyword knows or under a new one; and more of either
to reach `minProperties`. New names are told apart only by the patterns that they match.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from contracts.containment.results import NEVER, Empty, Found, Lost, Result, Tally
from contracts.containment.solver import Solver, State
from contracts.containment.terms import Term
from contracts.containment.values import STRING

_BOUNDLESS: Final = 1 << 60
_LARGEST: Final = 5_000
_MOST_PATTERNS: Final = 5


@dataclass(frozen=True, slots=True)
class _Demand:
    """Some member: `names` are signed terms about its name, `outside` names that it has not."""

    names: frozenset[int]
    value: frozenset[int]
    outside: frozenset[str] = frozenset()


class _Wanted:
    """What the literals say, in one place."""

    def __init__(self, search: Solver, literals: list[tuple[Term, bool]]) -> None:
        self.search = search
        self.least, self.most = 0, _BOUNDLESS
        self.props: dict[str, set[int]] = {}
        self.patterns: list[tuple[str, int]] = []
        self.extras: list[tuple[frozenset[str], frozenset[str], int]] = []
        self.names: set[int] = set()
        self.required: dict[str, None] = {}
        self.forbidden: set[str] = set()
        self.demands: list[_Demand] = []
        self.known: dict[str, None] = {}
        for term, negated in literals:
            self._add(term, negated)
        self.known.update(dict.fromkeys((*self.props, *self.required, *self.forbidden)))

    def _add(self, term: Term, negated: bool) -> None:
        kind, args, below = term.kind, term.args, term.args[-1]
        if kind in ("minprops", "maxprops"):
            if (kind == "minprops") != negated:
                self.least = max(self.least, below + negated)
            else:
                self.most = min(self.most, below - negated)
        elif kind == "required":
            if negated:
                self.forbidden.add(below)
            else:
                self.required[below] = None
        elif kind == "prop":
            self.props.setdefault(args[0], set()).add(below.id * 2 + negated)
            if negated:
                self.required[args[0]] = None
        elif kind == "names":
            if negated:
                self.demands.append(_Demand(frozenset((below.id * 2 + 1,)), frozenset()))
            else:
                self.names.add(below.id * 2)
        elif kind == "patprop":
            if negated:
                name = self._pattern(args[0]).id * 2
                self.demands.append(_Demand(frozenset((name,)), frozenset((below.id * 2 + 1,))))
            else:
                self.patterns.append((args[0], below.id * 2))
        else:
            known, patterns, _ = args
            self.known.update(dict.fromkeys(sorted(known)))
            if negated:
                names = frozenset(self._pattern(pattern).id * 2 + 1 for pattern in patterns)
                self.demands.append(_Demand(names, frozenset((below.id * 2 + 1,)), known))
            else:
                self.extras.append((known, patterns, below.id * 2))

    def _pattern(self, pattern: str) -> Term:
        return self.search.terms.literal("pattern", pattern)

    def at(self, name: str) -> State:
        """What a member of this name must be. Raises Unsure."""
        match = self.search.evaluator.match
        found = set(self.props.get(name, ()))
        found.update(signed for pattern, signed in self.patterns if match(pattern, name))
        for known, patterns, signed in self.extras:
            if name not in known and not any(match(pattern, name) for pattern in patterns):
                found.add(signed)
        return frozenset(found)

    def may_be(self, name: str) -> bool:
        """Whether a name is admitted. Raises Unsure."""
        return name not in self.forbidden and self.search.holds(self.names, name)

    def cells(self) -> Iterator[tuple[State, State]]:
        """Kinds of names that no keyword knows: what such a name is, and its value."""
        used = sorted(
            {pattern for pattern, _ in self.patterns}.union(*(patterns for _, patterns, _ in self.extras))
        )
        for chosen in product((False, True), repeat=len(used)):
            matched = {pattern for pattern, match in zip(used, chosen, strict=True) if match}
            names = {self._pattern(pattern).id * 2 + (pattern not in matched) for pattern in used}
            value = {signed for pattern, signed in self.patterns if pattern in matched}
            value |= {signed for _, patterns, signed in self.extras if not patterns & matched}
            yield frozenset(names | self.names), frozenset(value)

    @property
    def has_many_patterns(self) -> bool:
        return (
            len({p for p, _ in self.patterns}.union(*(patterns for _, patterns, _ in self.extras)))
            > _MOST_PATTERNS
        )


def solve_object(search: Solver, literals: list[tuple[Term, bool]]) -> Result:
    """`literals` with whether each is negated. Raises Unsure."""
    wanted = _Wanted(search, literals)
    if wanted.least > wanted.most or len(wanted.required) > wanted.most:
        return NEVER
    tally = Tally()
    for name in wanted.required:
        if not wanted.may_be(name):
            return NEVER
        result = search.solve(wanted.at(name))
        if isinstance(result, Empty):
            return result
        tally.add(result)
    for demand in wanted.demands:
        alone = Tally()
        if next(_options(wanted, demand, {}, alone), None) is None and isinstance(alone.result, Empty):
            return alone.result
    if tally.reason:
        return Lost(tally.reason)
    if wanted.least > _LARGEST:
        return Lost("the objects in question are too large to write")
    found = _meet(wanted, 0, {}, tally)
    return found or tally.result


def _meet(wanted: _Wanted, index: int, chosen: dict[str, State], tally: Tally) -> Found | None:
    """Gives each demand a member, then builds the object."""
    wanted.search.budget.spend()
    if len(wanted.required.keys() | chosen.keys()) > wanted.most:
        if len(wanted.demands) > 1:
            tally.add(Lost("whether one member can meet several demands is not known"))
        return None
    if index == len(wanted.demands):
        return _build(wanted, chosen, tally)
    for name, state in _options(wanted, wanted.demands[index], chosen, tally):
        found = _meet(wanted, index + 1, {**chosen, name: state}, tally)
        if found is not None:
            return found
    return None


def _options(
    wanted: _Wanted, demand: _Demand, chosen: dict[str, State], tally: Tally
) -> Iterator[tuple[str, State]]:
    """The members that could meet a demand, each with what its value must be."""
    search = wanted.search
    for name in (*wanted.required, *chosen, *wanted.known):
        if name in demand.outside or not wanted.may_be(name) or not search.holds(demand.names, name):
            continue
        state = wanted.at(name) | chosen.get(name, frozenset()) | demand.value
        result = search.solve(state)
        tally.add(result)
        if isinstance(result, Found):
            yield name, state
    if wanted.has_many_patterns:
        tally.add(Lost("too many patterns of names meet"))
        return
    taken = [*wanted.known, *chosen, *sorted(demand.outside)]
    for names, value in wanted.cells():
        fresh = _fresh(search, names | demand.names, taken)
        tally.add(fresh)
        if isinstance(fresh, Found):
            result = search.solve(value | demand.value)
            tally.add(result)
            if isinstance(result, Found):
                yield fresh.value, value | demand.value


def _fresh(search: Solver, names: State, taken: list[str]) -> Result:
    terms = search.terms
    new = terms.neg(terms.enum(taken))
    return search.solve(names | {terms.types(STRING).id * 2, new.id * 2})


def _numbered(wanted: _Wanted, count: int, value: dict[str, Any], member: Any) -> dict[str, Any]:
    """So many members of any name."""
    new = (name for number in range(count + len(wanted.known) + len(value)) if (name := f"p{number}") not in value)
    return {name: member for name, _ in zip((n for n in new if n not in wanted.known), range(count), strict=False)}


def _build(wanted: _Wanted, chosen: dict[str, State], tally: Tally) -> Found | None:
    search = wanted.search
    value: dict[str, Any] = {}
    for name in (*wanted.required, *chosen):
        if name in value:
            continue
        result = search.solve(chosen.get(name) or wanted.at(name))
        if not isinstance(result, Found):
            tally.add(result)
            return None
        value[name] = result.value
    for name in wanted.known:
        if len(value) >= wanted.least:
            break
        if name not in value and wanted.may_be(name):
            result = search.solve(wanted.at(name))
            tally.add(result)
            if isinstance(result, Found):
                value[name] = result.value
    if len(value) < wanted.least and wanted.has_many_patterns:
        tally.add(Lost("too many patterns of names meet"))
        return None
    for names, state in wanted.cells() if len(value) < wanted.least else ():
        result = search.solve(state)
        tally.add(result)
        while len(value) < wanted.least and isinstance(result, Found):
            if not names:
                value |= _numbered(wanted, wanted.least - len(value), value, result.value)
                break
            fresh = _fresh(search, names, [*wanted.known, *value])
            tally.add(fresh)
            if not isinstance(fresh, Found):
                break
            value[fresh.value] = result.value
    return Found(value) if len(value) >= wanted.least else None
