"""Ending credentials at once: one, all of an application or a consumer, or all tokens issued before a time.

Gateways are told in the transaction of the revocation, by the access part of a snapshot. Before it is done, the
same question tells who would be cut off and what they called in the last day.
"""

from collections.abc import Mapping
from math import floor
from typing import Protocol

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.calendar.extensions import Republish
from catalog.clock import Clock
from catalog.credentials import revocation, table
from catalog.credentials.credential import Credential
from catalog.credentials.reach import Reached, called_in_a_day, good_of, name_of
from catalog.credentials.reminders import revoked
from catalog.credentials.revocation import Revocation, RevocationKind, ever, revocation_of
from catalog.credentials.rights import GUARDS, UNKNOWN, guards, holds
from catalog.credentials.table import credential_of
from catalog.credentials.telling import current_of
from catalog.notices.outbox import post
from catalog.people.principal import Principal
from catalog.publishing.published import CurrentPublished
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from contracts.access import Application


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be revoked: a `credential`, or an `application`, or a `consumer`; or with `issued_before` (Unix
    seconds) the tokens of an application, of a consumer, or of all; or a `signing_key` (`kid`) of the catalog,
    with all tokens that it signed."""

    credential: str = ""
    application: str = ""
    consumer: str = ""
    issued_before: int | None = None
    signing_key: str = ""

    @property
    def kind(self) -> RevocationKind | None:
        """None for a single credential or signing key, and for what names too much or nothing."""
        named = sum(map(bool, (self.credential, self.application, self.consumer)))
        if self.signing_key:
            return None
        if self.issued_before is not None:
            return "issued-before" if named <= 1 and not self.credential else None
        if named != 1:
            return None
        return "application" if self.application else "consumer" if self.consumer else None


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: to a credential, by a revocation of more than one, or to a signing key, in whose place
    `signs_now` signs; none of them where it was only asked. `preview` names who was reached: the same where the
    same are."""

    reached: Reached
    preview: str
    credential: Credential | None = None
    revocation: Revocation | None = None
    signs_now: str = ""


class SigningKeyEnd(Protocol):
    """Withdraws a signing key of the catalog at every gateway; the `kid` of the one that signs from then on."""

    async def __call__(self, principal: Principal, kid: str, reason: str, request_id: str, /) -> str | Refusal: ...


