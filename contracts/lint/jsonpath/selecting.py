"""Evaluates one path on its own: for `field`, for queries in filters, and for paths that climb in their middle.

Whole rulesets run through `automaton`, which walks a document once for all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from contracts.lint.jsonpath.ast import Containers, Filter, Index, Key, Name, Parent, Path, Selector, Slice, Step
from contracts.lint.jsonpath.compiling import Follow, Scope, Test, compile_filter
from contracts.lint.jsonpath.compiling import Key as KeyOf
from contracts.lint.jsonpath.values import UNDEFINED

MOST_VISITS: Final = 500_000


class TooMuchWork(Exception):
    """An expression visits more values than we are willing to."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value, the keys that lead to it from where the search began, and the values on the way (root first)."""

    value: Any
    path: tuple[KeyOf, ...]
    line: tuple[Any, ...]


class Selection:
    """Evaluates paths over one document. `visits` counts the values that were looked at."""

    def __init__(self, root: Any, follow: Follow) -> None:
        self.root, self.follow = root, follow
        self.visits = 0
        self._tests: dict[Filter, Test] = {}

    def select(self, path: Path, start: Any) -> list[Found]:
        """What a path finds from `start`, in document order. Raises TooMuchWork."""
        found = [Found(start, (), (start,))]
        for segment in path:
            if isinstance(segment, Parent):
                found = _unique(
                    Found(each.line[-2], each.path[:-1], each.line[:-1]) for each in found if each.path
                )
            elif isinstance(segment, Key):
                found = [Found(each.path[-1] if each.path else None, each.path, each.line) for each in found]
            elif isinstance(segment, Containers):
                found = _unique(
                    inner
                    for each in found
                    for inner in self._descend(each)
                    if isinstance(inner.value, dict | list)
                )
            else:
                found = self._step(segment, found)
        return found

    def _step(self, step: Step, found: list[Found]) -> list[Found]:
        sources = (inner for each in found for inner in self._descend(each)) if step.deep else iter(found)
        return _unique(
            child for source in sources for selector in step.selectors for child in self._select(selector, source)
        )

    def _select(self, selector: Selector, source: Found) -> Iterator[Found]:
        value = source.value
        if isinstance(selector, Name):
            if isinstance(value, dict) and selector.name in value:
                yield self._child(source, selector.name)
        elif isinstance(selector, Index):
            if isinstance(value, list):
                index = selector.index + len(value) if selector.index < 0 else selector.index
                if 0 <= index < len(value):
                    yield self._child(source, index)
            elif isinstance(value, dict) and str(selector.index) in value:
                yield self._child(source, str(selector.index))
        elif isinstance(selector, Slice):
            if isinstance(value, list):
                for index in slice_range(selector, len(value)):
                    yield self._child(source, index)
        elif isinstance(selector, Filter):
            test = self._tests.get(selector) or self._tests.setdefault(selector, compile_filter(selector))
            for key in _keys(value):
                child = self._child(source, key)
                above = source.line[-2] if len(source.line) > 1 else UNDEFINED
                if test.holds(Scope(self.root, self.follow, child.value, key, above, list(child.path))):
                    yield child
        else:
            for key in _keys(value):
                yield self._child(source, key)

    def _child(self, source: Found, key: KeyOf) -> Found:
        self.visits += 1
        if self.visits > MOST_VISITS:
            raise TooMuchWork(f"the expression visits more than {MOST_VISITS} values")
        value = self.follow(source.value[key])
        return Found(value, (*source.path, key), (*source.line, value))

    def _descend(self, start: Found) -> Iterator[Found]:
        stack = [start]
        while stack:
            source = stack.pop()
            yield source
            children = [
                child
                for key in _keys(source.value)
                if isinstance((child := self._child(source, key)).value, dict | list)
                # A schema may refer to itself.
                and not any(child.value is above for above in source.line)
            ]
            stack.extend(reversed(children))


def slice_range(selector: Slice, length: int) -> range:
    """The indices of a slice (RFC 9535 §2.3.4.2.2)."""
    if selector.step == 0:
        return range(0)
    return range(*slice(selector.start, selector.end, selector.step).indices(length))


def _keys(value: Any) -> Iterator[KeyOf]:
    if isinstance(value, dict):
        yield from value
    elif isinstance(value, list):
        yield from range(len(value))


def _unique(found: "Iterator[Found]") -> list[Found]:
    seen: dict[tuple[KeyOf, ...], Found] = {}
    for each in found:
        seen.setdefault(each.path, each)
    return list(seen.values())
