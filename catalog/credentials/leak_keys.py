"""The keys by which a scanner of secrets signs what it reports, as GitHub publishes its own.

They are had from a file or from an https address that the operator names, and kept: a key id that is not known is
asked for again, at most once a minute, so that nobody can make us ask by inventing ids. Where the address does not
answer, those that were known go on.
"""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

import aiohttp
import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from catalog.clock import Clock

_BETWEEN: Final = 60.0
_LIMITS: Final = aiohttp.ClientTimeout(total=10.0, sock_connect=3.0)
_MOST_BYTES: Final = 1 << 18

Read = Callable[[], Awaitable[bytes]]
"""The document with the keys. Raises OSError, aiohttp.ClientError."""


class KeysUnavailableError(Exception):
    """The keys cannot be had, and none are known."""


class _Key(msgspec.Struct, frozen=True):
    key_identifier: str
    key: str


class _Document(msgspec.Struct, frozen=True):
    public_keys: tuple[_Key, ...]


class LeakKeys:
    """Verifies reports. One request for the keys at a time."""

    def __init__(self, read: Read, clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._keys: Mapping[str, ec.EllipticCurvePublicKey] = {}
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def verify(self, body: bytes, key_id: str, signature: str) -> bool:
        """Whether the key signed exactly this body: ECDSA on P-256 with SHA-256, in base64 of DER. Raises
        KeysUnavailableError."""
        key = self._keys.get(key_id)
        if key is None:
            async with self._lock:
                if key_id not in self._keys and self._clock() - self._asked_at >= _BETWEEN:
                    await self._ask()
            key = self._keys.get(key_id)
        if key is None:
            if not self._keys:
                raise KeysUnavailableError
            return False
        try:
            key.verify(base64.b64decode(signature, validate=True), body, ec.ECDSA(SHA256()))
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    async def _ask(self) -> None:
        self._asked_at = self._clock()
        try:
            document = msgspec.json.decode(await self._read(), type=_Document)
        except (OSError, aiohttp.ClientError, msgspec.DecodeError):
            return
        found = {each.key_identifier: key for each in document.public_keys if (key := _p256(each.key)) is not None}
        self._keys = found or self._keys


def _p256(pem: str) -> ec.EllipticCurvePublicKey | None:
    """Only such a key is one that GitHub signs with."""
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        return None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return None
    return key


def keys_from(source: str) -> Read:
    """Reads a file, or an https address. Raises ValueError for an address that is not https."""
    if "://" not in source:
        path = Path(source)
        return lambda: asyncio.to_thread(path.read_bytes)
    if not source.startswith("https://"):
        raise ValueError("the keys of a scanner are had by https, or from a file")

    async def read() -> bytes:
        async with (
            aiohttp.ClientSession(trust_env=True) as session,
            session.get(source, timeout=_LIMITS, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise OSError(f"{source} answered {answer.status}")
            data = await answer.content.read(_MOST_BYTES + 1)
            if len(data) > _MOST_BYTES:
                raise OSError(f"{source} answers more than {_MOST_BYTES} bytes")
            return data

    return read
