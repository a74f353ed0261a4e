"""Consents: what a member lets a client do in their name, until when.

A member has one consent for a client at the same resources. To allow more there adds to it and begins its time
anew; withdrawing it ends every grant that was given by it.
"""

import secrets
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.extensions import Republish
from catalog.clock import DAY, Clock
from catalog.oauth.grants.ending import By, Ending
from catalog.oauth.wire.rows import struct_of, values_of
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.oauth import consents, grants

LIFE: Final = 90 * DAY
"""Seconds for which a consent lasts, and with it whatever was given by it."""

ConsentState = Literal["active", "expired", "withdrawn"]

UNKNOWN: Final = Refusal("resource-not-found", "There is no such consent, or it is another member's.")

_columns = consents.c


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """One consent. Times are Unix seconds; no `resources` are all."""

    id: str
    client_id: str
    member: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    created_at: int
    expires_at: int
    withdrawn_at: int | None = None
    withdrawn_by: str = ""

    def state(self, now: float) -> ConsentState:
        if self.withdrawn_at is not None:
            return "withdrawn"
        return "expired" if self.expires_at <= now else "active"

    def covers(self, scopes: tuple[str, ...], resources: tuple[str, ...]) -> bool:
        """Whether all of it was allowed already."""
        targets = not self.resources or (bool(resources) and set(resources) <= set(self.resources))
        return targets and set(scopes) <= set(self.scopes)

    def widened(self, scopes: tuple[str, ...], expires_at: int) -> "Consent":
        """With what is allowed beside, until then."""
        return msgspec.structs.replace(self, scopes=tuple(sorted({*self.scopes, *scopes})), expires_at=expires_at)


class Consents:
    """Every method raises SQLAlchemyError."""

    def __init__(self, store: Store, audit: AuditLog, clock: Clock, ending: Ending, republish: Republish) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._ending = ending
        self._republish = republish

    async def covering(
        self,
        connection: AsyncConnection,
        member: str,
        client_id: str,
        scopes: tuple[str, ...],
        resources: tuple[str, ...],
    ) -> Consent | None:
        """A consent by which the member allows all of it now; the one that lasts longest."""
        found = [
            each for each in await self._active(connection, member, client_id) if each.covers(scopes, resources)
        ]
        return max(found, key=lambda each: each.expires_at, default=None)

    async def allow(
        self,
        connection: AsyncConnection,
        member: str,
        client_id: str,
        scopes: tuple[str, ...],
        resources: tuple[str, ...],
        life: int,
        request_id: str,
    ) -> Consent:
        """Records what the member allows, for `life` seconds from now."""
        now = int(self._clock())
        # A scope that was allowed at one resource and another at a second are not both allowed at both.
        active = await self._active(connection, member, client_id)
        known = next((each for each in active if each.resources == resources), None)
        made = known or Consent(
            id=f"co{secrets.token_hex(11)}",
            client_id=client_id,
            member=member,
            scopes=scopes,
            resources=resources,
            created_at=now,
            expires_at=0,
        )
        made = made.widened(scopes, now + life)
        if known is None:
            await connection.execute(sa.insert(consents).values(**values_of(made)))
        else:
            await connection.execute(sa.update(consents).where(_columns.id == made.id).values(**values_of(made)))
        await self._record(connection, made, "given", By(member, " ".join(made.scopes), request_id))
        return made

    async def withdraw(self, consent_id: str, by: By, member: str | None = None) -> Consent | Refusal:
        """Ends a consent and every grant that was given by it; a `member`'s alone, where one is named."""
        withdrawn: list[Consent] = []

        async def act(connection: AsyncConnection) -> Refusal | None:
            row = (await connection.execute(sa.select(consents).where(_columns.id == consent_id))).one_or_none()
            found = None if row is None else struct_of(Consent, row._mapping)
            if found is None or member not in (None, found.member):
                return UNKNOWN
            if found.withdrawn_at is not None:
                current = {"current": {"id": found.id, "withdrawn_at": found.withdrawn_at}}
                return Refusal("state-conflict", "It was withdrawn already.", current)
            made = msgspec.structs.replace(found, withdrawn_at=int(self._clock()), withdrawn_by=by.actor)
            await connection.execute(sa.update(consents).where(_columns.id == made.id).values(**values_of(made)))
            await self._record(connection, made, "withdrawn", by)
            await self._ending.end_in(connection, grants.c.consent == made.id, by)
            withdrawn.append(made)
            return None

        outcome = await self._republish(act)
        return outcome if isinstance(outcome, Refusal) else withdrawn[0]

    async def list(self, member: str | None = None) -> tuple[Consent, ...]:
        """Everyone's or one member's, the newest first."""
        query = sa.select(consents).order_by(_columns.created_at.desc(), _columns.id)
        if member is not None:
            query = query.where(_columns.member == member)
        return tuple(struct_of(Consent, row._mapping) for row in await self._store.all(query))

    async def _active(self, connection: AsyncConnection, member: str, client_id: str) -> Sequence[Consent]:
        query: sa.Select[*tuple[Any, ...]] = sa.select(consents).where(
            _columns.member == member,
            _columns.client_id == client_id,
            _columns.withdrawn_at.is_(None),
            _columns.expires_at > int(self._clock()),
        )
        return [struct_of(Consent, row._mapping) for row in (await connection.execute(query)).all()]

    async def _record(self, connection: AsyncConnection, consent: Consent, action: str, by: By) -> None:
        event = Event(
            subject="consent",
            action=action,
            object=f"{consent.client_id}/{consent.member}/{consent.id}",
            actor=by.actor,
            reason=by.reason,
            request_id=by.request_id,
        )
        await self._audit.append(connection, event)
