"""What messages say where a value is absent, null, or one of a list that was declared open."""

from typing import Any

import pytest

from tests.contracts.diff.test_diff_semantics import Members, document, json_answer, json_body
from tests.support.diffs import changes_of

OPEN = {"type": "string", "x-extensible-enum": True}


def only(base: Members, revision: Members) -> tuple[str, str]:
    """The one change's rule and message."""
    (change,) = changes_of(document(base), document(revision))
    return change.rule.id, change.message


def test_null_is_called_null_once() -> None:
    rule, message = only(json_body({"type": ["string", "null"]}), json_body({"type": "string"}))
    assert rule == "request-nullable-removed"
    assert message.startswith("`null` was removed at `/type`")


def test_what_is_absent_is_nothing() -> None:
    _, message = only({}, {"x-ostiary-classification": "confidential"})
    assert message == "the classification went from nothing to `confidential`"


@pytest.mark.parametrize(
    ("make", "rule"),
    [(json_body, "request-enum-value-added"), (json_answer, "response-enum-value-added-to-open")],
)
def test_a_value_added_to_an_open_list(make: Any, rule: str) -> None:
    found, message = only(make({**OPEN, "enum": ["a"]}), make({**OPEN, "enum": ["a", "b"]}))
    assert found == rule
    assert 'the value `"b"` was added' in message


def test_no_witness_is_shown_of_what_is_harmless() -> None:
    rule, message = only(
        json_body({"type": "object"}), json_body({"type": "object", "properties": {"a": {"type": "null"}}})
    )
    assert rule == "request-property-added"
    assert "was valid" not in message


def test_what_is_undecided_says_why_and_not_what_was_decided() -> None:
    _, message = only(
        json_answer({"type": "string", "pattern": "^[A-Z]+$"}),
        json_answer({"type": "string", "pattern": "^(?=x)[A-Z]+$"}),
    )
    assert "cannot be decided: whether a string has all of the patterns in question is not known" in message


def test_what_a_format_stands_for_is_told_with_the_format() -> None:
    base, revision = ({"type": "integer", "format": name, "minimum": 0} for name in ("int64", "int32"))
    (change,) = changes_of(document(json_body(base)), document(json_body(revision)))
    assert change.rule.id == "request-maximum-narrowed"
    assert change.message.startswith(
        "`maximum` went from `9223372036854775807` (`format: int64`) to `2147483647` (`format: int32`)"
    )
    assert change.location.endswith("/schema/format")
    assert change.node.value == "int32"


@pytest.mark.parametrize("format_", ["int32", "byte"])
def test_what_is_written_down_beside_a_format_is_told_as_it_is(format_: str) -> None:
    base = {"type": ["integer", "string"], "format": format_, "pattern": "^[A-Z]{4}$", "maximum": 9}
    revision = {**base, "pattern": "^[A-Z]{2}$", "maximum": 5}
    changes = changes_of(document(json_body(base)), document(json_body(revision)))
    assert [change.location.rpartition("/")[2] for change in changes] == ["maximum", "pattern"]
    assert not any("format" in change.message for change in changes)
