"""The labelled schemas crossed with each other: no answer without a proof that a second opinion confirms."""

import os
from collections import Counter

import pytest

from contracts.containment.decide import contains
from contracts.containment.verdict import Answer
from tests.conformance.containment.crossed import crossed
from tests.conformance.containment.oracle import counter_example, validator

PAIRS = 40_000 if os.environ.get("OSTIARY_NIGHTLY") else 1_000
PARTS = 4
TRIES = 60
MOST_UNDECIDED = 0.01


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_contained_has_no_counter_example_and_what_is_not_has_a_witness(part):
    count: Counter[Answer] = Counter()
    for number, (sub, sup) in enumerate(crossed(PAIRS // PARTS, seed=part)):
        found = contains(sub.source, sup.source)
        count[found.answer] += 1
        told = f"{sub.name} in {sup.name}: {found.reason}"
        if found.answer is Answer.CONTAINED:
            wrong, instance, _ = counter_example(sub.translated, sup.translated, TRIES, number)
            assert not wrong, f"{told}; {instance!r}"
        elif found.answer is Answer.NOT_CONTAINED:
            assert found.witness is not None, told
            assert validator(sub.translated)(found.witness.value), told
            assert not validator(sup.translated)(found.witness.value), told
    print(f"{PAIRS // PARTS} pairs: " + ", ".join(f"{count[answer]} {answer}" for answer in Answer))
    assert count[Answer.CONTAINED] > PAIRS / PARTS * 0.15
    assert count[Answer.NOT_CONTAINED] > PAIRS / PARTS * 0.3
    assert count[Answer.UNDECIDED] <= PAIRS / PARTS * MOST_UNDECIDED
