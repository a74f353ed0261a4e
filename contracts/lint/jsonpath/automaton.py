"""Runs the paths of a whole ruleset over a document in one walk.

The paths are the states of a non-deterministic automaton whose letters are the keys of a document; sets of states
are made deterministic as they are met, so that a key costs one look-up whatever the number of paths. Filters are
tried only where their state is, and only on values that have a member without which they are false.

A value that is reached twice with the same states (a schema that many operations refer to) is walked once: what
is found below it is the same, and stands at the same place. That also ends every walk through schemas that refer
to themselves.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.lint.jsonpath.ast import (
    Containers,
    Filter,
    Index,
    Key,
    Name,
    Parent,
    Path,
    Selector,
    Slice,
    Step,
    Wildcard,
)
from contracts.lint.jsonpath.compiling import Follow, Scope, Test, compile_filter
from contracts.lint.jsonpath.compiling import Key as KeyOf
from contracts.lint.jsonpath.selecting import Selection, TooMuchWork, slice_range

MOST_STATES: Final = 20_000
MOST_VISITS: Final = 5_000_000
_MOST_NAMES: Final = 10_000

Emit = Callable[[Any, tuple[KeyOf, ...]], None]
"""Takes what a path found, and the keys that lead to it from the root."""


@dataclass(frozen=True, slots=True)
class _Program:
    """A path that the automaton can run: its steps, and what follows them."""

    steps: tuple[Step, ...]
    parents: int
    keyed: bool
    containers: bool
    emit: Emit


_Tests = tuple[tuple[Test, int], ...]
# None of these is a part of another: what holds one of them as a text is it.
_TYPES: Final = frozenset(("string", "number", "integer", "boolean", "array", "object", "null"))


@dataclass(frozen=True, slots=True, eq=False)
class _Guarded:
    """Filters that need a member: all of them, and those that are left where it is one of JSON's types, as it is
    met."""

    member: str
    tests: _Tests
    by_type: dict[str, _Tests] = field(default_factory=dict)

    def of(self, value: Any) -> _Tests:
        """The filters to try on an object that has the member."""
        word = value[self.member]
        if not isinstance(word, str) or word not in _TYPES:
            return self.tests
        found = self.by_type.get(word)
        if found is None:
            found = tuple(each for each in self.tests if each[0].words is None or word in each[0].words)
            self.by_type[word] = found
        return found


@dataclass(slots=True, eq=False)
class _Transition:
    """What a key leads to: programs that end there, the states after it, and filters yet to be tried."""

    accepts: tuple[_Program, ...]
    base: frozenset[int]
    state: "_State"
    always: "_Tests" = ()
    guarded: "tuple[_Guarded, ...]" = ()
    reached: dict[frozenset[int], tuple[tuple[_Program, ...], "_State"]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _State:
    """A set of positions, each a number for (program, index of the step that comes next)."""

    members: frozenset[int]
    known: frozenset[str] = frozenset()
    names: dict[KeyOf, _Transition] = field(default_factory=dict)
    other: _Transition | None = None
    items: _Transition | None = None
    counted: bool = False
    visited: set[int] = field(default_factory=set)


class Automaton:
    """Paths and who takes what they find. `run` walks one document; `emit` is called in document order."""

    def __init__(self, entries: Iterable[tuple[Path, Emit]]) -> None:
        self._programs: list[_Program] = []
        self._alone: list[tuple[Path, Emit]] = []
        self._roots: list[_Program] = []
        self._positions: list[tuple[_Program, int]] = []
        self._states: dict[frozenset[int], _State] = {}
        self._tests: dict[Filter, Test] = {}
        first: set[int] = set()
        for path, emit in entries:
            program = _program(path, emit)
            if program is None or program.parents > 1 or not self._is_local(program):
                self._alone.append((path, emit))
                continue
            self._programs.append(program)
            if program.containers or not program.steps:
                self._roots.append(program)
            if program.steps:
                start = len(self._positions)
                self._positions += [(program, index) for index in range(len(program.steps) + 1)]
                first.add(start)
        self._start = frozenset(first)

    def run(self, root: Any, follow: Follow) -> None:
        """Raises TooMuchWork."""
        for state in self._states.values():
            state.visited.clear()
        for program in self._roots:
            if not program.containers or isinstance(root, dict | list):
                _deliver(program, root, [], None)
        if self._start and isinstance(root, dict | list):
            self._walk(root, follow)
        for path, emit in self._alone:
            for found in Selection(root, follow).select(path, root):
                emit(found.value, found.path)

    def _is_local(self, program: _Program) -> bool:
        return all(
            self._test(selector).local
            for step in program.steps
            for selector in step.selectors
            if isinstance(selector, Filter)
        )

    def _test(self, selector: Filter) -> Test:
        test = self._tests.get(selector)
        if test is None:
            test = self._tests[selector] = compile_filter(selector)
        return test

    def _walk(self, root: Any, follow: Follow) -> None:
        path: list[KeyOf] = []
        scope = Scope(root, follow, path=path)
        start = self._state(self._start)
        stack: list[tuple[Iterator[tuple[KeyOf, Any]], _State, Any]] = [(_children(root), start, root)]
        visits = 0
        while stack:
            children, state, parent = stack[-1]
            names = state.names
            is_list = isinstance(parent, list)
            for key, raw in children:
                visits += 1
                value = follow(raw) if isinstance(raw, dict) else raw
                if is_list:
                    transition = self._item(state, key, len(parent))
                else:
                    transition = names.get(key) or self._named(state, key)
                accepts, after = transition.accepts, transition.state
                if transition.always or (transition.guarded and isinstance(value, dict)):
                    path.append(key)
                    scope.value, scope.key = value, key
                    accepts, after = self._filter(transition, scope)
                    path.pop()
                if accepts:
                    path.append(key)
                    for program in accepts:
                        _deliver(program, value, path, parent)
                    path.pop()
                if after.members and isinstance(value, dict | list) and value:
                    marker = id(value)
                    if marker not in after.visited:
                        after.visited.add(marker)
                        path.append(key)
                        stack.append((_children(value), after, value))
                        break
            else:
                stack.pop()
                if path:
                    path.pop()
            if visits > MOST_VISITS:
                raise TooMuchWork(f"the ruleset visits more than {MOST_VISITS} values of the document")

    def _filter(self, transition: _Transition, scope: Scope) -> tuple[tuple[_Program, ...], "_State"]:
        passed = [target for test, target in transition.always if test.holds(scope)]
        if transition.guarded and isinstance(scope.value, dict):
            value = scope.value
            for guard in transition.guarded:
                if guard.member in value:
                    passed += [target for test, target in guard.of(value) if test.holds(scope)]
        if not passed:
            return transition.accepts, transition.state
        return self._reached(transition, frozenset(passed))

    def _reached(self, transition: _Transition, passed: frozenset[int]) -> tuple[tuple[_Program, ...], "_State"]:
        known = transition.reached.get(passed)
        if known is None:
            accepts = list(transition.accepts)
            base = set(transition.base)
            for target in sorted(passed):
                self._enter(target, accepts, base)
            known = transition.reached[passed] = (tuple(accepts), self._state(frozenset(base)))
        return known

    def _enter(self, position: int, accepts: list[_Program], base: set[int]) -> None:
        program, index = self._positions[position]
        if index < len(program.steps):
            base.add(position)
        elif program not in accepts:
            accepts.append(program)

    def _state(self, members: frozenset[int]) -> _State:
        state = self._states.get(members)
        if state is None:
            if len(self._states) >= MOST_STATES:
                raise TooMuchWork(f"the paths of the ruleset need more than {MOST_STATES} states")
            state = self._states[members] = _State(members)
            selectors = [selector for position in members for selector in self._next(position).selectors]
            state.counted = any(isinstance(selector, Index | Slice) for selector in selectors)
            state.known = frozenset(self._names(selectors))
        return state

    def _next(self, position: int) -> Step:
        program, index = self._positions[position]
        return program.steps[index]

    def _names(self, selectors: list[Selector]) -> set[str]:
        names: set[str] = set()
        for selector in selectors:
            if isinstance(selector, Name):
                names.add(selector.name)
            elif isinstance(selector, Index):
                names.add(str(selector.index))
            elif isinstance(selector, Filter) and (keys := self._test(selector).keys):
                names.update(key for key in keys if isinstance(key, str))
        return names

    def _named(self, state: _State, key: KeyOf) -> _Transition:
        if key in state.known:
            transition = self._transition(state, key, -1)
        else:
            transition = state.other = state.other or self._transition(state, None, -1)
        if len(state.names) < _MOST_NAMES:
            state.names[key] = transition
        return transition

    def _item(self, state: _State, key: KeyOf, length: int) -> _Transition:
        if state.counted:
            return self._transition(state, key, length)
        if state.items is None:
            state.items = self._transition(state, 0, 0)
        return state.items

    def _transition(self, state: _State, key: KeyOf | None, length: int) -> _Transition:
        """By a name (None for any that no path names), or an index in an array of `length` items."""
        accepts: list[_Program] = []
        base: set[int] = set()
        always: list[tuple[Test, int]] = []
        guarded: dict[str, list[tuple[Test, int]]] = {}
        for position in sorted(state.members):
            step = self._next(position)
            if step.deep:
                base.add(position)
            for selector in step.selectors:
                if isinstance(selector, Filter):
                    test = self._test(selector)
                    if test.keys is not None and key not in test.keys:
                        continue
                    if test.guards is None:
                        always.append((test, position + 1))
                    else:
                        for guard in test.guards:
                            guarded.setdefault(guard, []).append((test, position + 1))
                elif _matches(selector, key, length):
                    self._enter(position + 1, accepts, base)
                    break
        return _Transition(
            tuple(accepts),
            frozenset(base),
            self._state_of(base, state),
            tuple(always),
            tuple(_Guarded(guard, tuple(tests)) for guard, tests in guarded.items()),
        )

    def _state_of(self, base: set[int], state: _State) -> _State:
        members = frozenset(base)
        return state if members == state.members else self._state(members)


def _children(value: Any) -> Iterator[tuple[KeyOf, Any]]:
    return iter(value.items()) if isinstance(value, dict) else iter(enumerate(value))


def _matches(selector: Selector, key: KeyOf | None, length: int) -> bool:
    """Whether a selector that is no filter takes a key. An array's index and a name never match each other."""
    if isinstance(selector, Name):
        return key == selector.name
    if isinstance(selector, Index):
        if isinstance(key, int):
            return key == (selector.index + length if selector.index < 0 else selector.index)
        return key == str(selector.index)
    if isinstance(selector, Slice):
        return isinstance(key, int) and key in slice_range(selector, length)
    return True


def _deliver(program: _Program, value: Any, path: list[KeyOf], parent: Any) -> None:
    if program.containers and not isinstance(value, dict | list):
        return
    found: Any = value
    keys = tuple(path)
    if program.parents:
        if not keys:
            return
        found, keys = parent, keys[:-1]
    if program.keyed:
        found = keys[-1] if keys else None
    program.emit(found, keys)


def _program(path: Path, emit: Emit) -> _Program | None:
    """The path as a program; None if `^` stands in its middle."""
    steps = list(path)
    keyed = bool(steps) and isinstance(steps[-1], Key)
    if keyed:
        steps.pop()
    parents = 0
    while steps and isinstance(steps[-1], Parent):
        steps.pop()
        parents += 1
    containers = bool(steps) and isinstance(steps[-1], Containers)
    if containers:
        steps[-1] = Step((Wildcard(),), deep=True)
    plain = tuple(step for step in steps if isinstance(step, Step))
    if len(plain) != len(steps) or (containers and len(plain) > 1):
        return None
    return _Program(plain, parents, keyed, containers, emit)
