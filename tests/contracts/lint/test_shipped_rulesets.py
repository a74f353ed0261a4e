"""Every rule of our rulesets: its bad example breaks it, its good one keeps it; and what all of them must have."""

from dataclasses import replace
from pathlib import Path

import pytest

from contracts.documents.document import parse
from contracts.estate.governance import GOVERNANCE_RULES
from contracts.lint.engine import Engine, Violation
from contracts.lint.explanations import EXAMPLE_FILES, examples
from contracts.lint.graph import REFERENCE_RULES, Graph
from contracts.lint.linting import INPUT_RULES
from contracts.lint.ruleset.catalogue import RULESET_RULES
from contracts.lint.ruleset.effective import LintRule, effective
from contracts.lint.ruleset.loading import SHIPPED, load_ruleset
from contracts.lint.ruleset.model import Definition
from contracts.lint.suppressions import SUPPRESSION_RULES
from contracts.reports.waivers import WAIVER_RULES

HERE = Path(__file__).parent


def loaded(name: str) -> Definition:
    definition, findings = load_ruleset(name, HERE)
    assert findings == []
    assert definition is not None
    return definition


RULESETS = {name: loaded(name) for name in SHIPPED}
RULES: dict[str, dict[str, LintRule]] = {name: effective(each)[0] for name, each in RULESETS.items()}
CASES = [(name, rule) for name in EXAMPLE_FILES for rule in RULES[name]]


def lint(name: str, rule: str, text: str) -> list[Violation]:
    """What one rule of a ruleset finds in a part of a document."""
    version = "" if text.startswith("openapi:") else "openapi: 3.1.0\n"
    document, findings = parse(version + text, "example.yaml")
    assert findings == []
    assert document is not None
    graph = Graph(document, lambda _: None)
    assert graph.findings == []
    alone = replace(RULESETS[name], rules={rule: RULESETS[name].rules[rule]})  # type: ignore[index]
    return Engine(alone).lint(graph)


@pytest.mark.parametrize(("name", "rule"), CASES)
def test_bad_example_breaks_its_rule(name: str, rule: str) -> None:
    found = lint(name, rule, examples(name)[rule].bad)
    assert {each.rule.name for each in found} == {rule}
    for each in found:
        assert each.severity == RULES[name][rule].severity
        assert each.message
        assert each.located.place.line > 1


@pytest.mark.parametrize(("name", "rule"), CASES)
def test_good_example_keeps_its_rule(name: str, rule: str) -> None:
    assert [each.message for each in lint(name, rule, examples(name)[rule].good)] == []


@pytest.mark.parametrize("name", EXAMPLE_FILES)
def test_every_rule_has_an_example_and_a_reason(name: str) -> None:
    assert set(examples(name)) == set(RULES[name])
    for rule in RULES[name].values():
        assert rule.description, rule.name
        assert rule.description.endswith((".", "?")), rule.name
        assert rule.enabled, rule.name


def test_how_many_there_are() -> None:
    assert len(RULES["ostiary:recommended"]) >= 60
    assert len(RULES["ostiary:odoo"]) >= 15
    assert len(RULES["spectral:oas"]) == 57


def test_ids_are_taken_once() -> None:
    ids = [rule for name in EXAMPLE_FILES for rule in RULES[name]]
    ids += [*GOVERNANCE_RULES, *SUPPRESSION_RULES, *WAIVER_RULES, *INPUT_RULES, *REFERENCE_RULES, *RULESET_RULES]
    assert len(ids) == len(set(ids))
