"""Which revision of a unit is in force, signed: whoever can write to the database can move it, but not sign it."""

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PURPOSE = b"ostiary current revision\n"


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """The revision of a unit that is in force since a time (Unix seconds); None where the unit was removed.
    `change` is the change request it came by, `version` counts the moves from 1."""

    unit: str
    revision: str | None
    since: int
    change: str = ""
    version: int = 1
    signature: bytes = b""

    def signed(self, key: Ed25519PrivateKey) -> "Pointer":
        """With the catalog's signature."""
        return msgspec.structs.replace(self, signature=key.sign(self._statement()))

    def is_signed(self, key: Ed25519PublicKey) -> bool:
        """Whether the catalog set it so."""
        try:
            key.verify(self.signature, self._statement())
        except (InvalidSignature, TypeError):  # a database may give back anything
            return False
        return True

    def _statement(self) -> bytes:
        bare = msgspec.structs.replace(self, signature=b"")
        return _PURPOSE + msgspec.json.encode(bare, order="deterministic")
