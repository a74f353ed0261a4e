"""What a worker knows of one counter on the shared server, and what it holds of it."""

from math import ceil
from typing import Final

from contracts.limits import RateLimit
from policies.limits.calendar import period_at

BLOCKS: Final = 100
"""Into how many blocks a limit is cut: a block is a hundredth of the quota, and at least one permit."""

REFUSED: Final = 0.1
"""Seconds for which a refusal by the server is repeated without asking it again."""

_WORDS: Final = 7
"""Of the script's answer, for each counter; the server's time stands before them all."""

_LEASED: Final = frozenset({"fixed", "calendar", "sliding"})
"""Windows in which it makes no difference when a permit is used, as long as it is in the same window. In a log,
and by the GCRA, one that is used later than it was counted is one too many for the time around it."""


class Counter:
    """`left` are permits that were taken ahead; they hold until `ends`. `free` is what the server had left then,
    and `reset` when all, or enough, will be free. `stamp`, `known`, `before` and `generation` are what it said
    last, and is told again, in case that it has forgotten. Times are the limiter's clock.
    """

    __slots__ = (
        "ahead",
        "before",
        "block",
        "ends",
        "free",
        "generation",
        "key",
        "known",
        "left",
        "limit",
        "over",
        "owed",
        "owed_until",
        "refused",
        "refused_until",
        "reset",
        "said",
        "stamp",
        "telling",
    )

    def __init__(self, limit: RateLimit, key: str, *, exact: bool) -> None:
        self.key = f"ostiary:limit:{{{key}}}"
        self.hold(limit, exact=exact)
        self.left = 0
        self.free = 0
        self.ends = 0.0
        self.reset = 0.0
        self.over = 0.0
        self.stamp = 0
        self.known = 0
        self.before = 0
        self.generation = "-"
        self.refused = 0  # units that the server refused, 0 where its last answer was a grant
        self.refused_until = 0.0
        self.owed = 0  # units that were given without the server, which it has not been told of yet
        self.owed_until = 0.0
        self.telling = 0  # of those, what it is being told of

    def hold(self, limit: RateLimit, *, exact: bool) -> None:
        """Takes over a limit, which may have changed."""
        self.limit = limit
        self.block = 1 if exact or limit.kind not in _LEASED else max(1, limit.quota // BLOCKS)
        self.ahead = self.block > 1
        """Whether permits are taken ahead; a block of one is none."""
        self.refused = 0
        self.refused_until = 0.0
        self.said = f"{limit.kind} {limit.quota} {limit.window * 1000} {limit.most}"

    def has(self, cost: int, now: float) -> bool:
        """Whether the permits at hand suffice."""
        return self.left >= cost and now < self.ends

    def count(self, now: float) -> tuple[int, int]:
        """As `Allowance.left` has it: what remains, and in how many seconds all of it is back."""
        return self.free + self.left, max(0, ceil(self.reset - now))

    def rest(self, workers: int, now: float) -> int | None:
        """Units of the present window that are this worker's to give without the server: its share of what was
        left when it was asked last. None where that says nothing any more."""
        return self.free // workers - self.owed - self.telling if now < self.ends else None

    def owe(self, units: int, now: float) -> None:
        """Notes units that were given without the server."""
        if now >= self.owed_until:
            self.owed = 0
            self.owed_until = self.reset if now < self.reset else now + self.limit.window
        self.owed += units
        self.over = max(self.over, self.owed_until)

    def asked(self, need: int, want: int, now: float, wall: float, back: int | None = None) -> str:
        """For the script. What is held goes back, and is asked for again in the window of now."""
        if back is None:
            back, self.left = self.left, 0
        owed, self.owed = self.owed if now < self.owed_until else 0, 0
        self.telling += owed
        ends = "0 0 0"
        if self.limit.kind == "calendar":
            start, end = period_at(self.limit, wall)
            ends = f"{start}000 {end}000 {period_at(self.limit, end)[1]}000"
        said = f"{self.stamp} {self.known} {self.before} {self.generation}"
        return f"{self.said} {ends} {need} {want} {back} {owed} {said}"

    def unheard(self) -> None:
        """The server is gone before it said that it was told."""
        self.owed += self.telling
        self.telling = 0

    def take(self, words: list[bytes], index: int, need: int, asked_at: float) -> int:
        """Takes over what the server says of the counter that it was asked about in this place; what it granted is
        returned. Its times are told by its own clock: seen from when it was asked, never later."""
        at = 1 + _WORDS * index
        granted, free = int(words[at]), int(words[at + 1])
        self.stamp, self.known, self.before = int(words[at + 3]), int(words[at + 4]), int(words[at + 5])
        self.generation = words[at + 6].decode("ascii")
        self.telling = 0
        self.free = free
        self.reset = asked_at + int(words[at + 2]) / 1000
        self.ends = asked_at + (self.stamp - int(words[0])) / 1000
        self.over = max(self.over, self.reset)
        self.refused = need if free + granted < need else 0
        self.refused_until = min(asked_at + REFUSED, self.reset) if self.refused else 0.0
        return granted