class Revoking:
    """Every method raises SQLAlchemyError."""

    def __init__(
        self,
        store: Store,
        audit: AuditLog,
        clock: Clock,
        view: CurrentView,
        published: CurrentPublished,
        republish: Republish,
        end_signing_key: SigningKeyEnd,
    ) -> None:
        self._end_signing_key = end_signing_key
        self._store = store
        self._audit = audit
        self._clock = clock
        self._view = view
        self._published = published
        self._republish = republish

    async def revoke(
        self,
        principal: Principal,
        target: Target,
        reason: str,
        *,
        dry_run: bool = False,
        preview: str = "",
        request_id: str = "",
    ) -> Done | Refusal:
        """Ends what the target names; with `dry_run` nothing is done. To end something again is a conflict, and so
        is a `preview`, the name of an answer, that would be another by now."""
        if target.credential and target.kind is None and target == Target(credential=target.credential):
            return await self._revoke_one(principal, target, reason, dry_run, preview, request_id)
        if target.signing_key and target == Target(signing_key=target.signing_key):
            return await self._revoke_signing_key(principal, target, reason, dry_run, preview, request_id)
        refusal = self._refusal(principal, target)
        if refusal is not None:
            return refusal
        reached = await self._reached(self._named(target), target)
        shown = _shown(target, reached)
        if preview not in ("", shown):
            return _others(shown)
        if dry_run:
            return Done(reached=reached, preview=shown)
        made: list[Revocation] = []

        async def act(connection: AsyncConnection) -> Refusal | None:
            assert target.kind is not None
            rows = (await connection.execute(revocation.in_force())).all()
            for known in map(revocation_of, rows):
                if target.kind != "issued-before" and _same(known, target):
                    current = {"current": {"number": known.number, "at": known.at}}
                    return Refusal("state-conflict", "It is revoked already.", current)
            wanted = Revocation(
                number=0,
                kind=target.kind,
                application=target.application,
                consumer=target.consumer,
                issued_before=target.issued_before,
                reason=reason,
                by=principal.name,
                at=int(self._clock()),
            )
            made.append(await revocation.add(connection, wanted))
            await self._record(connection, made[-1], "revoked", principal, reason, request_id)
            return None

        outcome = await self._republish(act)
        return (
            outcome if isinstance(outcome, Refusal) else Done(reached=reached, preview=shown, revocation=made[-1])
        )

    async def lift(
        self, principal: Principal, number: int, reason: str, *, request_id: str = ""
    ) -> Revocation | Refusal:
        """Lets an application or a consumer in again. What single credentials and tokens lost they do not get
        back."""
        if not guards(principal):
            return _role_missing()
        lifted: list[Revocation] = []

        async def act(connection: AsyncConnection) -> Refusal | None:
            found = await revocation.find(connection, number)
            if found is None:
                return Refusal("resource-not-found", "There is no such revocation.")
            if found.kind == "issued-before":
                return Refusal("state-conflict", "Tokens that were revoked by their age do not come back.")
            if found.lifted_at is not None:
                current = {"current": {"number": number, "lifted_at": found.lifted_at}}
                return Refusal("state-conflict", "It was lifted already.", current)
            made = msgspec.structs.replace(found, lifted_at=int(self._clock()), lifted_by=principal.name)
            await revocation.replace(connection, made)
            await self._record(connection, made, "lifted", principal, reason, request_id)
            lifted.append(made)
            return None

        outcome = await self._republish(act)
        return outcome if isinstance(outcome, Refusal) else lifted[-1]

    async def list(self) -> tuple[Revocation, ...]:
        """All that there were, the newest first."""
        return tuple(map(revocation_of, await self._store.all(ever())))

    def next_second(self) -> int:
        """The first second before which everything was issued that is issued until now: `iat` is in whole ones."""
        return floor(self._clock()) + 1

    async def _revoke_one(
        self, principal: Principal, target: Target, reason: str, dry_run: bool, preview: str, request_id: str
    ) -> Done | Refusal:
        key_id = target.credential
        row = await self._store.one(table.by_key(key_id))
        known = None if row is None else credential_of(row._mapping)
        if known is None or not holds(principal, known.team):
            return UNKNOWN
        reached = await self._reached_by(known)
        shown = _shown(target, reached)
        if preview not in ("", shown):
            return _others(shown)
        if dry_run:
            return Done(reached=reached, preview=shown)
        now, ended = int(self._clock()), list[Credential]()

        async def act(connection: AsyncConnection) -> Refusal | None:
            found = await table.find(connection, key_id)
            if found is None or found.revoked_at is not None:
                return Refusal("state-conflict", "The credential was revoked already.", current_of(found, now))
            made = msgspec.structs.replace(found, revoked_at=now, revoked_by=principal.name, revoked_reason=reason)
            await table.replace(connection, made)
            event = Event(
                subject=made.kind,
                action="revoked",
                object=f"{made.application}/{key_id}",
                actor=principal.name,
                reason=reason,
                request_id=request_id,
            )
            await self._audit.append(connection, event)
            await post(connection, revoked(made, self._view()), now)
            ended.append(made)
            return None

        outcome = await self._republish(act)
        return (
            outcome if isinstance(outcome, Refusal) else Done(reached=reached, preview=shown, credential=ended[-1])
        )

    async def _revoke_signing_key(
        self, principal: Principal, target: Target, reason: str, dry_run: bool, preview: str, request_id: str
    ) -> Done | Refusal:
        """Everybody may have a token that it signed: cut off are those who call, until they get another."""
        if not guards(principal):
            return _role_missing()
        published = self._published()
        if published is None or target.signing_key not in published.signing_keys:
            return Refusal("resource-not-found", "No key of that name signs tokens, or has signed any that live.")
        reached = await self._reached(published.applications, Target(issued_before=self.next_second()))
        shown = _shown(target, reached)
        if preview not in ("", shown):
            return _others(shown)
        if dry_run:
            return Done(reached=reached, preview=shown)
        outcome = await self._end_signing_key(principal, target.signing_key, reason, request_id)
        return outcome if isinstance(outcome, Refusal) else Done(reached=reached, preview=shown, signs_now=outcome)

    def _refusal(self, principal: Principal, target: Target) -> Refusal | None:
        if target.kind is None:
            detail = (
                "Name one credential, application, consumer or signing key; `issued_before` goes with an "
                "application, a consumer or none."
            )
            return _unclear("", "target", detail)
        if not guards(principal):
            return _role_missing()
        if target.issued_before is not None and target.issued_before > self.next_second():
            message = "must not be in the future: what is issued from now on is to be good"
            return _unclear("/issued_before", "past", message)
        if (target.application or target.consumer) and not self._named(target):
            return Refusal("resource-not-found", "No application in force is of that name, or of that consumer.")
        return None

    def _named(self, target: Target) -> Mapping[str, Application]:
        published = self._published()
        applications = {} if published is None else published.applications
        if target.application:
            return {name: each for name, each in applications.items() if name == target.application}
        if target.consumer:
            return {name: each for name, each in applications.items() if each.consumer == target.consumer}
        return applications

    async def _reached(self, named: Mapping[str, Application], target: Target) -> Reached:
        now = self._clock()
        # What ends tokens leaves what obtains them.
        ids = await good_of(self._store, named, now) if target.kind != "issued-before" else ()
        called = await called_in_a_day(self._store, named, now)
        if not target.application and not target.consumer:  # everybody: who called is worth a list
            callers = {each.application for each in called}
            named = {name: each for name, each in named.items() if name in callers}
        return Reached(
            applications={name: each.consumer for name, each in sorted(named.items())},
            credentials=ids,
            called=called,
        )

    async def _reached_by(self, credential: Credential) -> Reached:
        published, name, now = self._published(), credential.application, self._clock()
        application = None if published is None else published.applications.get(name)
        return Reached(
            applications={name: "" if application is None else application.consumer},
            credentials=(credential.key_id,) if credential.is_good(now) else (),
            called=await called_in_a_day(self._store, [name], now),
        )

    async def _record(
        self,
        connection: AsyncConnection,
        made: Revocation,
        action: str,
        principal: Principal,
        reason: str,
        request_id: str,
    ) -> None:
        what = "/".join(filter(None, (str(made.number), made.kind, made.application or made.consumer)))
        event = Event(
            subject="revocation",
            action=action,
            object=what,
            actor=principal.name,
            reason=reason,
            request_id=request_id,
        )
        await self._audit.append(connection, event)


def _shown(target: Target, reached: Reached) -> str:
    """The name of what somebody is shown. Who called meanwhile is not part of it, nor is the moment `now`."""
    named = bool(target.credential or target.application or target.consumer)
    hit = (reached.applications, reached.credentials) if named else ()
    return name_of(msgspec.structs.replace(target, issued_before=None), target.issued_before is not None, hit)


def _others(shown: str) -> Refusal:
    detail = "It would not reach whom the preview has shown any more; nothing was done. Look again."
    return Refusal("state-conflict", detail, {"current": {"preview": shown}})


def _same(known: Revocation, target: Target) -> bool:
    return (known.kind, known.application, known.consumer) == (target.kind, target.application, target.consumer)


def _unclear(pointer: str, rule: str, message: str) -> Refusal:
    violation = {"in": "body", "pointer": pointer, "rule": rule, "message": message}
    return Refusal("schema-violation", "It is not clear what is to be revoked.", {"violations": [violation]})


def _role_missing() -> Refusal:
    detail = "Applications, consumers and tokens are cut off, and let in again, by security members and operators."
    return Refusal("role-missing", detail, {"roles": list(GUARDS)})
