"""Sessions, kept by the catalog: the browser has a random value, the store its digest.

A session ends when nothing came from it for a while, at a fixed time after its log-in, when its member or a guard
ends it, and with the member's place in the estate's teams. Its value changes whenever its rights do (session
fixation, CWE-384).
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.clock import Clock, moment
from catalog.login import cookies
from catalog.login.keys import LoginKeys, random_token
from catalog.login.session import Session, suffices
from catalog.people.directory import Directory
from catalog.storage.engine import Store
from catalog.storage.tables.login import accounts, sessions

_SEEN_SECONDS: Final = 60
"""How exact the last use is: written once a minute, not at each request."""
_MAX_AGENT: Final = 255


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lasts, in seconds: without a request, and in all."""

    idle: int = 1800
    absolute: int = 28_800


class SessionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What may be known of a session."""

    reference: str
    member: str
    methods: tuple[str, ...]
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Begun:
    """A new session; `cookie` is its value, known to the browser alone."""

    reference: str
    cookie: str = field(repr=False)

    def give(self, response: Response) -> Response:
        """The response, with the cookie."""
        cookies.put(response, cookies.SESSION, self.cookie)
        return response


class Sessions:
    """Begins, finds and ends sessions. `clock` gives Unix seconds."""

    def __init__(
        self,
        store: Store,
        keys: LoginKeys,
        directory: Directory,
        audit: AuditLog,
        clock: Clock,
        limits: SessionLimits,
    ) -> None:
        self._store = store
        self._keys = keys
        self._directory = directory
        self._audit = audit
        self._clock = clock
        self.limits = limits

    async def of(self, request: Request) -> Session | None:
        """The session of a request's browser, with its member's roles as they are now; None where nobody is logged
        in, or not by enough for what the member has become. Raises SQLAlchemyError."""
        value = cookies.read(request, cookies.SESSION)
        if value is None:
            return None
        now = int(self._clock())
        digest = self._keys.digest("session", value)
        row = await self._store.one(sa.select(sessions).where(sessions.c.digest == digest))
        if row is None or now >= _end(row, self.limits):
            return None
        principal = await self._directory.principal(row.member, row.reference)
        methods = tuple(msgspec.json.decode(row.methods))
        if principal is None or not suffices(principal, methods):
            return None
        if now - row.seen_at >= _SEEN_SECONDS:
            async with self._store.write() as connection:
                await connection.execute(
                    sa.update(sessions).where(sessions.c.digest == digest).values(seen_at=now)
                )
        token = self._keys.token("csrf", value)
        return Session(principal, row.reference, methods, row.authenticated_at, token)

    async def begin(
        self, connection: AsyncConnection, member: str, methods: tuple[str, ...], request: Request, address: str
    ) -> Begun | None:
        """A new session, in the caller's transaction; the one that the browser had before ends. None for an
        account that is disabled, which may have come about while its member was logging in."""
        disabled = await connection.scalar(sa.select(accounts.c.disabled_at).where(accounts.c.member == member))
        if disabled is not None:
            return None
        now = int(self._clock())
        old = cookies.read(request, cookies.SESSION)
        if old is not None:
            await connection.execute(
                sa.delete(sessions).where(sessions.c.digest == self._keys.digest("session", old))
            )
        await connection.execute(_ended(now, self.limits))
        begun = Begun(secrets.token_hex(8), random_token())
        await connection.execute(
            sa.insert(sessions).values(
                digest=self._keys.digest("session", begun.cookie),
                reference=begun.reference,
                member=member,
                methods=msgspec.json.encode(methods).decode(),
                address=address,
                agent=request.headers.get("user-agent", "")[:_MAX_AGENT].replace("\0", ""),
                created_at=now,
                authenticated_at=now,
                seen_at=now,
            )
        )
        await self._tell(connection, "begun", member, begun.reference, member, f"by {', '.join(methods)}", request)
        return begun

    async def renew(
        self, connection: AsyncConnection, session: Session, request: Request, methods: tuple[str, ...] = ()
    ) -> Begun | None:
        """The session under a new value, once its rights have changed: with `methods` also as proved anew by them.
        None where it has ended meanwhile."""
        value = cookies.read(request, cookies.SESSION) or ""
        begun = Begun(session.reference, random_token())
        values: dict[str, Any] = {"digest": self._keys.digest("session", begun.cookie)}
        if methods:
            together = tuple(dict.fromkeys((*session.methods, *methods)))
            values |= {
                "methods": msgspec.json.encode(together).decode(),
                "authenticated_at": int(self._clock()),
            }
        changed = await connection.execute(
            sa.update(sessions).where(sessions.c.digest == self._keys.digest("session", value)).values(**values)
        )
        return begun if changed.rowcount else None

    async def end(self, session: Session, request: Request) -> None:
        """Logs out. Raises SQLAlchemyError."""
        async with self._store.write() as connection:
            await self.end_all(
                connection,
                session.member,
                session.member,
                "logged out",
                request.state.request_id,
                session.reference,
            )

    async def forget(self, request: Request) -> None:
        """Ends what the browser's cookie still names and `of` does not take for a session any more: it might, once
        its member's roles have changed again. Raises SQLAlchemyError."""
        value = cookies.read(request, cookies.SESSION)
        if value is not None:
            async with self._store.write() as connection:
                digest = self._keys.digest("session", value)
                await connection.execute(sa.delete(sessions).where(sessions.c.digest == digest))

    async def end_all(
        self,
        connection: AsyncConnection,
        member: str,
        actor: str,
        reason: str,
        request_id: str,
        reference: str | None = None,
        *,
        but: str = "",
    ) -> int:
        """Ends a member's sessions in the caller's transaction: the one of that `reference`, or all `but` one. How
        many there were."""
        query = sa.delete(sessions).where(sessions.c.member == member, sessions.c.reference != but)
        if reference is not None:
            query = query.where(sessions.c.reference == reference)
        ended = (await connection.execute(query)).rowcount
        if ended:
            event = Event(
                subject="session",
                action="ended",
                object=f"{member}/{reference or 'all'}",
                actor=actor,
                reason=reason,
                request_id=request_id,
            )
            await self._audit.append(connection, event)
        return ended

    async def list(self, member: str) -> tuple[SessionEntry, ...]:
        """The sessions of a member that hold, the oldest first. Raises SQLAlchemyError."""
        columns = sessions.c
        query = sa.select(sessions).where(columns.member == member).order_by(columns.created_at, columns.reference)
        now = int(self._clock())
        rows = await self._store.all(query)
        return tuple(_entry(row, self.limits) for row in rows if now < _end(row, self.limits))

    async def _tell(
        self,
        connection: AsyncConnection,
        action: str,
        member: str,
        reference: str,
        actor: str,
        reason: str,
        request: Request,
    ) -> None:
        event = Event(
            subject="session",
            action=action,
            object=f"{member}/{reference}",
            actor=actor,
            reason=reason,
            request_id=request.state.request_id,
        )
        await self._audit.append(connection, event)


def _end(row: sa.Row[*tuple[Any, ...]], limits: SessionLimits) -> int:
    return int(min(row.seen_at + limits.idle, row.created_at + limits.absolute))


def _ended(now: int, limits: SessionLimits) -> sa.Delete:
    columns = sessions.c
    return sa.delete(sessions).where(
        sa.or_(columns.seen_at <= now - limits.idle, columns.created_at <= now - limits.absolute)
    )


def _entry(row: sa.Row[*tuple[Any, ...]], limits: SessionLimits) -> SessionEntry:
    return SessionEntry(
        reference=row.reference,
        member=row.member,
        methods=tuple(msgspec.json.decode(row.methods)),
        address=row.address,
        agent=row.agent,
        created_at=moment(row.created_at),
        seen_at=moment(row.seen_at),
        ends_at=moment(_end(row, limits)),
    )
