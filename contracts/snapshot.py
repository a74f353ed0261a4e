"""The snapshot: the one thing the catalog and the gateway share.

It is immutable and versioned: a signed manifest that names two parts by digest. `contracts` is large and
changes with approvals; `access` (see `contracts.access`) changes often. A part is the deterministic JSON
encoding of its struct, and its name is `sha256:` and the hex digest of those bytes, so that a part that did not
change is never sent or compiled twice. The manifest is signed with Ed25519 (RFC 8032) over its own bytes.

In a part each operation and each application has a line of its own::

    {"audience":…,"upstreams":[…],"plans":[…],"versions":[
    {"api":"orders","version":"v1",…,"operations":[
    {"id":"listOrders",…},
    {"id":"getOrder",…}
    ],"lifecycle":…,"documents":…}
    ]}

To JSON a line feed between two tokens is nothing, and within a string there is none (RFC 8259 §2, §7), so that
whoever has to read a large part in small steps finds them by their line feeds: see `contracts.packed`.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Final, Literal, Protocol, TypeAlias, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contracts.access import AccessPart as AccessPart
from contracts.access import Application as Application
from contracts.access import Issuer as Issuer
from contracts.access import Subscription as Subscription
from contracts.approvals import Approval
from contracts.limits import RateLimit as RateLimit
from contracts.odoo_care import OdooCare
from contracts.operations import ApiVersion
from contracts.policy_settings import PolicyUse
from contracts.resilience import BreakerSettings, EjectionSettings, HealthCheck, RetrySettings

FORMAT = 1


class Timeouts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of an upstream call, in seconds. `between_bytes` bounds the silence after the first byte."""

    connect: float = 3.0
    first_byte: float = 15.0
    between_bytes: float = 15.0
    total: float = 60.0


