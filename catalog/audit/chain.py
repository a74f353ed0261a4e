"""The chain: each entry's digest covers the entry and the digest before it, and checkpoints sign where it stands.

Whoever can write to the database can alter an entry and compute all digests after it anew, but not sign them.
What can be taken away unseen is what came after the last checkpoint; so a checkpoint is also logged, and one that
was kept elsewhere can be asked for.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ORIGIN: Final = bytes(32)
"""What stands before the first entry."""

_PURPOSE: Final = b"ostiary audit checkpoint\n"
"""Signed along: the same key signs snapshots, and neither signature may pass for the other."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What happened. `subject` is a kind of thing, `object` the one of its kind; `before` and `after` are digests
    of its states where it has them. `actor` is who did it, `reason` why in their words."""

    subject: str
    action: str
    object: str
    actor: str
    reason: str = ""
    before: str = ""
    after: str = ""
    request_id: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An event in its place: numbered from 1 without a gap, `at` in Unix seconds."""

    number: int
    at: int
    event: Event
    previous: bytes
    digest: bytes


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The catalog's word that the entry `number` had `digest` at the time `at` (Unix seconds)."""

    number: int
    digest: bytes
    at: int
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first place that is not as it was written."""

    number: int
    what: str

    def __str__(self) -> str:
        return f"entry {self.number}: {self.what}"


def digest_of(number: int, at: int, event: Event, previous: bytes) -> bytes:
    """SHA-256 of the digest before and of the entry's JSON with sorted keys."""
    text = msgspec.json.encode(
        {"number": number, "at": at, **msgspec.structs.asdict(event)}, order="deterministic"
    )
    return hashlib.sha256(previous + text).digest()


def following(last: Entry | None, at: int, event: Event) -> Entry:
    """The entry that comes after `last`."""
    number, previous = (1, ORIGIN) if last is None else (last.number + 1, last.digest)
    return Entry(
        number=number, at=at, event=event, previous=previous, digest=digest_of(number, at, event, previous)
    )


def sign(entry: Entry, at: int, key: Ed25519PrivateKey) -> Checkpoint:
    """A checkpoint at an entry."""
    bare = Checkpoint(number=entry.number, digest=entry.digest, at=at)
    return msgspec.structs.replace(bare, signature=key.sign(_signed_bytes(bare)))


class Verifier:
    """Takes the entries in order, and finds the first that is not as it was written.

    `key` is that of the checkpoints; `expected` are digests by number that were kept elsewhere.
    """

    def __init__(
        self, checkpoints: Iterable[Checkpoint], key: Ed25519PublicKey, expected: Mapping[int, bytes]
    ) -> None:
        self.number = 0
        self._previous = ORIGIN
        self._marks = {checkpoint.number: checkpoint for checkpoint in checkpoints}
        self._key = key
        self._expected = expected

    def take(self, entry: Entry) -> Fault | None:
        """What is wrong with the next entry."""
        self.number = number = self.number + 1
        if entry.number != number:
            return Fault(number, f"it is missing; the next one is {entry.number}")
        if entry.previous != self._previous:
            return Fault(number, "it does not follow from the entry before it")
        if entry.digest != digest_of(number, entry.at, entry.event, entry.previous):
            return Fault(number, "it was altered: its digest is not that of what it says")
        self._previous = entry.digest
        mark = self._marks.pop(number, None)
        if mark is not None and not _is_signed(mark, self._key):
            return Fault(number, "its checkpoint has no signature of this catalog's key")
        if mark is not None and mark.digest != entry.digest:
            return Fault(number, "the chain up to it was written anew: its checkpoint has another digest")
        if self._expected.get(number, entry.digest) != entry.digest:
            return Fault(number, "its digest is not the one that was expected")
        return None

    def end(self) -> Fault | None:
        """What is wrong when there are no more entries."""
        beyond = min([*self._marks, *(each for each in self._expected if each > self.number)], default=None)
        if beyond is None:
            return None
        missing = self.number + 1
        return Fault(missing, f"it is missing, as is all up to entry {beyond}, for which there is a checkpoint")


def _is_signed(checkpoint: Checkpoint, key: Ed25519PublicKey) -> bool:
    bare = msgspec.structs.replace(checkpoint, signature=b"")
    try:
        key.verify(checkpoint.signature, _signed_bytes(bare))
    except InvalidSignature:
        return False
    return True


def _signed_bytes(checkpoint: Checkpoint) -> bytes:
    return _PURPOSE + msgspec.json.encode(checkpoint, order="deterministic")
