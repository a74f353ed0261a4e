"""What is to be put in force, planned without a write: compiled, compared with what is in force, and attested.

An API that was altered in the store, or that a newer compiler refuses, is held: it stays as it was published last,
with the approval that it had, and the others go on.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
import structlog

from catalog.clock import Clock
from catalog.key_files import Keys
from catalog.publishing.compilation import Compilation, Overrides, SourceError, compile_units
from catalog.publishing.published import Published
from catalog.revisions.acts import FROM_DIRECTORY, Act
from catalog.revisions.attesting import Attested, Attester, Ground
from catalog.revisions.pointers import Pointer
from catalog.revisions.revision import BadRevision, Revision
from catalog.revisions.store import RevisionStore
from catalog.revisions.stored import Move, read_units
from catalog.revisions.units import ESTATE_UNIT, BadPath
from catalog.storage.engine import Store
from contracts.access import AccessPart, Claims
from contracts.estate.estate import Estate
from contracts.estate.loading import APIS
from contracts.findings import Finding
from contracts.operations import ApiVersion
from contracts.snapshot import Application, ContractsPart, Issuer

log = structlog.get_logger("catalog.publication")

OF_ITSELF: Final = Act("change", reason="what the estate compiles to, or the issuer, has changed")
"""When nothing moves: an upgrade, another override, another issuer."""


_NOTHING_NEW: Final = Attested(())


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be put in force; `issuers` are those besides the catalog, `claims` are by consumer.

    `moves` are the units whose revision changes, `pointers` the state that the plan was made on, where it matters;
    `held` says why a unit stays as it was, or why a version has no approval.
    """

    contracts: ContractsPart
    applications: tuple[Application, ...]
    findings: tuple[Finding, ...] = ()
    estate: Estate | None = None
    attested: Attested = _NOTHING_NEW
    moves: Mapping[str, Move] = field(default_factory=dict)
    pointers: Mapping[str, Pointer] | None = None
    act: Act = OF_ITSELF
    held: Mapping[str, str] = field(default_factory=dict)
    issuers: tuple[Issuer, ...] = ()
    claims: Mapping[str, Claims] = field(default_factory=dict)

    def access(self, issuer: Issuer) -> AccessPart:
        """Who may call by it, where `issuer` is the catalog."""
        return AccessPart((issuer, *self.issuers), self.applications, claims=self.claims)


@dataclass(frozen=True, slots=True)
class Broken:
    """Why there is no plan."""

    reason: str
    findings: tuple[Finding, ...] = ()


