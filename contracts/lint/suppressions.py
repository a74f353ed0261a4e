"""`x-ostiary-lint-ignore`: findings that are let pass beside the value they are about, each with a reason.

::

    x-ostiary-lint-ignore:
      - rule: paths-kebab-case
        reason: Partners call this path since 2019.
        expires: 2027-06-30   # may be left out

It holds for the object it stands in and everything below, for one rule each. One without a reason is an error,
one that ended brings the finding back and is an error, and one that nothing needs is a warning.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.findings import Finding, Place, Rule
from contracts.lint.graph import Graph
from contracts.openapi.extensions import LINT_IGNORE
from contracts.reports.waivers import day

_KEYS: Final = ("rule", "reason", "expires")

SUPPRESSION_RULES: Final = {
    row.id: row
    for row in (
        Rule("suppression-invalid", "error", "A suppression says which rule and why, or it is no decision."),
        Rule("suppression-expired", "error", "A suppression that ended is renewed with a decision or taken out."),
        Rule("suppression-unused", "warning", "What is mended needs no suppression any more; take it out."),
    )
}


@dataclass(slots=True)
class Suppression:
    """One entry: the rule, its reason, the last day it holds (None: no end), and the object it holds for."""

    rule: str
    reason: str
    expires: date | None
    place: Place
    file: str
    holder: str
    used: bool = field(default=False)

    def covers(self, rule: str, file: str, pointer: str) -> bool:
        """Whether a finding of the rule at this place lies in the object."""
        return (
            rule == self.rule
            and file == self.file
            and (pointer == self.holder or pointer.startswith(f"{self.holder}/"))
        )

    def holds(self, today: date) -> bool:
        return self.expires is None or today <= self.expires


class Suppressions:
    """All suppressions of the documents of a run."""

    def __init__(self, graphs: Iterable[Graph]) -> None:
        self.findings: list[Finding] = []
        self._by_rule: dict[str, list[Suppression]] = {}
        holders = {(node.document.file, node.pointer): node for graph in graphs for node in graph.ignoring}
        for _, node in sorted(holders.items(), key=lambda pair: pair[0]):
            self._read(node)

    def find(self, rule: str, file: str, pointer: str, today: date) -> Suppression | None:
        """The suppression of a finding, if one holds. One that ended counts as used: that is its own finding."""
        found = None
        for each in self._by_rule.get(rule, ()):
            if each.covers(rule, file, pointer):
                each.used = True
                if each.holds(today):
                    found = each
        return found

    def leftovers(self, today: date) -> list[Finding]:
        """What is wrong with the suppressions themselves, once every finding was looked up."""
        found = list(self.findings)
        for each in (each for some in self._by_rule.values() for each in some):
            if not each.holds(today):
                message = f"the suppression of {quote(each.rule)} ended on {each.expires} ({quote(each.reason)})"
                found.append(_finding("suppression-expired", each.place, message))
            elif not each.used:
                message = f"nothing here breaks the rule {quote(each.rule)} ({quote(each.reason)})"
                found.append(_finding("suppression-unused", each.place, message))
        return found

    def _read(self, holder: Node) -> None:
        node = holder.get(LINT_IGNORE)
        assert node is not None
        if not isinstance(node.value, list):
            message = f"`{LINT_IGNORE}` is a list of `rule`, `reason` and, if it ends, `expires`"
            self.findings.append(_finding("suppression-invalid", node.key_place, message))
            return
        for item in node.items():
            suppression = self._entry(item, holder.pointer)
            if suppression is not None:
                self._by_rule.setdefault(suppression.rule, []).append(suppression)

    def _entry(self, node: Node, holder: str) -> Suppression | None:
        faults: list[tuple[Place, str]] = []
        if not isinstance(node.value, dict):
            faults.append((node.place, "an entry is a mapping of `rule`, `reason` and, if it ends, `expires`"))
        for key, member in node.members():
            if key not in _KEYS:
                faults.append((member.key_place, f"an entry has no key {quote(key)}"))
        rule, reason = node.text("rule"), (node.text("reason") or "").strip()
        expires = node.get("expires")
        ends = None if expires is None else day(expires.value)
        if isinstance(node.value, dict):
            if not rule:
                faults.append((node.place, "the suppression names no `rule`"))
            if not reason:
                named = f" of {quote(rule)}" if rule else ""
                faults.append((node.place, f"the suppression{named} gives no `reason`"))
        if expires is not None and ends is None:
            faults.append((expires.place, "`expires` is a day in the calendar, such as 2027-04-01"))
        self.findings += [_finding("suppression-invalid", place, message) for place, message in faults]
        if faults or rule is None:
            return None
        return Suppression(rule, reason, ends, node.place, node.document.file, holder)


def _finding(rule: str, place: Place, message: str) -> Finding:
    return Finding(place, rule, message, SUPPRESSION_RULES[rule].severity)
