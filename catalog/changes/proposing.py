"""Pushes: the files of somebody's estate become change requests, all of them or none."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.changes.assessment import Assessment, Proposal
from catalog.changes.conditions import Condition, all_met
from catalog.changes.deciding import may_propose
from catalog.changes.desk import Actor, Desk, Publishing
from catalog.changes.examining import Examiner
from catalog.changes.pushing import Pushed, compile_push, faults_of
from catalog.changes.reach import Reach, Reaches
from catalog.changes.records import Change, ChangeEvent, ChangeView
from catalog.changes.table import (
    ChangeTable,
    Lost,
    add_event,
    insert_change,
    open_change_in,
    update_change,
)
from catalog.clock import Clock, moment
from catalog.people.principal import Principal
from catalog.publication import GOVERNED_BY_DIRECTORY
from catalog.publishing.compilation import Held
from catalog.publishing.published import finding_object
from catalog.refusal import Refusal
from catalog.revisions.revision import BadRevision, Revision
from catalog.revisions.store import Files, put_revision
from catalog.revisions.stored import StoredUnits
from catalog.revisions.units import ESTATE_UNIT
from catalog.storage.engine import Store
from contracts.findings import Finding
from contracts.operations import ApiVersion

Outcome: TypeAlias = Literal["unchanged", "known", "proposed", "replaced", "published"]
"""`unchanged`: as it is in force; `known`: as its open change has it already. Of a dry run it is what would be."""


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one unit of a push. `change` is the number of its change request, 0 where there is none."""

    unit: str
    outcome: Outcome
    revision: str | None
    change: int = 0
    assessment: Assessment | None = None
    conditions: tuple[Condition, ...] = ()
    impact: Reach | None = None


class PushResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a push. `unused` are files that no unit refers to."""

    dry_run: bool
    units: tuple[Proposed, ...]
    unused: tuple[str, ...] = ()


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: files by path, why, and for which units alone (None: all that the files are of)."""

    files: Mapping[str, bytes]
    message: str = ""
    only: Sequence[str] | None = None
    prune: bool = False
    dry_run: bool = False


class _Wanted(msgspec.Struct, frozen=True):
    """One unit that is to change."""

    proposal: Proposal
    revision: Revision | None
    assessment: Assessment
    conditions: tuple[Condition, ...]
    impact: Reach | None
    open: Change | None


