"""Is there an instance of which some schemas hold and others do not?

`sub` is contained in `sup` exactly if nothing is an instance of `sub` and not of `sup`. The question is a set of
signed terms. Connectives are taken apart until only literals are left (a tableau); these are solved by type, and
each member or item is a question of its own. A question that comes up inside itself has no answer there: the
smallest instance does not contain a smaller one of its kind (so recursive schemas come to an end).

`Empty` is a proof. `Found` was evaluated. Everything else is `Lost`.
"""

from collections.abc import Iterable
from typing import Any, Final

from contracts.containment.alternatives import Alternative, Branches
from contracts.containment.arrays import solve_array
from contracts.containment.compiling import Compiler
from contracts.containment.evaluate import Evaluator, Unsure
from contracts.containment.numbers import solve_number
from contracts.containment.objects import solve_object
from contracts.containment.results import NEVER, Budget, Empty, Found, Lost, Result, Tally
from contracts.containment.solver import State
from contracts.containment.strings import solve_string
from contracts.containment.terms import GUARDS, Term
from contracts.containment.values import ALL, ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING

_DEEPEST: Final = 60
_FEW: Final = 2
_MANY: Final = 12
_WORK: Final = 40
_WIDE: Final = 200


def yes(term: Term) -> int:
    """The term holds."""
    return term.id * 2


def no(term: Term) -> int:
    """The term does not hold."""
    return term.id * 2 + 1


class Choice:
    """Alternatives, at least one of which must hold. `denied` is the conjunction whose negation they are, unless
    it was found out that it could hold."""

    __slots__ = ("alternatives", "denied")

    def __init__(self, alternatives: list[Alternative], denied: Term | None = None) -> None:
        self.alternatives = alternatives
        self.denied = denied


