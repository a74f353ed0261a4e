"""Why there is a rule, for those who see how often it finds something: of an estate's own and of our rulesets."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from contracts.estate.catalogue import ESTATE_RULES
from contracts.estate.governance import GOVERNANCE_RULES
from contracts.lint.explanations import EXAMPLE_FILES
from contracts.lint.ruleset.effective import effective
from contracts.lint.ruleset.loading import load_ruleset


def why_of(rule: str) -> str:
    """Why there is the rule; empty where a company's own ruleset has it, which may be another each time."""
    known = GOVERNANCE_RULES.get(rule) or ESTATE_RULES.get(rule)
    return ruleset_whys().get(rule, "") if known is None else known.why


@cache
def ruleset_whys() -> Mapping[str, str]:
    """Of our rulesets, by rule; empty for one that does not say it."""
    found: dict[str, str] = {}
    for name in EXAMPLE_FILES:
        definition, findings = load_ruleset(name, Path())
        assert definition is not None, findings  # it is in the package
        found |= {each.name: each.description or each.message or "" for each in effective(definition)[0].values()}
    return found
