"""Delegation: a member hands a role of its own over to another, for a time and with a reason.

What was handed over is not handed on. It ends at its date, when either of the two or a security member takes it
back, or when the giver no longer has the role.
"""

import secrets
from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.clock import DAY, Clock, moment, moment_or_none
from catalog.people.members import Members
from catalog.people.principal import Principal
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.people import delegations
from contracts.estate_words import Role

MAX_DAYS: Final = 92
"""Days that a delegation lasts at most: a quarter. Who is away longer is not the role's holder any more."""


class Delegation(msgspec.Struct, frozen=True, kw_only=True):
    """One delegation; `revoked_at` is None while nobody took it back."""

    id: str
    giver: str
    receiver: str
    role: Role
    until: datetime
    reason: str
    created_at: datetime
    revoked_at: datetime | None = None


class Delegations:
    """Grants, revokes and finds delegations."""

    def __init__(self, store: Store, audit: AuditLog, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock

    async def grant(
        self,
        principal: Principal,
        members: Members,
        receiver: str,
        role: Role,
        until: int,
        reason: str,
        *,
        request_id: str = "",
    ) -> Delegation | Refusal:
        """Hands over a role of the principal's own, until a time in Unix seconds. Raises SQLAlchemyError."""
        now = int(self._clock())
        refusal = _refusal(principal, members, receiver, role, until, now)
        if refusal is not None:
            return refusal
        made = Delegation(
            id=f"del-{secrets.token_hex(8)}",
            giver=principal.name,
            receiver=receiver,
            role=role,
            until=moment(until),
            reason=reason,
            created_at=moment(now),
        )
        async with self._store.write() as connection:
            values = {**msgspec.structs.asdict(made), "until": until, "created_at": now}
            await connection.execute(sa.insert(delegations).values(**values))
            event = Event(
                subject="delegation",
                action="granted",
                object=f"{made.id}/{role}/{receiver}",
                actor=principal.name,
                reason=reason,
                request_id=request_id,
            )
            await self._audit.append(connection, event)
        return made

    async def revoke(
        self, principal: Principal, delegation: str, reason: str, *, request_id: str = ""
    ) -> Delegation | Refusal:
        """Takes one back. To take back what was taken back already is a conflict. Raises SQLAlchemyError."""
        async with self._store.write() as connection:
            query = sa.select(delegations).where(delegations.c.id == delegation)
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                return Refusal("resource-not-found", "There is no such delegation.")
            found = _of(row)
            if principal.name not in (found.giver, found.receiver) and principal.right("security") is None:
                detail = "A delegation is taken back by who gave it, who has it, or a security member."
                return Refusal("role-missing", detail, {"roles": ["security"]})
            if found.revoked_at is not None:
                return Refusal(
                    "state-conflict",
                    "The delegation was taken back already.",
                    {"current": msgspec.to_builtins(found)},
                )
            now = int(self._clock())
            await connection.execute(
                sa.update(delegations).where(delegations.c.id == delegation).values(revoked_at=now)
            )
            event = Event(
                subject="delegation",
                action="revoked",
                object=f"{found.id}/{found.role}/{found.receiver}",
                actor=principal.name,
                reason=reason,
                request_id=request_id,
            )
            await self._audit.append(connection, event)
        return msgspec.structs.replace(found, revoked_at=moment(now))

    async def in_force(self, at: int, *, receiver: str | None = None) -> tuple[Delegation, ...]:
        """Those that hold at the time `at`, of everyone or to one receiver. Raises SQLAlchemyError.

        Whether the giver still has the role is the directory's question.
        """
        columns = delegations.c
        query = sa.select(delegations).where(columns.until > at, columns.revoked_at.is_(None))
        if receiver is not None:
            query = query.where(columns.receiver == receiver)
        return tuple(_of(row) for row in await self._store.all(query.order_by(columns.created_at, columns.id)))

    async def all(self) -> tuple[Delegation, ...]:
        """Every delegation that there ever was, the oldest first. Raises SQLAlchemyError."""
        query = sa.select(delegations).order_by(delegations.c.created_at, delegations.c.id)
        return tuple(_of(row) for row in await self._store.all(query))


def _refusal(
    principal: Principal, members: Members, receiver: str, role: Role, until: int, now: int
) -> Refusal | None:
    if role not in principal.roles:
        detail = f"Only a role of one's own is handed over, and {principal.name} has no role {role!r}."
        return Refusal("role-missing", detail, {"roles": [role]})
    if receiver not in members.by_name:
        return Refusal("resource-not-found", "The receiver is in no team of the estate.")
    if receiver == principal.name:
        return _wrong("/receiver", "not-self", "must be another member")
    if until <= now:
        return _wrong("/until", "future", "must be in the future")
    if until > now + MAX_DAYS * DAY:
        return _wrong("/until", "maximum", f"must be within {MAX_DAYS} days")
    return None


def _wrong(pointer: str, rule: str, message: str) -> Refusal:
    violation = {"in": "body", "pointer": pointer, "rule": rule, "message": message}
    return Refusal("schema-violation", "The delegation is not as it should be.", {"violations": [violation]})


def _of(row: sa.Row[*tuple[Any, ...]]) -> Delegation:
    return Delegation(
        id=row.id,
        giver=row.giver,
        receiver=row.receiver,
        role=row.role,
        until=moment(row.until),
        reason=row.reason,
        created_at=moment(row.created_at),
        revoked_at=moment_or_none(row.revoked_at),
    )
