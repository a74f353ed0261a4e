"""DPoP proofs that were used, for as long as they could be used again (RFC 9449 §11.1). Bounded.

A proof is remembered once it was verified, and so for a token that is good: a stranger fills nothing. When there
is no room left further proofs are refused, for to forget one before its time would let it be used twice.
"""

import hashlib
from collections.abc import Callable
from typing import Final

CAPACITY: Final = 500_000
"""Proofs at once, some 40 MiB: those of a minute and a half at 5,000 calls a second."""
_SPAN: Final = 15
"""Seconds for which proofs that end together are forgotten together."""


class NoRoomError(Exception):
    """No more proofs can be remembered now."""


def proof_digest(thumbprint: str, proof_id: str) -> bytes:
    """What is remembered of a proof: one key's `jti` is not another's."""
    return hashlib.blake2b(f"{thumbprint} {proof_id}".encode(), digest_size=16).digest()


class UsedProofs:
    """In this process. `clock` gives Unix seconds."""

    __slots__ = ("_capacity", "_clock", "_ends", "_size")

    def __init__(self, clock: Callable[[], float], capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._capacity = capacity
        self._ends: dict[int, set[bytes]] = {}
        self._size = 0

    def use(self, digest: bytes, until: float, /) -> bool:
        """Whether it was not used before; from now on it is, until then (Unix seconds). Raises NoRoomError."""
        self._forget()
        if any(digest in each for each in self._ends.values()):
            return False
        if self._size >= self._capacity:
            raise NoRoomError()
        self._ends.setdefault(int(until) // _SPAN + 1, set()).add(digest)
        self._size += 1
        return True

    def __len__(self) -> int:
        return self._size

    def _forget(self) -> None:
        now = self._clock()
        for end in [end for end in self._ends if end * _SPAN <= now]:
            self._size -= len(self._ends.pop(end))
