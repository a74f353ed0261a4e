"""Member tokens: how a member proves itself to the admin API. Its pages have a log-in (`catalog.login`).

The text is that of a client secret (`catalog.credentials.secrets`), but the two are kept apart: a member token
gets no access token of the OAuth server, and a client secret opens nothing here.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.clock import DAY, Clock, moment, moment_or_none
from catalog.credentials.last_use import LastUse
from catalog.credentials.secrets import generate, parse
from catalog.people.principal import Principal
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.people import member_tokens

_NOBODY: Final = bytes(32)  # compared with where there is no such token, so that both answers take the same time


class TokenEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What may be known of a token: all but its secret."""

    key_id: str
    member: str
    label: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; `text` exists nowhere else and cannot be shown again."""

    entry: TokenEntry
    text: str = field(repr=False)


class MemberTokens:
    """Issues, checks and revokes member tokens. Only their digests are stored."""

    def __init__(self, store: Store, pepper: bytes, environment: str, clock: Clock, audit: AuditLog) -> None:
        self._store = store
        self._pepper = pepper
        self._environment = environment
        self._clock = clock
        self._audit = audit
        self._last_use = LastUse(store, member_tokens)

    async def issue(
        self, member: str, expires_days: int, label: str = "", *, actor: str, request_id: str = ""
    ) -> IssuedToken:
        """A new token for a member; whether there is such a member is the caller's question. `actor` is who asked.
        Raises SQLAlchemyError."""
        secret = generate(self._environment)
        now = int(self._clock())
        expires_at = now + expires_days * DAY
        async with self._store.write() as connection:
            await connection.execute(
                sa.insert(member_tokens).values(
                    key_id=secret.key_id,
                    member=member,
                    label=label,
                    digest=secret.digest(self._pepper),
                    created_at=now,
                    expires_at=expires_at,
                )
            )
            event = Event(
                subject="member-token",
                action="issued",
                object=f"{member}/{secret.key_id}",
                actor=actor,
                reason=label,
                request_id=request_id,
            )
            await self._audit.append(connection, event)
        entry = TokenEntry(
            key_id=secret.key_id,
            member=member,
            label=label,
            created_at=moment(now),
            expires_at=moment(expires_at),
        )
        return IssuedToken(entry, secret.text)

    async def verify(self, text: str) -> TokenEntry | None:
        """Whose token `text` is, now; None for what is no token, or none any more. Raises SQLAlchemyError."""
        secret = parse(text)
        if secret is None or secret.environment != self._environment:
            return None
        row = await self._store.one(sa.select(member_tokens).where(member_tokens.c.key_id == secret.key_id))
        same = hmac.compare_digest(_NOBODY if row is None else row.digest, secret.digest(self._pepper))
        if not same or row is None:
            return None
        now = int(self._clock())
        if row.revoked_at is not None or row.expires_at <= now:
            return None
        self._last_use.note(row.key_id, now)
        return _of(row)

    async def revoke(
        self, principal: Principal, key_id: str, reason: str, *, request_id: str = ""
    ) -> TokenEntry | Refusal:
        """Ends a token at once: one's own, or anyone's for a security member or an operator. To end one again is a
        conflict. Raises SQLAlchemyError."""
        async with self._store.write() as connection:
            query = sa.select(member_tokens).where(member_tokens.c.key_id == key_id)
            row = (await connection.execute(query)).one_or_none()
            may = any(principal.right(role) for role in ("security", "operator"))
            if row is None or not (may or row.member == principal.name):
                # Not a word on whether another's token exists.
                return Refusal("resource-not-found", "There is no such token, or it is another's.")
            entry = _of(row)
            if entry.revoked_at is not None:
                current = msgspec.to_builtins(entry)
                return Refusal("state-conflict", "The token was revoked already.", {"current": current})
            now = int(self._clock())
            await connection.execute(
                sa.update(member_tokens).where(member_tokens.c.key_id == key_id).values(revoked_at=now)
            )
            event = Event(
                subject="member-token",
                action="revoked",
                object=f"{entry.member}/{key_id}",
                actor=principal.name,
                reason=reason,
                request_id=request_id,
            )
            await self._audit.append(connection, event)
        return msgspec.structs.replace(entry, revoked_at=moment(now))

    async def list(self, member: str | None = None) -> tuple[TokenEntry, ...]:
        """Everyone's tokens or one member's, the oldest first. Raises SQLAlchemyError."""
        query = sa.select(member_tokens).order_by(member_tokens.c.created_at, member_tokens.c.key_id)
        if member is not None:
            query = query.where(member_tokens.c.member == member)
        return tuple(_of(row) for row in await self._store.all(query))

    async def flush_last_used(self) -> None:
        """Writes the times of last use noted since the last flush. Raises SQLAlchemyError."""
        await self._last_use.flush()


def _of(row: sa.Row[*tuple[Any, ...]]) -> TokenEntry:
    return TokenEntry(
        key_id=row.key_id,
        member=row.member,
        label=row.label,
        created_at=moment(row.created_at),
        expires_at=moment(row.expires_at),
        last_used_at=moment_or_none(row.last_used_at),
        revoked_at=moment_or_none(row.revoked_at),
    )
