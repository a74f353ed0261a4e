"""Passwords: hashed with argon2id (RFC 9106), away from the event loop, two at a time.

The strength is RFC 9106's second recommended option (64 MiB, three passes) with one lane: a hash is made on one
thread here, and lanes would only help who has more of them to guess with. It takes 0.2 s of a core; two at a
time bound what a flood of log-ins can take to 128 MiB.
"""

import asyncio
import base64
import os
import unicodedata
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

_AT_ONCE: Final = 2
MAX_LENGTH: Final = 256
"""Characters of a password at most: whoever sends more is not typing one."""


@dataclass(frozen=True, slots=True)
class Strength:
    """What a hash costs: passes, and KiB of memory."""

    passes: int = 3
    kibibytes: int = 65_536


STRONG: Final = Strength()


class Passwords:
    """Hashes and compares. A hash of a weaker or another strength is still good, and due to be made again."""

    def __init__(self, strength: Strength = STRONG) -> None:
        self._hasher = PasswordHasher(
            strength.passes, strength.kibibytes, 1, hash_len=32, salt_len=16, type=Type.ID
        )
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._nobodys = _of_nobody(strength)

    async def hash(self, password: str) -> str:
        """The hash with its salt and its parameters, as it is stored."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, _normal(password))

    async def same(self, hashed: str, password: str) -> bool:
        """Whether the password is the one of the hash. Without a hash, or with a password that is too long, it
        takes as long and is False: the time tells nobody which accounts there are."""
        usable = hashed != "" and len(password) <= MAX_LENGTH
        async with self._slots:
            same = await asyncio.to_thread(
                self._verify, hashed if usable else self._nobodys, _normal(password[:MAX_LENGTH])
            )
        return same and usable

    def is_dated(self, hashed: str) -> bool:
        """Whether the hash was made with other parameters than these."""
        return self._hasher.check_needs_rehash(hashed)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False


def _of_nobody(strength: Strength) -> str:
    """A hash that no password is known to have: random bytes in place of one, which cost a comparison all the
    same."""
    salt, digest = (base64.b64encode(os.urandom(size)).rstrip(b"=").decode() for size in (16, 32))
    return f"$argon2id$v=19$m={strength.kibibytes},t={strength.passes},p=1${salt}${digest}"


def _normal(password: str) -> str:
    """The same characters typed on another keyboard are the same password (NIST SP 800-63B §3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
