"""A rule of the diff: what kind of change it is about, how grave that is, and why."""

from dataclasses import dataclass
from typing import Final, Literal

from contracts.findings import Severity

Direction = Literal["request", "response", "none"]
Bump = Literal["none", "patch", "minor", "major"]

BUMPS: Final[tuple[Bump, ...]] = ("none", "patch", "minor", "major")
"""The least first."""


@dataclass(frozen=True, slots=True)
class DiffRule:
    """One row of the catalogue.

    `id` is in kebab case and never changes. `direction` is the consumer's: ``request`` is about what consumers
    send, ``response`` about what they receive; callbacks and webhooks are received, and answered. `area` is the
    part of the document, `kind` the thing in it, `action` what happened to it. `undecided` rules are about
    changes of which nobody can tell what they do: they make the whole verdict undecided. `bump` is the part of
    a semantic version that the change asks for.
    """

    id: str
    severity: Severity
    direction: Direction
    why: str
    area: str
    kind: str
    action: str
    bump: Bump = "minor"
    undecided: bool = False


def row(
    name: str,
    severity: Severity,
    why: str,
    *,
    area: str,
    direction: Direction = "none",
    bump: Bump | None = None,
    undecided: bool = False,
) -> DiffRule:
    """A rule whose id ends in its action; the bump follows from the severity unless it is given."""
    kind, _, action = name.rpartition("-")
    if bump is None:
        bump = "major" if severity == "error" or undecided else "minor"
    return DiffRule(name, severity, direction, why, area, kind, action, bump, undecided)
