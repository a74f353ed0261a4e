"""A finding: something wrong in an estate or a contract, and exactly where; and the rule that it breaks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file: its path relative to the estate, 1-based line and column, and JSON pointer.

    `pointer` is "" for the whole document (RFC 6901); line and column are 0 where a file has no text to show.
    """

    file: str
    line: int = 0
    column: int = 0
    pointer: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding: the rule's stable kebab-case id, severity, and a sentence that quotes the offender."""

    place: Place
    rule: str
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        where = f" at {self.place.pointer}" if self.place.pointer else ""
        return f"{self.place}: {self.severity}: {self.message}{where} [{self.rule}]"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: a kebab-case id that never changes, its severity, and one line for the documentation."""

    id: str
    severity: Severity
    why: str


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any finding forbids publication."""
    return any(finding.severity == "error" for finding in findings)
