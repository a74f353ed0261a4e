"""What changed between two schemas, keyword by keyword, with what each change does to the set of instances.

Both schemas are read as facets (`contracts.containment.facets`). The base is contained in the revision exactly if
it is contained in every facet of the revision: this is asked of each facet that differs, and so the changes and
the answer for the whole are one and the same.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from contracts.containment.changes import Comparison, SchemaChange
from contracts.containment.decide import STEPS, Decider
from contracts.containment.evaluate import Unsure
from contracts.containment.pair import Link, Look, Pair
from contracts.containment.source import Place, Schema
from contracts.containment.telling import CONTAINED, UNDECIDED, clip
from contracts.containment.verdict import Answer

Texts = tuple[int, int]
_MOST_PAIRS: Final = 200


class Comparer:
    """Compares schemas of two documents. What was compared once is remembered: one of these serves a whole diff.

    `steps` bounds the work of a single question; what needs more is undecided. Two schemas inside are told once
    in each comparison, where they are met first, however often they are used.
    """

    def __init__(self, steps: int = STEPS) -> None:
        self.decider = Decider(steps)
        self._known: dict[Texts, tuple[Comparison, Place, Place]] = {}
        self._looks: dict[Texts, tuple[Look, Place, Place]] = {}

    def compare(self, base: Schema, revision: Schema) -> Comparison:
        """The changes from `base` to `revision`, none if both admit the same instances and say the same else."""
        try:
            return self._compare(base.resolved(), revision.resolved())
        except (TypeError, ValueError, AttributeError, KeyError, RecursionError, Unsure) as error:
            return self._coarse(base, revision, f"a schema cannot be read ({type(error).__name__})")

    def _coarse(self, base: Schema, revision: Schema, reason: str) -> Comparison:
        change = SchemaChange("schema", "changed", "", UNDECIDED, UNDECIDED, "", base.value, revision.value)
        change = replace(change, base=base.place, revision=revision.place, reason=reason)
        return Comparison(UNDECIDED, UNDECIDED, (change,))

    def _compare(self, base: Schema, revision: Schema) -> Comparison:
        texts = self._texts(base, revision)
        if texts[0] == texts[1]:
            return Comparison(CONTAINED, CONTAINED)
        elsewhere = self._known.get(texts)
        if elsewhere is not None:
            known, *places = elsewhere
            return replace(known, changes=_moved(known.changes, places, [base.place, revision.place]))
        self.decider.settle(base, revision)
        first = self._look(base, revision)
        changes = list(self._collected(base, revision, first.narrowed, first.widened))
        changes += _missing(first, changes, base, revision)
        found = Comparison(first.narrowed, first.widened, tuple(changes))
        self._known[texts] = (found, base.place, revision.place)
        return found

    def _collected(
        self, base: Schema, revision: Schema, narrowed: Answer, widened: Answer
    ) -> Iterator[SchemaChange]:
        """The changes of all pairs that can be reached, nearest first."""
        waiting = deque([Link("", base, revision, narrowed, widened)])
        seen: set[tuple[Texts, Answer, Answer]] = set()
        while waiting and len(seen) < _MOST_PAIRS:
            link = waiting.popleft()
            base, revision = link.base.resolved(), link.revision.resolved()
            texts = self._texts(base, revision)
            mark = (texts, link.lost, link.gained)
            if texts[0] == texts[1] or mark in seen:
                continue
            seen.add(mark)
            look = self._look(base, revision)
            for change in look.changes:
                narrowed, widened = clip(change.narrowed, link.lost), clip(change.widened, link.gained)
                silent = change.narrowed is CONTAINED and change.widened is CONTAINED
                if silent or narrowed is not CONTAINED or widened is not CONTAINED:
                    unsure = UNDECIDED in (narrowed, widened) and UNDECIDED not in (
                        change.narrowed,
                        change.widened,
                    )
                    reason = "what the schema around it admits is not known" if unsure else change.reason
                    path = link.path + change.path
                    yield replace(change, path=path, narrowed=narrowed, widened=widened, reason=reason)
            waiting.extend(
                Link(
                    link.path + below.path,
                    below.base,
                    below.revision,
                    clip(below.lost, link.lost),
                    clip(below.gained, link.gained),
                )
                for below in look.links
            )

    def _look(self, base: Schema, revision: Schema) -> Look:
        texts = self._texts(base, revision)
        elsewhere = self._looks.get(texts)
        if elsewhere is None:
            elsewhere = self._looks[texts] = (
                Pair(self.decider, base, revision).look(),
                base.place,
                revision.place,
            )
        look, *places = elsewhere
        if not look.changes:
            return look
        return replace(look, changes=_moved(look.changes, places, [base.place, revision.place]))

    def _texts(self, base: Schema, revision: Schema) -> Texts:
        compiler = self.decider.compiler
        return compiler.identity(base), compiler.identity(revision)


def compare(base: Schema, revision: Schema) -> Comparison:
    """Two schemas compared on their own; see `Comparer`."""
    return Comparer().compare(base, revision)


def _missing(look: Look, changes: list[SchemaChange], base: Schema, revision: Schema) -> Iterator[SchemaChange]:
    """One change for the whole, where what was found so far away is not told."""
    narrowed = CONTAINED if look.narrowed in {change.narrowed for change in changes} else look.narrowed
    widened = CONTAINED if look.widened in {change.widened for change in changes} else look.widened
    if narrowed is not CONTAINED or widened is not CONTAINED:
        change = SchemaChange("schema", "changed", "", narrowed, widened, "", base.value, revision.value)
        reason = "the difference lies in definitions too far away to be told one by one"
        yield replace(change, base=base.place, revision=revision.place, reason=reason)


def _moved(changes: tuple[SchemaChange, ...], old: list[Place], new: list[Place]) -> tuple[SchemaChange, ...]:
    """The changes between two schemas that are written alike at other places."""
    if old == new:
        return changes
    return tuple(
        replace(
            change,
            base=_place(change.base, old[0], new[0]),
            revision=_place(change.revision, old[1], new[1]),
        )
        for change in changes
    )


def _place(place: Place | None, old: Place, new: Place) -> Place | None:
    if place is None or place[0] != old[0] or not (place[1] + "/").startswith(old[1] + "/"):
        return place
    return new[0], new[1] + place[1][len(old[1]) :]
