"""Which branches of alternatives exclude each other: what lets a `oneOf` of many branches be searched at all."""

from collections.abc import Callable
from typing import Any, Final

from contracts.containment.compiling import Compiler
from contracts.containment.results import NEVER_OPEN, Empty, Result
from contracts.containment.terms import Term
from contracts.containment.values import OBJECT

Alternative = tuple[int, ...]
Tags = tuple[dict[str, frozenset[Any]], set[str]]
_MANY: Final = 12
_MOST_PARTS: Final = 200


class Branches:
    """Remembers what is known of the branches of one compiler. `solve` answers questions."""

    def __init__(self, compiler: Compiler, solve: Callable[[frozenset[int]], Result]) -> None:
        self._compiler = compiler
        self._solve = solve
        self._tags: dict[Term, Tags] = {}
        self._exclusions: dict[Term, list[Alternative]] = {}
        self._pairs: dict[Term, list[Alternative]] = {}

    def only_one_of(self, term: Term) -> list[Alternative]:
        """The branches of a `oneOf`, each with the denial of those that it does not rule out itself."""
        found, many = self._exclusions.get(term), len(term.args) > _MANY
        if found is None:
            found = self._exclusions[term] = [
                (
                    part.id * 2,
                    *(
                        other.id * 2 + 1
                        for other in term.args
                        if other is not part and not self._disjoint(part, other, many)
                    ),
                )
                for part in term.args
            ]
        return found

    def two_of(self, term: Term) -> list[Alternative]:
        """The pairs of branches of a `oneOf` that an instance could have both."""
        found, many = self._pairs.get(term), len(term.args) > _MANY
        if found is None:
            found = self._pairs[term] = [
                (part.id * 2, other.id * 2)
                for index, part in enumerate(term.args)
                for other in term.args[index + 1 :]
                if not self._disjoint(part, other, many)
            ]
        return found

    def _disjoint(self, left: Term, right: Term, many: bool) -> bool:
        """Whether two schemas surely share no instance. Of many branches only what tells them apart is seen."""
        mask = self._compiler.surface(left).yes
        tags, required = self._tags_of(left)
        if self.apart(right, mask, tags, required):
            return True
        if many:
            return False
        result = self._solve(frozenset((left.id * 2, right.id * 2)))
        return isinstance(result, Empty) and result.low == NEVER_OPEN

    def _tags_of(self, term: Term) -> Tags:
        known = self._tags.get(term)
        if known is not None:
            return known
        core: set[int] = set()
        todo = [term]
        for _ in range(_MOST_PARTS):
            if not todo:
                break
            part = self._compiler.surface(todo.pop())
            if part.kind == "and":
                todo.extend(part.args)
            else:
                core.add(part.id * 2)
        found = self._tags[term] = self.tags_in(core)
        return found

    def tags_in(self, core: set[int]) -> Tags:
        """Members that have one of few values, and members that are there."""
        tags: dict[str, frozenset[Any]] = {}
        required: set[str] = set()
        for signed in core:
            term = self._compiler.terms.all[signed >> 1]
            if signed & 1:
                continue
            if term.kind == "required":
                required.add(term.args[0])
            elif term.kind == "prop":
                below = term.args[1]
                for part in below.args if below.kind == "and" else (below,):
                    if isinstance(part, Term) and part.kind == "enum":
                        keys = frozenset(part.args[0])
                        tags[term.args[0]] = tags.get(term.args[0], keys) & keys
        return tags, required

    def apart(self, term: Term, mask: int, tags: dict[str, frozenset[Any]], required: set[str]) -> bool:
        """Whether a schema surely has none of the instances of these types, with these members."""
        mask &= self._compiler.surface(term).yes
        if not mask:
            return True
        if mask != OBJECT or not tags:
            return False
        theirs, needed = self._tags_of(term)
        return any(
            not tags[name] & keys and (name in required or name in needed)
            for name, keys in theirs.items()
            if name in tags
        )
