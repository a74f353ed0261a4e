"""What changed between two schemas, keyword by keyword, with what each change does to the set of instances.

Both schemas are read as facets (`contracts.containment.facets`). The base is contained in the revision exactly if
it is contained in every facet of the revision: this is asked of each facet that differs, and so the changes and
the answer for the whole are one and the same.
"""

from dataclasses import replace

from contracts.containment.changes import Comparison, SchemaChange
from contracts.containment.decide import STEPS, Decider
from contracts.containment.evaluate import Unsure
from contracts.containment.pair import Pair
from contracts.containment.source import Place, Schema
from contracts.containment.telling import CONTAINED, UNDECIDED

Mark = tuple[int, Place, frozenset[str]]


class Comparer:
    """Compares schemas of two documents. What was compared once is remembered: one of these serves a whole diff.

    `steps` bounds the work of a single question; what needs more is undecided.
    """

    def __init__(self, steps: int = STEPS) -> None:
        self.decider = Decider(steps)
        self._known: dict[tuple[Mark, Mark], Comparison] = {}
        self._alike: dict[tuple[object, object], tuple[Comparison, Place, Place]] = {}
        self._open: dict[tuple[Mark, Mark], int] = {}
        self._reached = 0

    def compare(self, base: Schema, revision: Schema) -> Comparison:
        """The changes from `base` to `revision`, none if both admit the same instances and say the same else."""
        try:
            found = self._compare(base, revision)
        except (TypeError, ValueError, AttributeError, KeyError, RecursionError, Unsure) as error:
            return self._unreadable(base, revision, type(error).__name__)
        return found if found is not None else Comparison(CONTAINED, CONTAINED)

    def _unreadable(self, base: Schema, revision: Schema, what: str) -> Comparison:
        reason = f"a schema cannot be read ({what})"
        change = SchemaChange("schema", "changed", "", UNDECIDED, UNDECIDED, "", base.value, revision.value)
        change = replace(change, base=base.place, revision=revision.place, reason=reason)
        return Comparison(UNDECIDED, UNDECIDED, (change,))

    def _compare(self, base: Schema, revision: Schema) -> Comparison | None:
        """None for two schemas that are being compared further up, where their changes are told."""
        base, revision = base.resolved(), revision.resolved()
        mark = (_mark(base), _mark(revision))
        known = self._known.get(mark)
        if known is not None:
            return known
        depth = self._open.get(mark)
        if depth is not None:
            self._reached = min(self._reached, depth)
            return None
        compiler = self.decider.compiler
        texts = compiler.identity(base), compiler.identity(revision)
        if texts[0] == texts[1]:
            found = self._known[mark] = Comparison(CONTAINED, CONTAINED)
            return found
        elsewhere = self._alike.get(texts)
        if elsewhere is not None:
            found = self._known[mark] = _moved(*elsewhere, base.place, revision.place)
            return found
        outer, self._reached = self._reached, len(self._open)
        self._open[mark] = len(self._open)
        try:
            found = Pair(self.decider, self._compare, base, revision).comparison()
        finally:
            depth = self._open.pop(mark)
        if self._reached >= depth:
            self._known[mark] = found
            self._alike[texts] = (found, base.place, revision.place)
            self._reached = outer
        else:
            self._reached = min(outer, self._reached)
        return found


def compare(base: Schema, revision: Schema) -> Comparison:
    """Two schemas compared on their own; see `Comparer`."""
    return Comparer().compare(base, revision)


def _moved(found: Comparison, base: Place, revision: Place, new_base: Place, new_revision: Place) -> Comparison:
    """The comparison of schemas that are written alike, at other places."""
    changes = tuple(
        replace(
            change,
            base=_place(change.base, base, new_base),
            revision=_place(change.revision, revision, new_revision),
        )
        for change in found.changes
    )
    return replace(found, changes=changes)


def _place(place: Place | None, old: Place, new: Place) -> Place | None:
    if place is None or place[0] != old[0] or not (place[1] + "/").startswith(old[1] + "/"):
        return place
    return new[0], new[1] + place[1][len(old[1]) :]


def _mark(schema: Schema) -> Mark:
    return id(schema.schemas), schema.place, schema.hidden
