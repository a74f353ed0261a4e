"""Signed snapshots to publish in tests."""

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.approvals import Approval
from contracts.snapshot import (
    FORMAT,
    AccessPart,
    Application,
    ContractsPart,
    Manifest,
    SignedManifest,
    encode_part,
    entry_digest,
    sign,
)

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
ISSUED = 1_790_000_000


def publication(
    serial: int, *clients: str, key: Ed25519PrivateKey = KEY, form: int = FORMAT
) -> tuple[SignedManifest, Manifest, dict[str, bytes]]:
    """A signed manifest, what it says, and its parts by digest."""
    contracts, contracts_bytes = encode_part(ContractsPart("https://api.example", (), (), ()))
    applications = tuple(Application(client, client, "acme", ()) for client in clients)
    access, access_bytes = encode_part(AccessPart((), applications))
    manifest = Manifest(form, serial, ISSUED + serial, contracts, access)
    return sign(manifest, key), manifest, {contracts: contracts_bytes, access: access_bytes}


def approved(part: ContractsPart, key: Ed25519PrivateKey = KEY) -> ContractsPart:
    """The part with an approval for each of its versions."""
    approvals = tuple(
        Approval(
            api=each.api,
            version=each.version,
            revision=f"sha256:{'0' * 64}",
            entry=entry_digest(each),
            basis="directory",
            at=ISSUED,
        ).signed(key)
        for each in part.versions
    )
    return msgspec.structs.replace(part, approvals=approvals)
