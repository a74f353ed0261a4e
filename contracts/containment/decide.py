"""The question itself: is every instance of one schema an instance of another?"""

from contracts.containment.source import Schema
from contracts.containment.verdict import Answer, Verdict


def contains(sub: Schema, sup: Schema) -> Verdict:
    """Whether every instance of `sub` is an instance of `sup`. Never contained without a proof."""
    if sub.value is False or sup.value is True:
        return Verdict(Answer.CONTAINED)
    return Verdict(Answer.UNDECIDED, "nothing is decided yet")
