"""Keys of the log-in, made of the catalog's pepper: one for each purpose, so that what is good for one is for no
other.

HKDF (RFC 5869) with the purpose as its `info`. Whoever has the database and not the key files can neither look
for a session by guessing nor read a TOTP secret.
"""

import base64
import hmac
import os
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Purpose: TypeAlias = Literal[
    "session", "log-in", "csrf", "invitation", "recovery-code", "known-browser", "failures", "totp", "step"
]

_NONCE: Final = 12
TOKEN_BYTES: Final = 32
"""Random bytes of a cookie's value: 256 bits."""


class LoginKeys:
    """Digests and sealed values."""

    def __init__(self, pepper: bytes) -> None:
        self._of = lru_cache(maxsize=None)(lambda purpose: _derived(pepper, purpose))

    def digest(self, purpose: Purpose, text: str) -> bytes:
        """HMAC-SHA-256: what is stored of something that opens, and by which it is found."""
        return hmac.digest(self._of(purpose), text.encode(), "sha256")

    def token(self, purpose: Purpose, text: str) -> str:
        """The digest as text."""
        return base64.urlsafe_b64encode(self.digest(purpose, text)).rstrip(b"=").decode()

    def seal(self, purpose: Purpose, data: bytes, owner: str) -> bytes:
        """AES-256-GCM; `owner` is bound to it, so that a row's value is of no use in another's."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._of(purpose)).encrypt(nonce, data, owner.encode())

    def unseal(self, purpose: Purpose, sealed: bytes, owner: str) -> bytes | None:
        """What was sealed; None where it was altered, or sealed under another pepper or for another owner."""
        try:
            return AESGCM(self._of(purpose)).decrypt(sealed[:_NONCE], sealed[_NONCE:], owner.encode())
        except InvalidTag:
            return None


def random_token() -> str:
    """A value that nobody guesses."""
    return base64.urlsafe_b64encode(os.urandom(TOKEN_BYTES)).rstrip(b"=").decode()


def _derived(pepper: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, None, b"ostiary log-in " + purpose.encode()).derive(pepper)
