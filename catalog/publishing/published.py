"""What is published: the snapshot in force, and how the last attempt at one went."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from catalog.storage.snapshots import SnapshotTable
from contracts.access import Claims, Revoked
from contracts.findings import Finding
from contracts.snapshot import (
    AccessPart,
    Application,
    ContractsPart,
    Issuer,
    Manifest,
    SignedManifest,
    assemble,
    digest_of,
    verify,
)


@dataclass(frozen=True, slots=True)
class Published:
    """The snapshot in force and what the catalog itself needs of it. `digest` is that of the manifest's bytes;
    `issuers` are those besides the catalog, whose own keys are `signing_keys`, by `kid`. `claims` are by
    consumer."""

    signed: SignedManifest
    manifest: Manifest
    digest: str
    contracts: ContractsPart
    applications: Mapping[str, Application]
    revoked: Revoked | None = None
    issuers: tuple[Issuer, ...] = ()
    signing_keys: tuple[str, ...] = ()
    claims: Mapping[str, Claims] = field(default_factory=dict)

    def cuts_off(self, application: Application) -> bool:
        """Whether the application, or its consumer as a whole, was revoked."""
        revoked = self.revoked
        return revoked is not None and (
            application.client_id in revoked.client_ids or application.consumer in revoked.consumers
        )

    @classmethod
    def of(
        cls, signed: SignedManifest, manifest: Manifest, contracts: ContractsPart, access: AccessPart
    ) -> "Published":
        """A snapshot whose manifest was verified, or made here."""
        applications = {application.client_id: application for application in access.applications}
        issuers = tuple(each for each in access.issuers if each.external is not None)
        own = (key["kid"] for each in access.issuers if each.external is None for key in each.jwks.get("keys", ()))
        digest = digest_of(signed.manifest)
        return cls(
            signed, manifest, digest, contracts, applications, access.revoked, issuers, tuple(own), access.claims
        )


CurrentPublished: TypeAlias = Callable[[], Published | None]
"""The snapshot in force; None while there is none."""


@dataclass(frozen=True, slots=True)
class Publication:
    """How the last attempt went. `at` in Unix seconds; `changed` says whether a new snapshot came of it. `held`
    are units that stay as they were published, and versions without a good approval, each with the reason."""

    ok: bool
    at: int
    changed: bool = False
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    held: Mapping[str, str] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """For the status page."""
        return {
            "ok": self.ok,
            "at": self.at,
            "changed": self.changed,
            "reason": self.reason,
            "held": dict(self.held),
            "findings": [finding_object(finding) for finding in self.findings],
        }


def finding_object(finding: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    return {
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "pointer": finding.place.pointer,
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
    }


async def last_published(table: SnapshotTable, key: Ed25519PublicKey) -> Published | None:
    """What was published last, if anything was. Raises SnapshotError where `key` did not sign exactly that."""
    signed = await table.latest()
    if signed is None:
        return None
    manifest = verify(signed, key)
    digests = (manifest.contracts, manifest.access)
    parts = {digest: data for digest in digests if (data := await table.part(digest)) is not None}
    snapshot = assemble(manifest, parts)
    return Published.of(signed, manifest, snapshot.contracts, snapshot.access)
