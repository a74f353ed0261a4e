"""Keys remembered in this process: of a gateway with one worker, until it ends.

Bounded, and nothing is forgotten before its time to make room: a key that is forgotten would let its request be
done again.
"""

import time
from collections.abc import Callable
from typing import Final

from policies.idempotency_keys.records import CLAIMED, Claim, Found, State, StoreUnavailableError, shortened

MOST_KEYS: Final = 100_000
MOST_BYTES: Final = 67_108_864
"""Of answers, all together. Beyond them only the status of each is kept."""
SHARE: Final = 10
"""No application has more than one part in so many of the keys: it would take the others' room away."""
_SPAN: Final = 60
"""Seconds for which keys that end together are forgotten together."""


class _Record:
    __slots__ = ("answer", "caller", "ends", "fingerprint", "leased_until", "owner", "state")

    def __init__(self, claim: Claim, now: float) -> None:
        self.owner = claim.owner
        self.caller = claim.caller
        self.fingerprint = claim.fingerprint
        self.leased_until = now + claim.lease
        self.ends = int(now + claim.lifetime) // _SPAN + 1
        self.state: State = "in-flight"
        self.answer = b""


class MemoryIdempotency:
    """Implements `IdempotencyStore`. `clock` gives seconds that never go back."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, keys: int = MOST_KEYS, size: int = MOST_BYTES
    ) -> None:
        self._clock = clock
        self._most_keys = keys
        self._most_bytes = size
        self._records: dict[str, _Record] = {}
        self._ending: dict[int, set[str]] = {}
        self._by_caller: dict[str, int] = {}
        self._bytes = 0

    def claim(self, claim: Claim, /) -> Found:
        now = self._clock()
        self._forget(now)
        record = self._records.get(claim.key)
        if record is None:
            held = self._by_caller.get(claim.caller, 0)
            if len(self._records) >= self._most_keys or held >= max(1, self._most_keys // SHARE):
                raise StoreUnavailableError("there is no room for another key")
            record = self._records[claim.key] = _Record(claim, now)
            self._by_caller[claim.caller] = held + 1
            self._ending.setdefault(record.ends, set()).add(claim.key)
            return CLAIMED
        if record.fingerprint != claim.fingerprint:
            return Found("other-payload")
        if record.state == "in-flight" and record.leased_until <= now:
            return Found("unknown")
        return Found(record.state, record.answer)

    def answered(self, claim: Claim, answer: bytes, /) -> bool:
        record = self._of(claim)
        if record is None:
            return False
        if self._bytes + len(answer) > self._most_bytes:
            answer = shortened(answer)
        self._put(record, "answered", answer)
        return True

    def release(self, claim: Claim, /) -> None:
        record = self._of(claim)
        if record is not None:
            self._ending[record.ends].discard(claim.key)
            self._remove(claim.key)

    def lost(self, claim: Claim, /) -> None:
        record = self._of(claim)
        if record is not None:
            self._put(record, "unknown", b"")

    def __len__(self) -> int:
        return len(self._records)

    def _of(self, claim: Claim) -> _Record | None:
        record = self._records.get(claim.key)
        return record if record is not None and record.owner == claim.owner else None

    def _forget(self, now: float) -> None:
        for end in [end for end in self._ending if end * _SPAN <= now]:
            for key in self._ending.pop(end):
                self._remove(key)

    def _put(self, record: _Record, state: State, answer: bytes) -> None:
        self._bytes += len(answer) - len(record.answer)
        record.state, record.answer = state, answer

    def _remove(self, key: str) -> None:
        record = self._records.pop(key)
        self._bytes -= len(record.answer)
        left = self._by_caller[record.caller] - 1
        if left:
            self._by_caller[record.caller] = left
        else:
            del self._by_caller[record.caller]
