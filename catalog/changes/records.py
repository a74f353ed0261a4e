"""Change requests as they are kept: the change, what happened to it, and the moves from one state to another."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from catalog.changes.assessment import Assessment
from catalog.changes.conditions import Condition
from catalog.changes.facts import Approval
from contracts.estate_words import Role

State: TypeAlias = Literal["proposed", "approved", "published", "rejected", "withdrawn"]
"""`approved`: everybody who has to has approved, and something else holds it back, such as a freeze."""

OPEN: tuple[State, ...] = ("proposed", "approved")

EventKind: TypeAlias = Literal[
    "proposed", "replaced", "commented", "approved", "rejected", "withdrawn", "published", "emergency", "reviewed"
]


class ChangeEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What happened. `role` is the one in which the actor decided, `giver` who delegated it; `revision`
    and `assessment` are what the actor had before them."""

    number: int
    at: datetime
    actor: str
    kind: EventKind
    role: Role | Literal[""] = ""
    teams: tuple[str, ...] = ()
    giver: str = ""
    revision: str | None = None
    assessment: str = ""
    text: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change request as it is kept. `revision` None takes the unit away; `authors` are all who pushed to it."""

    number: int
    unit: str
    state: State
    base: str | None
    revision: str | None
    message: str
    authors: tuple[str, ...]
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    emergency: bool
    review_due_at: datetime | None
    reviewed_at: datetime | None
    version: int

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """A change with all that is known of it. `conditions` are those of an open change as they are now, of a closed
    one none."""

    change: Change
    assessment: Assessment
    conditions: tuple[Condition, ...]
    events: tuple[ChangeEvent, ...]

    @property
    def etag(self) -> str:
        """What a decision is about: another event, or another assessment, makes it another."""
        return f"{self.change.version}-{self.assessment.digest.removeprefix('sha256:')[:16]}"


def lapsed_approvals(change: Change, digest: str, events: tuple[ChangeEvent, ...]) -> tuple[Approval, ...]:
    """Approvals that count no more: another push, another state in force, rule or waiver came after them."""
    return tuple(
        Approval(each.actor, each.role, frozenset(each.teams), each.giver)
        for each in events
        if each.kind == "approved"
        and each.role
        and (each.revision, each.assessment) != (change.revision, digest)
        and not {each.actor, each.giver}.intersection(change.authors)
    )


def approvals_of(change: Change, digest: str, events: tuple[ChangeEvent, ...]) -> tuple[Approval, ...]:
    """The approvals that count: of exactly this revision, seen with exactly this assessment, and of nobody who
    has pushed to it."""
    return tuple(
        Approval(each.actor, each.role, frozenset(each.teams), each.giver)
        for each in events
        if each.kind == "approved"
        and each.role
        and (each.revision, each.assessment) == (change.revision, digest)
        and not {each.actor, each.giver}.intersection(change.authors)
    )
