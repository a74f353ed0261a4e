"""Whom changes touch: the consumers and applications that call what a change breaks, from what was observed of
their calls, and from their subscriptions where nothing was.

What was observed is better than a subscription: an application that was seen at a version, and not with what a
change is about, is not touched by it. One of which nothing was seen in the whole window may be.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from catalog.clock import Clock
from catalog.usage.periods import DAY
from catalog.usage.queries import Calls, Observations, Seen, Sight, UsageQueries
from catalog.usage.questions import ACCEPTED, Question, Questions
from contracts.diff.changes import Change
from contracts.operations import ApiVersion
from contracts.snapshot import Application, Subscription

WINDOW_DAYS = 90


class Touched(msgspec.Struct, frozen=True):
    """An application that a change touches. `calls` are those that have what the change is about, in the window;
    `last_seen` is Unix seconds, None with nothing seen. Both names are empty for calls without a credential."""

    consumer: str
    application: str
    calls: int
    last_seen: int | None
    confidence: Literal["observed", "subscribed"]


class Impact(msgspec.Struct, frozen=True):
    """What one change does to whom. `operation` is empty where all of a version is meant; `basis` says who counts
    as touched, and what is not known."""

    rule: str
    fingerprint: str
    operation: str
    basis: str
    touched: tuple[Touched, ...]


class ImpactReport(msgspec.Struct, frozen=True):
    """The impacts of all changes that break, or of which nobody knows. `observed_since` is when the first call to
    the version was counted, None where none ever was; `lost_calls` are those that gateways could not tell of since
    the window began, to whichever API."""

    api: str
    version: str
    since: int
    until: int
    observed_since: int | None
    lost_calls: int
    impacts: tuple[Impact, ...]

    @property
    def touched(self) -> tuple[Touched, ...]:
        """Each application once, with what it does most of all that is touched."""
        worst: dict[str, Touched] = {}
        for impact in self.impacts:
            for each in impact.touched:
                known = worst.get(each.application)
                if known is None or each.calls > known.calls:
                    worst[each.application] = each
        return tuple(sorted(worst.values(), key=_order))


def counts(change: Change) -> bool:
    """Whether anybody can be touched by it: it breaks, or nobody knows."""
    return change.rule.severity == "error" or change.rule.undecided


async def impact_of(
    queries: UsageQueries,
    clock: Clock,
    base: ApiVersion,
    changes: Iterable[Change],
    applications: Iterable[Application],
    days: int = WINDOW_DAYS,
) -> ImpactReport:
    """The impact of `changes` from `base`, the version in force, over the last `days`. Raises SQLAlchemyError."""
    now = int(clock())
    questions = Questions(base)
    asked = [(change, questions.about(change)) for change in changes if counts(change)]
    everywhere = any(not question.operation for _, question in asked)
    observed = Observations(now - days * DAY)
    if asked:
        observed = await queries.observations(
            base.api,
            base.version,
            operations=None if everywhere else {question.operation for _, question in asked},
            sights={sight for _, question in asked for sight in question.sights()},
            since=observed.since,
        )
    return report_of(base, asked, observed, applications, now)


def report_of(
    base: ApiVersion,
    asked: Iterable[tuple[Change, Question]],
    observed: Observations,
    applications: Iterable[Application],
    now: int,
) -> ImpactReport:
    """The same from what was observed."""
    subscribers = _subscribers(base, applications)
    view = _View(observed, subscribers)
    known: dict[Question, tuple[Touched, ...]] = {}
    impacts = []
    for change, question in asked:
        if question not in known:
            known[question] = view.touched_by(question)
        impacts.append(
            Impact(change.rule.id, change.fingerprint, question.operation, question.basis, known[question])
        )
    return ImpactReport(
        base.api, base.version, observed.since, now, observed.began, observed.lost_calls, tuple(impacts)
    )


@dataclass(frozen=True, slots=True)
class _Subscriber:
    consumer: str
    subscription: Subscription


def _subscribers(base: ApiVersion, applications: Iterable[Application]) -> dict[str, _Subscriber]:
    return {
        application.client_id: _Subscriber(application.consumer, subscription)
        for application in applications
        for subscription in application.subscriptions
        if (subscription.api, subscription.version) == (base.api, base.version)
    }


class _View:
    """What was observed and who has subscribed, arranged for questions."""

    def __init__(self, observed: Observations, subscribers: Mapping[str, _Subscriber]) -> None:
        self._subscribers = subscribers
        self._seen = observed.seen
        self._active = observed.active
        self._by_operation: dict[str, list[Calls]] = {"": []}
        for calls in observed.calls:
            self._by_operation.setdefault(calls.operation, []).append(calls)
            self._by_operation[""].append(calls)

    def touched_by(self, question: Question) -> tuple[Touched, ...]:
        found: dict[str, Touched] = {}
        for caller in self._by_operation.get(question.operation, ()):
            count = self._count(question, caller)
            if count is None:
                continue
            calls, last = count
            before = found.get(caller.application)
            if before is not None:  # at another operation
                calls, last = calls + before.calls, max(last, before.last_seen or 0)
            found[caller.application] = Touched(caller.consumer, caller.application, calls, last, "observed")
        for client_id, subscriber in self._subscribers.items():
            if client_id not in self._active and not self._grants(client_id, question.scope):
                found[client_id] = Touched(subscriber.consumer, client_id, 0, None, "subscribed")
        return tuple(sorted(found.values(), key=_order))

    def _count(self, question: Question, caller: Calls) -> tuple[int, int] | None:
        """How many calls of a caller are meant, and the last of them; None where none is."""
        if self._grants(caller.application, question.scope):
            return None
        having = self._sight(question, question.having, caller)
        if question.lacking is None:
            if question.having is None:
                return caller.calls, caller.last_seen
            return None if having is None else (having.calls, having.last_seen)
        every = having if question.having is not None else self._sight(question, ACCEPTED, caller)
        lacking = self._sight(question, question.lacking, caller)
        without = (every.calls if every is not None else 0) - (lacking.calls if lacking is not None else 0)
        return (without, caller.last_seen) if without > 0 else None

    def _sight(self, question: Question, sight: Sight | None, caller: Calls) -> Seen | None:
        if sight is None:
            return None
        return self._seen.get((question.operation, sight), {}).get(caller.application)

    def _grants(self, application: str, scope: str) -> bool:
        """Whether a scope is asked about that the application's subscription has already."""
        subscriber = self._subscribers.get(application)
        return bool(scope) and subscriber is not None and scope in subscriber.subscription.scopes


def _order(touched: Touched) -> tuple[int, str, str]:
    return -touched.calls, touched.consumer, touched.application
