"""Breaking the glass: a change is published at once, by who may do so and says why; and is reviewed after.

It is the one way past approvals, open to authors too, and loud: the audit log has it, and every architect and
security member is told. What does not compile cannot be published this way either. Where nobody else reviews it in
time, nothing further of its unit is published until somebody does.
"""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.changes.deciding import EMERGENCY_ROLES, REVIEW_ROLES, conflict, has_any, own_change, role_missing
from catalog.changes.decisions import conditions_unmet
from catalog.changes.desk import Actor, Desk
from catalog.changes.examining import Examiner
from catalog.changes.notices import emergency_notices
from catalog.changes.records import ChangeView
from catalog.changes.table import Lost
from catalog.clock import DAY, Clock
from catalog.notices.outbox import post
from catalog.people.principal import Principal
from catalog.refusal import Refusal
from catalog.storage.engine import Store


class Emergencies:
    """Publishes emergency changes, and takes their reviews. Raises SQLAlchemyError."""

    def __init__(self, store: Store, examiner: Examiner, desk: Desk, clock: Clock) -> None:
        self._store = store
        self._examiner = examiner
        self._desk = desk
        self._clock = clock

    async def publish(
        self, principal: Principal, number: int, seen: str, reason: str, *, request_id: str = ""
    ) -> ChangeView | Refusal:
        """Publishes an open change without its conditions."""
        if has_any(principal, EMERGENCY_ROLES) is None:
            return role_missing(
                principal, "An emergency is declared by an architect or operator.", EMERGENCY_ROLES
            )
        view = await self._desk.open(number, seen)
        if isinstance(view, Refusal):
            return view
        if view.assessment.problems:
            return conditions_unmet(view)
        now = int(self._clock())
        due = now + self._examiner.estate.file.changes.emergency_review_days * DAY
        day = datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%d %H:%M UTC")
        notices = emergency_notices(self._examiner.estate, view.change, principal.name, reason, day, now)

        async def told(connection: AsyncConnection) -> None:
            await post(connection, notices, now)

        return await self._desk.publish(
            view, Actor(principal.name, request_id), text=reason, emergency_until=due, beside=told
        )

    async def review(
        self, principal: Principal, number: int, comment: str, *, request_id: str = ""
    ) -> ChangeView | Refusal:
        """Says that an emergency change was looked at, by one who had no part in it."""
        view = await self._desk.view(number)
        if isinstance(view, Refusal):
            return view
        if not view.change.emergency:
            return conflict("The change was no emergency: there is nothing to review.", view)
        if view.change.reviewed_at is not None:
            return conflict("The change was reviewed already.", view)
        involved = {each.actor for each in view.events if each.kind == "emergency"} | set(view.change.authors)
        right = has_any(principal, REVIEW_ROLES, frozenset(involved))
        if right is None:
            if principal.name in involved or has_any(principal, REVIEW_ROLES) is not None:
                return own_change(principal, "an emergency", involved)
            detail = "An emergency change is reviewed by an architect or security."
            return role_missing(principal, detail, REVIEW_ROLES)
        event = self._desk.event(view, "reviewed", principal.name, comment)
        try:
            async with self._store.write() as connection:
                await self._desk.record(
                    connection,
                    view,
                    event,
                    action="reviewed",
                    request_id=request_id,
                    reviewed_at=int(self._clock()),
                )
        except Lost:
            return await self._desk.lost(number)
        await self._desk.settle_all([view.change.unit], Actor(principal.name, request_id))
        return await self._desk.view(number)
