"""A master key that the catalog holds itself: 32 bytes from a file or a setting."""

import base64
import binascii
import hashlib
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from catalog.upstream_credentials.envelope import MasterKeyError

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class LocalMasterKey:
    """Wraps by AES-256-GCM. It is known by a digest of it, which tells nothing of it. It shows in no repr."""

    def __init__(self, key: bytes) -> None:
        """Raises MasterKeyError for what is no key of 32 bytes."""
        if len(key) != KEY_BYTES:
            raise MasterKeyError(f"a master key has {KEY_BYTES} bytes, and not {len(key)}")
        self._cipher = AESGCM(key)
        self._key_id = "local:" + hashlib.sha256(b"ostiary master key\n" + key).hexdigest()[:16]

    @property
    def key_id(self) -> str:
        return self._key_id

    async def wrap(self, data_key: bytes, context: bytes, /) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data_key, context)

    async def unwrap(self, wrapped: bytes, context: bytes, /) -> bytes:
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            raise MasterKeyError(f"a data key does not open by the master key {self._key_id}") from None


def local_key_of_text(text: str, source: str) -> LocalMasterKey:
    """The key from its base64. Raises MasterKeyError, which names the `source` and repeats nothing of the text."""
    try:
        return LocalMasterKey(base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, ValueError, MasterKeyError):
        raise MasterKeyError(f"{source} does not hold {KEY_BYTES} bytes in base64") from None


def local_key_of_file(path: Path) -> LocalMasterKey:
    """Raises MasterKeyError."""
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise MasterKeyError(f"the master key in {path} cannot be read: {reason}") from None
    return local_key_of_text(text, str(path))
