"""Looks at a proposal with all that is around it: what is in force, waivers that hold, reviews that are late."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Protocol, TypeAlias

import msgspec
from cachetools import LRUCache
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from catalog.changes.assessment import Assessment, Proposal, WaiverInForce, assess, in_words
from catalog.changes.conditions import Condition
from catalog.changes.facts import Approval, Found
from catalog.changes.judging import Circumstances, conditions
from catalog.changes.table import ChangeTable
from catalog.changes.touches import read_file
from catalog.changes.waiver_table import Waiver, WaiverTable
from catalog.clock import Clock
from catalog.people.members import Members
from catalog.revisions.pointers import Pointer
from catalog.revisions.store import AlteredError, Files, RevisionStore
from catalog.revisions.stored import StoredUnits, files_of, read_units
from catalog.revisions.units import ESTATE_UNIT, api_file
from contracts.estate.estate import Estate
from contracts.estate.loading import ESTATE
from contracts.estate_files import ApiFile, DeprecationPolicyEntry, EstateFile
from contracts.estate_words import Role

_KEPT: Final = 64
"""Assessments that are kept for whoever asks again with nothing changed."""


@dataclass(frozen=True, slots=True)
class Becoming:
    """An API as it is in force and as it is proposed: None where there is none."""

    api: str
    before: ApiFile | None
    after: ApiFile | None


Gate: TypeAlias = Callable[
    [Sequence[Becoming], DeprecationPolicyEntry | None, frozenset[str]], Awaitable[tuple[Condition, ...]]
]
"""What else APIs have to fulfil that become others, such as what retiring a version takes: which they are, the
estate's policy as it is proposed, and who the authors are. A policy can change what becomes of an API that itself
stays as it is."""


async def no_gate(
    _apis: Sequence[Becoming], _policy: DeprecationPolicyEntry | None, _authors: frozenset[str]
) -> tuple[Condition, ...]:
    """Nothing else."""
    return ()


class InForce(Protocol):
    """What is in force, as the publisher has it."""

    @property
    def estate(self) -> Estate | None: ...

    @property
    def pointers(self) -> Mapping[str, Pointer]: ...


class Examiner:
    """Assesses proposals and finds their conditions. `key` is the catalog's snapshot key."""

    def __init__(
        self,
        in_force: InForce,
        revisions: RevisionStore,
        changes: ChangeTable,
        waivers: WaiverTable,
        key: Ed25519PublicKey,
        clock: Clock,
        gate: Gate = no_gate,
    ) -> None:
        self._in_force = in_force
        self._revisions = revisions
        self._changes = changes
        self._waivers = waivers
        self._key = key
        self._clock = clock
        self._gate = gate
        self._units: tuple[Mapping[str, Pointer], StoredUnits] | None = None
        self._assessed: LRUCache[bytes, Assessment] = LRUCache(_KEPT)

    @property
    def estate(self) -> Estate:
        """The estate in force: whose rules hold. Raises RuntimeError where nothing was published yet."""
        estate = self._in_force.estate
        if estate is None:
            raise RuntimeError("nothing is in force that could be changed")
        return estate

    @property
    def today(self) -> date:
        """The day (UTC) by which waivers and sunsets are judged."""
        return datetime.fromtimestamp(self._clock(), UTC).date()

    async def units(self) -> StoredUnits:
        """The files of every unit in force, but of those that were altered in the store: they stay as they were
        published, and are no hindrance to the others. Raises AlteredError where the estate's own files were."""
        pointers = self._in_force.pointers
        if self._units is None or self._units[0] is not pointers:
            self._units = (pointers, await read_units(self._revisions, pointers, self._key, {}))
        units = self._units[1]
        if ESTATE_UNIT in units.altered:
            raise AlteredError(f"the estate's own files: {units.altered[ESTATE_UNIT]}")
        return units

    async def proposal(self, unit: str, revision: str | None, files: Files | None = None) -> Proposal:
        """A revision of a unit against what is in force. `files` are its own, where it is not stored yet."""
        units = await self.units()
        if files is None and revision is not None:
            files = await files_of(self._revisions, unit, revision)
        others = {name: each for name, each in units.files.items() if name != unit}
        base = units.revisions.get(unit)
        if unit in units.altered:
            base = self._in_force.pointers[unit].revision
        held = frozenset(units.altered) - {unit}
        return Proposal(unit, base, units.files.get(unit), revision, files, others, held)

    async def assess(self, proposal: Proposal, authors: Collection[str] = ()) -> Assessment:
        """What is found of it today, with the waivers that hold today. One that an author granted, when they were
        none, or that was granted in their name, lets nothing of their change pass."""
        today, rules = self.today, self.estate.file.changes
        waivers = tuple(
            WaiverInForce(each.number, each.fingerprint, each.finding)
            for each in await self._waivers.granted(proposal.unit)
            if each.holds(today) and each.counts_for(authors)
        )
        units = await self.units()
        key = msgspec.json.encode(
            (proposal.unit, proposal.base, proposal.revision, sorted(units.revisions.items()), today, waivers)
        )
        known = self._assessed.get(key)
        if known is None:
            known = await asyncio.to_thread(assess, proposal, waivers, rules, today)
            self._assessed[key] = known
        return known

    async def conditions(
        self,
        proposal: Proposal,
        assessment: Assessment,
        approvals: Iterable[Approval],
        authors: Collection[str],
        lapsed: tuple[Approval, ...] = (),
    ) -> tuple[Condition, ...]:
        """All that has to be so, with these approvals, now. `lapsed` are those that count no more."""
        now = int(self._clock())
        granted = await self._waivers.granted(proposal.unit)
        around = Circumstances(
            now=now,
            problems=tuple(_said(each) for each in assessment.problems),
            expired=_expired(granted, assessment, self.today),
            overdue=tuple(
                each.number
                for each in await self._changes.unreviewed()
                if each.unit == proposal.unit
                and each.review_due_at is not None
                and each.review_due_at.timestamp() < now
            ),
            more=() if assessment.problems else await self._more(proposal, frozenset(authors)),
            lapsed=lapsed,
            able=tuple(_able(Members(self.estate.teams), authors)),
            idle=_idle((each for each in granted if each.holds(self.today)), assessment, authors),
        )
        return conditions(self.estate.file.changes, assessment.facts(), approvals, around)

    async def _more(self, proposal: Proposal, authors: frozenset[str]) -> tuple[Condition, ...]:
        in_force = self.estate.file.deprecation_policy
        if proposal.unit != ESTATE_UNIT:
            becoming = Becoming(
                proposal.unit, _api(proposal.unit, proposal.before), _api(proposal.unit, proposal.after)
            )
            return await self._gate((becoming,), in_force, authors)
        if proposal.after is None:
            return ()
        proposed = read_file(proposal.after, ESTATE, EstateFile).deprecation_policy
        if proposed == in_force:
            return ()
        return await self._gate(await asyncio.to_thread(_unchanged, proposal.others), proposed, authors)


