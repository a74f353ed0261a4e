"""What people decide about a change: each decision is about exactly what they had before them, and nobody decides
about a change of their own."""

from typing import Final, Literal, TypeAlias

import msgspec

from catalog.changes.conditions import unmet
from catalog.changes.deciding import approval_by, conflict, has_any, own_change, role_missing
from catalog.changes.desk import Actor, Desk
from catalog.changes.examining import Examiner
from catalog.changes.judging import needed_of
from catalog.changes.notices import comment_notices
from catalog.changes.records import ChangeView, approvals_of
from catalog.changes.rules import Needed
from catalog.changes.table import ChangeTable, Lost
from catalog.clock import Clock
from catalog.notices.outbox import post
from catalog.people.members import Members
from catalog.people.principal import Principal
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from contracts.estate_words import Role

Ending: TypeAlias = Literal["rejected", "withdrawn"]

_REJECTING: Final[tuple[Role, ...]] = ("architect", "security", "operator", "api-owner")


class Decisions:
    """Approves, rejects, withdraws, comments on and publishes changes. `seen` is the entity tag of what the
    principal had before them. Every method raises SQLAlchemyError."""

    def __init__(self, store: Store, table: ChangeTable, examiner: Examiner, desk: Desk, clock: Clock) -> None:
        self._store = store
        self._table = table
        self._examiner = examiner
        self._desk = desk
        self._clock = clock

    async def approve(
        self,
        principal: Principal,
        number: int,
        seen: str,
        comment: str,
        *,
        role: Role | None = None,
        request_id: str = "",
    ) -> ChangeView | Refusal:
        """Approves a change, and publishes it where that was all that was missing. It counts in one role: in this,
        or else that among the wanted ones which the fewest have."""
        view = await self._desk.open(number, seen)
        if isinstance(view, Refusal):
            return view
        authors = frozenset(view.change.authors)
        if principal.name in authors:
            return own_change(principal, "a change", authors)
        given = approvals_of(view.change, view.assessment.digest, view.events)
        if any(each.actor == principal.name for each in given):
            return conflict(f"{principal.name} has approved this already.", view)
        rules, facts = self._examiner.estate.file.changes, view.assessment.facts()
        wanted = [each for each in needed_of(rules, facts, given) if role is None or role in each.roles]
        if not wanted:
            return conflict(f"No further approval{f' of role {role}' if role else ''} is wanted.", view)
        for needed in sorted(wanted, key=self._holders):
            approval = approval_by(principal, needed if role is None else needed.only(role), authors)
            if approval is None:
                continue
            event = msgspec.structs.replace(
                self._desk.event(view, "approved", principal.name, comment),
                role=approval.role,
                teams=tuple(sorted(approval.teams)),
                giver=approval.giver,
            )
            return await self._desk.decide(view, event, "approved", request_id)
        if any(approval_by(principal, needed, frozenset()) for needed in wanted):
            return own_change(principal, "a change", authors)
        missing = "; ".join(each.text for each in unmet(view.conditions) if each.id.startswith("approvals:"))
        roles = {role for needed in wanted for role in needed.roles}
        return role_missing(principal, f"What is wanted: {missing}.", roles)

    async def reject(
        self, principal: Principal, number: int, seen: str, comment: str, *, request_id: str = ""
    ) -> ChangeView | Refusal:
        """Ends a change that is not to be. Its authors withdraw it instead."""
        view = await self._desk.open(number, seen)
        if isinstance(view, Refusal):
            return view
        authors = frozenset(view.change.authors)
        if has_any(principal, _REJECTING, authors) is None:
            if has_any(principal, _REJECTING) is not None:
                return own_change(principal, "a change", authors)
            detail = f"A change is rejected by members with the role {' or '.join(_REJECTING)}."
            return role_missing(principal, detail, _REJECTING)
        return await self._end(view, "rejected", principal.name, comment, request_id)

    async def withdraw(
        self, principal: Principal, number: int, seen: str, comment: str, *, request_id: str = ""
    ) -> ChangeView | Refusal:
        """Takes a change back: its authors do, or an architect or operator where they are gone."""
        view = await self._desk.open(number, seen)
        if isinstance(view, Refusal):
            return view
        roles: tuple[Role, ...] = ("architect", "operator")
        if principal.name not in view.change.authors and has_any(principal, roles) is None:
            return role_missing(
                principal, "A change is withdrawn by its authors, or by an architect or operator.", roles
            )
        return await self._end(view, "withdrawn", principal.name, comment, request_id)

    async def comment(
        self, principal: Principal, number: int, comment: str, *, request_id: str = ""
    ) -> ChangeView | Refusal:
        """Says something about a change, open or closed; that decides nothing, and so everyone may. Who takes part
        in it is told."""
        view = await self._desk.view(number)
        if isinstance(view, Refusal):
            return view
        event, now = self._desk.event(view, "commented", principal.name, comment), int(self._clock())
        notices = comment_notices(self._examiner.estate, view, event, now)
        try:
            async with self._store.write() as connection:
                await self._desk.record(connection, view, event, action="commented", request_id=request_id)
                await post(connection, notices, now)
        except Lost:
            return await self._desk.lost(number)
        return await self._desk.view(number)

    async def publish(self, principal: Principal, number: int, *, request_id: str = "") -> ChangeView | Refusal:
        """Publishes a change whose conditions are met; else 422 with each that is not. The catalog does that of
        itself as soon as it can."""
        view = await self._desk.settle(number, Actor(principal.name, request_id))
        if isinstance(view, Refusal):
            return view
        if view.change.state == "published":
            return view
        if not view.change.is_open:
            return conflict(f"The change was {view.change.state}.", view)
        return conditions_unmet(view)

    def _holders(self, needed: Needed) -> int:
        members = Members(self._examiner.estate.teams)
        return len({each.name for role in needed.roles for each in members.holders(role)})

    async def _end(
        self, view: ChangeView, how: Ending, actor: str, comment: str, request_id: str
    ) -> ChangeView | Refusal:
        event = self._desk.event(view, how, actor, comment)
        values = {"state": how, "closed_at": int(self._clock())}
        try:
            async with self._store.write() as connection:
                await self._desk.record(connection, view, event, action=how, request_id=request_id, **values)
        except Lost:
            return await self._desk.lost(view.change.number)
        return await self._desk.view(view.change.number)


def conditions_unmet(view: ChangeView) -> Refusal:
    """422, with each condition that is not met."""
    missing = unmet(view.conditions)
    detail = f"Change {view.change.number} is not published: {'; '.join(each.text for each in missing)}."
    return Refusal("conditions-unmet", detail, {"conditions": msgspec.to_builtins(missing)})
