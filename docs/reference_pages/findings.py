"""The findings of `ostiary check`."""

from collections.abc import Mapping

from catalog.odoo.drift.rules import DRIFT_RULES
from contracts.estate.catalogue import ESTATE_RULES
from contracts.findings import Rule
from contracts.openapi.rules import CONTRACT_RULES
from reference_pages.markup import anchored, escaped, table

_SEVERITIES = (
    ("error", "The estate is not published. What is in force stays."),
    ("warning", "Published. `ostiary check --fail-on warning` makes it fail a build."),
    ("info", "Published. Worth a look."),
)


def page() -> str:
    """All tables; an id that is in two stands in the first and is not repeated."""
    return "\n".join(
        (
            "# Findings\n",
            (
                "`ostiary check` prints every finding at once, each with its file, line, column, JSON pointer and "
                "the id of its rule. An id never changes. `--json` gives the same as JSON.\n"
            ),
            "```text\nFILE:LINE:COLUMN: SEVERITY: MESSAGE at /JSON/POINTER [RULE]\n```\n",
            table(["Severity", "What follows"], _SEVERITIES),
            "## Rules for the estate's files\n",
            _table(ESTATE_RULES),
            "## Rules for contracts\n",
            "Those of the table above that concern a single contract hold here too.\n",
            _table({rule: row for rule, row in CONTRACT_RULES.items() if rule not in ESTATE_RULES}),
            "## Rules for contracts before a live Odoo\n",
            (
                "What `ostiary odoo drift` and `ostiary check --live` find, and the catalog's own look: see "
                "[Drift](../guides/odoo-drift.md).\n"
            ),
            _table(DRIFT_RULES),
        )
    )


def _table(rules: Mapping[str, Rule]) -> str:
    return table(
        ["Rule", "Severity", "Why"],
        ([anchored(row.id), row.severity, escaped(row.why)] for row in rules.values()),
    )
