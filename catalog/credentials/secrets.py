"""Secrets: made of random bits, and what is stored of them. Their text is `contracts.secret_text`.

The secret part is 256 random bits in base62, and a checksum follows, as GitHub's tokens have it: a scanner can
tell a leaked secret from a look-alike, and a mistyped one is refused before any look-up. The key id is public: it
finds the row, and names the secret in logs and in the ledger.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from contracts import secret_text
from contracts.secret_text import ALPHABET, KEY_ID_LENGTH, PREFIX, SECRET_LENGTH, SecretText


@dataclass(frozen=True, slots=True)
class Secret(SecretText):
    """A well-formed secret. `text` is the whole of it and never shows in a repr."""

    def digest(self, pepper: bytes) -> bytes:
        """HMAC-SHA-256 of the text under the server's pepper: what is stored.

        A slow password hash would add nothing: 256 random bits cannot be guessed.
        """
        return hmac.digest(pepper, self.text.encode(), hashlib.sha256)


def generate(environment: str, mark: str = "") -> Secret:
    """A new random secret for an environment; `mark` begins the key id of what gateways check."""
    key_id = mark + "".join(secrets.choice(ALPHABET) for _ in range(KEY_ID_LENGTH))
    random = secret_text.base62(secrets.randbits(256), SECRET_LENGTH)
    body = f"{PREFIX}_{environment}_{key_id}_{random}"
    return Secret(environment, key_id, body + secret_text.checksum(body))


def parse(text: str) -> Secret | None:
    """The secret in `text`, or None for what cannot be one."""
    found = secret_text.parse(text)
    return None if found is None else Secret(found.environment, found.key_id, found.text)
