"""The rules of our rulesets and those for estates, with the examples that are their tests."""

from collections.abc import Mapping

from contracts.estate.governance import GOVERNANCE_RULES
from contracts.findings import Rule
from contracts.lint.explanations import EXAMPLE_FILES, Example, examples
from contracts.lint.functions.registry import FUNCTIONS
from contracts.lint.graph import REFERENCE_RULES
from contracts.lint.linting import INPUT_RULES
from contracts.lint.ruleset.catalogue import RULESET_RULES
from contracts.lint.ruleset.effective import LintRule, effective
from contracts.lint.ruleset.loading import SHIPPED, load_ruleset
from contracts.lint.suppressions import SUPPRESSION_RULES
from contracts.reports.waivers import WAIVER_RULES
from reference_pages.markup import anchored, code, escaped, table
from reference_pages.sources import ROOT


def page() -> str:
    """A table and the examples of each ruleset of ours; tables for what else `ostiary lint` reports."""
    parts = [
        "# Lint rules\n",
        (
            "What `ostiary lint` reports. [The guide](../guides/lint.md) tells how rulesets are chosen, changed "
            "and written. Every example here is a test: the first form breaks its rule, the second keeps it.\n"
        ),
        *(_ruleset(name) for name in EXAMPLE_FILES),
    ]
    spectral = rules_of("spectral:oas")
    parts += [
        "## `spectral:oas` {#spectral-oas}\n",
        (
            f"The {len(spectral)} rules of Spectral's own ruleset for OpenAPI, under their names, for rulesets "
            "that extend it. `ostiary lint --ruleset spectral:oas --rules` lists them.\n"
        ),
        "## Estates {#estates}\n",
        (
            "Of an estate's own files `ostiary lint` reports these, and the rules for "
            "[an estate's files](findings.md) that `ostiary check` has too.\n"
        ),
        _table(GOVERNANCE_RULES),
        "## The run itself {#run}\n",
        "Suppressions and waivers have rules of their own.\n",
        _table({**SUPPRESSION_RULES, **WAIVER_RULES}),
        "With one of these nothing is linted, and the exit code is 2.\n",
        _table({**INPUT_RULES, **REFERENCE_RULES, **RULESET_RULES}),
        "## Functions {#functions}\n",
        "What `then.function` may name.\n",
        table(
            ["Function", "Holds where"],
            ([code(each.name), escaped(each.why)] for _, each in sorted(FUNCTIONS.items())),
        ),
    ]
    return "\n".join(parts)


def rules_of(ruleset: str) -> Mapping[str, LintRule]:
    """The rules of one of our rulesets, by name."""
    assert ruleset in SHIPPED
    definition, findings = load_ruleset(ruleset, ROOT)
    assert definition is not None, findings
    rules, findings = effective(definition)
    assert not findings, findings
    return rules


def _table(rules: Mapping[str, Rule]) -> str:
    return table(
        ["Rule", "Severity", "Why"],
        ([anchored(row.id), row.severity, escaped(row.why)] for row in rules.values()),
    )


def _ruleset(name: str) -> str:
    rules, shown = rules_of(name), examples(name)
    anchor = name.replace(":", "-")
    parts = [
        f"## `{name}` {{#{anchor}}}\n",
        f"{len(rules)} rules.\n",
        table(
            ["Rule", "Severity", "Why"],
            (
                [f"[{code(rule.name)}](#{rule.name})", rule.severity, escaped(rule.description or "")]
                for rule in rules.values()
            ),
        ),
    ]
    parts += [_rule(rule, shown[rule.name]) for rule in rules.values()]
    return "\n".join(parts)


def _rule(rule: LintRule, example: Example) -> str:
    return "\n".join(
        (
            f"### `{rule.name}` {{#{rule.name}}}\n",
            escaped(rule.description or "") + "\n",
            f'```yaml title="breaks it"\n{example.bad.rstrip()}\n```\n',
            f'```yaml title="keeps it"\n{example.good.rstrip()}\n```\n',
        )
    )