class Planner:
    """Plans what a directory or the store has."""

    def __init__(self, store: Store, keys: Keys, clock: Clock, overrides: Overrides) -> None:
        self.revisions = RevisionStore(store)
        self._attester = Attester(store, keys.snapshot, clock)
        self._key = keys.snapshot.public_key()
        self._overrides = overrides

    async def of_directory(self, compiled: Compilation, pointers: Mapping[str, Pointer]) -> Plan | Broken:
        """What a directory compiles to, and the units of it that are not in force yet. Raises SQLAlchemyError."""
        if not compiled.good:
            return Broken("the estate has errors", compiled.findings)
        try:
            wanted = {unit: Move(Revision.of(unit, files), files) for unit, files in compiled.units.items()}
        except (BadRevision, BadPath) as error:
            return Broken(f"the estate cannot be recorded: {error}", compiled.findings)
        moves = {unit: move for unit, move in wanted.items() if not self._is_at(pointers.get(unit), move)}
        if wanted:
            gone = Move(None, {})
            moves |= {
                unit: gone for unit, each in pointers.items() if unit not in wanted and not self._is_at(each, gone)
            }
        revisions = {unit: move.revision.digest for unit, move in wanted.items() if move.revision is not None}
        return await self._plan(compiled, Ground(revisions, FROM_DIRECTORY, moves), moves, pointers, {})

    async def of_store(
        self,
        pointers: Mapping[str, Pointer],
        published: Published | None,
        *,
        moves: Mapping[str, Move],
        act: Act | None = None,
        held: Mapping[str, str],
    ) -> Plan | Broken:
        """What the revisions in force compile to, with `moves` on top. `held` are units that are held already.
        Raises SQLAlchemyError."""
        versions = _by_api(published)
        units = await read_units(self.revisions, pointers, self._key, moves)
        why = {unit: reason for unit, reason in held.items() if unit not in moves} | dict(units.altered)
        why |= dict.fromkeys(
            versions.keys() - pointers.keys(), "which revision is in force is missing in the store"
        )
        if ESTATE_UNIT not in units.files:
            return Broken(f"the estate's own files: {why.get(ESTATE_UNIT, 'there are none')}")
        compiled = await self._compile(units.files, versions, why)
        if isinstance(compiled, Compilation) and not compiled.good and not moves:
            # Nobody asked for anything: what a newer compiler refuses must not keep back what it does not.
            culprits = _culprits(compiled.findings) & versions.keys()
            why |= dict.fromkeys(culprits, "it does not compile any more")
            compiled = await self._compile(units.files, versions, why) if culprits else compiled
        if isinstance(compiled, Broken):
            return compiled
        if not compiled.good:
            return Broken("the estate has errors", compiled.findings)
        approvals = () if published is None else published.contracts.approvals
        kept = {(each.api, each.version): each for each in approvals if each.api in why}
        ground = Ground(units.revisions, act, tuple(moves), kept)
        return await self._plan(compiled, ground, moves, pointers, why)

    def again(self, published: Published, applications: tuple[Application, ...]) -> Plan:
        """What is published already. What an earlier catalog published without approvals gets them now: it is
        proved by the manifest that it signed."""
        contracts = published.contracts
        if contracts.versions and not contracts.approvals:
            approvals = self._attester.adopt(contracts.versions)
            contracts = msgspec.structs.replace(contracts, approvals=approvals)
        return Plan(contracts, applications, issuers=published.issuers, claims=published.claims)

    async def _compile(
        self,
        files: Mapping[str, Mapping[str, bytes]],
        versions: Mapping[str, tuple[ApiVersion, ...]],
        why: Mapping[str, str],
    ) -> Compilation | Broken:
        used = {unit: each for unit, each in files.items() if unit not in why}
        held = {unit: versions.get(unit, ()) for unit in why if unit != ESTATE_UNIT}
        try:
            return await asyncio.to_thread(compile_units, used, self._overrides, held)
        except (SourceError, BadRevision, BadPath) as error:
            return Broken(str(error))
        except OSError as error:
            return Broken(f"the estate cannot be laid out for the compiler: {error}")
        except Exception as error:  # a fault of ours must not take the running snapshot away
            log.exception("compilation failed")
            return Broken(f"the estate could not be compiled: {type(error).__name__}")

    async def _plan(
        self,
        compiled: Compilation,
        ground: Ground,
        moves: Mapping[str, Move],
        pointers: Mapping[str, Pointer],
        held: Mapping[str, str],
    ) -> Plan:
        assert compiled.contracts is not None
        attested = await self._attester.attest(compiled.contracts.versions, ground)
        without = {"/".join(name): "it has no good approval" for name in attested.unapproved}
        return Plan(
            msgspec.structs.replace(compiled.contracts, approvals=attested.approvals),
            compiled.applications,
            compiled.findings,
            compiled.estate,
            attested,
            moves,
            pointers,
            ground.act or OF_ITSELF,
            {**held, **without},
            compiled.issuers,
            compiled.claims,
        )

    def _is_at(self, pointer: Pointer | None, move: Move) -> bool:
        wanted = None if move.revision is None else move.revision.digest
        if pointer is None:
            return wanted is None
        return pointer.revision == wanted and pointer.is_signed(self._key)


def _by_api(published: Published | None) -> dict[str, tuple[ApiVersion, ...]]:
    found: dict[str, tuple[ApiVersion, ...]] = {}
    for version in () if published is None else published.contracts.versions:
        found[version.api] = (*found.get(version.api, ()), version)
    return found


def _culprits(findings: tuple[Finding, ...]) -> set[str]:
    """The APIs in whose own files the errors are; none where one is elsewhere."""
    places = [each.place.file.split("/") for each in findings if each.severity == "error"]
    if any(len(place) < 3 or place[0] != APIS for place in places):
        return set()
    return {place[1] for place in places}
