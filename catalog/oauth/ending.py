"""Ending grants: refresh tokens are refused from then on, and gateways are told to refuse the access tokens.

Both happen in one transaction, that of a publication: the access part names grants that ended not long ago
(`catalog.credentials.enforcement`), and access tokens name their grant.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.extensions import Republish
from catalog.clock import Clock
from catalog.oauth.authorization_grants import Grant, grant_of, replace_grant
from catalog.refusal import Refusal
from catalog.storage.tables.oauth import grants


@dataclass(frozen=True, slots=True)
class By:
    """Who ends something, and why. `actor` is a member, or a client by its id."""

    actor: str
    reason: str
    request_id: str = ""


class Ending:
    """Every method raises SQLAlchemyError."""

    def __init__(self, audit: AuditLog, clock: Clock, republish: Republish) -> None:
        self._audit = audit
        self._clock = clock
        self._republish = republish

    async def end(self, which: sa.ColumnElement[bool], by: By) -> tuple[Grant, ...] | Refusal:
        """Ends the grants for which the condition holds, of `catalog.storage.tables.oauth.grants`; which those
        were. Nothing is published where there is none."""
        ended: list[Grant] = []

        async def act(connection: AsyncConnection) -> Refusal | None:
            ended.extend(await self.end_in(connection, which, by))
            return None

        outcome = await self._republish(act)
        return outcome if isinstance(outcome, Refusal) else tuple(ended)

    async def end_in(self, connection: AsyncConnection, which: sa.ColumnElement[bool], by: By) -> Sequence[Grant]:
        """The same within a publication that is under way."""
        now = int(self._clock())
        rows = await connection.execute(sa.select(grants).where(which, grants.c.ended_at.is_(None)))
        ended = [
            msgspec.structs.replace(grant_of(row), ended_at=now, ended_by=by.actor, ended_reason=by.reason)
            for row in rows.all()
        ]
        for each in ended:
            await replace_grant(connection, each)
            event = Event(
                subject="grant",
                action="ended",
                object=f"{each.client_id}/{each.member}/{each.id}",
                actor=by.actor,
                reason=by.reason,
                request_id=by.request_id,
            )
            await self._audit.append(connection, event)
        return ended
