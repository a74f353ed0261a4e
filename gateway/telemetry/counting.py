"""Counts of the traffic, taken when an exchange ends.

Plain integers, since everything that counts runs on the one event loop: 0.6 µs for a request. Children of
prometheus-client, even kept at hand, take three times as long for the four that a request touches, under a lock
each.
"""

from collections.abc import Callable, Container, Iterator
from typing import Final, TypeAlias

from gateway.buckets import bucket_of
from gateway.telemetry.metrics import (
    BUCKETS,
    DURATION,
    LIMITER,
    NONE,
    ODOO_MISMATCHES,
    POLICY_ANSWERS,
    REFUSALS,
    REQUESTS,
    UPSTREAM_DURATION,
    VIOLATIONS,
    WOULD_REFUSE,
    Metric,
)
from gateway.upstreams.odoo.mismatch import NOTE
from policies import rate_limit
from policies.exchange import Exchange, Labels

OperationKey: TypeAlias = tuple[str, str, str]
"""API, version, operation."""
Sample: TypeAlias = tuple[tuple[str, ...], float]
"""The values of a metric's labels, in the table's order, and its value."""

CLIENT_GONE: Final = 499
"""The status, in the log and here alone, where the client went away before its answer."""

# A list: of a Final tuple of floats mypyc makes fourteen unboxed ones, and boxes them for each call.
_BOUNDS: Final = list(BUCKETS)
_UNROUTED: Final[OperationKey] = (NONE, NONE, NONE)
_ABORTED: Final = -1
"""In place of the status of an answer that had begun and was broken off."""


