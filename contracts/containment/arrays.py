"""Is there an array whose items, length and repetitions are as wanted?

A shortest one is enough: behind the last index that any keyword names, all items are alike to the keywords, so
that an item that fulfils no demand can be left out. This bounds the length that has to be looked at.
"""

from itertools import combinations, product
from typing import Any, Final

from contracts.containment.results import NEVER, Empty, Found, Lost, Result, Tally
from contracts.containment.solver import Solver, State
from contracts.containment.terms import Term

_BOUNDLESS: Final = 1 << 60
_LONGEST: Final = 20_000
_LONGEST_OF_DIFFERENT: Final = 200
_LONGEST_SEARCHED: Final = 24


class _Wanted:
    """What the literals say, in one place."""

    def __init__(self, literals: list[tuple[Term, bool]]) -> None:
        self.least, self.most = 0, _BOUNDLESS
        self.unique = self.repeated = False
        self.items: dict[int, set[int]] = {}
        self.rests: list[tuple[int, int]] = []
        self.demands: list[tuple[int, int, int]] = []  # first index, signed term, count
        self.bounded: list[tuple[int, int, int]] = []  # signed term, its contrary, count
        self.named = 0
        for term, negated in literals:
            self._add(term, negated)

    def _add(self, term: Term, negated: bool) -> None:
        kind, args = term.kind, term.args
        if kind in ("minitems", "maxitems"):
            if (kind == "minitems") != negated:
                self.least = max(self.least, args[0] + negated)
            else:
                self.most = min(self.most, args[0] - negated)
        elif kind == "unique":
            self.unique, self.repeated = self.unique or not negated, self.repeated or negated
        elif kind == "item":
            index, below = args
            self.items.setdefault(index, set()).add(below.id * 2 + negated)
            self.named = max(self.named, index + 1)
            if negated:
                self.least = max(self.least, index + 1)
        elif kind == "rest":
            first, below = args
            self.named = max(self.named, first)
            if negated:
                self.demands.append((first, below.id * 2 + 1, 1))
            else:
                self.rests.append((first, below.id * 2))
        else:
            below, count = args
            signed = below.id * 2
            if (kind == "has") != negated:
                self.demands.append((0, signed, count + negated))
            else:
                self.bounded.append((signed, signed + 1, count - negated))

    def at(self, index: int) -> State:
        """What an item must be."""
        rest = {signed for first, signed in self.rests if first <= index}
        return frozenset(self.items.get(index, set()) | rest)


def solve_array(search: Solver, literals: list[tuple[Term, bool]]) -> Result:
    """`literals` with whether each is negated."""
    wanted = _Wanted(literals)
    if wanted.least > wanted.most or any(count < 0 for *_, count in wanted.bounded):
        return NEVER
    if wanted.unique and wanted.repeated:
        return NEVER
    if wanted.least > (_LONGEST_OF_DIFFERENT if wanted.unique else _LONGEST):
        return Lost("the arrays in question are too long to write")
    more = sum(count for *_, count in wanted.demands) + 2 * wanted.repeated
    if not more and not wanted.bounded:
        return _fill(search, wanted, [wanted.at(index) for index in range(wanted.least)])
    longest = min(wanted.most, max(wanted.least, wanted.named) + more)
    tally = Tally()
    for length in range(wanted.least, longest + 1):
        if length > _LONGEST_SEARCHED:
            tally.add(Lost("the arrays in question are too long to search"))
            break
        result = _assign(search, wanted, length)
        if isinstance(result, Found):
            return result
        tally.add(result)
    return tally.result


def _assign(search: Solver, wanted: _Wanted, length: int) -> Result:
    """Says of each item which demands it fulfils and which bounded kinds it is of; then fills it in."""
    tally = Tally()
    demands, bounded = wanted.demands, wanted.bounded
    options = [
        (mine, kinds)
        for mine in product((True, False), repeat=len(demands))
        for kinds in product((False, True), repeat=len(bounded))
    ]
    if len(options) > 64:
        return Lost("too many kinds of items are counted")
    seen: set[tuple[Any, ...]] = set()

    def place(index: int, open_: tuple[int, ...], left: tuple[int, ...], states: list[State]) -> Found | None:
        search.budget.spend()
        if sum(open_) and max(open_) > length - index:
            return None
        if index == length:
            result = _fill(search, wanted, states)
            if isinstance(result, Found):
                return result
            tally.add(result)
            return None
        if not (wanted.unique or wanted.repeated):
            mark = (index, open_, left)
            if mark in seen:
                return None
            seen.add(mark)
        used: set[State] = set()
        for mine, kinds in options:
            if any(
                take and (need == 0 or index < first)
                for take, need, (first, *_) in zip(mine, open_, demands, strict=True)
            ) or any(kind and not rest for kind, rest in zip(kinds, left, strict=True)):
                continue
            state = wanted.at(index).union(
                (signed for take, (_, signed, _) in zip(mine, demands, strict=True) if take),
                (which[0] if kind else which[1] for kind, which in zip(kinds, bounded, strict=True)),
            )
            result = search.solve(state)
            if not isinstance(result, Found):
                tally.add(result)
                if isinstance(result, Empty):
                    continue
            elif state in used and not any(mine):
                continue
            used.add(state)
            found = place(
                index + 1,
                tuple(need - take for take, need in zip(mine, open_, strict=True)),
                tuple(rest - kind for kind, rest in zip(kinds, left, strict=True)),
                [*states, state],
            )
            if found is not None:
                return found
        return None

    needs = tuple(count for *_, count in demands)
    return place(0, needs, tuple(count for *_, count in bounded), []) or tally.result


def _fill(search: Solver, wanted: _Wanted, states: list[State]) -> Result:
    """An array with items of these kinds, all different or some equal if wanted."""
    if wanted.repeated:
        tally = Tally()
        for first, second in combinations(range(len(states)), 2):
            same = search.solve(states[first] | states[second])
            tally.add(same)
            if isinstance(same, Found):
                others = [search.solve(state) for state in states]
                others[first] = others[second] = same
                result = _gather(others)
                if isinstance(result, Found):
                    return result
                tally.add(result)
        return tally.result
    if not wanted.unique:
        return _gather([search.solve(state) for state in states])
    result = _distinct(search, states)
    if isinstance(result, Empty) and len(set(states)) > 1:
        for state in set(states):
            if isinstance(empty := _distinct(search, [state] * states.count(state)), Empty):
                return empty
        backwards = _distinct(search, states[::-1])
        if isinstance(backwards, Found):
            return Found(backwards.value[::-1])
        return Lost("whether the items can all be different is not known")
    return result


def _distinct(search: Solver, states: list[State]) -> Result:
    values: list[Any] = []
    for state in states:
        other = search.terms.neg(search.terms.enum(values))
        result = search.solve(state | {other.id * 2})
        if not isinstance(result, Found):
            return result
        values.append(result.value)
    return Found(values)


def _gather(results: list[Result]) -> Result:
    tally = Tally()
    for result in results:
        if isinstance(result, Empty):
            return result
        tally.add(result)
    if tally.reason:
        return Lost(tally.reason)
    return Found([result.value for result in results if isinstance(result, Found)])
