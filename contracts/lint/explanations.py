"""Rules told to people: what a rule is for, with an example that breaks it and one that keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from contracts.documents.document import Node, parse
from contracts.estate.catalogue import ESTATE_RULES
from contracts.estate.governance import GOVERNANCE_RULES
from contracts.findings import Rule
from contracts.lint.ruleset.effective import LintRule
from contracts.lint.ruleset.model import Level

EXAMPLE_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "ostiary:recommended": ("recommended_examples.yaml",),
    "ostiary:odoo": ("odoo_examples.yaml",),
}
"""The files with the examples of our rulesets: by rule, a document (or the part after `paths`) of each kind."""


@dataclass(frozen=True, slots=True)
class Example:
    """Two documents, as YAML: one that breaks the rule and one that keeps it."""

    bad: str
    good: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule for people. `given` are the paths that it looks at; "" where there is no example."""

    id: str
    severity: Level
    why: str
    enabled: bool = True
    given: tuple[str, ...] = ()
    bad: str = ""
    good: str = ""
    documentation: str = ""


@cache
def examples(ruleset: str) -> Mapping[str, Example]:
    """The examples of one of our rulesets, by rule."""
    found: dict[str, Example] = {}
    for file in EXAMPLE_FILES[ruleset]:
        text = files("contracts.lint.rulesets").joinpath(file).read_bytes()
        document, findings = parse(text, file)
        assert document is not None, findings
        assert not findings, findings
        for name, node in document.root.members():
            found[name] = Example(_text(node, "bad"), _text(node, "good"))
    return found


def _text(node: Node, key: str) -> str:
    text = node.text(key)
    assert text is not None, f"{node.place}: `{key}` is missing"
    return text


def explanations(rules: Mapping[str, LintRule]) -> list[Explanation]:
    """The rules of a ruleset, and after them those for estates, each by name."""
    shown = {name: example for ruleset in EXAMPLE_FILES for name, example in examples(ruleset).items()}
    found = [_explanation(rule, shown.get(name)) for name, rule in sorted(rules.items())]
    own: dict[str, Rule] = {**ESTATE_RULES, **GOVERNANCE_RULES}
    found += [Explanation(row.id, row.severity, row.why) for _, row in sorted(own.items()) if row.id not in rules]
    return found


def _explanation(rule: LintRule, example: Example | None) -> Explanation:
    return Explanation(
        rule.name,
        rule.severity,
        rule.description or rule.message or "",
        rule.enabled,
        rule.given,
        example.bad if example else "",
        example.good if example else "",
        rule.documentation_url or "",
    )
