"""Rolling back: in one step to any revision of a unit that was in force before.

It needs no approval, for that revision had one; what it needs is a role, and a reason. What it breaks for whom,
compared with what is in force, is shown before by `look`. An open change of the unit stays open, and is held
against what is then in force.

An earlier revision may have other people, rules or traits: roles that were taken away would come back with it, and
a bar that was raised would be lowered again. There a role is needed that the default rules want for such a change,
and nobody returns to a role of their own.
"""

from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.changes.assessment import Assessment
from catalog.changes.deciding import own_change, role_missing
from catalog.changes.examining import Examiner
from catalog.changes.reach import Reach, Reaches
from catalog.changes.regained import Regained, regained_roles
from catalog.changes.touches import read_file
from catalog.people.principal import Principal
from catalog.publication import GOVERNED_BY_DIRECTORY, Publisher
from catalog.refusal import Refusal
from catalog.revisions.acts import Act
from catalog.revisions.pointers import Pointer
from catalog.revisions.store import pointers_in
from catalog.revisions.stored import files_of
from catalog.revisions.units import ESTATE_UNIT
from contracts.estate.loading import TEAMS
from contracts.estate_changes import Touch
from contracts.estate_files import TeamsFile
from contracts.estate_words import Role

_ANYWHERE: Final[tuple[Role, ...]] = ("architect", "operator")
_BARS: Final[tuple[tuple[Role, frozenset[Touch]], ...]] = (
    ("security", frozenset(("people", "rules", "classification"))),
    ("architect", frozenset(("owner", "criticality", "governance"))),
)
"""Who returns to what says who may do what, and how changes are judged."""


class Rollback(msgspec.Struct, frozen=True):
    """A return of `unit` from `current` to `revision`, what it changes and whom that touches; `done` with the
    snapshot of this `serial`, or only looked at."""

    unit: str
    current: str | None
    revision: str
    done: bool
    assessment: Assessment
    impact: Reach
    serial: int | None = None


class Rollbacks:
    """Looks at rollbacks, and does them. Raises AlteredError, SQLAlchemyError."""

    def __init__(self, publisher: Publisher, examiner: Examiner, reaches: Reaches) -> None:
        self._publisher = publisher
        self._examiner = examiner
        self._reaches = reaches

    async def look(self, unit: str, revision: str) -> Rollback | Refusal:
        """What rolling back would come to."""
        pointer = await self._target(unit, revision)
        if isinstance(pointer, Refusal):
            return pointer
        assessment = await self._examiner.assess(await self._examiner.proposal(unit, revision))
        impact = Reach(0) if unit == ESTATE_UNIT else await self._reaches.of_revision(unit, revision)
        return Rollback(unit, pointer.revision, revision, done=False, assessment=assessment, impact=impact)

    async def roll_back(
        self,
        principal: Principal,
        unit: str,
        revision: str,
        reason: str,
        *,
        current: str | None = None,
        request_id: str = "",
    ) -> Rollback | Refusal:
        """Puts the revision in force. `current` is what the member believes to be in force, where they say so."""
        refusal = self._may(principal, unit)
        if refusal is not None:
            return refusal
        if self._publisher.from_directory:
            return GOVERNED_BY_DIRECTORY
        found = await self.look(unit, revision)
        if isinstance(found, Refusal):
            return found
        refusal = await self._may_return(principal, found)
        if refusal is not None:
            return refusal
        if current is not None and current != found.current:
            return _moved(unit, found.current)

        async def still(connection: AsyncConnection) -> Refusal | None:
            there = (await pointers_in(connection)).get(unit)
            now = None if there is None else there.revision
            return None if now == found.current else _moved(unit, now)

        act = Act("rollback", principal.name, reason, approvers=(principal.name,), request_id=request_id)
        done = await self._publisher.advance({unit: revision}, act, still)
        if isinstance(done, Refusal):
            return done
        return msgspec.structs.replace(found, done=True, serial=done.manifest.serial)

    async def _target(self, unit: str, revision: str) -> Pointer | Refusal:
        pointer = self._publisher.pointers.get(unit)
        if pointer is None:
            return Refusal("resource-not-found", f"There is no unit {unit!r}.")
        if not await self._publisher.planner.revisions.was_in_force(unit, revision):
            return Refusal(
                "resource-not-found",
                f"No revision {revision} of {unit!r} was in force: there is nothing to return to.",
            )
        if pointer.revision == revision and unit not in self._publisher.held:
            return Refusal(
                "state-conflict", f"{unit!r} is at this revision already.", {"current": {"revision": revision}}
            )
        return pointer

    async def _may_return(self, principal: Principal, found: Rollback) -> Refusal | None:
        """Whether the member may bring back the people, rules and traits of an earlier revision, where these are
        others."""
        touched = found.assessment.touches
        regained: tuple[Regained, ...] = ()
        if "people" in touched:
            regained = regained_roles(await self._teams_of(found.current), await self._teams_of(found.revision))
        if principal.name in {each.member for each in regained}:
            return own_change(principal, "roles", (principal.name,))
        for role, bars in _BARS:
            if bars.isdisjoint(touched) or principal.right(role) is not None:
                continue
            what = ", ".join(sorted(bars.intersection(touched)))
            told = f" ({', '.join(each.words for each in regained)} again)" if regained else ""
            detail = (
                f"The earlier revision has another state of: {what}{told}. Members with the role {role} return to "
                "that; whatever else is to be as it was can be pushed."
            )
            return role_missing(principal, detail, (role,))
        return None

    async def _teams_of(self, revision: str | None) -> TeamsFile:
        if revision is None:
            return TeamsFile({})
        files = await files_of(self._publisher.planner.revisions, ESTATE_UNIT, revision)
        return read_file(files, TEAMS, TeamsFile)

    def _may(self, principal: Principal, unit: str) -> Refusal | None:
        roles = (*_ANYWHERE, "security") if unit == ESTATE_UNIT else _ANYWHERE
        if any(principal.right(role) is not None for role in roles):
            return None
        estate = self._publisher.estate
        api = None if estate is None else estate.apis.get(unit)
        if api is None:
            detail = f"{unit!r} is rolled back by members with the role architect or operator."
            return role_missing(principal, detail, roles)
        if principal.right("api-owner", team=api.owner) is not None:
            return None
        detail = f"{unit!r} is rolled back by API owners of {api.owner}, by architects and by operators."
        return role_missing(principal, detail, (*_ANYWHERE, "api-owner"))


def _moved(unit: str, current: str | None) -> Refusal:
    return Refusal(
        "state-conflict",
        f"Another revision of {unit!r} came into force meanwhile.",
        {"current": {"revision": current}},
    )
