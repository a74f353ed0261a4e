"""Access tokens that were verified before, so that a signature is checked once in a token's life.

Verifying costs 50 to 90 µs, looking up 0.2. An entry ends with its token, and all end with the access part they
were verified under: a swap may have withdrawn an issuer, a key or an application.
"""

from typing import Final

from policies.exchange import Principal

CAPACITY: Final = 10_000


_TAIL: Final = 64
"""Bytes at the end of a field by which it is looked up: they are of the signature, which no two tokens share, and
to hash all of a token would take as long as everything else here. The whole is compared when it is found."""


class _Entry:
    """`used` since the last time that room was looked for."""

    __slots__ = ("credentials", "expires", "principal", "used")

    def __init__(self, credentials: bytes, principal: Principal) -> None:
        self.credentials = credentials
        self.principal = principal
        self.expires = principal.expires
        self.used = False


class VerifiedTokens:
    """Principals by the Authorization field's value; at most `capacity`.

    Those go first that were not used since room was last looked for (CLOCK, Corbató 1968): nearly the least
    recently used, and a hit has nothing to reorder. The keys are secrets: the object shows none in its repr.
    """

    __slots__ = ("_capacity", "_entries", "_generation", "mark")

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.mark: Final = object()
        """Tells these from others: whoever keeps what was found here keeps this, and not all of them alive."""
        self._capacity = capacity
        self._entries: dict[bytes, _Entry] = {}
        self._generation = -1

    def get(self, credentials: bytes, generation: int, now: float) -> Principal | None:
        """The principal, if it was verified in this `generation` of the access part and has not expired."""
        if generation != self._generation:
            self._entries = {}
            self._generation = generation
            return None
        entry = self._entries.get(credentials[-_TAIL:])
        if entry is None or entry.credentials != credentials:
            return None
        if entry.expires <= now:
            del self._entries[credentials[-_TAIL:]]
            return None
        entry.used = True
        return entry.principal

    def put(self, credentials: bytes, generation: int, principal: Principal) -> None:
        """Remembers a verified token. Does nothing for another generation than the last one asked for."""
        if generation != self._generation:
            return
        entries = self._entries
        tail = credentials[-_TAIL:]
        entries.pop(tail, None)
        while len(entries) >= self._capacity:
            oldest = next(iter(entries))
            entry = entries.pop(oldest)
            if entry.used:
                entry.used = False
                entries[oldest] = entry  # a second chance, at the end of the queue
        entries[tail] = _Entry(credentials, principal)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<VerifiedTokens: {len(self._entries)}>"
