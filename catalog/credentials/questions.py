"""What the ledger is asked, as conditions and orders of SQL: of a hundred thousand credentials no more are read
than are shown.

Who is a member of which team and which applications there are, the estate in force says and not the store: that
goes along as one parameter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import sqlalchemy as sa

from catalog.clock import DAY
from catalog.credentials.credential import CredentialKind, CredentialState
from catalog.credentials.table import good_at, in_state
from catalog.people.members import Members
from catalog.storage.listed import is_listed
from catalog.storage.tables.credentials import credential_uses, credentials, granted_scopes
from contracts.access import Application

ENDING_DAYS: Final = 30
"""Within which a credential ends, where a question has no number of its own."""
UNUSED_DAYS: Final = 90
"""For which a credential, or a scope of it, was not used."""

Question = Literal["ending", "unused", "over-privileged", "orphaned", "replaced"]
Sort = Literal["ends", "created", "last-used", "application", "owner"]

_columns = credentials.c
_granted = granted_scopes.c

ORDERS: Final[Mapping[Sort, tuple[sa.ColumnElement[Any], ...]]] = {
    "ends": (_columns.ends_at, _columns.key_id),
    "created": (_columns.created_at, _columns.key_id),
    "last-used": (sa.func.coalesce(_columns.last_used_at, sa.literal(0, sa.BigInteger)), _columns.key_id),
    "application": (_columns.application, _columns.ends_at, _columns.key_id),
    "owner": (_columns.owner, _columns.key_id),
}
"""By what the ledger is sorted; the key id makes each order one without ties. What was never used stands before
all that was."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which credentials are asked for, all of it together; what is None or empty is not asked.

    Times are Unix seconds: `ending` has those that are good and end by then, `unused_since` those that are good,
    were there before and not used since, `spare_since` those that are good for a scope that they were not used for
    since. Nobody answers for one that is `orphaned`, or its application is gone from the estate. `text` is part of
    a key id, an application, an owner or a purpose. `key_ids` are these alone.
    """

    application: str | None = None
    consumer: str | None = None
    api: str | None = None
    team: str | None = None
    owner: str | None = None
    kind: CredentialKind | None = None
    state: CredentialState | None = None
    scope: str | None = None
    ending: int | None = None
    unused_since: int | None = None
    spare_since: int | None = None
    orphaned: bool = False
    text: str | None = None
    key_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What of the estate in force a question may need."""

    members: Members | None = None
    applications: Mapping[str, Application] = field(default_factory=dict)

    def answering(self) -> Iterator[str]:
        """Each team with each of its members."""
        members = {} if self.members is None else self.members.by_name
        return (f"{team}/{name}" for name, member in members.items() for team in member.memberships)

    def of_consumer(self, consumer: str) -> Iterator[str]:
        """The applications of a consumer."""
        return (name for name, each in self.applications.items() if each.consumer == consumer)

    def calling(self, api: str) -> Iterator[str]:
        """The applications that may call an API."""
        return (
            name
            for name, each in self.applications.items()
            if any(subscription.api == api for subscription in each.subscriptions)
        )


def chosen_by(question: Question, now: float) -> Chosen:
    """What a question that has a name asks for."""
    since = int(now) - UNUSED_DAYS * DAY
    match question:
        case "ending":
            return Chosen(state="active", ending=int(now) + ENDING_DAYS * DAY)
        case "unused":
            return Chosen(unused_since=since)
        case "over-privileged":
            return Chosen(spare_since=since)
        case "orphaned":
            return Chosen(orphaned=True)
        case "replaced":
            return Chosen(state="replaced")


def conditions(chosen: Chosen, standing: Standing, now: float) -> Iterator[sa.ColumnElement[bool]]:
    """All of them hold for what is asked for."""
    for name in ("application", "team", "owner", "kind"):
        value = getattr(chosen, name)
        if value is not None:
            yield _columns[name] == value
    if chosen.key_ids:
        yield is_listed(_columns.key_id, chosen.key_ids)
    if chosen.consumer is not None:
        yield is_listed(_columns.application, standing.of_consumer(chosen.consumer))
    if chosen.api is not None:
        yield is_listed(_columns.application, standing.calling(chosen.api))
    if chosen.state is not None:
        yield in_state(chosen.state, now)
    if chosen.scope is not None:
        yield _is_good_for(chosen.scope)
    if chosen.ending is not None:
        yield good_at(now)
        yield _columns.ends_at <= chosen.ending
    if chosen.unused_since is not None:
        yield good_at(now)
        yield _columns.created_at <= chosen.unused_since
        yield sa.func.coalesce(_columns.last_used_at, 0) <= chosen.unused_since
    if chosen.spare_since is not None:
        yield good_at(now)
        yield _columns.created_at <= chosen.spare_since
        yield _is_spare(chosen.spare_since)
    if chosen.orphaned:
        yield good_at(now)
        yield sa.not_(_is_answered_for(standing))
    if chosen.text is not None:
        found = (_columns.key_id, _columns.application, _columns.owner, _columns.purpose)
        yield sa.or_(*(column.icontains(chosen.text, autoescape=True) for column in found))


def behind(sort: Sort, place: sa.Row[Any], *, descending: bool) -> sa.ColumnElement[bool]:
    """The condition for those that come after the one at a place, which is a row of the order's columns."""
    columns = ORDERS[sort]
    there = sa.tuple_(*(sa.literal(value, column.type) for value, column in zip(place, columns, strict=True)))
    here = sa.tuple_(*columns)
    return here < there if descending else here > there


def _is_answered_for(standing: Standing) -> sa.ColumnElement[bool]:
    answering = is_listed(_columns.team + "/" + _columns.owner, standing.answering())
    return sa.and_(answering, is_listed(_columns.application, standing.applications))


def _is_good_for(scope: str) -> sa.ColumnElement[bool]:
    """Named by the credential itself; or, where that names none, granted to its application."""
    granted = sa.exists().where(_granted.application == _columns.application, _granted.scope == scope)
    return sa.or_(_names(sa.literal(scope)), sa.and_(_columns.scopes == "[]", granted))


def _is_spare(since: int) -> sa.ColumnElement[bool]:
    """Whether it is good for a scope that it was not used for since: as `least_privilege` has it."""
    uses = credential_uses.c
    used = (
        sa.exists()
        .where(uses.key_id == _columns.key_id, uses.scope == _granted.scope, uses.last_used_at >= since)
        .correlate(credentials, granted_scopes)  # by itself it would do so with the nearer one alone
    )
    return sa.exists().where(
        _granted.application == _columns.application,
        _granted.scope != "",
        sa.or_(_columns.scopes == "[]", _names(_granted.scope)),
        sa.not_(used),
    )


def _names(scope: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether the JSON array of a credential's scopes has it: no scope has a quote in it (RFC 6749 §3.3), and LIKE
    would take `_` for any letter."""
    return sa.func.replace(_columns.scopes, '"' + scope + '"', "") != _columns.scopes
