"""Ending a registration: with it end its client's credentials, what members gave to it, and its application."""

from typing import Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.extensions import Republish
from catalog.clock import Clock
from catalog.credentials import table as credential_table
from catalog.credentials.table import credential_of, good_at
from catalog.oauth.grants.ending import By, Ending
from catalog.oauth.registration.registration import Registration
from catalog.oauth.registration.table import registration_of, replace
from catalog.people.principal import CATALOG
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.credentials import credentials
from catalog.storage.tables.oauth import grants, registrations

_columns = registrations.c


class RegistrationEnding:
    """Every method raises SQLAlchemyError."""

    def __init__(self, store: Store, audit: AuditLog, clock: Clock, ending: Ending, republish: Republish) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._ending = ending
        self._republish = republish

    async def end_in(
        self,
        connection: AsyncConnection,
        registration: Registration,
        state: Literal["refused", "expired", "deleted"],
        by: By,
    ) -> Registration:
        """What it has become. Within a publication, where gateways may know the client."""
        now = int(self._clock())
        ended = msgspec.structs.replace(registration, state=state, wanted=None)
        await replace(connection, ended)
        theirs = sa.select(credentials).where(credentials.c.application == registration.client_id, good_at(now))
        for row in (await connection.execute(theirs)).all():
            revoked = msgspec.structs.replace(
                credential_of(row._mapping), revoked_at=now, revoked_by=by.actor, revoked_reason=by.reason
            )
            await credential_table.replace(connection, revoked)
            what = f"{revoked.application}/{revoked.key_id}"
            await self._record(connection, revoked.kind, "revoked", what, by)
        await self._ending.end_in(connection, grants.c.client_id == registration.client_id, by)
        await self._record(connection, "registration", state, registration.client_id, by)
        return ended

    async def expire(self) -> int:
        """Ends those whose time is over; how many."""
        over = sa.select(registrations).where(
            _columns.state.in_(("pending", "approved")), _columns.expires_at <= int(self._clock())
        )
        if not await self._store.all(over.with_only_columns(_columns.client_id)):
            return 0
        ended: list[Registration] = []

        async def act(connection: AsyncConnection) -> Refusal | None:
            for row in (await connection.execute(over.order_by(_columns.client_id))).all():
                by = By(CATALOG, "its time was over")
                ended.append(await self.end_in(connection, registration_of(row), "expired", by))
            return None

        outcome = await self._republish(act)
        return 0 if isinstance(outcome, Refusal) else len(ended)

    async def _record(self, connection: AsyncConnection, subject: str, action: str, what: str, by: By) -> None:
        event = Event(
            subject=subject,
            action=action,
            object=what,
            actor=by.actor,
            reason=by.reason,
            request_id=by.request_id,
        )
        await self._audit.append(connection, event)
