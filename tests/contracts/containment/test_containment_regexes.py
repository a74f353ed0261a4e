"""Patterns that need backtracking: they keep nothing else from being decided, and witnesses are still seen."""

import pytest

from contracts.containment.decide import contains
from contracts.containment.regexes import Unrun, matches
from contracts.containment.source import Schema
from contracts.containment.verdict import Answer
from contracts.operations import JsonSchema

STRONG = "^(?=.*[A-Z]).+$"


def answer(sub: JsonSchema, sup: JsonSchema) -> Answer:
    return contains(Schema.of(sub), Schema.of(sup)).answer


def test_look_around_and_back_references_run() -> None:
    assert matches(STRONG, "abC")
    assert not matches(STRONG, "abc")
    assert matches(r"^(a)\1$", "aa")


@pytest.mark.parametrize(("pattern", "text"), [(r"(?=a)(a*)*\1c", "a" * 60), ("[", "a"), ("(?=a", "a")])
def test_what_takes_too_long_or_is_no_pattern_does_not_run(pattern: str, text: str) -> None:
    with pytest.raises(Unrun):
        matches(pattern, text)


def test_a_pattern_beside_what_changed_is_no_obstacle() -> None:
    def schema(state: list[str]) -> JsonSchema:
        return {"type": "object", "properties": {"password": {"pattern": STRONG}, "state": {"enum": state}}}

    assert answer(schema(["a"]), schema(["a", "b"])) is Answer.CONTAINED
    assert answer(schema(["a", "b"]), schema(["a"])) is Answer.NOT_CONTAINED


def test_a_witness_may_be_one_of_the_pattern() -> None:
    verdict = contains(Schema.of({"pattern": STRONG}), Schema.of({"pattern": STRONG, "maxLength": 5}))
    assert verdict.answer is Answer.NOT_CONTAINED
    assert verdict.witness is not None
    assert matches(STRONG, verdict.witness.value)


def test_what_no_string_shows_is_undecided() -> None:
    assert answer({"pattern": "(?=a)b"}, {"pattern": "(?=b)a"}) is Answer.UNDECIDED


def test_a_pattern_that_gives_up_on_the_witness_decides_nothing() -> None:
    endless = {"not": {"pattern": r"(?=a)(a*)*\1c"}}
    assert answer({"allOf": [endless, {"const": "a" * 60}]}, {"const": "b"}) is Answer.UNDECIDED
