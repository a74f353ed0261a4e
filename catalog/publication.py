"""Publication: an estate goes in, a signed snapshot comes out, and whoever waits for one is woken.

An estate is fed in one of two ways. With a source, a directory, that decides: each good state of it is recorded as
revisions. Without one the store decides: the revisions in force are compiled, and move by `advance`. Either way it
is one transaction, and what this process holds of it is replaced only once that is done.

A broken estate changes nothing: the snapshot in force stays, and what is wrong is reported. The same content never
gets a second serial.

Several catalogs may run on one store. What another one publishes is taken up as if it were our own, and nothing is
written on top of what this process has not seen.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.log import AuditLog
from catalog.clock import Clock
from catalog.key_files import Keys
from catalog.publishing.access_texts import AccessTexts
from catalog.publishing.compilation import NO_OVERRIDES, Overrides, Source, SourceError
from catalog.publishing.planning import Broken, Plan, Planner
from catalog.publishing.published import Publication, Published, finding_object, last_published
from catalog.publishing.standing import Stand, stand_in, stand_of, stand_with
from catalog.publishing.transaction import (
    Also,
    Amend,
    MovedError,
    Writer,
    as_they_are,
    nothing_else,
)
from catalog.refusal import Refusal
from catalog.revisions.acts import Act
from catalog.revisions.pointers import Pointer
from catalog.revisions.store import AlteredError
from catalog.revisions.stored import Move, files_of
from catalog.storage.engine import Store
from catalog.storage.snapshots import SnapshotTable
from contracts.estate.estate import Estate
from contracts.findings import Finding
from contracts.snapshot import Application, Issuer, SnapshotError

log = structlog.get_logger("catalog.publication")

_ATTEMPTS: Final = 3
"""Times that a publication is tried where another process publishes meanwhile."""


@dataclass(slots=True)
class Publisher:
    """Publishes an estate, with `issuer` as the issuer of access tokens. `overrides` are the deployment's; `amend`
    is asked what the store has of applications.

    `current` is the snapshot in force, `estate` what it was compiled from, `pointers` the revisions in force by
    unit, `held` what stays as it was published and why; `last` is the outcome of the last attempt of `publish`.
    """

    store: Store
    keys: Keys
    issuer: Issuer
    source: Source | None
    clock: Clock
    audit: AuditLog
    overrides: Overrides = NO_OVERRIDES
    amend: Amend = as_they_are
    current: Published | None = None
    estate: Estate | None = None
    pointers: Mapping[str, Pointer] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    last: Publication | None = None
    access_texts: AccessTexts = field(default_factory=AccessTexts)
    planner: Planner = field(init=False)
    _writer: Writer = field(init=False)
    _applications: tuple[Application, ...] = ()
    _unusable: int = 0  # serial of a snapshot in the store that is not ours
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False

    def __post_init__(self) -> None:
        self.planner = Planner(self.store, self.keys, self.clock, self.overrides)
        self._writer = Writer(self.store, self.audit, self.keys, self.clock)

    @property
    def closed(self) -> bool:
        """Whether the process stops."""
        return self._closed

    @property
    def from_directory(self) -> bool:
        """Whether a directory decides, and not the store."""
        return self.source is not None

    async def restore(self) -> None:
        """Takes up what was published before. Raises SnapshotError where it is not ours."""
        self.pointers = await self.planner.revisions.pointers()
        self.current = await self._last_published()
        self._applications = () if self.current is None else tuple(self.current.applications.values())

    async def follow(self) -> bool:
        """Takes up what another catalog on the same store has published since; whether there was anything.

        Raises SQLAlchemyError.
        """
        async with self._lock:
            return await self._catch_up()

    async def publish(self) -> Publication:
        """Compiles the estate and, where anything changed, signs and stores a new snapshot.

        Without a good estate the last good contracts and applications stay; only the issuer is brought up to
        date (its URL may have changed since they were published). Raises SQLAlchemyError.
        """
        async with self._lock:
            for _ in range(_ATTEMPTS):
                await self._catch_up()
                try:
                    self.last = await self._publish()
                except MovedError:
                    continue
                return self.last
            self.last = Publication(False, int(self.clock()), reason="another process publishes all the time")
            return self.last

    async def advance(
        self, moves: Mapping[str, str | None], act: Act, also: Also = nothing_else
    ) -> Published | Refusal:
        """Puts revisions in force that are in the store (None removes the unit), and `also` in the same
        transaction; or says why not, and nothing happened. Raises SQLAlchemyError."""
        if self.from_directory:
            return GOVERNED_BY_DIRECTORY
        async with self._lock:
            for _ in range(_ATTEMPTS):
                await self._catch_up()
                plan = await self.plan(moves, act)
                if isinstance(plan, Refusal):
                    return plan
                try:
                    done = await self._put(plan, also)
                except MovedError:
                    continue
                return done if isinstance(done, Refusal) else self._in_force()
        return OVERTAKEN

    async def republish(self, also: Also) -> Published | Refusal:
        """`also`, and what then follows from the store for applications, in one transaction. No unit moves, and
        nothing is compiled. Raises SQLAlchemyError."""
        async with self._lock:
            for _ in range(_ATTEMPTS):
                await self._catch_up()
                if self.current is None:
                    return Refusal("state-conflict", "Nothing has been published yet.")
                try:
                    done = await self._put(self.planner.again(self.current, self._applications), also)
                except MovedError:
                    continue
                return done if isinstance(done, Refusal) else self._in_force()
        return OVERTAKEN

    async def plan(self, moves: Mapping[str, str | None], act: Act | None) -> Plan | Refusal:
        """What would come of moving units to revisions in the store; nothing is written. Without an act nobody
        vouches for what they compile to. Raises
        SQLAlchemyError."""
        revisions = self.planner.revisions
        wanted: dict[str, Move] = {}
        for unit, digest in moves.items():
            if digest is None:
                wanted[unit] = Move(None, {})
                continue
            stored = await revisions.find(digest)
            if stored is None or stored.revision.unit != unit:
                return Refusal("resource-not-found", f"There is no revision {digest} of {unit!r}.")
            try:
                wanted[unit] = Move(stored.revision, await files_of(revisions, unit, digest))
            except AlteredError as error:
                return Refusal("state-conflict", f"{unit!r} cannot be put in force: {error}.")
        pointers = await revisions.pointers()
        plan = await self.planner.of_store(pointers, self.current, moves=wanted, act=act, held=self._held_units())
        if isinstance(plan, Broken):
            findings = [finding_object(each) for each in plan.findings]
            return Refusal("estate-invalid", f"It cannot be published: {plan.reason}.", {"findings": findings})
        return plan

    async def wait(self, known: str, seconds: float) -> Published | None:
        """The snapshot in force as soon as its digest is not `known`; None when `seconds` pass before that."""
        try:
            async with asyncio.timeout(seconds):
                while not self._closed and (self.current is None or self.current.digest == known):
                    await self._changed.wait()
        except TimeoutError:
            return None
        return None if self.current is None or self.current.digest == known else self.current

    def close(self) -> None:
        """Lets everyone who waits go, so that the process can stop."""
        self._closed = True
        self._wake()

    async def _publish(self) -> Publication:
        pointers = await self.planner.revisions.pointers()
        made = await self._made(pointers)
        findings = () if made is None else made.findings
        reason = made.reason if isinstance(made, Broken) else ""
        _report(findings, reason)
        plan = made if isinstance(made, Plan) else None
        if plan is None:
            if self.estate is None and self.from_directory and pointers:
                await self._recall(pointers)
            if self.current is not None:
                plan = self.planner.again(self.current, self._applications)
        changed = False
        if plan is not None:
            done = await self._put(plan, nothing_else)
            changed = done is True
        ok = isinstance(made, Plan) or (made is None and self.current is not None)
        if ok and not changed:
            log.info("unchanged", serial=self.current.manifest.serial if self.current is not None else None)
        return Publication(ok, int(self.clock()), changed, findings, reason, self.held)

    async def _made(self, pointers: Mapping[str, Pointer]) -> Plan | Broken | None:
        """What the directory or the store has; None where the store has no estate and nobody gives one."""
        if self.source is None:
            if not pointers:
                return None
            return await self.planner.of_store(pointers, self.current, moves={}, held={})
        try:
            compiled = await asyncio.to_thread(self.source)
        except OSError as error:
            return Broken(f"the estate cannot be read: {error}")
        except SourceError as error:
            return Broken(str(error))
        except Exception as error:  # a fault of ours must not take the running snapshot away
            log.exception("compilation failed")
            return Broken(f"the estate could not be compiled: {type(error).__name__}")
        return await self.planner.of_directory(compiled, pointers)

    async def _recall(self, pointers: Mapping[str, Pointer]) -> None:
        """While the directory is broken, who may act is known from its last good state; and what that granted of
        itself, to which the store adds."""
        plan = await self.planner.of_store(pointers, self.current, moves={}, held={})
        self.estate = plan.estate if isinstance(plan, Plan) else None
        if isinstance(plan, Plan) and plan.estate is not None:
            self._applications = plan.applications
        self.pointers = pointers

    async def _catch_up(self) -> bool:
        stand = await stand_of(self.store)
        if not stand.is_ahead_of(self._stand):
            return False
        pointers = await self.planner.revisions.pointers()
        try:
            published = await self._last_published()
        except SnapshotError as error:
            log.error("snapshot of another process not usable", serial=stand.serial, reason=str(error))
            self._unusable, published = stand.serial, self.current
        if pointers != self.pointers or self.estate is None:
            plan = await self.planner.of_store(pointers, published, moves={}, held={})
            if isinstance(plan, Plan) and plan.estate is not None:
                self.estate, self.held = replace(plan.estate, texts={}), plan.held
                self._applications = plan.applications
            self.pointers = pointers
        if published is not None and published is not self.current:
            self.current = published
            log.info("taken up from another process", serial=published.manifest.serial, digest=published.digest)
            self._wake()
        return True

    @property
    def _stand(self) -> Stand:
        stand = stand_with(self.current, self.pointers)
        return stand._replace(serial=max(stand.serial, self._unusable))

    async def _last_published(self) -> Published | None:
        """Also kept for deltas, so that gateways which have it need not fetch the next one whole."""
        table = SnapshotTable(self.store)
        published = await last_published(table, self.keys.snapshot.public_key())
        data = None if published is None else await table.part(published.manifest.access)
        if published is not None and data is not None:
            self.access_texts.keep(published.manifest.access, data)
        return published

    async def _put(self, plan: Plan, also: Also) -> bool | Refusal:
        """Whether a new snapshot came of it. Raises MovedError where another process was first."""

        async def also_if_first(connection: AsyncConnection) -> Refusal | None:
            if (await stand_in(connection)).is_ahead_of(self._stand):
                raise MovedError
            return await also(connection)

        done = await self._writer.write(plan, self.current, self.issuer, amend=self.amend, also=also_if_first)
        if isinstance(done, Refusal):
            return done
        self.current, self.pointers = done.published, done.pointers
        self._applications = plan.applications
        if plan.estate is not None:
            self.estate = replace(plan.estate, texts={})
            self.held = plan.held
            for name, why in plan.held.items():
                log.error("held as it was published", what=name, reason=why)
        self.access_texts.keep(*done.access)
        if done.changed:
            log.info(
                "published",
                serial=done.published.manifest.serial,
                digest=done.published.digest,
                applications=len(done.published.applications),
            )
            self._wake()
        return done.changed

    def _held_units(self) -> Mapping[str, str]:
        return {name: why for name, why in self.held.items() if "/" not in name}

    def _in_force(self) -> Published:
        assert self.current is not None
        return self.current

    def _wake(self) -> None:
        self._changed.set()
        if not self._closed:
            self._changed = asyncio.Event()


GOVERNED_BY_DIRECTORY: Final = Refusal(
    "directory-governs",
    "This catalog publishes the estate of a directory (OSTIARY_CATALOG_ESTATE): what is to change, changes there.",
)

OVERTAKEN: Final = Refusal("state-conflict", "Another process publishes all the time; nothing was changed.")


def _report(findings: tuple[Finding, ...], reason: str) -> None:
    if reason:
        log.error("estate not published", reason=reason)
    for finding in findings:
        level = log.error if finding.severity == "error" else log.warning
        level("finding", rule=finding.rule, severity=finding.severity, text=str(finding))
