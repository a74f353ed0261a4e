"""Rolling back: in one step to any revision of a unit that was in force before.

It needs no approval, for that revision had one; what it needs is a role, and a reason. What it breaks for whom,
compared with what is in force, is shown before by `look`. An open change of the unit stays open, and is held
against what is then in force.
"""

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.changes.assessment import Assessment
from catalog.changes.deciding import role_missing
from catalog.changes.examining import Examiner
from catalog.changes.reach import Reach, Reaches
from catalog.people.principal import Principal
from catalog.publication import GOVERNED_BY_DIRECTORY, Publisher
from catalog.refusal import Refusal
from catalog.revisions.acts import Act
from catalog.revisions.pointers import Pointer
from catalog.revisions.store import pointers_in
from catalog.revisions.units import ESTATE_UNIT
from contracts.estate_words import Role

_ANYWHERE: tuple[Role, ...] = ("architect", "operator")


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

    def _may(self, principal: Principal, unit: str) -> Refusal | None:
        if any(principal.right(role) is not None for role in _ANYWHERE):
            return None
        estate = self._publisher.estate
        api = None if estate is None else estate.apis.get(unit)
        if api is None:
            return role_missing(
                principal, f"{unit!r} is rolled back by members with the role architect or operator.", _ANYWHERE
            )
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