class Search:
    """Answers questions about the terms of one compiler, and remembers the answers."""

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler
        self.terms = compiler.terms
        self.evaluator = Evaluator(compiler)
        self.budget = Budget(0)
        self._known: dict[State, Result] = {}
        self._open: dict[State, int] = {}
        self._provisional: dict[State, Empty] = {}
        self.assumed: frozenset[State] = frozenset()
        self.branches = Branches(compiler, self.solve)

    def ask(self, wanted: Iterable[int], steps: int) -> Result:
        """One question, within its own budget. Raises Exhausted."""
        self._open.clear()
        self._provisional.clear()
        self.budget.left = steps
        try:
            return self.solve(frozenset(wanted))
        except RecursionError:
            return Lost("schemas are nested too deeply")

    def solve(self, state: State) -> Result:
        """A question inside another one."""
        known = self._known.get(state)
        if known is not None:
            return known
        opened = self._open.get(state)
        if opened is not None:
            return Empty(opened)
        if state in self.assumed:
            return Empty(-1)
        provisional = self._provisional.get(state)
        if provisional is not None:
            return provisional
        self.budget.spend()
        depth = len(self._open)
        if depth >= _DEEPEST:
            return Lost("schemas are nested too deeply")
        self._open[state] = depth
        before = len(self._provisional)
        try:
            result = self._branch(state, set(), ALL, list(state), [])
        finally:
            del self._open[state]
        if isinstance(result, Empty) and result.low < depth:
            self._provisional[state] = result
            return result
        # What was found under the assumption that there is nothing here is true if there is nothing.
        for inner in list(self._provisional)[before:] if len(self._provisional) > before else ():
            assumption = self._provisional[inner]
            if isinstance(result, Empty) and assumption.low < depth:
                continue
            del self._provisional[inner]
            if isinstance(result, Empty):
                self._known[inner] = NEVER
        self._known[state] = NEVER if isinstance(result, Empty) else result
        return self._known[state]

    def attempt(self, state: State, steps: int) -> Result:
        """One question under what is `assumed` to be empty, not counting itself. Raises Exhausted."""
        self._provisional.clear()
        assumed, self.assumed = self.assumed, self.assumed - {state}
        try:
            return self.ask(state, steps)
        finally:
            self.assumed = assumed
            self._provisional.clear()

    def conclude(self, state: State, result: Result) -> None:
        """Takes note of an answer that was found out by several questions."""
        self._known[state] = result

    def term(self, signed: int) -> Term:
        return self.terms.all[signed >> 1]

    def holds(self, state: Iterable[int], value: Any) -> bool:
        """Whether a value answers a question. Raises Unsure."""
        return all(self.evaluator.holds(self.term(signed), value) != bool(signed & 1) for signed in state)

    def _branch(self, state: State, core: set[int], mask: int, todo: list[int], choices: list[Choice]) -> Result:
        while True:
            self.budget.spend(1 + (len(core) + len(todo) + 4 * len(choices)) // _WORK)
            mask = self._saturate(core, mask, todo, choices)
            if not mask:
                return NEVER
            kept: list[Choice] = []
            narrow = any(len(choice.alternatives) <= _WIDE for choice in choices)
            for choice in choices:
                if narrow and len(choice.alternatives) > _WIDE:
                    kept.append(choice)  # looked at when it is its turn
                    continue
                live = self._live(choice, core, mask)
                if live is None:
                    continue
                if not live:
                    return NEVER
                if len(live) == 1:
                    todo.extend(live[0])
                else:
                    kept.append(Choice(live, choice.denied))
            choices = kept
            if not todo and (not narrow or not kept or any(len(c.alternatives) <= _WIDE for c in kept)):
                break
        listed = [self.term(s) for s in core if not s & 1 and self.term(s).kind == "enum"]
        if listed:
            smallest = min(listed, key=lambda term: len(term.args[0]))
            return self._try(state, self._values(smallest, core))
        if not mask & ~(NULL | BOOLEAN):
            values = ([None] if mask & NULL else []) + ([True, False] if mask & BOOLEAN else [])
            return self._try(state, values)
        if len(choices) > _FEW:
            choices = self._needed(core, mask, choices)
        if not choices:
            return self._leaf(state, core, mask)
        choices.sort(key=lambda choice: len(choice.alternatives))
        tally = Tally()
        refused: list[int] = []
        for alternative in choices[0].alternatives:
            rest = [Choice(choice.alternatives, choice.denied) for choice in choices[1:]]
            result = self._branch(state, set(core), mask, [*alternative, *refused], rest)
            if isinstance(result, Found):
                return result
            tally.add(result)
            if len(alternative) == 1 and self.term(alternative[0]).kind in GUARDS:
                refused.append(alternative[0] ^ 1)  # what it leads to was searched
        return tally.result

    def _saturate(self, core: set[int], mask: int, todo: list[int], choices: list[Choice]) -> int:
        """Takes everything apart that leaves no choice; the types that remain, 0 for a contradiction."""
        terms = self.terms.all
        while todo:
            signed = todo.pop()
            if signed in core:
                continue
            term, negated = terms[signed >> 1], signed & 1
            mask &= term.no if negated else term.yes
            if not mask or signed ^ 1 in core:
                return 0
            core.add(signed)
            kind = term.kind
            if kind == "not":
                todo.append(term.args[0].id * 2 + (1 - negated))
            elif kind == "ref":
                todo.append(self.compiler.expand(term).id * 2 + negated)
            elif kind in ("and", "or"):
                if (kind == "or") == bool(negated):
                    todo.extend(part.id * 2 + negated for part in term.args)
                else:
                    parts = sorted(term.args, key=lambda part: part.kind != "required")  # the smallest instances
                    alternatives: list[Alternative] = [(part.id * 2 + negated,) for part in parts]
                    choices.append(Choice(alternatives, term if kind == "and" else None))
            elif kind == "one":
                if negated:
                    none = tuple(no(part) for part in term.args)
                    choices.append(Choice([none, *self.branches.two_of(term)]))
                else:
                    choices.append(Choice(self.branches.only_one_of(term)))
            elif kind == "enum" and negated:
                todo.extend(self._unequal(term))
        return mask

    def _live(self, choice: Choice, core: set[int], mask: int) -> list[Alternative] | None:
        """The alternatives that are still possible; None if one of them holds already."""
        live = []
        self.budget.spend(len(choice.alternatives) // _WORK)
        for alternative in choice.alternatives:
            parts = []
            for signed in alternative:
                if signed in core:
                    continue
                term = self.term(signed)
                if signed ^ 1 in core or not mask & (term.no if signed & 1 else term.yes):
                    break
                if term.kind == "types" and not mask & ~(term.no if signed & 1 else term.yes):
                    continue
                parts.append(signed)
            else:
                if not parts:
                    return None
                live.append(tuple(parts))
        return live

    def _needed(self, core: set[int], mask: int, choices: list[Choice]) -> list[Choice]:
        """Leaves out what denies a conjunction that cannot hold here anyway: with the branches of a `oneOf` that
        some property tells apart, nearly all. Leaving out is always sound for a proof of emptiness."""
        leaves = frozenset(
            s for s in core if self.term(s).kind in GUARDS or self.term(s).kind in ("types", "enum")
        )
        tags, required = self.branches.tags_in(core)
        kept = []
        for choice in choices:
            denied = choice.denied
            if denied is not None:
                if self.branches.apart(denied, mask, tags, required):
                    continue
                if len(choices) <= _MANY:
                    if isinstance(self.solve(leaves | {yes(denied)}), Empty):
                        continue
                    choice.denied = None
            kept.append(choice)
        return kept

    def _values(self, listed: Term, core: set[int]) -> list[Any]:
        """The values of a list that no other list rules out."""
        values: dict[Any, Any] = listed.args[0]
        for signed in core:
            term = self.term(signed)
            if term.kind == "enum" and term is not listed:
                other = term.args[0]
                values = {key: value for key, value in values.items() if (key in other) != bool(signed & 1)}
        self.budget.spend(len(listed.args[0]) // 50)
        return list(values.values())

    def _try(self, state: State, values: Iterable[Any]) -> Result:
        tally = Tally()
        for value in values:
            self.budget.spend()
            try:
                if self.holds(state, value):
                    return Found(value)
            except Unsure as error:
                tally.add(Lost(str(error)))
        return tally.result

    def _leaf(self, state: State, core: set[int], mask: int) -> Result:
        """Only literals are left: type by type."""
        tally = Tally()
        if mask & (NULL | BOOLEAN):
            values = ([None] if mask & NULL else []) + ([True, False] if mask & BOOLEAN else [])
            result = self._try(state, values)
            if isinstance(result, Found):
                return result
            tally.add(result)
        for kind in (NUMBER, STRING, ARRAY, OBJECT):
            if not mask & kind:
                continue
            result = self._by_type(core, mask & kind, kind)
            if isinstance(result, Found):
                try:
                    if self.holds(state, result.value):
                        return result
                    result = Lost("a keyword is not understood well enough to find an instance")
                except Unsure as error:
                    result = Lost(str(error))
            tally.add(result)
        return tally.result

    def _by_type(self, core: set[int], mask: int, kind: int) -> Result:
        literals, excluded = list[tuple[Term, bool]](), list[Any]()
        for signed in sorted(core):
            term = self.term(signed)
            if GUARDS.get(term.kind) == kind:
                literals.append((term, bool(signed & 1)))
            elif term.kind == "enum":
                excluded += term.args[0]
        self.budget.spend(len(excluded) // 50)
        try:
            if kind == NUMBER:
                return solve_number(self.budget, literals, mask, frozenset(excluded))
            if kind == STRING:
                texts = frozenset(key[1] for key in excluded if key[0] == "s")
                return solve_string(self.budget, self.evaluator, literals, texts)
            return solve_array(self, literals) if kind == ARRAY else solve_object(self, literals)
        except Unsure as error:
            return Lost(str(error))

    def _unequal(self, term: Term) -> list[int]:
        """What it means for arrays and objects to be none of some values."""
        return [no(self.structure(value)) for key, value in term.args[0].items() if key[0] in ("a", "o")]

    def structure(self, value: Any) -> Term:
        """An array or object as a conjunction about its parts."""
        terms = self.terms
        if isinstance(value, list):
            sizes = [terms.literal("minitems", len(value)), terms.literal("maxitems", len(value))]
            parts = [terms.literal("item", i, terms.enum([item])) for i, item in enumerate(value)]
            return terms.conj([terms.types(ARRAY), *sizes, *parts])
        names = frozenset(value)
        parts = [terms.literal("prop", name, terms.enum([member])) for name, member in value.items()]
        parts += [terms.literal("required", name) for name in value]
        return terms.conj(
            [terms.types(OBJECT), *parts, terms.literal("extra", names, frozenset[str](), terms.false)]
        )
