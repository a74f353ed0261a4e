"""Leaked refresh tokens, registration access tokens and initial access tokens: known by their digests, and ended.

They open the catalog or renew themselves, and so are ended whatever the estate says of partners' credentials.
"""

import hmac
import secrets as random
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.clock import Clock
from catalog.credentials.leaks import Leak, LeakKind, Outcome, Said
from catalog.credentials.secrets import Secret
from catalog.notices.notice import Notice
from catalog.notices.outbox import post
from catalog.oauth.grants.ending import By, Ending
from catalog.oauth.grants.grants import find_grant
from catalog.oauth.registration.table import registration_of
from catalog.people.members import Members
from catalog.storage.engine import Store
from catalog.storage.tables.oauth import grants, initial_access_tokens, refresh_tokens, registrations

_WHAT: Final[dict[LeakKind, str]] = {
    "refresh-token": "A refresh token",
    "registration-token": "The registration access token",
    "initial-access-token": "An initial access token",
}
_LEDGERS: Final = (
    (refresh_tokens.c.key_id, refresh_tokens.c.digest),
    (registrations.c.token_id, registrations.c.token_digest),
    (initial_access_tokens.c.key_id, initial_access_tokens.c.digest),
)


class LeakedTokens:
    """Every method raises SQLAlchemyError."""

    def __init__(
        self, store: Store, pepper: bytes, audit: AuditLog, clock: Clock, view: CurrentView, ending: Ending
    ) -> None:
        self._store = store
        self._pepper = pepper
        self._audit = audit
        self._clock = clock
        self._view = view
        self._ending = ending

    async def known(self, secrets: Sequence[Secret]) -> frozenset[str]:
        """The key ids of those whose text is one of these tokens'."""
        by_id = {each.key_id: each for each in secrets}
        found: set[str] = set()
        for key_id, digest in _LEDGERS if by_id else ():
            for row in await self._store.all(sa.select(key_id, digest).where(key_id.in_(sorted(by_id)))):
                if hmac.compare_digest(row[1], by_id[row[0]].digest(self._pepper)):
                    found.add(row[0])
        return frozenset(found)

    async def end(self, connection: AsyncConnection, key_id: str, said: Said) -> Leak:
        """Ends one that is known, within a publication."""
        row = await _one(connection, sa.select(refresh_tokens).where(refresh_tokens.c.key_id == key_id))
        if row is not None:
            return await self._refresh_token(connection, key_id, row.grant_id, said)
        row = await _one(connection, sa.select(registrations).where(registrations.c.token_id == key_id))
        if row is not None:
            return await self._registration_token(connection, key_id, row, said)
        return await self._initial_access_token(connection, key_id, said)

    async def _refresh_token(self, connection: AsyncConnection, key_id: str, grant_id: str, said: Said) -> Leak:
        grant = await find_grant(connection, grant_id)
        assert grant is not None, "a token goes with its grant"
        active = grant.state(self._clock()) == "active"
        if active:
            await self._ending.end_in(
                connection, grants.c.id == grant_id, By(said.actor, said.where, said.request_id)
            )
        return await self._told(
            connection, key_id, "refresh-token", grant.client_id, grant.member, said, ended=active
        )

    async def _registration_token(
        self, connection: AsyncConnection, key_id: str, row: sa.Row[*tuple[Any, ...]], said: Said
    ) -> Leak:
        """The client stays as it is, and cannot change itself any more."""
        registration = registration_of(row)
        is_open = registration.is_open(self._clock())
        await connection.execute(
            sa.update(registrations)
            .where(registrations.c.token_id == key_id)
            .values(token_digest=random.token_bytes(32))
        )
        client_id, owner = registration.client_id, registration.owner
        return await self._told(connection, key_id, "registration-token", client_id, owner, said, ended=is_open)

    async def _initial_access_token(self, connection: AsyncConnection, key_id: str, said: Said) -> Leak:
        now, columns = int(self._clock()), initial_access_tokens.c
        mine = columns.key_id == key_id
        row = (await connection.execute(sa.select(initial_access_tokens).where(mine))).one()
        good = row.revoked_at is None and row.uses_left > 0 and row.expires_at > now
        if good:
            await connection.execute(sa.update(initial_access_tokens).where(mine).values(revoked_at=now))
        return await self._told(connection, key_id, "initial-access-token", "", row.owner, said, ended=good)

    async def _told(
        self,
        connection: AsyncConnection,
        key_id: str,
        kind: LeakKind,
        application: str,
        owner: str,
        said: Said,
        *,
        ended: bool,
    ) -> Leak:
        """The leak, in the audit log and to its owner."""
        outcome: Outcome = "revoked" if ended else "over"
        event = Event(
            subject=kind,
            action="revoked" if ended else "leaked",
            object=f"{application or owner}/{key_id}",
            actor=said.actor,
            reason=said.where,
            request_id=said.request_id,
        )
        await self._audit.append(connection, event)
        view, now = self._view(), int(self._clock())
        member = None if view is None else Members(view.teams).by_name.get(owner)
        if member is not None:
            of = f" of {application}" if application else ""
            subject = f"{_WHAT[kind]} {key_id}{of} has leaked"
            notice = Notice(
                kind="credential-leaked",
                key=f"credential-leaked/{key_id}/{outcome}",
                about=f"credential/{key_id}",
                recipients=(member.email,),
                subject=subject,
                body=f"{subject}.\n\n{said.where}\n\nIt opens nothing any more.\n",
                due_at=now,
            )
            await post(connection, (notice,), now)
        return Leak(key_id=key_id, kind=kind, application=application, owner=owner, outcome=outcome)


async def _one(connection: AsyncConnection, query: sa.Select[*tuple[Any, ...]]) -> sa.Row[*tuple[Any, ...]] | None:
    return (await connection.execute(query)).one_or_none()
