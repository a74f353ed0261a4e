"""Publication: the estate goes in, a signed snapshot comes out, and whoever waits for one is woken.

A broken estate changes nothing: the snapshot in force stays, and what is wrong is reported. The same content
never gets a second serial.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.clock import Clock
from catalog.key_files import Keys
from catalog.storage.snapshots import SnapshotTable
from contracts.estate.estate import Estate
from contracts.findings import Finding, has_errors
from contracts.snapshot import (
    FORMAT,
    AccessPart,
    Application,
    ContractsPart,
    Issuer,
    Manifest,
    SignedManifest,
    assemble,
    digest_of,
    encode_part,
    sign,
    verify,
)

log = structlog.get_logger("catalog.publication")

ACTOR: Final = "catalog"
"""Who publishes, in the audit log: the process, of itself."""


@dataclass(frozen=True, slots=True)
class Compilation:
    """What an estate compiles to. `contracts` is None where a finding forbids publication."""

    findings: tuple[Finding, ...]
    contracts: ContractsPart | None = None
    applications: tuple[Application, ...] = ()
    estate: Estate | None = None


class SourceError(Exception):
    """The estate is good, but what the deployment overrides in it is not."""


Source = Callable[[], Compilation]
"""Loads and compiles the estate; called in a thread. May raise OSError or SourceError."""


@dataclass(frozen=True, slots=True)
class Published:
    """The snapshot in force and what the catalog itself needs of it. `digest` is that of the manifest's bytes."""

    signed: SignedManifest
    manifest: Manifest
    digest: str
    contracts: ContractsPart
    applications: Mapping[str, Application]


@dataclass(frozen=True, slots=True)
class Publication:
    """How the last attempt went. `at` in Unix seconds; `changed` says whether a new snapshot came of it."""

    ok: bool
    at: int
    changed: bool = False
    findings: tuple[Finding, ...] = ()
    reason: str = ""

    def summary(self) -> dict[str, Any]:
        """For the status page."""
        return {
            "ok": self.ok,
            "at": self.at,
            "changed": self.changed,
            "reason": self.reason,
            "findings": [
                {
                    "file": finding.place.file,
                    "line": finding.place.line,
                    "column": finding.place.column,
                    "pointer": finding.place.pointer,
                    "rule": finding.rule,
                    "severity": finding.severity,
                    "message": finding.message,
                }
                for finding in self.findings
            ],
        }


@dataclass(slots=True)
class Publisher:
    """Publishes what `source` compiles, with `issuer` as the issuer of access tokens.

    `current` is the snapshot in force, `estate` what it was compiled from, as far as this process compiled it;
    `last` is the outcome of the last attempt in this process.
    """

    table: SnapshotTable
    keys: Keys
    issuer: Issuer
    source: Source | None
    clock: Clock
    audit: AuditLog
    current: Published | None = None
    estate: Estate | None = None
    last: Publication | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False

    async def restore(self) -> None:
        """Takes up what was published before. Raises SnapshotError where it is not ours."""
        self.current = await last_published(self.table, self.keys.snapshot.public_key())

    async def publish(self) -> Publication:
        """Compiles the estate and, where anything changed, signs and stores a new snapshot.

        Without a good estate the last good contracts and applications stay; only the issuer is brought up to
        date (its URL may have changed since they were published). Raises SQLAlchemyError.
        """
        async with self._lock:
            compiled, problem = await self._compile()
            findings = compiled.findings if compiled else ()
            good = compiled is not None and compiled.contracts is not None and not has_errors(findings)
            ok = good or (self.source is None and self.current is not None)
            reason = problem or ("" if ok else "the estate has errors")
            _report(findings, reason)
            if compiled is not None and compiled.contracts is not None and good:
                changed = await self._put(compiled.contracts, compiled.applications)
                self.estate = compiled.estate
            elif self.current is not None:
                changed = await self._put(self.current.contracts, tuple(self.current.applications.values()))
            else:
                changed = False
            if ok and not changed:
                log.info("unchanged", serial=self.current.manifest.serial if self.current is not None else None)
            self.last = Publication(ok, int(self.clock()), changed, findings, reason)
            return self.last

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

    async def _compile(self) -> tuple[Compilation | None, str]:
        if self.source is None:
            return None, ""
        try:
            return await asyncio.to_thread(self.source), ""
        except OSError as error:
            return None, f"the estate cannot be read: {error}"
        except SourceError as error:
            return None, str(error)
        except Exception as error:  # a fault of ours must not take the running snapshot away
            log.exception("compilation failed")
            return None, f"the estate could not be compiled: {type(error).__name__}"

    async def _put(self, contracts: ContractsPart, applications: tuple[Application, ...]) -> bool:
        access = AccessPart((self.issuer,), applications)
        contracts_part, access_part = encode_part(contracts), encode_part(access)
        current = self.current
        if current and (current.manifest.contracts, current.manifest.access) == (
            contracts_part[0],
            access_part[0],
        ):
            return False
        issued_at = int(self.clock())

        def signed_by(serial: int) -> SignedManifest:
            manifest = Manifest(FORMAT, serial, issued_at, contracts_part[0], access_part[0])
            return sign(manifest, self.keys.snapshot)

        async def told(connection: AsyncConnection, signed: SignedManifest) -> None:
            event = Event(
                subject="snapshot",
                action="published",
                object=str(msgspec.json.decode(signed.manifest, type=Manifest).serial),
                actor=ACTOR,
                reason="what the estate compiles to, or the issuer, has changed",
                before="" if current is None else current.digest,
                after=digest_of(signed.manifest),
            )
            await self.audit.append(connection, event)

        signed = await self.table.add(contracts_part, access_part, issued_at, signed_by, told)
        manifest = verify(signed, self.keys.snapshot.public_key())
        self.current = _published(signed, manifest, contracts, access)
        log.info("published", serial=manifest.serial, digest=self.current.digest, applications=len(applications))
        self._wake()
        return True

    def _wake(self) -> None:
        self._changed.set()
        if not self._closed:
            self._changed = asyncio.Event()


async def last_published(table: SnapshotTable, key: Ed25519PublicKey) -> Published | None:
    """What was published last, if anything was. Raises SnapshotError where `key` did not sign exactly that."""
    signed = await table.latest()
    if signed is None:
        return None
    manifest = verify(signed, key)
    digests = (manifest.contracts, manifest.access)
    parts = {digest: data for digest in digests if (data := await table.part(digest)) is not None}
    snapshot = assemble(manifest, parts)
    return _published(signed, manifest, snapshot.contracts, snapshot.access)


def _published(
    signed: SignedManifest, manifest: Manifest, contracts: ContractsPart, access: AccessPart
) -> Published:
    applications = {application.client_id: application for application in access.applications}
    return Published(signed, manifest, digest_of(signed.manifest), contracts, applications)


def _report(findings: tuple[Finding, ...], reason: str) -> None:
    if reason:
        log.error("estate not published", reason=reason)
    for finding in findings:
        level = log.error if finding.severity == "error" else log.warning
        level("finding", rule=finding.rule, severity=finding.severity, text=str(finding))
