"""One line of a report, whoever found it: the linter, the diff, or the waivers themselves."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from contracts.findings import Finding, Place, Severity

BACKQUOTED: Final = re.compile(r"(`[^`]*`)")
"""The parts of a message that quote a document, or name a keyword."""
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")
"""The worst first."""


@dataclass(frozen=True, slots=True, order=True)
class OperationName:
    """An operation as people call it: `GET /orders/{id}`. The method is in upper case."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding with what a report says beside it.

    `fingerprint` identifies it in waivers (see `fingerprints`); `why` is the rule's reason, and `help` the
    address of its page, "" where there is none. `direction` is for changes: ``request`` or ``response``.
    """

    rule: str
    severity: Severity
    message: str
    place: Place
    fingerprint: str
    operation: OperationName | None = None
    direction: str = ""
    why: str = ""
    help: str = ""

    def __str__(self) -> str:
        return str(Finding(self.place, self.rule, self.message, self.severity))


@dataclass(frozen=True, slots=True)
class Suppressed:
    """An entry that somebody let pass, and the reason that was given. `in_source`: beside the value itself."""

    entry: Entry
    reason: str
    in_source: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a command prints. `tool` is the command (`ostiary lint`), `title` heads a page."""

    tool: str
    title: str
    entries: tuple[Entry, ...]
    suppressed: tuple[Suppressed, ...] = field(default=())
    version: str = ""

    def count(self, severity: Severity) -> int:
        """How many entries have exactly this severity."""
        return sum(entry.severity == severity for entry in self.entries)

    @property
    def summary(self) -> str:
        """`2 errors, 1 warning`, or `no findings`."""
        nouns = {"error": "error", "warning": "warning", "info": "remark"}
        parts = [
            f"{number} {nouns[severity]}{'s' * (number != 1)}"
            for severity in SEVERITIES
            if (number := self.count(severity))
        ]
        text = ", ".join(parts) or "no findings"
        return f"{text} ({len(self.suppressed)} suppressed)" if self.suppressed else text


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """By file, line and column, then the worst first: the same findings always print the same."""
    return tuple(
        sorted(entries, key=lambda each: (each.place, SEVERITIES.index(each.severity), each.rule, each.message))
    )


def fails(entries: Iterable[Entry], fail_on: Severity) -> bool:
    """Whether any entry is at least as severe as `fail_on`."""
    failing = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return any(entry.severity in failing for entry in entries)
