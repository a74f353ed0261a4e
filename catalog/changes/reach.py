"""Whom a change touches, version by version: asked anew each time, for callers come and go."""

from collections.abc import Sequence

import msgspec

from catalog.changes.assessment import Proposal
from catalog.changes.comparison import compare
from catalog.changes.examining import Examiner
from catalog.changes.records import Change
from catalog.changes.touches import read_file
from catalog.clock import Clock
from catalog.revisions.units import ESTATE_UNIT, api_file
from catalog.usage.impact import WINDOW_DAYS, ImpactReport, counts, impact_of
from catalog.usage.queries import UsageQueries
from contracts.diff.changes import Change as Difference
from contracts.estate.estate import access_applications
from contracts.estate.loading import CONTRACT
from contracts.estate_files import ApiFile


class Reach(msgspec.Struct, frozen=True):
    """The impact of a change request: a report for each version of which something breaks or nobody knows."""

    days: int
    versions: tuple[ImpactReport, ...] = ()


class Reaches:
    """Asks usage and subscriptions."""

    def __init__(self, examiner: Examiner, queries: UsageQueries, clock: Clock) -> None:
        self._examiner = examiner
        self._queries = queries
        self._clock = clock

    async def of(self, change: Change, days: int = WINDOW_DAYS) -> Reach:
        """Whom an open change would touch. Of the estate's own files, and once a change is closed, nobody is told.

        Raises SQLAlchemyError.
        """
        if change.unit == ESTATE_UNIT or not change.is_open:
            return Reach(days)
        return await self.of_revision(change.unit, change.revision, days)

    async def of_revision(self, unit: str, revision: str | None, days: int = WINDOW_DAYS) -> Reach:
        """Whom an API would touch that became this revision; None: that went. Raises SQLAlchemyError."""
        return await self.of_proposal(await self._examiner.proposal(unit, revision), days)

    async def of_proposal(self, proposal: Proposal, days: int = WINDOW_DAYS) -> Reach:
        """The same of what need not be stored. Raises SQLAlchemyError."""
        unit = proposal.unit
        if proposal.before is None or proposal.is_estate:
            return Reach(days)
        api = read_file(proposal.before, api_file(unit), ApiFile)
        compared = compare(proposal.before, proposal.after or {}, api, self._examiner.today, None)
        estate = self._examiner.estate
        applications = access_applications(estate)
        reports = []
        for version in estate.versions:
            mine = _of_version(compared.raw, version.version)
            if version.api == unit and any(map(counts, mine)):
                report = await impact_of(self._queries, self._clock, version, mine, applications, days)
                reports.append(report)
        return Reach(days, tuple(reports))


def _of_version(changes: Sequence[Difference], version: str) -> list[Difference]:
    found = []
    for change in changes:
        match = CONTRACT.fullmatch(change.file.rpartition("/")[2])
        if match is not None and match["version"] == version:
            found.append(change)
    return found