class UpstreamTls(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """TLS towards an upstream, which is always verified. `ca` and `client_certificate` name secrets that the
    gateway holds; `server_name` is the name to ask for and to verify, where it is not the URL's host."""

    ca: str | None = None
    client_certificate: str | None = None
    server_name: str | None = None


class Upstream(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A server behind the gateway. `credential` names a secret that the gateway holds; never its value.

    `connections` is the most that one gateway worker opens at once to each target; of an Odoo, the most that all
    workers do which share their state. `protocol`, `database`, `login` and `care` are for Odoo: JSON-2 needs the
    key alone, JSON-RPC and XML-RPC the database and the login too.
    `targets` are the origins (`https://10.0.0.7:8443`) of several like servers, called in place of the origin of
    `url`; its path, and its authority as `Host`, hold for all of them. `residency` says where it and all of them
    keep what they are sent.
    """

    name: str
    kind: Literal["http", "odoo"]
    url: str
    timeouts: Timeouts = Timeouts()
    connections: int = 64
    credential: str | None = None
    credential_header: str = "authorization"
    credential_scheme: str | None = "Bearer"
    protocol: Literal["json2", "jsonrpc", "xmlrpc"] = "json2"
    database: str | None = None
    login: str | None = None
    tls: UpstreamTls | None = None
    targets: tuple[str, ...] = ()
    breaker: BreakerSettings = BreakerSettings()
    retries: RetrySettings = RetrySettings()
    ejection: EjectionSettings = EjectionSettings()
    health: HealthCheck | None = None
    residency: str | None = None
    care: OdooCare = OdooCare()

    @property
    def trust(self) -> tuple[str, ...]:
        """Names of the secrets that TLS is made with."""
        tls = self.tls
        return () if tls is None else tuple(name for name in (tls.ca, tls.client_certificate) if name is not None)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names of all secrets that a gateway needs to call it."""
        return (*self.trust, *(() if self.credential is None else (self.credential,)))

    def each_target(self) -> tuple[tuple[str, "Upstream"], ...]:
        """The origin of each target, and the upstream as if that were its only one."""
        scheme, _, rest = self.url.partition("://")
        authority, slash, path = rest.partition("/")
        if not self.targets:
            return ((f"{scheme}://{authority}", self),)
        return tuple((each, msgspec.structs.replace(self, url=each + slash + path)) for each in self.targets)


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Limits, whether API keys are good under the plan, where a contract takes them, and settings of policies for
    those under it."""

    name: str
    limits: tuple[RateLimit, ...]
    api_keys: bool = False
    policies: tuple[PolicyUse, ...] = ()


class ContractsPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What may be called, where it is served, and the plans. `audience` is the gateway's public URL. `approvals`
    are of the versions; a part of an earlier catalog has none."""

    audience: str
    upstreams: tuple[Upstream, ...]
    plans: tuple[Plan, ...]
    versions: tuple[ApiVersion, ...]
    approvals: tuple[Approval, ...] = ()


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Names the two parts by digest. `serial` only grows: a gateway never goes back to a lower one. `preview` is
    the change request that is shown on top of what is in force; only a gateway that was told to shows it."""

    format: int
    serial: int
    issued_at: int
    contracts: str
    access: str
    preview: str = ""


class SignedManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The manifest's exact bytes, and the Ed25519 signature over them (both base64 in JSON)."""

    manifest: bytes
    signature: bytes
    key_id: str


class Snapshot(msgspec.Struct, frozen=True):
    """A whole, verified snapshot."""

    manifest: Manifest
    contracts: ContractsPart
    access: AccessPart


Data: TypeAlias = bytes | bytearray
"""A part's bytes. A part that was fetched is a bytearray: to make it bytes would be one long copy."""


class AccessChange(msgspec.Struct, frozen=True):
    """What an access part has otherwise than the one with the digest `base`: the part without its applications,
    those that are new or others than before, and the client ids of those that are gone."""

    base: str
    frame: AccessPart
    changed: tuple[Application, ...]
    gone: frozenset[str]


class PackedSnapshot(msgspec.Struct, frozen=True):
    """A verified snapshot whose parts are still text. None: that part is the one in force already.

    `change` is what the access part has otherwise than the one in force, where that is known.
    """

    manifest: Manifest
    contracts: Data | None
    access: Data | None
    change: AccessChange | None = None


class SnapshotError(Exception):
    """A snapshot that must not be enforced; the message says why."""


class Parts(Protocol):
    """Where the bytes of a part are found by digest; None where they are not."""

    def get(self, digest: str, /) -> Data | None: ...


_encoder = msgspec.json.Encoder(order="deterministic")

VERSIONS: Final = b'"versions":['
APPLICATIONS: Final = b'"applications":['
OPERATIONS: Final = b'"operations":['
"""The members whose values have lines of their own."""


def encode_part(part: ContractsPart | AccessPart) -> tuple[str, bytes]:
    """The part's digest and bytes."""
    if isinstance(part, ContractsPart):
        # The last: after it stand approvals alone, and within a string a quote is escaped.
        frame = _encoder.encode(msgspec.structs.replace(part, versions=()))
        lines: Iterable[bytes] = map(_encode_version, part.versions)
        data = _filled(frame.rpartition(VERSIONS), lines)
    else:
        frame = _encoder.encode(msgspec.structs.replace(part, applications=()))
        data = _filled(frame.rpartition(APPLICATIONS), map(_encoder.encode, part.applications))
    return digest_of(data), data


def entry_digest(version: ApiVersion) -> str:
    """What an approval names a version by: the digest of the bytes that it has in a part."""
    return digest_of(_encode_version(version))


def _encode_version(version: ApiVersion) -> bytes:
    # The first: before it stand strings alone, and in those a quote is escaped.
    frame = _encoder.encode(msgspec.structs.replace(version, operations=()))
    return _filled(frame.partition(OPERATIONS), map(_encoder.encode, version.operations))


def _filled(frame: tuple[bytes, bytes, bytes], lines: Iterable[bytes]) -> bytes:
    before, member, after = frame
    return b"%b%b\n%b\n%b" % (before, member, b",\n".join(lines), after)


def digest_of(data: Data) -> str:
    """`sha256:` and the hex SHA-256 of `data`."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def key_id_of(key: Ed25519PublicKey) -> str:
    """A public key's short name: the first 16 hex digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def sign(manifest: Manifest, key: Ed25519PrivateKey) -> SignedManifest:
    """Signs the manifest with the catalog's snapshot key."""
    data = _encoder.encode(manifest)
    return SignedManifest(data, key.sign(data), key_id_of(key.public_key()))


def verify(signed: SignedManifest, key: Ed25519PublicKey, preview: str = "") -> Manifest:
    """The manifest, once its signature has proved it ours. It has to be of this `preview`, or of none without.

    Raises SnapshotError.
    """
    try:
        key.verify(signed.signature, signed.manifest)
    except InvalidSignature:
        raise SnapshotError(
            f"the snapshot is signed with key {signed.key_id!r}, not with the trusted key {key_id_of(key)!r}"
        ) from None
    try:
        manifest = msgspec.json.decode(signed.manifest, type=Manifest)
    except msgspec.DecodeError as error:
        raise SnapshotError(f"the manifest does not decode: {error}") from None
    if manifest.format != FORMAT:
        raise SnapshotError(f"snapshot format {manifest.format} is not the supported format {FORMAT}")
    if manifest.preview != preview:
        shown = f"a preview of change {manifest.preview}" if manifest.preview else "no preview"
        wanted = f"a preview of change {preview}" if preview else "what is in force"
        raise SnapshotError(f"the snapshot is {shown}, and this gateway serves {wanted}")
    return manifest


def assemble(manifest: Manifest, parts: Parts) -> Snapshot:
    """The snapshot that a verified manifest names. Raises SnapshotError for a missing or altered part."""
    return Snapshot(
        manifest,
        _part(manifest.contracts, parts, ContractsPart),
        _part(manifest.access, parts, AccessPart),
    )


def collect(
    manifest: Manifest, parts: Parts, known: Manifest | None = None, digest: Callable[[Data], str] | None = None
) -> PackedSnapshot:
    """As `assemble`, but nothing is decoded, and what is part of the `known` snapshot is not looked for.

    `digest` is `digest_of`, or does the same in its own way.
    """
    same = known is not None and known.contracts == manifest.contracts
    contracts = None if same else _proved(manifest.contracts, parts, ContractsPart.__name__, digest)
    same = known is not None and known.access == manifest.access
    access = None if same else _proved(manifest.access, parts, AccessPart.__name__, digest)
    return PackedSnapshot(manifest, contracts, access)


def pack(snapshot: Snapshot) -> PackedSnapshot:
    """The same snapshot with its parts as text."""
    return PackedSnapshot(snapshot.manifest, encode_part(snapshot.contracts)[1], encode_part(snapshot.access)[1])


T = TypeVar("T")


def _part(digest: str, parts: Parts, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(_proved(digest, parts, kind.__name__), type=kind)
    except msgspec.DecodeError as error:
        raise SnapshotError(f"the snapshot's {kind.__name__} does not decode: {error}") from None


def _proved(digest: str, parts: Parts, name: str, find: Callable[[Data], str] | None = None) -> Data:
    data = parts.get(digest)
    if data is None:
        raise SnapshotError(f"the snapshot's {name} {digest} is missing")
    found = (find or digest_of)(data)
    if found != digest:
        raise SnapshotError(f"the snapshot's {name} was altered: {found} is not {digest}")
    return data
