"""Secrets as text: `ost_<environment>_<key id>_<secret><checksum>`.

The secret is 256 random bits in base62 (43 characters) and the checksum CRC-32 over everything before it
(6 characters of base62), as GitHub's tokens have it: a scanner can tell a leaked secret from a look-alike, and
a mistyped one is refused before any look-up. The key id is public: it finds the row, and names the secret in
logs and in the ledger. That of an API key is longer and begins with `key`, so that a client secret is never
taken for one.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Final

PREFIX = "ost"
API_KEY_MARK: Final = "key"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEY_ID_LENGTH = 12
_SECRET_LENGTH = 43  # 62 ** 43 > 2 ** 256
_CHECKSUM_LENGTH = 6  # 62 ** 6 > 2 ** 32
_FORMAT = re.compile(
    rf"{PREFIX}_([a-z][a-z0-9]{{1,15}})_((?:{API_KEY_MARK})?[0-9A-Za-z]{{{_KEY_ID_LENGTH}}})"
    rf"_[0-9A-Za-z]{{{_SECRET_LENGTH}}}([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})"
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A well-formed secret. `text` is the whole of it and never shows in a repr."""

    environment: str
    key_id: str
    text: str = field(repr=False)

    @property
    def is_api_key(self) -> bool:
        return len(self.key_id) > _KEY_ID_LENGTH

    def digest(self, pepper: bytes) -> bytes:
        """HMAC-SHA-256 of the text under the server's pepper: what is stored.

        A slow password hash would add nothing: 256 random bits cannot be guessed.
        """
        return hmac.digest(pepper, self.text.encode(), hashlib.sha256)


def generate(environment: str, *, api_key: bool = False) -> Secret:
    """A new random secret for an environment."""
    key_id = (API_KEY_MARK if api_key else "") + "".join(secrets.choice(_ALPHABET) for _ in range(_KEY_ID_LENGTH))
    body = f"{PREFIX}_{environment}_{key_id}_{_base62(secrets.randbits(256), _SECRET_LENGTH)}"
    return Secret(environment, key_id, body + _checksum(body))


def parse(text: str) -> Secret | None:
    """The secret in `text`, or None for what cannot be one."""
    match = _FORMAT.fullmatch(text)
    if match is None or _checksum(text[:-_CHECKSUM_LENGTH]) != match[3]:
        return None
    return Secret(match[1], match[2], text)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
