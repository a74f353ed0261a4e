"""Random pairs of schemas against jsonschema-rs: nothing that is called contained has a counter-example.

1,000 pairs; 24,000 with `OSTIARY_NIGHTLY=1`. The same pairs every time: a seed that fails can be run alone. Each
pair is asked both ways, so that twice as many questions are answered.
"""

import json
import os
import random
from collections import Counter

import jsonschema_rs
import pytest

from contracts.containment.compare import Comparer
from contracts.containment.decide import Decider
from contracts.containment.source import Schema
from contracts.containment.verdict import Answer
from contracts.openapi.patterns import REGEX_ENGINE
from tests.conformance.containment.random_instances import instances
from tests.conformance.containment.random_schemas import pair

PAIRS = 24_000 if os.environ.get("OSTIARY_NIGHTLY") else 1_000
CHUNK = PAIRS // 20
INSTANCES = 120


def validator(schema):
    return jsonschema_rs.Draft202012Validator(schema, pattern_options=REGEX_ENGINE, validate_formats=True)


@pytest.mark.parametrize("chunk", range(20))
@pytest.mark.timeout(1200)
def test_nothing_contained_has_a_counter_example(chunk):
    counted: Counter[str] = Counter()
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        schemas = pair(seed)
        left, right = validators = [validator(schema) for schema in schemas]
        tried = instances(random.Random(seed), INSTANCES, *schemas)
        lost = next((value for value in tried if left.is_valid(value) and not right.is_valid(value)), None)
        gained = next((value for value in tried if right.is_valid(value) and not left.is_valid(value)), None)
        decider, sides = Decider(), [Schema.of(schema) for schema in schemas]
        comparison = Comparer().compare(*sides)
        for (sub, sup), found, told in (
            ((0, 1), lost, comparison.narrowed),
            ((1, 0), gained, comparison.widened),
        ):
            verdict = decider.contains(sides[sub], sides[sup])
            text = f"seed {seed}: {json.dumps(schemas[sub])} in {json.dumps(schemas[sup])}"
            counted[verdict.answer] += 1
            assert verdict.answer is not Answer.CONTAINED or found is None, f"{text}: not for {found!r}"
            if verdict.answer is Answer.NOT_CONTAINED:
                value = verdict.witness.value
                assert validators[sub].is_valid(value), f"{text}: {value!r} is no instance of the first"
                assert not validators[sup].is_valid(value), f"{text}: {value!r} is an instance of the second"
            # Facet by facet the same is found out as for the whole.
            assert told is verdict.answer or Answer.UNDECIDED in (told, verdict.answer), f"{text}: told {told}"
        assert_agrees(comparison, f"seed {seed}: {json.dumps(schemas)}")
    assert counted[Answer.CONTAINED] > CHUNK / 2
    assert counted[Answer.NOT_CONTAINED] > CHUNK / 4
    assert counted[Answer.UNDECIDED] <= CHUNK / 20


def assert_agrees(comparison, text):
    """The changes say what the answers say, no more and no less."""
    order = (Answer.NOT_CONTAINED, Answer.UNDECIDED, Answer.CONTAINED)
    for answer, said in (
        (comparison.narrowed, {change.narrowed for change in comparison.changes}),
        (comparison.widened, {change.widened for change in comparison.changes}),
    ):
        assert min(said | {Answer.CONTAINED}, key=order.index) is answer, f"{text}: {answer} but {said}"
