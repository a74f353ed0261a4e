"""Is there a string of some length, with some patterns and formats and without others, and none of a list?

Patterns run together as automata, so that no string is missed. A format counts twice: as a regular language that
surely contains it, to prove that there is nothing, and as some of its members, to find one.
"""

from collections.abc import Iterator
from heapq import nsmallest
from itertools import chain, islice, pairwise
from typing import Final

from contracts.containment.evaluate import Evaluator, Unsure
from contracts.containment.formats import SAMPLES, has_format, stretched
from contracts.containment.regular import Automaton, automaton, exactly
from contracts.containment.results import NEVER, Budget, Found, Lost, Result
from contracts.containment.terms import Term

_MOST_EXCLUDED: Final = 40
_LONGEST: Final = 100_000
_LONGEST_SEARCHED: Final = 2_000
_CANDIDATES: Final = 80
_NICE: Final = tuple(map(ord, "aA0 -_.:/@éz9!"))
_FILLERS: Final = ("a", "0", " ", "!", "%", "é", "\x01", "/", "@", "a-", "Z")

_TIME: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"

WITHIN: Final = {
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "date-time": rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt ]{_TIME}$",
    "time": rf"^{_TIME}$",
    "duration": r"^P[0-9YMWDTHS.,]+$",
    "email": r"^[\s\S]+@[\s\S]+$",
    "idn-email": r"^[\s\S]+@[\s\S]+$",
    "ipv4": r"^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$",
    "ipv6": r"^[0-9A-Fa-f:.]{2,45}$",
    "uri": r"^[A-Za-z][A-Za-z0-9+.-]*:[\s\S]*$",
    "iri": r"^[A-Za-z][A-Za-z0-9+.-]*:[\s\S]*$",
    "uuid": r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$",
    "json-pointer": r"^(/[\s\S]*)?$",
    "relative-json-pointer": r"^[0-9]+(#|(/[\s\S]*)?)$",
}
"""A pattern that every string of the format has."""

INCLUDED: Final = {
    "uri": frozenset(("uri-reference", "iri", "iri-reference")),
    "iri": frozenset(("iri-reference",)),
    "uri-reference": frozenset(("iri-reference",)),
    "email": frozenset(("idn-email",)),
}
"""Formats that every string of a format has too (RFC 3986 §4.1, RFC 3987 §2.2, RFC 6531 §3.3)."""


def solve_string(
    budget: Budget, evaluator: Evaluator, literals: list[tuple[Term, bool]], excluded: frozenset[str]
) -> Result:
    """`literals` with whether each is negated."""
    least, most = 0, None
    patterns = list[tuple[str, bool]]()
    formats: tuple[set[str], set[str]] = (set(), set())
    for term, negated in literals:
        if term.kind == "minlen" and not negated:
            least = max(least, term.args[0])
        elif term.kind == "maxlen" and negated:
            least = max(least, term.args[0] + 1)
        elif term.kind in ("minlen", "maxlen"):
            bound = term.args[0] - 1 if negated else term.args[0]
            most = bound if most is None else min(most, bound)
        elif term.kind == "pattern":
            patterns.append((term.args[0], negated))
        elif term.kind == "format":
            formats[negated].add(term.args[0])
    if most is not None and most < least:
        return NEVER
    has, lacks = formats
    if any(name in lacks or INCLUDED.get(name, frozenset()) & lacks for name in has):
        return NEVER
    exact = not has and not lacks
    machines = list[tuple[Automaton, bool]]()
    for pattern, negated in patterns:
        machine = automaton(pattern)
        if machine is None:
            exact = False
        else:
            machines.append((machine, negated))
    for name in sorted(has & WITHIN.keys()):
        machine = automaton(WITHIN[name])
        assert machine is not None
        machines.append((machine, False))
    machines += [(exactly(text), True) for text in nsmallest(_MOST_EXCLUDED, excluded)]
    search = _Product(budget, machines, least, most)

    def is_fit(text: str) -> bool:
        return (
            len(text) >= least
            and (most is None or len(text) <= most)
            and text not in excluded
            and all(has_format(name, text) for name in has)
            and not any(has_format(name, text) for name in lacks)
            and all(evaluator.match(pattern, text) != negated for pattern, negated in patterns)
        )

    given = chain.from_iterable((*SAMPLES[name], *stretched(name, least)) for name in sorted(has))
    try:
        for text in chain(given, _fillers(least, most), islice(search.strings(), _CANDIDATES)):
            budget.spend()
            if is_fit(text):
                return Found(text)
    except Unsure as error:
        return Lost(str(error))
    if search.finished and not search.accepted:
        return NEVER
    what = "the formats" if exact is False and not patterns else "the patterns"
    return Lost(f"whether a string has all of {what} in question is not known")


