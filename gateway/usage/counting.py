"""Counts of who calls what, with what in the request, taken when an exchange ends.

Everything that names something (an operation's places, an application) is found by a look-up, and what is kept
are integers: 0.3 µs for a GET without parameters. Of a JSON body the places are found by a walk over its value,
which costs a good part of what its validation did; so it is sampled where there is much of the same. Of each
application at each operation the first bodies of an interval are all walked, more than six in a second; of those
beyond, one in sixteen, which then counts sixteenfold. A partner that calls less often than that is seen whole.
"""

from bisect import bisect_left
from typing import Final

from contracts.usage.batch import BOUNDS
from contracts.usage.fields import Observable, Place, Term
from gateway.usage.walking import walk
from policies import request_schema, response_schema
from policies.exchange import Exchange, Labels

MAX_CALLERS: Final = 20_000
"""Applications at operations that are counted apart in one interval: some 20 MB of them at the utmost. Calls of
others are told as lost."""
WALKED: Final = 64
"""Bodies of one caller that are walked in each interval before they are sampled."""
SAMPLED: Final = 16

ABORTED: Final = -1
"""In place of the status of an answer that had begun and was broken off."""


class Tally:
    """Calls that ended with one status. `bytes` are those of their bodies."""

    __slots__ = ("buckets", "bytes", "calls", "seconds")

    def __init__(self) -> None:
        self.calls = 0
        self.seconds = 0.0
        self.bytes = 0
        self.buckets = [0] * (len(BOUNDS) + 1)


class Caller:
    """What one application did at one operation. Times are `time.monotonic()` seconds."""

    __slots__ = (
        "accepted",
        "bodies",
        "consumer",
        "first",
        "last",
        "observable",
        "reported",
        "seen",
        "tallies",
    )

    def __init__(self, consumer: str, observable: Observable, first: float) -> None:
        self.consumer = consumer
        self.observable = observable
        self.first = first
        self.last = first
        self.accepted = 0
        """Calls that matched the contract: those of which it was looked at what they had."""
        self.bodies = 0
        self.tallies: dict[int, Tally] = {}
        self.seen: dict[Term, int] = {}
        self.reported: dict[str, int] = {}
        """Calls that a policy would have refused if it did more than report."""


Counted = dict[tuple[str, str, str], dict[str, Caller]]
"""By API, version and operation, and by application; that of a call that nobody has to prove has no name."""


class UsageCounting:
    """Implements the pipeline's `Recorder`. `most` callers are counted apart, from one taking to the next."""

    def __init__(self, most: int = MAX_CALLERS) -> None:
        self._callers: dict[Labels, dict[str, Caller]] = {}
        self._most = most
        self._room = most
        self.overflowed = 0
        """Calls that were not counted because there were too many callers, since the process began."""

    def record(self, exchange: Exchange) -> None:
        labels = exchange.labels
        if labels is None:
            return
        principal = exchange.principal
        name = ""
        if principal is not None:
            name = principal.client_id
        elif exchange.operation is None or not exchange.operation.public:
            return  # refused before or at its token: whoever it was, nobody has proved to be it
        callers = self._callers.get(labels)
        caller = callers.get(name) if callers is not None else None
        if caller is None:
            caller = self._first(labels, name, exchange)
            if caller is None:
                return
        caller.last = exchange.ended_at
        status = exchange.status
        if status < 400 and exchange.refusal is not None:
            status = ABORTED
        tally = caller.tallies.get(status)
        if tally is None:
            tally = caller.tallies[status] = Tally()
        tally.calls += 1
        tally.bytes += exchange.bytes_in
        # Of a WebSocket or an event stream, until it was open: hours of use are no latency.
        ended = exchange.ended_at if not exchange.lasting else exchange.upstream_first_byte_at
        seconds = ended - exchange.received_at
        tally.seconds += seconds
        tally.buckets[bisect_left(BOUNDS, seconds)] += 1
        if exchange.violations:
            _add(caller.reported, response_schema.POLICY)
        parameters = exchange.parameters
        if not parameters or exchange.refused_by == request_schema.POLICY:
            return
        caller.accepted += 1
        query, header = parameters["query"], parameters["header"]
        if query or header or "cookie" in parameters:
            _see_parameters(caller, exchange)
        if exchange.bytes_in:
            _see_body(caller, exchange)

    def take(self) -> Counted:
        """What was counted since it was taken last."""
        taken, self._callers = self._callers, {}
        self._room = self._most
        counted: Counted = {}
        for labels, callers in taken.items():
            # An operation that was bound anew meanwhile has two labels.
            known = counted.setdefault(labels.key, {})
            for name, caller in callers.items():
                other = known.get(name)
                known[name] = caller if other is None else _together(other, caller)
        return counted

    def look_again(self) -> None:
        """A new interval begins, though nothing is taken: bodies are all walked again, as far as they are."""
        for callers in self._callers.values():
            for caller in callers.values():
                caller.bodies = 0

    def _first(self, labels: Labels, name: str, exchange: Exchange) -> Caller | None:
        if not self._room:
            self.overflowed += 1
            return None
        self._room -= 1
        principal = exchange.principal
        consumer = principal.consumer if principal is not None else ""
        caller = Caller(consumer, labels.observable, exchange.ended_at)
        self._callers.setdefault(labels, {})[name] = caller
        return caller


def _see_parameters(caller: Caller, exchange: Exchange) -> None:
    observable, parameters = caller.observable, exchange.parameters
    found: set[Term] = set()
    for places, values in (
        (observable.query, parameters["query"]),
        (observable.header, parameters["header"]),
        (observable.cookie, parameters.get("cookie")),
    ):
        if values:
            for name, value in values.items():
                place = places.get(name)
                if place is not None:
                    walk(place, value, found)
    _count(caller.seen, found, 1)


def _see_body(caller: Caller, exchange: Exchange) -> None:
    root: Place | None = caller.observable.body
    if root is None:
        return
    caller.bodies += 1
    weight = 1
    if caller.bodies > WALKED:
        if (caller.bodies - WALKED) % SAMPLED:
            return
        weight = SAMPLED
    found: set[Term] = {root.term}
    if exchange.body_value is not None:
        walk(root, exchange.body_value, found)
    _count(caller.seen, found, weight)


def _count(seen: dict[Term, int], found: set[Term], weight: int) -> None:
    for term in found:
        seen[term] = seen.get(term, 0) + weight


def _add(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1


def _together(first: Caller, second: Caller) -> Caller:
    """One caller out of two of the same operation, of which the second came later."""
    first.last = second.last
    first.accepted += second.accepted
    first.observable = second.observable
    for status, tally in second.tallies.items():
        mine = first.tallies.setdefault(status, Tally())
        mine.calls += tally.calls
        mine.seconds += tally.seconds
        mine.bytes += tally.bytes
        mine.buckets = [one + other for one, other in zip(mine.buckets, tally.buckets, strict=True)]
    for term, count in second.seen.items():  # of another contract; rows add up what is named alike
        first.seen[term] = first.seen.get(term, 0) + count
    for policy, count in second.reported.items():
        first.reported[policy] = first.reported.get(policy, 0) + count
    return first
