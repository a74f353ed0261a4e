"""Approvals: the catalog's signed word that an entry of a snapshot follows from an approved revision.

The manifest's signature says that a snapshot is the catalog's. An approval says of one API version that what is to
be enforced is what was decided on: it is made when a revision comes into force, is kept beside it, and is checked
by whoever enforces. So neither a write to the catalog's database nor a compiler that came to another result can
change what a gateway enforces.
"""

from typing import Final, Literal, TypeAlias

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Basis: TypeAlias = Literal["directory", "change", "rollback", "emergency", "upgrade"]
"""Why an entry is approved: a directory whose owner decides, a change request, a return to an earlier revision, an
emergency; or an upgrade of the catalog, which compiled an approved revision anew."""

_PURPOSE: Final = b"ostiary approval\n"
"""Signed along: the same key signs snapshots and checkpoints, and no signature may pass for another."""


class Approval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """That the entry of `api` and `version` with the digest `entry` (`contracts.snapshot.entry_digest`) follows
    from `revision`. `change` is the change request, `approvers` are the members who approved it, `at` is in Unix
    seconds."""

    api: str
    version: str
    revision: str
    entry: str
    basis: Basis
    at: int
    change: str = ""
    approvers: tuple[str, ...] = ()
    signature: bytes = b""

    def signed(self, key: Ed25519PrivateKey) -> "Approval":
        """With the catalog's signature."""
        return msgspec.structs.replace(self, signature=key.sign(self._statement()))

    def is_signed(self, key: Ed25519PublicKey) -> bool:
        """Whether the catalog whose snapshot key this is has said so."""
        try:
            key.verify(self.signature, self._statement())
        except (InvalidSignature, TypeError):  # a database may give back anything
            return False
        return True

    def _statement(self) -> bytes:
        bare = msgspec.structs.replace(self, signature=b"")
        return _PURPOSE + msgspec.json.encode(bare, order="deterministic")
