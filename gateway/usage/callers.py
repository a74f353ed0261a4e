"""What is kept of who calls what: little, as an interval may have a hundred thousand applications at operations,
and kept from one interval to the next, as making it anew would cost more than counting does.

Each thing that a call touches is a line of memory that is seldom at hand. So a caller is itself the tally of the
status that its calls end with most often, and what is rare (another status, a slow call, a report) takes room only
where it comes.
"""

from typing import Final

from contracts.usage.batch import BOUNDS
from contracts.usage.terms import Term
from gateway.buckets import bucket_of
from policies.exchange import Labels

# A list: of a Final tuple of floats mypyc makes unboxed ones, and boxes them for each call.
_BOUNDS: Final = list(BOUNDS)
_FIRST: Final = BOUNDS[0]
_BUCKETS: Final = len(BOUNDS) + 1
_NONE_SLOWER: Final = [0] * len(BOUNDS)


class Tally:
    """Calls that ended with one `status`. `bytes` are those of their requests' bodies."""

    __slots__ = ("bytes", "calls", "seconds", "slower", "status")

    def __init__(self, status: int) -> None:
        self.status = status
        self.calls = 0
        self.seconds = 0.0
        self.bytes = 0
        self.slower: list[int] | None = None  # by bucket, those that are in another than the first

    def add(self, seconds: float, size: int) -> None:
        self.calls += 1
        self.seconds += seconds
        self.bytes += size
        if seconds > _FIRST:
            if self.slower is None:
                self.slower = [0] * _BUCKETS
            self.slower[bucket_of(_BOUNDS, seconds)] += 1

    def merge(self, other: "Tally") -> None:
        """Adds those of another status."""
        self.calls += other.calls
        self.seconds += other.seconds
        self.bytes += other.bytes
        if other.slower is not None:
            slower = self.slower or [0] * _BUCKETS
            self.slower = [one + another for one, another in zip(slower, other.slower, strict=True)]

    @property
    def buckets(self) -> tuple[int, ...]:
        """The calls by how long they took: see `contracts.usage.batch.BOUNDS`."""
        slower = self.slower
        if slower is None:
            return (self.calls, *_NONE_SLOWER)
        return (self.calls - sum(slower), *slower[1:])


class Caller(Tally):
    """What one application did at one operation; as a tally, of its calls that ended as the first one did.

    `first` and `last` are `time.monotonic()` seconds. `seen` has those terms too that were seen in an interval
    before, with none.
    """

    __slots__ = ("accepted", "bodies", "consumer", "first", "last", "looked", "others", "reported", "seen")

    def __init__(self, consumer: str) -> None:
        super().__init__(0)
        self.consumer = consumer
        self.first = 0.0
        self.last = 0.0
        self.accepted = 0
        """Calls that matched the contract: those of which it was looked at what they had."""
        self.seen: dict[Term, int] | None = None
        self.bodies = 0
        self.looked = 0
        """The turn in which `bodies` were counted."""
        self.others: dict[int, Tally] | None = None
        self.reported: dict[str, int] | None = None
        """Calls that a policy would have refused if it did more than report."""

    def tally(self, status: int) -> Tally:
        """That of the calls which end so."""
        if status == self.status:
            return self
        if not self.calls:
            self.status = status
            return self
        if self.others is None:
            self.others = {}
        other = self.others.get(status)
        if other is None:
            other = self.others[status] = Tally(status)
        return other

    def rest(self) -> int:
        """Forgets what was told, and the terms of which there was nothing to tell; returns how many."""
        self.calls = self.bytes = self.accepted = 0
        self.seconds = 0.0
        self.slower = self.others = self.reported = None
        seen = self.seen
        if not seen:
            return 0
        gone = [term for term, count in seen.items() if not count]
        for term in gone:  # of a contract that was replaced, perhaps
            del seen[term]
        for term in seen:
            seen[term] = 0
        return len(gone)

    @property
    def size(self) -> int:
        return 1 + (len(self.seen) if self.seen is not None else 0)


class OperationCallers:
    """The callers of one operation by application; that of a call which nobody has to prove has no name."""

    __slots__ = ("callers", "key", "statuses")

    def __init__(self, labels: Labels) -> None:
        self.key = labels.key
        self.statuses: frozenset[int] = labels.observable.statuses
        self.callers: dict[str, Caller] = {}


class Counted:
    """Everything of one interval, by API, version and operation. `size` is how many callers it holds, and terms
    that were seen of them; `spared` was it when the garbage collector was last spared them."""

    __slots__ = ("operations", "size", "spared")

    def __init__(self) -> None:
        self.operations: dict[tuple[str, str, str], OperationCallers] = {}
        self.size = 0
        self.spared = 0
