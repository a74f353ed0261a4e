"""Waivers: somebody asks that one finding may pass, for a reason and a time, and somebody else decides."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.changes.assessment import Assessment, in_words
from catalog.changes.deciding import (
    conflict,
    has_any,
    may_propose,
    own_change,
    role_missing,
    waiver_deciders,
    waiver_right,
)
from catalog.changes.desk import Actor, Desk
from catalog.changes.examining import Examiner
from catalog.changes.notices import waiver_notices
from catalog.changes.table import ChangeTable, Lost
from catalog.changes.telling import tell
from catalog.changes.waiver_table import Waiver, WaiverTable, insert_waiver, update_waiver
from catalog.clock import Clock
from catalog.people.principal import CATALOG, Principal, Right
from catalog.refusal import Refusal
from catalog.storage.engine import Store

NO_WAIVER = Refusal("resource-not-found", "There is no such waiver.")


class WaiverRequest(msgspec.Struct, frozen=True):
    """What is asked for. `expires` is the last day (UTC)."""

    unit: str
    fingerprint: str
    reason: str
    expires: date
    consumers: tuple[str, ...] = ()


class Waivers:
    """Takes requests for waivers, and decisions about them. Every method raises SQLAlchemyError."""

    def __init__(
        self,
        store: Store,
        table: WaiverTable,
        changes: ChangeTable,
        examiner: Examiner,
        desk: Desk,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._store = store
        self._table = table
        self._changes = changes
        self._examiner = examiner
        self._desk = desk
        self._audit = audit
        self._clock = clock

    async def request(
        self, principal: Principal, wanted: WaiverRequest, *, request_id: str = ""
    ) -> Waiver | Refusal:
        """Asks for a waiver of a finding of the unit's open change, or of what is in force."""
        found = await self._finding(wanted.unit, wanted.fingerprint)
        if isinstance(found, Refusal):
            return found
        assessment, rule, message = found
        refusal = may_propose(principal, wanted.unit, assessment.traits) or self._unfit(wanted)
        if refusal is not None:
            return refusal
        earlier = await self._table.list(unit=wanted.unit, fingerprint=wanted.fingerprint)
        known = next((each for each in earlier if (each.state, each.finding) == ("requested", message)), None)
        if known is not None:
            return conflict("A waiver of this finding is asked for already.", known.view)
        async with self._store.write() as connection:
            made = await insert_waiver(
                connection,
                unit=wanted.unit,
                fingerprint=wanted.fingerprint,
                rule=rule,
                finding=message,
                reason=wanted.reason,
                consumers=wanted.consumers,
                requested_by=principal.name,
                at=int(self._clock()),
                expires=wanted.expires,
            )
            await self._tell(connection, made, "requested", principal.name, wanted.reason, request_id)
        return made

    async def grant(
        self, principal: Principal, number: int, seen: str, comment: str, *, request_id: str = ""
    ) -> Waiver | Refusal:
        """Lets the finding pass. What was held back by it alone is published with that. A finding that is gone or
        says something else by now cannot be waived: the waiver would let nothing pass."""
        return await self._decide(principal, number, seen, comment, "granted", request_id)

    async def refuse(
        self, principal: Principal, number: int, seen: str, comment: str, *, request_id: str = ""
    ) -> Waiver | Refusal:
        """Does not, also where the finding is gone."""
        return await self._decide(principal, number, seen, comment, "refused", request_id)

    async def revoke(
        self, principal: Principal, number: int, seen: str, comment: str, *, request_id: str = ""
    ) -> Waiver | Refusal:
        """Takes back a waiver that was granted, or a request. What it let pass stays in force, and is found again
        with the next change."""
        waiver = await self._table.find(number)
        if waiver is None:
            return NO_WAIVER
        if waiver.state not in ("requested", "granted") or seen != waiver.etag:
            return conflict("The waiver is not as it was when you looked.", waiver.view)
        asked = principal.name == waiver.requested_by
        right = None if asked else has_any(principal, ("architect", "security"))
        if right is None and not asked:
            detail = "A waiver is taken back by who asked for it, or by an architect or security."
            return role_missing(principal, detail, ("architect", "security"))
        values = {"state": "revoked", "decided_by": principal.name, "giver": "" if right is None else right.giver}
        return await self._move(waiver, comment, "revoked", principal.name, request_id, values)

    async def keep(self, now: float) -> None:
        """Announces the ends of waivers that come near, and records those that have come: a background task's."""
        estate = self._examiner.estate
        today = datetime.fromtimestamp(now, UTC).date()
        days = estate.file.changes.waiver_notice_days
        for waiver in await self._table.granted():
            if waiver.ended_at is None and not waiver.holds(today):
                async with self._store.write() as connection:
                    ended = await update_waiver(connection, waiver, ended_at=int(now))
                    await self._tell(connection, ended, "expired", CATALOG, "its last day is over", "")
            elif waiver.holds(today) and waiver.expires - today <= timedelta(days=days):
                await tell(self._store, waiver_notices(estate, waiver, days, int(now)), now)

    async def _decide(
        self,
        principal: Principal,
        number: int,
        seen: str,
        comment: str,
        how: Literal["granted", "refused"],
        request_id: str,
    ) -> Waiver | Refusal:
        waiver = await self._table.find(number)
        if waiver is None:
            return NO_WAIVER
        if waiver.state != "requested" or seen != waiver.etag:
            return conflict("The waiver is not as it was when you looked.", waiver.view)
        interested = {waiver.requested_by, *await self._authors(waiver.unit)}
        assessment = await self._assessment(waiver.unit)
        if isinstance(assessment, Refusal):
            return assessment
        right = _may_decide(principal, waiver.unit, assessment, interested)
        if isinstance(right, Refusal):
            return right
        refusal = self._idle(waiver, assessment) if how == "granted" else None
        if refusal is not None:
            return refusal
        values = {"state": how, "decided_by": principal.name, "giver": right.giver}
        decided = await self._move(waiver, comment, how, principal.name, request_id, values)
        if isinstance(decided, Waiver):
            await self._desk.settle_all([waiver.unit], Actor(principal.name, request_id))
        return decided

    async def _move(
        self, waiver: Waiver, comment: str, action: str, actor: str, request_id: str, values: dict[str, str]
    ) -> Waiver | Refusal:
        try:
            async with self._store.write() as connection:
                moved = await update_waiver(
                    connection, waiver, decided_at=int(self._clock()), decision=comment, **values
                )
                await self._tell(connection, moved, action, actor, comment, request_id)
        except Lost:
            current = await self._table.find(waiver.number)
            return conflict("Somebody else was first.", (current or waiver).view)
        return moved

    async def _authors(self, unit: str) -> Collection[str]:
        change = (await self._changes.open()).get(unit)
        return () if change is None else change.authors

    async def _finding(self, unit: str, fingerprint: str) -> tuple[Assessment, str, str] | Refusal:
        """A finding of a unit: of its open change, or else of what is in force."""
        assessment = await self._assessment(unit)
        if isinstance(assessment, Refusal):
            return assessment
        found = assessment.findings.get(fingerprint)
        if found is not None:
            return assessment, *found
        detail = f"Neither the open change of {unit!r} nor what is in force has a finding {fingerprint}."
        return Refusal("resource-not-found", detail)

    async def _assessment(self, unit: str) -> Assessment | Refusal:
        change = (await self._changes.open()).get(unit)
        units = await self._examiner.units()
        if change is None and unit not in units.files:
            return Refusal("resource-not-found", f"There is no unit {unit!r}.")
        revision = units.revisions.get(unit) if change is None else change.revision
        return await self._examiner.assess(await self._examiner.proposal(unit, revision))

    def _unfit(self, wanted: WaiverRequest) -> Refusal | None:
        today = self._examiner.today
        longest = self._examiner.estate.file.changes.waiver_max_days
        if today <= wanted.expires <= today + timedelta(days=longest):
            unknown = sorted(set(wanted.consumers) - set(self._examiner.estate.consumers.consumers))
            return _violation("/consumers", f"has unknown consumers: {', '.join(unknown)}") if unknown else None
        last = today + timedelta(days=longest)
        return _violation("/expires", f"must be a day from {today} to {last}, {longest} days from now")

    def _idle(self, waiver: Waiver, assessment: Assessment) -> Refusal | None:
        """Where the waiver would let nothing pass."""
        if waiver.expires < self._examiner.today:
            return conflict(f"The waiver was asked for until {waiver.expires}, which is over.", waiver.view)
        if waiver.fingerprint not in assessment.findings:
            detail = "The finding is gone since the waiver was asked for: there is nothing that it would let pass."
            return conflict(detail, waiver.view)
        # A finding of the linter is waived by its place: its words may change.
        words = in_words(assessment.changes).get(waiver.fingerprint, waiver.finding)
        if words == waiver.finding:
            return None
        detail = (
            f"The waiver was asked for what the change was before: {waiver.finding}. "
            f"Now it is another, which needs a waiver of its own: {words}."
        )
        return conflict(detail, waiver.view)

    async def _tell(
        self, connection: AsyncConnection, waiver: Waiver, action: str, actor: str, reason: str, request_id: str
    ) -> None:
        event = Event(
            subject="waiver",
            action=action,
            object=f"{waiver.number}/{waiver.unit}/{waiver.fingerprint}",
            actor=actor,
            reason=reason,
            request_id=request_id,
        )
        await self._audit.append(connection, event)


def _may_decide(
    principal: Principal, unit: str, assessment: Assessment, interested: Collection[str]
) -> Right | Refusal:
    # Of an API that becomes another both have to be satisfied: no change chooses who judges it.
    traits = assessment.traits or (None,)
    right = waiver_right(principal, traits, frozenset(interested))
    if right is not None:
        return right
    if waiver_right(principal, traits) is not None:
        return own_change(principal, "a waiver", interested)
    deciders = [needed for each in traits for needed in waiver_deciders(each)]
    who = " or ".join(dict.fromkeys(needed.who for needed in deciders))
    roles = {role for needed in deciders for role in needed.roles}
    return role_missing(principal, f"A waiver for {unit!r} is decided by members with the role {who}.", roles)


def _violation(pointer: str, message: str) -> Refusal:
    violation = {"in": "body", "pointer": pointer, "rule": "waiver", "message": message}
    return Refusal("schema-violation", "Such a waiver cannot be asked for.", {"violations": [violation]})
