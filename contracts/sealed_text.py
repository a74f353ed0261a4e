"""The text of a signing key as it is stored and travels: sealed under a key that catalog and gateways share.

Whoever checks an HMAC has to know its key (RFC 2104), so of a key that signs requests a digest is not enough. What
the ledger and the access part hold is the text under AES-SIV (RFC 5297), with a key that is made of the pepper of
API keys: a copy of the database or of a snapshot opens nothing without the pepper's file, and the pepper nothing
without one of these. SIV needs no nonce, and the same text seals to the same bytes, so that a leaked one is found.
"""

import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_LABEL: Final = b"ostiary: keys that sign requests"


class Sealing:
    """Seals and opens texts, under the key that is made of a `pepper`. It shows in no repr."""

    __slots__ = ("_cipher",)

    def __init__(self, pepper: bytes) -> None:
        # 64 bytes: AES-256, of which SIV takes two keys.
        self._cipher = AESSIV(hmac.digest(pepper, _LABEL, hashlib.sha512))

    def seal(self, key_id: str, text: str) -> bytes:
        """The text of the key with this public id; under another id it does not open."""
        return self._cipher.encrypt(text.encode(), [key_id.encode()])

    def open(self, key_id: str, sealed: bytes) -> bytes | None:
        """The text's bytes; None for what was not sealed so."""
        try:
            return self._cipher.decrypt(sealed, [key_id.encode()])
        except (InvalidTag, ValueError):
            return None
