"""Dated extensions: an application goes on calling a version past its end, for a time that somebody else approved.

Asked for by one member and decided by an architect who is another. Only that application is spared, and only until
its date. The gateway is told by the access part of a snapshot, published in the transaction of the decision.
"""

from collections.abc import Awaitable, Callable
from typing import Final, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar import extension_table
from catalog.calendar.deciders import architect_right, in_words
from catalog.calendar.entries import CurrentView
from catalog.calendar.extension import Extension, ExtensionState
from catalog.calendar.extension_rules import decided_notices, requested_notice, subscribed, unfit
from catalog.calendar.views import extension_view
from catalog.clock import Clock
from catalog.notices.outbox import post
from catalog.people.principal import Principal
from catalog.publishing.transaction import Also
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.calendar import extensions
from catalog.subscriptions.rights import sees

Decision = Literal["granted", "refused", "revoked"]

_FROM: Final[dict[Decision, ExtensionState]] = {
    "granted": "requested",
    "refused": "requested",
    "revoked": "granted",
}

Republish = Callable[[Also], Awaitable[object]]
"""Does something and publishes what follows for applications, in one transaction; a Refusal undoes all of it."""


class Extensions:
    """Asks for, decides and finds extensions. Every method raises SQLAlchemyError."""

    def __init__(
        self, store: Store, audit: AuditLog, clock: Clock, view: CurrentView, republish: Republish
    ) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._view = view
        self._republish = republish

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
        """Asks for one."""
        now = int(self._clock())
        if not any(principal.right(role) for role in ("partner-developer", "api-owner", "architect")):
            return _role_missing("An extension is asked for by", "partner-developer", "api-owner", "architect")
        view = self._view()
        found = None if view is None else subscribed(view, application, api, api_version)
        # Whether another's application may call it is not a partner's to learn.
        if view is None or found is None or not sees(principal, view, found[1]):
            detail = f"{api} {api_version} is not to end, or no application {application!r} may call it."
            return Refusal("resource-not-found", detail)
        entry, consumer = found
        refusal = unfit(view, entry, until, now)
        if refusal is not None:
            return refusal
        wanted = Extension(
            number=0,
            consumer=consumer,
            application=application,
            api=api,
            api_version=api_version,
            until=until,
            reason=reason,
            requested_by=principal.name,
            requested_at=now,
        )
        async with self._store.write() as connection:
            before = await extension_table.find_open(connection, wanted)
            if before is not None:
                return _conflict("An extension was asked for already, and nobody has decided.", before)
            made = await extension_table.add(connection, wanted)
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
        """Grants or refuses what was asked for, or revokes what was granted; by an architect who did not ask; of
        the API's domain, where that governs itself.

        `version` is that of the state which the decision is about.
        """
        decided: list[Extension] = []

        async def act(connection: AsyncConnection) -> Refusal | None:
            found = await extension_table.find(connection, number)
            made = self._decided(principal, found, decision, reason, version)
            if isinstance(made, Refusal):
                return made
            await extension_table.replace(connection, made)
            await self._record(connection, made, decision, principal, reason, request_id)
            view = self._view()
            known = None if view is None else subscribed(view, made.application, made.api, made.api_version)
            if view is not None and known is not None:
                await post(connection, decided_notices(view, known[0], made), self._clock())
            decided.append(made)
            return None

        if decision == "refused":  # the access part stays as it is
            async with self._store.write() as connection:
                outcome: object = await act(connection)
        else:
            outcome = await self._republish(act)
        return outcome if isinstance(outcome, Refusal) else decided[-1]

    def _decided(
        self, principal: Principal, found: Extension | None, decision: Decision, reason: str, version: int | None
    ) -> Extension | Refusal:
        """What becomes of an extension, or why nothing does."""
        if found is None:
            return _UNKNOWN
        # Nor does anybody decide by a role that the one who asked has delegated.
        without = frozenset() if decision == "revoked" else frozenset({found.requested_by})
        if architect_right(principal, self._view(), found.api, without) is None:
            who = in_words(self._view(), found.api)
            detail = f"This extension is decided, by another than who asked for it, by {who}."
            return Refusal("role-missing", detail, {"roles": ["architect"]})
        if found.state != _FROM[decision] or version not in (None, found.version):
            return _conflict(f"The extension is {found.state}; it cannot be {decision} as you saw it.", found)
        now = int(self._clock())
        if decision == "granted":
            view = self._view()
            known = None if view is None else subscribed(view, found.application, found.api, found.api_version)
            if view is None or known is None:
                detail = f"{found.application!r} may not call {found.api} {found.api_version} any more."
                return Refusal("resource-not-found", detail)
            refusal = unfit(view, known[0], found.until, now)
            if refusal is not None:
                return refusal
        return msgspec.structs.replace(
            found,
            state=decision,
            decided_by=principal.name,
            decided_at=now,
            decision=reason,
            version=found.version + 1,
        )

    async def withdraw(
        self, principal: Principal, number: int, reason: str, *, request_id: str = ""
    ) -> Extension | Refusal:
        """Takes back what oneself asked for."""
        async with self._store.write() as connection:
            found = await extension_table.find(connection, number)
            if found is None:
                return _UNKNOWN
            if found.requested_by != principal.name:
                return Refusal("role-missing", f"Only {found.requested_by} takes it back, who asked for it.")
            if found.state != "requested":
                return _conflict(f"The extension is {found.state} already.", found)
            withdrawn = msgspec.structs.replace(found, state="withdrawn", version=found.version + 1)
            await extension_table.replace(connection, withdrawn)
            await self._record(connection, withdrawn, "withdrawn", principal, reason, request_id)
        return withdrawn

    async def find(self, number: int) -> Extension | None:
        """One of them."""
        row = await self._store.one(sa.select(extensions).where(extensions.c.number == number))
        return None if row is None else extension_table.extension_of(row)

    async def list(self, *, state: str | None = None, api: str | None = None) -> tuple[Extension, ...]:
        """Those there are, the newest first."""
        query = sa.select(extensions).order_by(extensions.c.number.desc())
        query = query if state is None else query.where(extensions.c.state == state)
        query = query if api is None else query.where(extensions.c.api == api)
        return tuple(extension_table.extension_of(row) for row in await self._store.all(query))

    async def in_force(self) -> tuple[Extension, ...]:
        """Those that spare somebody now."""
        rows = await self._store.all(extension_table.in_force(self._clock()))
        return tuple(extension_table.extension_of(row) for row in rows)

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


_UNKNOWN: Final = Refusal("resource-not-found", "There is no such extension.")


def _role_missing(what: str, *roles: str) -> Refusal:
    return Refusal("role-missing", f"{what} a member with the role {' or '.join(roles)}.", {"roles": list(roles)})


def _conflict(detail: str, current: Extension) -> Refusal:
    return Refusal("state-conflict", detail, {"current": msgspec.to_builtins(extension_view(current))})
