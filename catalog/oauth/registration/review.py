"""What security members and operators do about registrations: look, approve with what is granted, refuse, end."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.calendar.extensions import Republish
from catalog.clock import DAY, Clock
from catalog.oauth.grants.ending import By
from catalog.oauth.registration import table
from catalog.oauth.registration.approval import Approval, fault_of_approval, fault_of_metadata
from catalog.oauth.registration.ending import RegistrationEnding
from catalog.oauth.registration.members import UNKNOWN, answers_for
from catalog.oauth.registration.registrar import Registrar
from catalog.oauth.registration.registration import Registration, RegistrationState
from catalog.oauth.registration.table import registration_of
from catalog.people.principal import Principal
from catalog.publishing.published import CurrentPublished
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.oauth import registrations

_Act: TypeAlias = Callable[[AsyncConnection, Registration], Awaitable[Registration | Refusal]]

_columns = registrations.c


class RegistrationReview:
    """Every method raises SQLAlchemyError. `seen` is the version that was looked at: `Registration.etag`."""

    def __init__(
        self,
        store: Store,
        audit: AuditLog,
        clock: Clock,
        registrar: Registrar,
        ending: RegistrationEnding,
        view: CurrentView,
        published: CurrentPublished,
        republish: Republish,
    ) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._registrar = registrar
        self._ending = ending
        self._view = view
        self._published = published
        self._republish = republish

    async def list(
        self, state: RegistrationState | None = None, teams: frozenset[str] | None = None
    ) -> tuple[Registration, ...]:
        """All of them, or those in a state, or those for which these teams answer, the newest first."""
        query = sa.select(registrations).order_by(_columns.created_at.desc(), _columns.client_id)
        rows = await self._store.all(query if teams is None else query.where(_columns.team.in_(sorted(teams))))
        found = map(registration_of, rows)
        return tuple(each for each in found if state in (None, each.state_at(self._clock())))

    async def find(self, principal: Principal, client_id: str) -> Registration | Refusal:
        """By its client id, where it is the principal's to see."""
        row = await self._store.one(table.by_client(client_id))
        found = None if row is None else registration_of(row)
        return UNKNOWN if found is None or not answers_for(principal, found) else found

    async def approve(
        self, principal: Principal, client_id: str, seen: str, approval: Approval, *, request_id: str = ""
    ) -> Registration | Refusal:
        """Makes it an application, or changes what it is granted, and takes over an update that waits."""
        refusal = fault_of_approval(approval, self._view(), self._published())
        if refusal is not None:
            return refusal
        by = By(principal.name, approval.reason, request_id)

        async def approve(connection: AsyncConnection, found: Registration) -> Registration | Refusal:
            if not found.is_open(self._clock()):
                return self._conflict("It is over.", found)
            refusal = fault_of_metadata(approval, found.under_review)
            if refusal is not None:
                return refusal
            if await self._registrar.is_taken(connection, found.under_review.client_name, client_id):
                return self._conflict("Another application has its name by now.", found)
            approved = msgspec.structs.replace(
                found,
                state="approved",
                metadata=found.under_review,
                wanted=None,
                consumer=approval.consumer,
                subscriptions=approval.subscriptions,
                profile=approval.profile,
                expires_at=int(self._clock()) + approval.expires_days * DAY,
            )
            return await self._put(connection, approved, "approved", by)

        return await self._decide(client_id, seen, approve)

    async def refuse(
        self, principal: Principal, client_id: str, seen: str, reason: str, *, request_id: str = ""
    ) -> Registration | Refusal:
        """Refuses what waits: the client as a whole, or the update of one that goes on as it was approved."""
        by = By(principal.name, reason, request_id)

        async def refuse(connection: AsyncConnection, found: Registration) -> Registration | Refusal:
            if found.is_open(self._clock()) and found.wanted is not None:
                kept = msgspec.structs.replace(found, wanted=None)
                return await self._put(connection, kept, "update-refused", by)
            if found.state_at(self._clock()) != "pending":
                return self._conflict("Nothing waits for a decision.", found)
            return await self._ending.end_in(connection, self._decided(found, by), "refused", by)

        return await self._decide(client_id, seen, refuse)

    async def end(
        self, principal: Principal, client_id: str, reason: str, *, request_id: str = ""
    ) -> Registration | Refusal:
        """Ends it, with all that its client has; by who answers for it, a security member or an operator."""
        by = By(principal.name, reason, request_id)

        async def end(connection: AsyncConnection, found: Registration) -> Registration | Refusal:
            if not answers_for(principal, found):
                return UNKNOWN
            if not found.is_open(self._clock()):
                return self._conflict("It is over already.", found)
            return await self._ending.end_in(connection, self._decided(found, by), "deleted", by)

        return await self._decide(client_id, None, end)

    async def _decide(self, client_id: str, seen: str | None, act: _Act) -> Registration | Refusal:
        made: list[Registration] = []

        async def decide(connection: AsyncConnection) -> Refusal | None:
            found = await table.find(connection, client_id)
            if found is None:
                return UNKNOWN
            if seen not in (None, found.etag):
                return self._conflict("It has changed since you looked at it.", found)
            done = await act(connection, found)
            if isinstance(done, Refusal):
                return done
            made.append(done)
            return None

        outcome = await self._republish(decide)
        return outcome if isinstance(outcome, Refusal) else made[0]

    async def _put(
        self, connection: AsyncConnection, registration: Registration, action: str, by: By
    ) -> Registration:
        made = self._decided(registration, by)
        await table.replace(connection, made)
        event = Event(
            subject="registration",
            action=action,
            object=made.client_id,
            actor=by.actor,
            reason=by.reason,
            after=made.etag,
            request_id=by.request_id,
        )
        await self._audit.append(connection, event)
        return made

    def _decided(self, registration: Registration, by: By) -> Registration:
        return msgspec.structs.replace(
            registration, decided_at=int(self._clock()), decided_by=by.actor, decided_reason=by.reason
        )

    def _conflict(self, detail: str, found: Registration) -> Refusal:
        current = {"client_id": found.client_id, "state": found.state_at(self._clock()), "etag": found.etag}
        return Refusal("state-conflict", detail, {"current": current})
