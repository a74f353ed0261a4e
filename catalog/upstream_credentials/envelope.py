"""Envelope encryption: each value under a data key of its own, and that key wrapped by a master key.

AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D §8.2.2); a data key encrypts one value, so that no nonce is
used twice under it. What a value is of (name, number, environment) is authenticated along: a row that was moved to
another name does not open. To change the master key, data keys are wrapped anew; the values stay as they are.
"""

import os
from collections.abc import Iterable
from typing import Final, Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BITS: Final = 256
_NONCE_BYTES: Final = 12


class MasterKeyError(Exception):
    """A master key that is missing, wrong or cannot be reached; the message names its id and holds no key."""


class MasterKey(Protocol):
    """What wraps data keys. `key_id` names it beside each of them."""

    @property
    def key_id(self) -> str: ...

    async def wrap(self, data_key: bytes, context: bytes, /) -> bytes:
        """The data key, for this context alone. Raises MasterKeyError."""
        ...

    async def unwrap(self, wrapped: bytes, context: bytes, /) -> bytes:
        """The data key again. Raises MasterKeyError where it was wrapped by another key or for another context."""
        ...


class Envelope(msgspec.Struct, frozen=True):
    """A sealed value, as it is stored."""

    master_key: str
    wrapped_key: bytes
    nonce: bytes
    ciphertext: bytes


class Keyring:
    """The master key in use, and earlier ones with which something may still be wrapped."""

    def __init__(self, current: MasterKey, earlier: Iterable[MasterKey] = ()) -> None:
        self.current = current
        self._by_id = {each.key_id: each for each in (*earlier, current)}

    def require(self, key_ids: Iterable[str]) -> None:
        """Raises MasterKeyError for one that is not among them."""
        for key_id in sorted(set(key_ids) - self._by_id.keys()):
            raise self._missing(key_id)

    async def seal(self, value: bytes, context: bytes) -> Envelope:
        """Raises MasterKeyError."""
        data_key = AESGCM.generate_key(_KEY_BITS)
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = AESGCM(data_key).encrypt(nonce, value, context)
        return Envelope(self.current.key_id, await self.current.wrap(data_key, context), nonce, ciphertext)

    async def open(self, envelope: Envelope, context: bytes) -> bytes:
        """The value. Raises MasterKeyError."""
        data_key = await self._by(envelope).unwrap(envelope.wrapped_key, context)
        try:
            return AESGCM(data_key).decrypt(envelope.nonce, envelope.ciphertext, context)
        except InvalidTag:
            raise MasterKeyError("a stored value was altered, or is of another name") from None

    async def rewrap(self, envelope: Envelope, context: bytes) -> Envelope:
        """The same value under the master key in use. Raises MasterKeyError."""
        data_key = await self._by(envelope).unwrap(envelope.wrapped_key, context)
        wrapped = await self.current.wrap(data_key, context)
        return msgspec.structs.replace(envelope, master_key=self.current.key_id, wrapped_key=wrapped)

    def _by(self, envelope: Envelope) -> MasterKey:
        key = self._by_id.get(envelope.master_key)
        if key is None:
            raise self._missing(envelope.master_key)
        return key

    def _missing(self, key_id: str) -> MasterKeyError:
        known = ", ".join(sorted(self._by_id))
        return MasterKeyError(
            f"an upstream credential is stored under the master key {key_id}, and the catalog was given {known}"
        )


def context_of(environment: str, name: str, version: int) -> bytes:
    """What a stored value is of: authenticated with it, and with its data key."""
    return b"ostiary upstream credential\n" + msgspec.json.encode((environment, name, version))
