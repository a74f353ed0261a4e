"""What is known of a change when its conditions are asked for: plain values, whoever found them out."""

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from contracts.estate_changes import Touch
from contracts.estate_words import Classification, Criticality, Governance, Role
from contracts.findings import Severity

Kind = Literal["breaking", "undecided", "lint"]
"""Why a finding may need a waiver."""


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding of the diff or of the linter, as people see it and a waiver names it.

    `new` is False for what the linter says of the revision in force too. `waived` is the number of the waiver that
    lets it pass, 0 for none. `before` and `after` are of the diff.
    """

    rule: str
    severity: Severity
    message: str
    fingerprint: str
    undecided: bool = False
    file: str = ""
    line: int = 0
    column: int = 0
    pointer: str = ""
    operation: str = ""
    before: str = ""
    after: str = ""
    why: str = ""
    new: bool = True
    waived: int = 0


class Traits(msgspec.Struct, frozen=True):
    """What an API is, as rules ask for it. `domain` are the teams of its domain: at least its owner."""

    owner: str
    domain: frozenset[str]
    classification: Classification
    criticality: Criticality
    governance: Governance


@dataclass(frozen=True, slots=True)
class Facts:
    """One change. `traits` are the API's, before and after it; empty for the estate's own files. `failing` are the
    severities that the estate's linter fails on."""

    unit: str
    is_estate: bool
    traits: tuple[Traits, ...] = ()
    touches: frozenset[Touch] = frozenset()
    changes: tuple[Found, ...] = ()
    lint: tuple[Found, ...] = ()
    failing: tuple[Severity, ...] = ("error",)

    @property
    def verdicts(self) -> frozenset[str]:
        """The kinds of change that are among them; `compatible` where there is neither of the others."""
        found = {"breaking" for each in self.changes if is_breaking(each)}
        found |= {"undecided" for each in self.changes if each.undecided}
        return frozenset(found or {"compatible"})

    @property
    def lint_result(self) -> str:
        """The worst of what the linter found that is new."""
        new = {each.severity for each in self.lint if each.new}
        if new.intersection(self.failing):
            return "errors"
        return "warnings" if new.intersection(("error", "warning")) else "clean"

    def of_kind(self, kind: Kind) -> tuple[Found, ...]:
        """The findings that a waiver may be asked for, waived or not."""
        if kind == "lint":
            return tuple(each for each in self.lint if each.new and each.severity in self.failing)
        if kind == "undecided":
            return tuple(each for each in self.changes if each.undecided)
        return tuple(each for each in self.changes if is_breaking(each))


def is_breaking(found: Found) -> bool:
    """Whether a change certainly breaks somebody."""
    return found.severity == "error" and not found.undecided


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's approval of exactly this revision as it was assessed. `teams` are those in which the person, or
    `giver` who delegated it, has the role."""

    actor: str
    role: Role
    teams: frozenset[str] = field(default_factory=frozenset)
    giver: str = ""