class Proposals:
    """Takes pushes."""

    def __init__(
        self,
        store: Store,
        table: ChangeTable,
        examiner: Examiner,
        desk: Desk,
        reaches: Reaches,
        publisher: Publishing,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._store = store
        self._table = table
        self._examiner = examiner
        self._desk = desk
        self._reaches = reaches
        self._publisher = publisher
        self._audit = audit
        self._clock = clock

    async def push(self, principal: Principal, push: Push, *, request_id: str = "") -> PushResult | Refusal:
        """Proposes what is other than in force, and publishes at once what needs nothing. The same push again
        changes nothing. With anything wrong in it nothing is stored. Raises SQLAlchemyError."""
        if self._publisher.from_directory:
            return GOVERNED_BY_DIRECTORY
        faults = faults_of(push.files)
        if faults:
            return _bad_files(faults)
        units = await self._examiner.units()
        pushed = await asyncio.to_thread(
            compile_push, push.files, units.files, only=push.only, prune=push.prune, held=self._held(units)
        )
        if pushed.findings:
            return _unsound(pushed.findings)
        try:
            revisions = {
                unit: None if files is None else Revision.of(unit, files) for unit, files in pushed.units.items()
            }
        except BadRevision as error:
            return _bad_files([("", str(error))])
        open_ = await self._table.open()
        same: list[Proposed] = []
        wanted: list[_Wanted] = []
        for unit, revision in sorted(revisions.items()):
            digest = None if revision is None else revision.digest
            change = open_.get(unit)
            if change is not None and change.revision == digest:
                same.append(Proposed(unit=unit, outcome="known", revision=digest, change=change.number))
            elif units.revisions.get(unit) == digest:
                number = 0 if change is None else change.number
                same.append(Proposed(unit=unit, outcome="unchanged", revision=digest, change=number))
            else:
                authors = {principal.name, *(() if change is None else change.authors)}
                wanted.append(await self._look(unit, revision, pushed, change, authors))
        for each in wanted:
            refusal = may_propose(principal, each.proposal.unit, each.assessment.traits)
            if refusal is not None:
                return refusal
        if push.dry_run:
            made = [_as_it_would_be(each) for each in wanted]
        else:
            stored = await self._store_all(principal, push, wanted, pushed, request_id)
            if isinstance(stored, Refusal):
                return stored
            made = [
                await self._settled(each, number, Actor(principal.name, request_id))
                for each, number in zip(wanted, stored, strict=True)
            ]
        every = sorted((*same, *made), key=lambda each: each.unit)
        return PushResult(dry_run=push.dry_run, units=tuple(every), unused=pushed.unused)

    def _held(self, units: StoredUnits) -> Held:
        """What APIs in force were compiled to; of one that was altered in the store perhaps nothing is known."""
        held: dict[str, tuple[ApiVersion, ...]] = {unit: () for unit in units.altered if unit != ESTATE_UNIT}
        for version in self._examiner.estate.versions:
            held[version.api] = (*held.get(version.api, ()), version)
        return held

    async def _look(
        self, unit: str, revision: Revision | None, pushed: Pushed, change: Change | None, authors: set[str]
    ) -> _Wanted:
        digest = None if revision is None else revision.digest
        proposal = await self._examiner.proposal(unit, digest, pushed.units[unit])
        assessment = await self._examiner.assess(proposal, authors)
        conditions = await self._examiner.conditions(proposal, assessment, (), authors)
        impact = None if assessment.problems else await self._reaches.of_proposal(proposal)
        return _Wanted(proposal, revision, assessment, conditions, impact, change)

    async def _store_all(
        self, principal: Principal, push: Push, wanted: Sequence[_Wanted], pushed: Pushed, request_id: str
    ) -> list[int] | Refusal:
        numbers = []
        try:
            async with self._store.write() as connection:
                for each in wanted:
                    files = pushed.units[each.proposal.unit]
                    numbers.append(await self._store_one(connection, principal, push, each, files, request_id))
        except Lost:
            detail = "Somebody else pushed to the same unit at the same time; nothing of this push was stored."
            return Refusal("state-conflict", detail)
        return numbers

    async def _store_one(
        self,
        connection: AsyncConnection,
        principal: Principal,
        push: Push,
        wanted: _Wanted,
        files: Files | None,
        request_id: str,
    ) -> int:
        proposal, now = wanted.proposal, int(self._clock())
        if wanted.revision is not None and files is not None:
            await put_revision(connection, wanted.revision, files, at=now, by=principal.name)
        change = await open_change_in(connection, proposal.unit)
        if (None if change is None else change.version) != (None if wanted.open is None else wanted.open.version):
            raise Lost(proposal.unit)
        if change is None:
            number = await insert_change(
                connection,
                unit=proposal.unit,
                base=proposal.base,
                revision=proposal.revision,
                message=push.message,
                author=principal.name,
                assessment=wanted.assessment,
                at=now,
            )
        else:
            number = change.number
            await update_change(
                connection,
                change,
                at=now,
                assessment=wanted.assessment,
                # Whoever takes part in a change has no part in its approval, whoever came later.
                authors=dict.fromkeys((*change.authors, principal.name)),
                base=proposal.base,
                revision=proposal.revision,
                message=push.message or change.message,
                state="proposed",
            )
        event = ChangeEvent(
            number=0,
            at=moment(now),
            actor=principal.name,
            kind="proposed" if change is None else "replaced",
            revision=proposal.revision,
            assessment=wanted.assessment.digest,
            text=push.message,
        )
        await add_event(connection, number, event)
        await self._audit.append(
            connection,
            Event(
                subject="change",
                action=event.kind,
                object=str(number),
                actor=principal.name,
                reason=push.message,
                before=(proposal.base if change is None else change.revision) or "",
                after=proposal.revision or "",
                request_id=request_id,
            ),
        )
        return number

    async def _settled(self, wanted: _Wanted, number: int, actor: Actor) -> Proposed:
        view = await self._desk.settle(number, actor)
        outcome: Outcome = "proposed" if wanted.open is None else "replaced"
        conditions = wanted.conditions
        if isinstance(view, ChangeView):
            outcome = "published" if view.change.state == "published" else outcome
            conditions = view.conditions
        else:
            conditions = (*conditions, Condition("publication", False, view.detail))
        return Proposed(
            unit=wanted.proposal.unit,
            outcome=outcome,
            revision=wanted.proposal.revision,
            change=number,
            assessment=wanted.assessment,
            conditions=conditions,
            impact=wanted.impact,
        )


def _as_it_would_be(wanted: _Wanted) -> Proposed:
    outcome: Outcome = "proposed" if wanted.open is None else "replaced"
    return Proposed(
        unit=wanted.proposal.unit,
        outcome="published" if all_met(wanted.conditions) else outcome,
        revision=wanted.proposal.revision,
        change=0 if wanted.open is None else wanted.open.number,
        assessment=wanted.assessment,
        conditions=wanted.conditions,
        impact=wanted.impact,
    )


def _bad_files(faults: Sequence[tuple[str, str]]) -> Refusal:
    violations = [
        {
            "in": "body",
            "pointer": f"/files/{path.replace('~', '~0').replace('/', '~1')}" if path else "/files",
            "rule": "file",
            "message": message,
        }
        for path, message in faults
    ]
    return Refusal("schema-violation", "These files cannot be part of an estate.", {"violations": violations})


def _unsound(findings: Sequence[Finding]) -> Refusal:
    number = len(findings)
    detail = f"The push has {number} error{'s' * (number != 1)}; nothing of it was stored."
    return Refusal("estate-invalid", detail, {"findings": [finding_object(each) for each in findings]})
