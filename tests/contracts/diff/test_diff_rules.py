"""Every rule of the diff has an example, and the example shows that rule with its severity and nothing else."""

import re

import pytest

from contracts.diff import estate_settings, version_choice
from contracts.diff.catalogue import DIFF_RULES
from contracts.diff.contract import contract_of
from contracts.diff.diff import diff
from contracts.diff.examples import EXAMPLE_OPTIONS, DiffExample, examples
from tests.support.diffs import changes_of

# Found where two estates or very large documents are compared; see test_cli_diff and test_diff_bounds.
ELSEWHERE = {
    *("api-version-added", "api-version-removed", "api-version-removed-after-sunset", "too-many-changes"),
    *(rule.id for rule in (*estate_settings.ROWS, *version_choice.ROWS)),
}


def test_every_rule_has_an_example_and_every_example_a_rule() -> None:
    assert set(DIFF_RULES) - set(examples()) == ELSEWHERE
    assert set(examples()) - set(DIFF_RULES) == set()


def test_there_are_enough_rules_and_their_ids_are_in_kebab_case() -> None:
    assert len(DIFF_RULES) >= 250
    assert [name for name in DIFF_RULES if not re.fullmatch(r"[a-z]+(-[a-z]+)+", name)] == []
    assert all(rule.why.endswith(".") and rule.area and rule.action for rule in DIFF_RULES.values())


@pytest.mark.parametrize(("rule", "example"), examples().items(), ids=examples())
def test_example(rule: str, example: DiffExample) -> None:
    found = changes_of(*example.documents(), options=EXAMPLE_OPTIONS)
    assert {change.rule.id for change in found} == {rule, *example.others}
    assert next(change for change in found if change.rule.id == rule).rule.severity == DIFF_RULES[rule].severity


@pytest.mark.parametrize(("rule", "example"), examples().items(), ids=examples())
def test_an_example_has_no_change_to_itself(rule: str, example: DiffExample) -> None:
    for text in example.documents():
        first, _ = contract_of(text)
        second, _ = contract_of(text)
        assert first is not None
        assert second is not None
        assert diff(first, second, EXAMPLE_OPTIONS) == ()
