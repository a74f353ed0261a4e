"""Containment of definitions that refer to each other, all at once.

To ask of one definition means to ask of all that it leads to, and from there of itself again. Instead, each
definition of one document is assumed to be contained in the one of that place in the other, and each is checked
on its own. Where one is not, those that refer to it are checked again. What is left assumed at the end is proved:
an instance that shows otherwise would contain a smaller one that does, without end.
"""

from collections import deque
from typing import Final

from contracts.containment.compiling import Compiler
from contracts.containment.results import NEVER, Empty, Exhausted, Lost, Result
from contracts.containment.search import Search, no, yes
from contracts.containment.solver import State
from contracts.containment.source import Place, Schema

_FEWEST: Final = 1
_STEPS_FOR_ONE: Final = 2_000


class Settling:
    """Settles the definitions of two documents, once each."""

    def __init__(self, compiler: Compiler, search: Search) -> None:
        self._compiler = compiler
        self._search = search
        self._settled: set[State] = set()
        self._reached_before: set[tuple[int, int, Place]] = set()

    def settle(self, base: Schema, revision: Schema, steps: int) -> int:
        """Finds out about all definitions that both schemas lead to; the steps that are left."""
        first = [*self._compiler.targets(base), *self._compiler.targets(revision)]
        marks = {(id(base.schemas), id(revision.schemas), target.place) for target in first}
        if marks <= self._reached_before:
            return steps
        ours, theirs = self._reached(base), self._reached(revision)
        marks = {(id(base.schemas), id(revision.schemas), place) for place in ours.keys() | theirs.keys()}
        self._reached_before |= marks
        states: dict[State, tuple[Place, int]] = {}
        for place in ours.keys() & theirs.keys():
            left, right = self._compiler.reference(ours[place]), self._compiler.reference(theirs[place])
            if left is right:
                continue
            for side, state in enumerate((frozenset((yes(left), no(right))), frozenset((yes(right), no(left))))):
                if state not in self._settled:
                    self._settled.add(state)
                    states[state] = (place, side)
        if len(states) <= _FEWEST:
            return steps
        users = self._users(ours, theirs)
        at = {mark: state for state, mark in states.items()}
        search = self._search
        search.assumed = frozenset(states)
        waiting = deque(sorted(states, key=lambda state: states[state]))
        queued = set(waiting)
        while waiting:
            state = waiting.popleft()
            queued.discard(state)
            if state not in search.assumed:
                continue
            result, used = self._one(state, min(_STEPS_FOR_ONE, max(steps, 0)))
            steps -= used
            if isinstance(result, Empty):
                continue
            search.assumed -= {state}
            search.conclude(state, result)
            place, side = states[state]
            for user in sorted(users.get(place, ())):
                again = at.get((user, side))
                if again is not None and again in search.assumed and again not in queued:
                    queued.add(again)
                    waiting.append(again)
        for state in search.assumed:
            search.conclude(state, NEVER)
        search.assumed = frozenset()
        return steps

    def _one(self, state: State, steps: int) -> tuple[Result, int]:
        try:
            result = self._search.attempt(state, steps)
        except Exhausted:
            return Lost("the budget of work is used up"), steps
        return result, steps - self._search.budget.left

    def _reached(self, schema: Schema) -> dict[Place, Schema]:
        found: dict[Place, Schema] = {}
        stack = self._compiler.targets(schema)[:]
        while stack:
            target = stack.pop()
            if target.place not in found:
                found[target.place] = target
                stack += self._compiler.targets(target)
        return found

    def _users(self, *sides: dict[Place, Schema]) -> dict[Place, set[Place]]:
        users: dict[Place, set[Place]] = {}
        for side in sides:
            for place, schema in side.items():
                for target in self._compiler.targets(schema):
                    users.setdefault(target.place, set()).add(place)
        return users
