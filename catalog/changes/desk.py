"""The desk at which changes lie: each as it is now, and in force as soon as nothing stands in its way."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Protocol, TypeAlias

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.changes.assessment import Proposal
from catalog.changes.conditions import Condition, all_met, unmet
from catalog.changes.deciding import conflict
from catalog.changes.examining import Examiner, InForce
from catalog.changes.records import (
    Change,
    ChangeEvent,
    ChangeView,
    EventKind,
    State,
    approvals_of,
    lapsed_approvals,
)
from catalog.changes.table import ChangeTable, Lost, add_event, update_change
from catalog.clock import Clock, moment
from catalog.people.principal import CATALOG
from catalog.publishing.published import Published
from catalog.publishing.transaction import Also
from catalog.refusal import Refusal
from catalog.revisions.acts import Act
from catalog.revisions.store import pointers_in
from catalog.revisions.units import ESTATE_UNIT
from catalog.storage.engine import Store

log = structlog.get_logger("catalog.changes")

NO_CHANGE: Final = Refusal("resource-not-found", "There is no such change.")

_PEOPLES: Final = ("approvals:", "waived:", "waivers-expired")
"""Conditions that somebody has to do something about; while one is unmet a change is only proposed."""

Writing: TypeAlias = Callable[[AsyncConnection], Awaitable[None]]


class Publishing(InForce, Protocol):
    """What puts revisions in force."""

    @property
    def from_directory(self) -> bool: ...

    async def advance(self, moves: dict[str, str | None], act: Act, also: Also) -> Published | Refusal: ...


class Actor(msgspec.Struct, frozen=True):
    """Who sets something in motion, and by which request."""

    name: str = CATALOG
    request_id: str = ""


class Desk:
    """Shows changes, and publishes those whose conditions are met."""

    def __init__(
        self,
        store: Store,
        table: ChangeTable,
        examiner: Examiner,
        publisher: Publishing,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._store = store
        self._table = table
        self._examiner = examiner
        self._publisher = publisher
        self._audit = audit
        self._clock = clock

    async def view(self, number: int) -> ChangeView | Refusal:
        """A change as it is now: an open one is assessed against what is in force. Raises SQLAlchemyError."""
        found = await self._table.find(number)
        if found is None:
            return NO_CHANGE
        change, assessment = found
        events = await self._table.events(number)
        if not change.is_open:
            return ChangeView(change=change, assessment=assessment, conditions=(), events=events)
        proposal = await self._examiner.proposal(change.unit, change.revision)
        return await self.examined(proposal, change, events)

    async def open(self, number: int, seen: str) -> ChangeView | Refusal:
        """A change that is still to be decided and as it was when `seen`. Raises SQLAlchemyError."""
        view = await self.view(number)
        if isinstance(view, Refusal):
            return view
        if not view.change.is_open:
            return conflict(f"The change was {view.change.state} already.", view)
        if seen != view.etag:
            return conflict("The change, or what it is held against, is not as it was when you looked.", view)
        return view

    async def examined(self, proposal: Proposal, change: Change, events: tuple[ChangeEvent, ...]) -> ChangeView:
        """An open change with these events, as it is now."""
        assessment = await self._examiner.assess(proposal, change.authors)
        approvals = approvals_of(change, assessment.digest, events)
        lapsed = lapsed_approvals(change, assessment.digest, events)
        conditions = await self._examiner.conditions(proposal, assessment, approvals, change.authors, lapsed)
        return ChangeView(change=change, assessment=assessment, conditions=conditions, events=events)

    def event(self, view: ChangeView, kind: EventKind, actor: str, text: str = "") -> ChangeEvent:
        """What happens to a change now, to what the actor has before them."""
        return ChangeEvent(
            number=len(view.events) + 1,
            at=moment(self._clock()),
            actor=actor,
            kind=kind,
            revision=view.change.revision,
            assessment=view.assessment.digest,
            text=text,
        )

    async def record(
        self,
        connection: AsyncConnection,
        view: ChangeView,
        event: ChangeEvent,
        *,
        action: str = "",
        request_id: str = "",
        **values: Any,
    ) -> None:
        """Writes what happened, and with an `action` the audit log's entry. Raises Lost."""
        change, at = view.change, int(event.at.timestamp())
        await update_change(connection, change, at=at, assessment=view.assessment, **values)
        await add_event(connection, change.number, event)
        if action:
            await self._audit.append(
                connection,
                Event(
                    subject="change",
                    action=action,
                    object=str(change.number),
                    actor=event.actor,
                    reason=event.text,
                    before=view.assessment.base or "",
                    after=change.revision or "",
                    request_id=request_id,
                ),
            )

    async def decide(
        self, view: ChangeView, event: ChangeEvent, action: str, request_id: str
    ) -> ChangeView | Refusal:
        """Adds an event to an open change, and publishes it in the same transaction where that was all that was
        missing. Raises SQLAlchemyError."""
        after = await self._with(view, event)
        if all_met(after.conditions):

            async def also(connection: AsyncConnection) -> None:
                await self.record(connection, view, event, action=action, request_id=request_id)

            return await self.publish(after, Actor(event.actor, request_id), also)
        try:
            async with self._store.write() as connection:
                state = _state(after.conditions)
                await self.record(connection, view, event, action=action, request_id=request_id, state=state)
        except Lost:
            return await self.lost(view.change.number)
        return await self.view(view.change.number)

    async def _with(self, view: ChangeView, event: ChangeEvent) -> ChangeView:
        proposal = await self._examiner.proposal(view.change.unit, view.change.revision)
        return await self.examined(proposal, view.change, (*view.events, event))

    async def settle(self, number: int, actor: Actor) -> ChangeView | Refusal:
        """Publishes an open change whose conditions are met; else keeps its state true. Raises SQLAlchemyError."""
        view = await self.view(number)
        if isinstance(view, Refusal) or not view.change.is_open:
            return view
        if all_met(view.conditions):
            return await self.publish(view, actor)
        state = _state(view.conditions)
        if state == view.change.state:
            return view
        try:
            async with self._store.write() as connection:
                at = int(self._clock())
                await update_change(connection, view.change, at=at, assessment=view.assessment, state=state)
        except Lost:
            pass  # whoever was first has settled it
        return await self.view(number)

    async def settle_all(self, units: Iterable[str] | None = None, actor: Actor | None = None) -> None:
        """Settles the open changes (of these units), until no other is published by it: one can wait for another.

        Raises SQLAlchemyError.
        """
        wanted = None if units is None else set(units)
        again = True
        while again:
            again = False
            for unit, change in sorted((await self._table.open()).items(), key=_estate_first):
                if wanted is not None and unit not in wanted:
                    continue
                view = await self.settle(change.number, actor or Actor())
                if isinstance(view, ChangeView) and view.change.state == "published":
                    # What came into force may be what the others were waiting for.
                    again, wanted = True, None
                elif isinstance(view, Refusal):
                    log.warning("change not published", change=change.number, unit=unit, reason=view.detail)

    async def publish(
        self,
        view: ChangeView,
        actor: Actor,
        also: Writing | None = None,
        *,
        text: str = "",
        emergency_until: int | None = None,
        beside: Writing | None = None,
    ) -> ChangeView | Refusal:
        """Puts a change in force, with all that is written of it, in one transaction.

        `also` records one event that comes before; `beside` writes elsewhere. It is an emergency where it is to be
        reviewed after, until then (Unix seconds), and `text` is why. Whether it may be is the caller's question;
        whether anything has moved since is asked here. Raises SQLAlchemyError.
        """
        change, now, emergency = view.change, int(self._clock()), emergency_until is not None
        event = self.event(view, "emergency" if emergency else "published", actor.name, text)

        async def writing(connection: AsyncConnection) -> Refusal | None:
            if await self._moved(connection, view):
                return conflict("What is in force has changed meanwhile.", view)
            try:
                current = view
                if also is not None:
                    await also(connection)
                    moved = msgspec.structs.replace(change, version=change.version + 1)
                    current = msgspec.structs.replace(view, change=moved)
                await self.record(
                    connection,
                    current,
                    event,
                    action="emergency-published" if emergency else "published",
                    request_id=actor.request_id,
                    state="published",
                    closed_at=now,
                    emergency=emergency,
                    review_due_at=emergency_until,
                )
                if beside is not None:
                    await beside(connection)
            except Lost:
                return conflict("Somebody else was first.", view)
            return None

        act = Act(
            kind="emergency" if emergency else "change",
            actor=actor.name,
            reason=text or change.message,
            change=str(change.number),
            approvers=_approvers(view),
            request_id=actor.request_id,
        )
        done = await self._publisher.advance({change.unit: change.revision}, act, writing)
        if isinstance(done, Refusal):
            return done if done.id != "state-conflict" else await self.lost(change.number, done)
        log.info("change published", change=change.number, unit=change.unit, emergency=emergency)
        return await self.view(change.number)

    async def _moved(self, connection: AsyncConnection, view: ChangeView) -> bool:
        """Whether the unit, or the rules, are not those that the assessment was of."""
        pointers = await pointers_in(connection)
        units = await self._examiner.units()
        ours, estate = pointers.get(view.change.unit), pointers.get(ESTATE_UNIT)
        return (None if ours is None else ours.revision) != view.assessment.base or (
            estate is None or estate.revision != units.revisions.get(ESTATE_UNIT)
        )

    async def lost(self, number: int, refusal: Refusal | None = None) -> Refusal:
        """409, with the change as it is now."""
        current = await self.view(number)
        if isinstance(current, Refusal):
            return current
        detail = "Somebody else was first." if refusal is None else refusal.detail
        return conflict(detail, current)


def _state(conditions: Iterable[Condition]) -> State:
    missing = unmet(conditions)
    return "proposed" if any(each.id.startswith(_PEOPLES) for each in missing) else "approved"


def _approvers(view: ChangeView) -> tuple[str, ...]:
    approvals = approvals_of(view.change, view.assessment.digest, view.events)
    return tuple(dict.fromkeys(each.actor for each in approvals))


def _estate_first(item: tuple[str, Change]) -> tuple[bool, str]:
    return item[0] != ESTATE_UNIT, item[0]
