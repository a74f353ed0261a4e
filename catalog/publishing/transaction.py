"""The one transaction of a publication. All of it happens or none: what else is to be written with it, the moves
of units and their records, approvals, the audit log, and the snapshot."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.clock import Clock
from catalog.key_files import Keys
from catalog.people.principal import CATALOG
from catalog.publishing.planning import Plan
from catalog.publishing.published import Published
from catalog.refusal import Refusal
from catalog.revisions.acts import Act
from catalog.revisions.attesting import put_approvals
from catalog.revisions.pointers import Pointer
from catalog.revisions.store import Kind, PublicationRecord, move, pointers_in, put_revision
from catalog.revisions.stored import Move
from catalog.storage.engine import Store
from catalog.storage.snapshots import add_snapshot, next_serial
from contracts.snapshot import (
    FORMAT,
    AccessPart,
    Issuer,
    Manifest,
    encode_part,
    sign,
)

Also: TypeAlias = Callable[[AsyncConnection], Awaitable[Refusal | None]]
"""What else is to happen in the transaction; a refusal undoes all of it."""

Amend: TypeAlias = Callable[[AsyncConnection, AccessPart], Awaitable[AccessPart]]
"""The access part as the store has it otherwise than the estate does: dated extensions, keys, revocations."""

ACTIONS: Final[Mapping[Kind, str]] = {
    "directory": "recorded",
    "change": "published",
    "rollback": "rolled-back",
    "emergency": "emergency-published",
}
"""What the audit log calls the ways in which a revision comes into force."""


async def nothing_else(_connection: AsyncConnection) -> Refusal | None:
    """No more than the publication itself."""
    return None


async def as_they_are(_connection: AsyncConnection, access: AccessPart) -> AccessPart:
    """The applications as the estate has them."""
    return access


def in_turn(*amends: Amend) -> Amend:
    """One after the other, each on what the one before gave."""

    async def amend(connection: AsyncConnection, access: AccessPart) -> AccessPart:
        for each in amends:
            access = await each(connection, access)
        return access

    return amend


class MovedError(Exception):
    """Another process has moved a unit since the plan was made."""


class _UndoneError(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Written:
    """What is in force now. `changed` says whether that is a new snapshot, and `access` has the digest and the
    bytes of its access part."""

    published: Published
    changed: bool
    pointers: Mapping[str, Pointer]
    access: tuple[str, bytes]


class Writer:
    """Writes plans, one at a time."""

    def __init__(self, store: Store, audit: AuditLog, keys: Keys, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._keys = keys
        self._clock = clock

    async def write(
        self, plan: Plan, current: Published | None, issuer: Issuer, *, amend: Amend, also: Also
    ) -> Written | Refusal:
        """Puts a plan in force. Raises MovedError, SQLAlchemyError; then nothing happened."""
        contracts = await asyncio.to_thread(encode_part, plan.contracts)
        now = int(self._clock())
        try:
            async with self._store.write() as connection:
                refusal = await also(connection)
                if refusal is not None:
                    raise _UndoneError(refusal)
                access = await amend(connection, plan.access(issuer))
                access_part = encode_part(access)
                digests = (contracts[0], access_part[0])
                same = current is not None and (current.manifest.contracts, current.manifest.access) == digests
                serial = await next_serial(connection, now)
                if same and current is not None:
                    serial = current.manifest.serial
                pointers = await self._move(connection, plan, now, serial)
                await put_approvals(connection, plan.attested.fresh)
                await self._tell_renewals(connection, plan)
                if same and current is not None:
                    return Written(current, False, pointers, access_part)
                manifest = Manifest(FORMAT, serial, now, *digests)
                signed = sign(manifest, self._keys.snapshot)
                await add_snapshot(connection, contracts, access_part, manifest, signed)
                published = Published.of(signed, manifest, plan.contracts, access)
                await self._tell_snapshot(connection, published, current, plan.act)
        except _UndoneError as undone:
            return undone.refusal
        return Written(published, True, pointers, access_part)

    async def _move(self, connection: AsyncConnection, plan: Plan, now: int, serial: int) -> Mapping[str, Pointer]:
        pointers = await pointers_in(connection)
        if plan.pointers is not None and pointers != plan.pointers:
            raise MovedError
        for unit, each in sorted(plan.moves.items()):
            before = pointers.get(unit)
            pointers[unit] = await self._move_one(connection, unit, each, before, plan.act, now, serial)
        return pointers

    async def _move_one(
        self,
        connection: AsyncConnection,
        unit: str,
        each: Move,
        before: Pointer | None,
        act: Act,
        now: int,
        serial: int,
    ) -> Pointer:
        if each.revision is not None:
            await put_revision(connection, each.revision, each.files, at=now, by=act.actor)
        digest = None if each.revision is None else each.revision.digest
        previous = None if before is None else before.revision
        pointer = Pointer(
            unit=unit,
            revision=digest,
            since=now,
            change=act.change,
            version=1 if before is None else before.version + 1,
        ).signed(self._keys.snapshot)
        record = PublicationRecord(
            id=0,
            unit=unit,
            revision=digest,
            previous=previous,
            change=act.change,
            kind=act.kind,
            actor=act.actor,
            reason=act.reason,
            at=now,
            serial=serial,
        )
        await move(connection, pointer, record)
        event = Event(
            subject="unit",
            action=ACTIONS[act.kind] if digest is not None else "removed",
            object=unit,
            actor=act.actor,
            reason=act.reason,
            before=previous or "",
            after=digest or "",
            request_id=act.request_id,
        )
        await self._audit.append(connection, event)
        return pointer

    async def _tell_renewals(self, connection: AsyncConnection, plan: Plan) -> None:
        fresh = {(each.api, each.version): each.entry for each in plan.attested.fresh}
        for name, before in plan.attested.renewed.items():
            event = Event(
                subject="approval",
                action="renewed",
                object="/".join(name),
                actor=CATALOG,
                reason="the same approved revision compiles to another entry",
                before=before,
                after=fresh[name],
            )
            await self._audit.append(connection, event)

    async def _tell_snapshot(
        self, connection: AsyncConnection, published: Published, before: Published | None, act: Act
    ) -> None:
        event = Event(
            subject="snapshot",
            action="published",
            object=str(published.manifest.serial),
            actor=act.actor,
            reason=act.reason,
            before="" if before is None else before.digest,
            after=published.digest,
            request_id=act.request_id,
        )
        await self._audit.append(connection, event)