class Histogram:
    """Durations by bucket; the last one has those above all bounds."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0


class _Plan:
    """What is counted of the calls to one operation under one plan. `statuses` has `_ABORTED` among them."""

    __slots__ = ("allowed", "duration", "refused", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.duration = Histogram()
        self.allowed = 0
        self.refused = 0


class _Operation:
    """What is counted of one operation."""

    __slots__ = ("key", "plans", "upstream")

    def __init__(self, key: OperationKey) -> None:
        self.key = key
        self.plans: dict[str, _Plan] = {}
        self.upstream = Histogram()


class Counting:
    """Implements the pipeline's `Recorder`."""

    def __init__(self) -> None:
        self._operations: dict[OperationKey, _Operation] = {}
        # The same, by what exchanges of a bound operation have in common: found without a tuple to hash.
        self._by_labels: dict[Labels | None, _Operation] = {}
        self._limiter: dict[tuple[str, ...], int] = {}  # of operations that are served no more
        self._refusals: dict[tuple[str, ...], int] = {}
        self._would_refuse: dict[tuple[str, ...], int] = {}
        self._answers: dict[tuple[str, ...], int] = {}
        self._violations: dict[tuple[str, ...], int] = {}
        self._mismatches: dict[tuple[str, ...], int] = {}

    def record(self, exchange: Exchange) -> None:
        counts = self._by_labels.get(exchange.labels)
        if counts is None:
            counts = self._first(exchange)
        subscription, refusal = exchange.subscription, exchange.refusal
        name = NONE if subscription is None else subscription.plan
        plan = counts.plans.get(name)
        if plan is None:
            plan = counts.plans[name] = _Plan()
        status = exchange.status
        if refusal is not None and status < 400:
            status = _ABORTED
        plan.statuses[status] = plan.statuses.get(status, 0) + 1
        ended, duration = exchange.ended_at, plan.duration
        # Of a WebSocket or an event stream, until it was open: hours of use are no latency.
        seconds = (ended if not exchange.lasting else exchange.upstream_first_byte_at) - exchange.received_at
        duration.counts[bucket_of(_BOUNDS, seconds)] += 1
        duration.sum += seconds
        if exchange.upstream_sent_at:
            upstream = counts.upstream
            seconds = (exchange.upstream_first_byte_at or ended) - exchange.upstream_sent_at
            upstream.counts[bucket_of(_BOUNDS, seconds)] += 1
            upstream.sum += seconds
        if exchange.allowance is not None:
            if exchange.refused_by == rate_limit.POLICY:
                plan.refused += 1
            else:
                plan.allowed += 1
        if refusal is not None:
            why = (*counts.key, exchange.refused_by, refusal.type.id)
            self._refusals[why] = self._refusals.get(why, 0) + 1
            mismatch = exchange.noted(NOTE)
            if mismatch is not None:
                part = (*counts.key, mismatch.part)
                self._mismatches[part] = self._mismatches.get(part, 0) + 1
        for policy in exchange.would_refuse:
            reported = (*counts.key, policy)
            self._would_refuse[reported] = self._would_refuse.get(reported, 0) + 1
        if exchange.answered_by and refusal is None:
            answered = (*counts.key, exchange.answered_by)
            self._answers[answered] = self._answers.get(answered, 0) + 1
        for violation in exchange.violations:
            rule = (*counts.key, violation.rule)
            self._violations[rule] = self._violations.get(rule, 0) + 1

    def _first(self, exchange: Exchange) -> _Operation:
        """The counts of an operation that was just bound; of an exchange that met none, those without a name."""
        key = _UNROUTED if exchange.labels is None else exchange.labels.key
        counts = self._operations.get(key)
        if counts is None:
            counts = self._operations[key] = _Operation(key)
        self._by_labels[exchange.labels] = counts
        return counts

    def keep(self, serves: Callable[[str, str, str], bool], versions: Container[tuple[str, str]]) -> None:
        """Forgets operations that are not served and (API, version)s that are not among `versions`, so that years
        of snapshots do not add up."""

        def kept(key: tuple[str, ...]) -> bool:
            return key[:3] == _UNROUTED or serves(key[0], key[1], key[2])

        self._by_labels = {}
        for key in [key for key in self._operations if not kept(key)]:
            for labels, count in _decisions(self._operations.pop(key)):
                self._limiter[labels] = self._limiter.get(labels, 0) + count
        self._refusals = {key: count for key, count in self._refusals.items() if kept(key)}
        self._would_refuse = {key: count for key, count in self._would_refuse.items() if kept(key)}
        self._answers = {key: count for key, count in self._answers.items() if kept(key)}
        self._violations = {key: count for key, count in self._violations.items() if kept(key)}
        self._mismatches = {key: count for key, count in self._mismatches.items() if kept(key)}
        self._limiter = {key: count for key, count in self._limiter.items() if (key[0], key[1]) in versions}

    def samples(self) -> Iterator[tuple[Metric, Iterator[Sample]]]:
        """What the counters say, by metric."""
        yield REQUESTS, self._requests()
        yield REFUSALS, iter(list(self._refusals.items()))
        yield WOULD_REFUSE, iter(list(self._would_refuse.items()))
        yield POLICY_ANSWERS, iter(list(self._answers.items()))
        yield VIOLATIONS, iter(list(self._violations.items()))
        yield ODOO_MISMATCHES, iter(list(self._mismatches.items()))
        yield LIMITER, self._decided()

    def histograms(self) -> Iterator[tuple[Metric, Iterator[tuple[tuple[str, ...], Histogram]]]]:
        """The durations, by metric, and by the values of its labels."""
        yield (
            DURATION,
            (
                ((*key, name), plan.duration)
                for key, counts in list(self._operations.items())
                for name, plan in list(counts.plans.items())
            ),
        )
        yield (
            UPSTREAM_DURATION,
            ((key, counts.upstream) for key, counts in list(self._operations.items()) if counts.upstream.sum),
        )

    def _requests(self) -> Iterator[Sample]:
        for key, counts in list(self._operations.items()):
            for name, plan in list(counts.plans.items()):
                words: dict[str, int] = {}
                for status, count in list(plan.statuses.items()):
                    word = _status(status)
                    words[word] = words.get(word, 0) + count
                for word, count in words.items():
                    yield (*key, name, word), count

    def _decided(self) -> Iterator[Sample]:
        found = dict(self._limiter)
        for counts in list(self._operations.values()):
            for labels, count in _decisions(counts):
                found[labels] = found.get(labels, 0) + count
        yield from found.items()


def _decisions(counts: _Operation) -> Iterator[tuple[tuple[str, ...], int]]:
    """The limiter's decisions, by API, version, plan and decision."""
    api, version, _ = counts.key
    for name, plan in list(counts.plans.items()):
        if plan.allowed:
            yield (api, version, name, "allowed"), plan.allowed
        if plan.refused:
            yield (api, version, name, "refused"), plan.refused


def _status(status: int) -> str:
    """A label of a fixed list: statuses themselves come from upstreams."""
    if status == CLIENT_GONE:
        return str(CLIENT_GONE)
    if status == _ABORTED:
        return "aborted"
    return f"{status // 100}xx" if 100 <= status < 600 else "other"
