"""Ending grants: refresh tokens are refused from then on, and gateways are told to refuse the access tokens.

Both happen in one transaction, that of a publication: the access part names grants that ended not long ago
(`catalog.credentials.enforcement`), and access tokens name their grant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.extensions import Republish
from catalog.clock import Clock
from catalog.oauth.grants.grants import Grant, find_grant, grant_of, replace_grant
from catalog.refusal import Refusal
from catalog.storage.tables.oauth import grants

UNKNOWN: Final = Refusal("resource-not-found", "There is no such grant, or it is another member's.")


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

    async def end_one(self, grant_id: str, by: By, member: str | None = None) -> Grant | Refusal:
        """Ends one grant by its id; a `member`'s alone, where one is named. To end it again is a conflict."""
        ended: list[Grant] = []

        async def act(connection: AsyncConnection) -> Refusal | None:
            found = await find_grant(connection, grant_id)
            if found is None or member not in (None, found.member):
                return UNKNOWN
            ended.extend(await self.end_in(connection, grants.c.id == grant_id, by))
            if not ended:
                current = {"current": {"id": grant_id, "ended_at": found.ended_at}}
                return Refusal("state-conflict", "It was ended already.", current)
            return None

        outcome = await self._republish(act)
        return outcome if isinstance(outcome, Refusal) else ended[0]

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
