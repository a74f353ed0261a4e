"""Counts of the traffic, taken when an exchange ends.

Plain integers, since everything that counts runs on the one event loop: 0.9 µs for a request. Children of
prometheus-client, even kept at hand, take twice as long for the four that a request touches, under a lock each.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final, TypeAlias

from gateway.telemetry.metrics import (
    BUCKETS,
    DURATION,
    LIMITER,
    NONE,
    REFUSALS,
    REQUESTS,
    UPSTREAM_DURATION,
    VIOLATIONS,
    Metric,
)
from policies import rate_limit
from policies.exchange import Exchange

OperationKey: TypeAlias = tuple[str, str, str]
"""API, version, operation."""
Sample: TypeAlias = tuple[tuple[str, ...], float]
"""The values of a metric's labels, in the table's order, and its value."""

CLIENT_GONE: Final = 499
"""The status, in the log and here alone, where the client went away before its answer."""

_UNROUTED: Final[OperationKey] = (NONE, NONE, NONE)


class Histogram:
    """Durations by bucket; the last one has those above all bounds."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0


class _Operation:
    """What is counted of one operation."""

    __slots__ = ("duration", "requests", "upstream")

    def __init__(self) -> None:
        self.requests: dict[tuple[str, ...], int] = {}
        self.duration = Histogram()
        self.upstream = Histogram()


class Counting:
    """Implements the pipeline's `Recorder`."""

    def __init__(self) -> None:
        self._operations: dict[OperationKey, _Operation] = {}
        self._limiter: dict[tuple[str, ...], int] = {}
        self._refusals: dict[tuple[str, ...], int] = {}
        self._violations: dict[tuple[str, ...], int] = {}

    def record(self, exchange: Exchange) -> None:
        version, operation, subscription = exchange.version, exchange.operation, exchange.subscription
        key = _UNROUTED
        if version is not None and operation is not None:
            key = (version.api, version.version, operation.id)
        counts = self._operations.get(key)
        if counts is None:
            counts = self._operations[key] = _Operation()
        plan = NONE if subscription is None else subscription.plan
        refusal = exchange.refusal
        answer = (plan, _status(exchange.status, broken=refusal is not None))
        counts.requests[answer] = counts.requests.get(answer, 0) + 1
        ended, duration = exchange.ended_at, counts.duration
        seconds = ended - exchange.received_at
        duration.counts[bisect_left(BUCKETS, seconds)] += 1
        duration.sum += seconds
        if exchange.upstream_sent_at:
            upstream = counts.upstream
            seconds = (exchange.upstream_first_byte_at or ended) - exchange.upstream_sent_at
            upstream.counts[bisect_left(BUCKETS, seconds)] += 1
            upstream.sum += seconds
        if exchange.limits:
            refused = exchange.refused_by == rate_limit.POLICY
            decided = (key[0], key[1], plan, "refused" if refused else "allowed")
            self._limiter[decided] = self._limiter.get(decided, 0) + 1
        if refusal is not None:
            why = (*key, exchange.refused_by, refusal.type.id)
            self._refusals[why] = self._refusals.get(why, 0) + 1
        for violation in exchange.violations:
            rule = (*key, violation.rule)
            self._violations[rule] = self._violations.get(rule, 0) + 1

    def keep(self, operations: Collection[OperationKey]) -> None:
        """Forgets what is not among `operations`, so that years of snapshots do not add up."""
        there = set(operations) | {_UNROUTED}
        versions = {key[:2] for key in there}
        self._operations = {key: counts for key, counts in self._operations.items() if key in there}
        self._refusals = {key: count for key, count in self._refusals.items() if key[:3] in there}
        self._violations = {key: count for key, count in self._violations.items() if key[:3] in there}
        self._limiter = {key: count for key, count in self._limiter.items() if key[:2] in versions}

    def samples(self) -> Iterator[tuple[Metric, Iterator[Sample]]]:
        """What the counters say, by metric."""
        yield REQUESTS, self._requests()
        yield REFUSALS, iter(list(self._refusals.items()))
        yield VIOLATIONS, iter(list(self._violations.items()))
        yield LIMITER, iter(list(self._limiter.items()))

    def histograms(self) -> Iterator[tuple[Metric, Iterator[tuple[OperationKey, Histogram]]]]:
        """The durations, by metric."""
        yield DURATION, ((key, counts.duration) for key, counts in list(self._operations.items()))
        yield (
            UPSTREAM_DURATION,
            ((key, counts.upstream) for key, counts in list(self._operations.items()) if counts.upstream.sum),
        )

    def _requests(self) -> Iterator[Sample]:
        for key, counts in list(self._operations.items()):
            for labels, count in list(counts.requests.items()):
                yield (*key, *labels), count


@lru_cache(maxsize=2048)
def _status(status: int, *, broken: bool) -> str:
    """A label of a fixed list: statuses themselves come from upstreams."""
    if status == CLIENT_GONE:
        return str(CLIENT_GONE)
    if broken and status < 400:
        return "aborted"
    return f"{status // 100}xx" if 100 <= status < 600 else "other"