def _api(unit: str, files: Files | None) -> ApiFile | None:
    return None if files is None else read_file(files, api_file(unit), ApiFile)


def _unchanged(units: Mapping[str, Files]) -> tuple[Becoming, ...]:
    """The APIs of which nothing is proposed."""
    apis = ((unit, _api(unit, files)) for unit, files in units.items())
    return tuple(Becoming(unit, file, file) for unit, file in apis)


def _said(problem: Found) -> str:
    where = f"{problem.file}:{problem.line}:{problem.column}: " if problem.line else f"{problem.file}: "
    return f"{where}{problem.message} [{problem.rule}]"


def _able(members: Members, authors: Collection[str]) -> Iterator[Approval]:
    """What each member's own roles could approve. Who stands in for somebody uses that right, and adds none."""
    for member in members.by_name.values():
        if member.name not in authors:
            for role in sorted(frozenset[Role]().union(*member.memberships.values())):
                teams = frozenset(team for team, roles in member.memberships.items() if role in roles)
                yield Approval(member.name, role, teams)


def _idle(holding: Iterable[Waiver], assessment: Assessment, authors: Collection[str]) -> dict[str, str]:
    """Why a waiver that holds does not let its finding pass, by fingerprint."""
    words = in_words(assessment.changes)
    idle = {}
    for each in holding:
        if not each.counts_for(authors):
            idle[each.fingerprint] = f"waiver {each.number} of an author does not count for their own change"
        elif words.get(each.fingerprint, each.finding) != each.finding:
            idle[each.fingerprint] = f"waiver {each.number} is of another change at the same place"
    return idle


def _expired(granted: Iterable[Waiver], assessment: Assessment, today: date) -> tuple[Found, ...]:
    """The findings of the linter that are still there and whose last waiver has ended."""
    ended = {each.fingerprint for each in granted if not each.holds(today)}
    return tuple(each for each in assessment.lint if each.fingerprint in ended and not each.waived)
