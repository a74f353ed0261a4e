"""Dated extensions: an application goes on calling a version past its end, for a time that somebody else approved.

Asked for by one member and decided by an architect who is another. Only that application is spared, and only until
its date; the gateway is told by the access part of the next snapshot, which follows at once.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.entries import EstateView
from catalog.calendar.extension import Extension, ExtensionState
from catalog.calendar.extension_rules import decided_notices, requested_notice, subscribed, unfit
from catalog.clock import Clock
from catalog.notices.outbox import post
from catalog.people.principal import Principal
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.calendar import extensions

Decision = Literal["granted", "refused", "revoked"]

_FROM: Final[dict[Decision, ExtensionState]] = {
    "granted": "requested",
    "refused": "requested",
    "revoked": "granted",
}

CurrentView = Callable[[], EstateView | None]
"""The estate in force; None while there is none."""


class Extensions:
    """Asks for, decides and finds extensions. `publish` brings the access part up to date."""

    def __init__(
        self,
        store: Store,
        audit: AuditLog,
        clock: Clock,
        view: CurrentView,
        publish: Callable[[], Awaitable[object]],
    ) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._view = view
        self._publish = publish

    async def request(
        self,
        principal: Principal,
        application: str,
        api: str,
        api_version: str,
        until: int,
        reason: str,
        *,
        request_id: str = "",
    ) -> Extension | Refusal:
        """Asks for one. Raises SQLAlchemyError."""
        now = int(self._clock())
        if not any(principal.right(role) for role in ("partner-developer", "api-owner", "architect")):
            return _role_missing("An extension is asked for by", "partner-developer", "api-owner", "architect")
        view = self._view()
        found = None if view is None else subscribed(view, application, api, api_version)
        if view is None or found is None:
            return Refusal("resource-not-found", f"No application {application!r} may call {api} {api_version}.")
        entry, consumer = found
        refusal = unfit(view, entry, until, now)
        if refusal is not None:
            return refusal
        async with self._store.write() as connection:
            open_one = await _find(connection, _is_open(application, api, api_version))
            if open_one is not None:
                return _conflict("An extension was asked for already, and nobody has decided.", open_one)
            last = await connection.scalar(sa.select(sa.func.max(extensions.c.number)))
            made = Extension(
                number=(last or 0) + 1,
                consumer=consumer,
                application=application,
                api=api,
                api_version=api_version,
                until=until,
                reason=reason,
                requested_by=principal.name,
                requested_at=now,
            )
            await connection.execute(sa.insert(extensions).values(**msgspec.structs.asdict(made)))
            await self._record(connection, made, "requested", principal, reason, request_id)
            await post(connection, [requested_notice(view, entry, made)], now)
        return made

    async def decide(
        self,
        principal: Principal,
        number: int,
        decision: Decision,
        reason: str,
        *,
        version: int | None = None,
        request_id: str = "",
    ) -> Extension | Refusal:
        """Grants or refuses what was asked for, or revokes what was granted; by an architect who did not ask.

        `version` is that of the state which the decision is about. Raises SQLAlchemyError.
        """
        now = int(self._clock())
        async with self._store.write() as connection:
            found = await _find(connection, extensions.c.number == number)
            if found is None:
                return Refusal("resource-not-found", "There is no such extension.")
            # Nor does anybody decide by a role that the one who asked has delegated.
            without = frozenset() if decision == "revoked" else frozenset({found.requested_by})
            if principal.right("architect", without=without) is None:
                return _role_missing("An extension is decided, by another than who asked for it, by", "architect")
            if found.state != _FROM[decision] or version not in (None, found.version):
                return _conflict(f"The extension is {found.state}; it cannot be {decision} as you saw it.", found)
            view = self._view()
            known = None if view is None else subscribed(view, found.application, found.api, found.api_version)
            if decision == "granted" and (view is None or known is None):
                detail = f"{found.application!r} may not call {found.api} {found.api_version} any more."
                return Refusal("resource-not-found", detail)
            refusal = None
            if decision == "granted" and view is not None and known is not None:
                refusal = unfit(view, known[0], found.until, now)
            if refusal is not None:
                return refusal
            decided = msgspec.structs.replace(
                found,
                state=decision,
                decided_by=principal.name,
                decided_at=now,
                decision=reason,
                version=found.version + 1,
            )
            await _update(connection, decided)
            await self._record(connection, decided, decision, principal, reason, request_id)
            if view is not None and known is not None:
                await post(connection, decided_notices(view, known[0], decided), now)
        if decision != "refused":
            await self._publish()
        return decided

    async def withdraw(
        self, principal: Principal, number: int, reason: str, *, request_id: str = ""
    ) -> Extension | Refusal:
        """Takes back what oneself asked for. Raises SQLAlchemyError."""
        async with self._store.write() as connection:
            found = await _find(connection, extensions.c.number == number)
            if found is None:
                return Refusal("resource-not-found", "There is no such extension.")
            if found.requested_by != principal.name:
                return Refusal("role-missing", f"Only {found.requested_by} takes it back, who asked for it.")
            if found.state != "requested":
                return _conflict(f"The extension is {found.state} already.", found)
            withdrawn = msgspec.structs.replace(found, state="withdrawn", version=found.version + 1)
            await _update(connection, withdrawn)
            await self._record(connection, withdrawn, "withdrawn", principal, reason, request_id)
        return withdrawn

    async def find(self, number: int) -> Extension | None:
        """One of them. Raises SQLAlchemyError."""
        row = await self._store.one(sa.select(extensions).where(extensions.c.number == number))
        return None if row is None else _of(row)

    async def list(self, *, state: str | None = None, api: str | None = None) -> tuple[Extension, ...]:
        """Those there are, the newest first. Raises SQLAlchemyError."""
        query = sa.select(extensions).order_by(extensions.c.number.desc())
        query = query if state is None else query.where(extensions.c.state == state)
        query = query if api is None else query.where(extensions.c.api == api)
        return tuple(_of(row) for row in await self._store.all(query))

    async def in_force(self, connection: AsyncConnection | None = None) -> tuple[Extension, ...]:
        """Those that spare somebody now, in a transaction's view where one is given. Raises SQLAlchemyError."""
        query = sa.select(extensions).where(
            extensions.c.state == "granted", extensions.c.until > int(self._clock())
        )
        query = query.order_by(extensions.c.number)
        rows = await self._store.all(query) if connection is None else (await connection.execute(query)).all()
        return tuple(_of(row) for row in rows)

    async def _record(
        self,
        connection: AsyncConnection,
        extension: Extension,
        action: str,
        principal: Principal,
        reason: str,
        request_id: str,
    ) -> None:
        event = Event(
            subject="extension",
            action=action,
            object=f"{extension.number}/{extension.application}/{extension.api}/{extension.api_version}",
            actor=principal.name,
            reason=reason,
            request_id=request_id,
        )
        await self._audit.append(connection, event)


def _role_missing(what: str, *roles: str) -> Refusal:
    return Refusal("role-missing", f"{what} a member with the role {' or '.join(roles)}.", {"roles": list(roles)})


def _conflict(detail: str, current: Extension) -> Refusal:
    return Refusal("state-conflict", detail, {"current": msgspec.to_builtins(current)})


def _is_open(application: str, api: str, api_version: str) -> sa.ColumnElement[bool]:
    columns = extensions.c
    return sa.and_(
        columns.application == application,
        columns.api == api,
        columns.api_version == api_version,
        columns.state == "requested",
    )


async def _find(connection: AsyncConnection, condition: sa.ColumnElement[bool]) -> Extension | None:
    row = (await connection.execute(sa.select(extensions).where(condition))).one_or_none()
    return None if row is None else _of(row)


async def _update(connection: AsyncConnection, extension: Extension) -> None:
    values: dict[str, Any] = msgspec.structs.asdict(extension)
    await connection.execute(sa.update(extensions).where(extensions.c.number == extension.number).values(**values))


def _of(row: sa.Row[*tuple[object, ...]]) -> Extension:
    values = row._mapping
    return Extension(**{name: values[name] for name in Extension.__struct_fields__})
