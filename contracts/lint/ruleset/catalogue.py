"""What can be wrong with a ruleset itself: stable ids, as everywhere."""

from collections.abc import Mapping
from typing import Final

from contracts.findings import Finding, Place, Rule

RULESET_RULES: Final[Mapping[str, Rule]] = {
    row.id: row
    for row in (
        Rule("ruleset-invalid", "error", "A ruleset that is half understood would check half of what it says."),
        Rule("ruleset-unknown-key", "error", "A misspelt key would silently do nothing."),
        Rule("ruleset-unknown-rule", "error", "Only a rule that is defined or extended can be changed."),
        Rule("ruleset-unknown-function", "error", "Functions in JavaScript are not run; ours are listed."),
        Rule("ruleset-options-invalid", "error", "A function can only be run with options that fit it."),
        Rule("ruleset-path-invalid", "error", "A `given` that is no JSONPath would never find anything."),
        Rule("ruleset-unknown-alias", "error", "An alias must be defined in the ruleset that uses it."),
        Rule("ruleset-not-found", "error", "A ruleset that is extended must be a file or one of ours."),
    )
}


def ruleset_finding(rule: str, place: Place, message: str) -> Finding:
    """A finding of a rule in the table. Raises KeyError for any other id."""
    return Finding(place, rule, message, RULESET_RULES[rule].severity)