def _fillers(least: int, most: int | None) -> Iterator[str]:
    """Strings of a wanted length that few patterns and formats are about."""
    if least > _LONGEST:
        return
    for filler in _FILLERS:
        yield (filler * least)[: max(least, 0)]
        if most is None or most > least:
            yield (filler * (least + 1))[: least + 1]
    if most is None or most >= least + 3:
        yield "a!" + "b" * least + " "


class _Product:
    """Walks all automata at once, breadth first. `finished`: every string was considered; `accepted`: some were
    admitted by all automata."""

    def __init__(
        self, budget: Budget, machines: list[tuple[Automaton, bool]], least: int, most: int | None
    ) -> None:
        self._budget = budget
        self._machines = machines
        self._least, self._most = least, most
        self.finished = False
        self.accepted = False

    def strings(self) -> Iterator[str]:
        if self._least > _LONGEST_SEARCHED:
            return
        if not self._machines:
            self.accepted = True
            return
        alphabet = _alphabet(self._machines)
        start = tuple(machine.closure(frozenset((0,)), start=True) for machine, _ in self._machines)
        level: list[tuple[tuple[frozenset[int], ...], str]] = [(start, "")]
        seen = {(start, 0)}
        length = 0
        while level:
            following = list[tuple[tuple[frozenset[int], ...], str]]()
            for states, text in level:
                if length >= self._least and self._accepts(states, length == 0):
                    self.accepted = True
                    yield text
                if self._most is not None and length >= self._most:
                    continue
                for code in alphabet:
                    self._budget.spend()
                    moved = self._step(states, code)
                    if moved is None:
                        continue
                    mark = (moved, min(length + 1, self._least))
                    if mark not in seen:
                        seen.add(mark)
                        following.append((moved, text + chr(code)))
            level = following
            length += 1
        self.finished = True

    def _accepts(self, states: tuple[frozenset[int], ...], start: bool) -> bool:
        return all(
            machine.accepts(found, start=start) != negated
            for (machine, negated), found in zip(self._machines, states, strict=True)
        )

    def _step(self, states: tuple[frozenset[int], ...], code: int) -> tuple[frozenset[int], ...] | None:
        moved = []
        for (machine, negated), found in zip(self._machines, states, strict=True):
            after = machine.step(found, code)
            if not after and not negated:
                return None
            moved.append(after)
        return tuple(moved)


def _alphabet(machines: list[tuple[Automaton, bool]]) -> list[int]:
    """One character of each class that the automata tell apart; surrogates are no characters."""
    edges = sorted({0, 0x110000}.union(*(machine.edges() for machine, _ in machines)))
    found = []
    for low, after in pairwise(edges):
        nice = next((code for code in _NICE if low <= code < after), None)
        if nice is not None:
            found.append(nice)
        elif low < 0xD800 or low > 0xDFFF:
            found.append(low)
        elif after > 0xE000:
            found.append(0xE000)
    return sorted(found, key=lambda code: (code not in _NICE, code))
