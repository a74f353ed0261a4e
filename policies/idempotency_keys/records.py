"""What is remembered of a key, and who remembers it."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from policies.exchange import Header

State: TypeAlias = Literal["claimed", "in-flight", "other-payload", "answered", "unknown"]
"""What a claim met. `claimed`: nothing, and the key is the claimant's now. `unknown`: who had it, or its lease,
has ended without a word on what became of the request."""


class StoreUnavailableError(Exception):
    """Keys cannot be looked up now, or there is no room for another."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A wish to have a key, by an application (`caller`). `fingerprint` is that of the request, `owner` names this
    one claim among all. `lease` is for how many seconds it counts as in flight, `lifetime` for how many the key is
    remembered at all."""

    key: str
    caller: str
    owner: str
    fingerprint: bytes
    lease: int
    lifetime: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a claim met; `answer` is the packed one where that is `answered`."""

    state: State
    answer: bytes = b""


CLAIMED: Final = Found("claimed")


class IdempotencyStore(Protocol):
    """Remembers keys. Who has claimed one says once what became of it; of all others' words nothing comes."""

    def claim(self, claim: Claim, /) -> Found | Awaitable[Found]:
        """In one step, so that of two that come together one finds the other. Raises StoreUnavailableError."""
        ...

    def answered(self, claim: Claim, answer: bytes, /) -> bool | Awaitable[bool]:
        """The request has this answer; whether that could be kept. It is on its way when this returns."""
        ...

    def release(self, claim: Claim, /) -> None:
        """Nothing was done: the key is as new. Does not wait."""
        ...

    def lost(self, claim: Claim, /) -> None:
        """Nobody knows what was done. Does not wait."""
        ...


class KeptAnswer(msgspec.Struct, frozen=True, array_like=True):
    """An answer as it is remembered. A `body` of None was too long to be."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes | None


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(KeptAnswer).decode


def packed(status: int, headers: list[Header], body: bytes, most: int) -> bytes:
    """An answer for a store; one of more than `most` bytes without what it says."""
    if len(body) + sum(len(name) + len(value) for name, value in headers) > most:
        return _encode(KeptAnswer(status, [], None))
    return _encode(KeptAnswer(status, headers, body))


def shortened(answer: bytes) -> bytes:
    """A packed answer without what it says."""
    return packed(_decode(answer).status, [], b"", -1)


def unpacked(answer: bytes) -> KeptAnswer:
    """Raises msgspec.DecodeError for what is none."""
    return _decode(answer)
