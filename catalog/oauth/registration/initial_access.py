"""Initial access tokens (RFC 7591 §1.2): who holds one may ask for a client, so many times and until a day.

They are for software that registers itself. What it registers is answered for by the member that the token names.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.clock import DAY, Clock, moment, moment_or_none
from catalog.credentials.secrets import Secret, generate
from catalog.people.members import Members
from catalog.people.principal import Principal
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.oauth import initial_access_tokens

_columns = initial_access_tokens.c


class InitialAccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """What may be known of a token: all but its secret."""

    key_id: str
    team: str
    owner: str
    purpose: str
    uses_left: int
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None = None


class WantedInitialAccess(msgspec.Struct, frozen=True, kw_only=True):
    """A token that is asked for. `owner` is a member of `team`."""

    team: str
    owner: str
    purpose: str
    expires_days: int
    uses: int


@dataclass(frozen=True, slots=True)
class IssuedInitialAccess:
    """A new token; `text` exists nowhere else and cannot be shown again."""

    token: InitialAccessToken
    text: str = field(repr=False)


class InitialAccess:
    """Every method raises SQLAlchemyError."""

    def __init__(self, store: Store, pepper: bytes, environment: str, clock: Clock, audit: AuditLog) -> None:
        self._store = store
        self._pepper = pepper
        self._environment = environment
        self._clock = clock
        self._audit = audit

    async def issue(
        self, principal: Principal, members: Members, wanted: WantedInitialAccess, *, request_id: str = ""
    ) -> IssuedInitialAccess | Refusal:
        """A new token. Its text is in the answer, and nowhere else."""
        member = members.by_name.get(wanted.owner)
        if member is None or wanted.team not in member.memberships:
            return Refusal("resource-not-found", f"Team {wanted.team!r} has no member {wanted.owner!r}.")
        secret, now = generate(self._environment), int(self._clock())
        made = InitialAccessToken(
            key_id=secret.key_id,
            team=wanted.team,
            owner=wanted.owner,
            purpose=wanted.purpose,
            uses_left=wanted.uses,
            created_at=moment(now),
            created_by=principal.name,
            expires_at=moment(now + wanted.expires_days * DAY),
        )
        values = {
            **msgspec.structs.asdict(made),
            "created_at": now,
            "expires_at": now + wanted.expires_days * DAY,
            "digest": secret.digest(self._pepper),
        }
        async with self._store.write() as connection:
            await connection.execute(sa.insert(initial_access_tokens).values(**values))
            await self._record(connection, secret.key_id, "issued", principal, wanted.purpose, request_id)
        return IssuedInitialAccess(made, secret.text)

    async def list(self) -> tuple[InitialAccessToken, ...]:
        """All of them, the newest first."""
        query = sa.select(initial_access_tokens).order_by(_columns.created_at.desc(), _columns.key_id)
        return tuple(_of(row) for row in await self._store.all(query))

    async def revoke(
        self, principal: Principal, key_id: str, reason: str, *, request_id: str = ""
    ) -> InitialAccessToken | Refusal:
        """Ends one. What was registered by it stays as it is."""
        async with self._store.write() as connection:
            row = (await connection.execute(_by(key_id))).one_or_none()
            if row is None:
                return Refusal("resource-not-found", "There is no such initial access token.")
            if row.revoked_at is not None:
                return Refusal("state-conflict", "It was revoked already.")
            now = int(self._clock())
            await connection.execute(
                sa.update(initial_access_tokens).where(_columns.key_id == key_id).values(revoked_at=now)
            )
            await self._record(connection, key_id, "revoked", principal, reason, request_id)
        return msgspec.structs.replace(_of(row), revoked_at=moment(now))

    async def find(self, secret: Secret) -> InitialAccessToken | None:
        """The token, if it is good for one more use."""
        row = await self._store.one(_by(secret.key_id))
        return _of(row) if row is not None and self._is_good(row, secret) else None

    async def spend(self, connection: AsyncConnection, secret: Secret) -> bool:
        """Uses a token once, in the caller's transaction; False for what is none any more."""
        row = (await connection.execute(_by(secret.key_id))).one_or_none()
        if row is None or not self._is_good(row, secret):
            return False
        await connection.execute(
            sa.update(initial_access_tokens)
            .where(_columns.key_id == row.key_id)
            .values(uses_left=row.uses_left - 1)
        )
        return True

    def _is_good(self, row: sa.Row[*tuple[Any, ...]], secret: Secret) -> bool:
        same = hmac.compare_digest(row.digest, secret.digest(self._pepper))
        return same and row.revoked_at is None and row.uses_left > 0 and row.expires_at > int(self._clock())

    async def _record(
        self,
        connection: AsyncConnection,
        key_id: str,
        action: str,
        principal: Principal,
        reason: str,
        request_id: str,
    ) -> None:
        event = Event(
            subject="initial-access-token",
            action=action,
            object=key_id,
            actor=principal.name,
            reason=reason,
            request_id=request_id,
        )
        await self._audit.append(connection, event)


def _by(key_id: str) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(initial_access_tokens).where(_columns.key_id == key_id)


def _of(row: sa.Row[*tuple[Any, ...]]) -> InitialAccessToken:
    return InitialAccessToken(
        key_id=row.key_id,
        team=row.team,
        owner=row.owner,
        purpose=row.purpose,
        uses_left=row.uses_left,
        created_at=moment(row.created_at),
        created_by=row.created_by,
        expires_at=moment(row.expires_at),
        revoked_at=moment_or_none(row.revoked_at),
    )
