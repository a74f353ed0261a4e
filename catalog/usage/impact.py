"""Whom changes touch: the consumers and applications that call what a change breaks, from what was observed of
their calls, and from their subscriptions where nothing was.

What was observed is better than a subscription: an application that was seen at a version, and not with what a
change is about, is not touched by it. One of which nothing was seen in the whole window may be.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from catalog.clock import DAY, Clock
from catalog.usage.queries import Calls, Observations, Seen, UsageQueries
from catalog.usage.questions import ACCEPTED, Question, Questions
from contracts.diff.changes import Change
from contracts.operations import ApiVersion
from contracts.snapshot import Application, Subscription

WINDOW_DAYS: Final = 90

_NOTHING: Final = Seen(0, 0)
_NOBODY: Final[Mapping[str, Seen]] = {}


class Touched(msgspec.Struct, frozen=True, gc=False):
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
        self._silent = [item for item in subscribers.items() if item[0] not in observed.active]
        self._seen = observed.seen
        self._consumers = {each.application: each.consumer for each in observed.calls}
        self._by_operation: dict[str, list[Calls]] = {}
        for calls in observed.calls:
            self._by_operation.setdefault(calls.operation, []).append(calls)

    def touched_by(self, question: Question) -> tuple[Touched, ...]:
        if question.lacking is not None:
            found = self._without(question)
        elif question.having is not None:
            found = self._seen.get((question.operation, question.having), _NOBODY)
        else:
            found = self._callers(question.operation)
        touched = [
            Touched(self._consumers.get(application, ""), application, seen.calls, seen.last_seen, "observed")
            for application, seen in found.items()
            if not question.scope or not self._grants(application, question.scope)
        ]
        touched += [
            Touched(subscriber.consumer, application, 0, None, "subscribed")
            for application, subscriber in self._silent
            if not question.scope or not self._grants(application, question.scope)
        ]
        return tuple(sorted(touched, key=_order))

    def _callers(self, operation: str) -> Mapping[str, Seen]:
        """Everybody's calls of an operation, or of all of them."""
        if operation:
            calls = self._by_operation.get(operation, [])
            return {each.application: Seen(each.calls, each.last_seen) for each in calls}
        found: dict[str, Seen] = {}
        for each in (each for calls in self._by_operation.values() for each in calls):
            known = found.get(each.application, _NOTHING)
            last = max(known.last_seen, each.last_seen)
            found[each.application] = Seen(known.calls + each.calls, last)
        return found

    def _without(self, question: Question) -> Mapping[str, Seen]:
        """Whose calls had one thing oftener than the other, which they are about to need."""
        assert question.lacking is not None
        every = self._seen.get((question.operation, question.having or ACCEPTED), _NOBODY)
        lacking = self._seen.get((question.operation, question.lacking), _NOBODY)
        found: dict[str, Seen] = {}
        for application, seen in every.items():
            without = seen.calls - lacking.get(application, _NOTHING).calls
            if without > 0:
                found[application] = Seen(without, seen.last_seen)
        return found

    def _grants(self, application: str, scope: str) -> bool:
        """Whether the application's subscription has a scope already."""
        subscriber = self._subscribers.get(application)
        return subscriber is not None and scope in subscriber.subscription.scopes


def _order(touched: Touched) -> tuple[int, str, str]:
    return -touched.calls, touched.consumer, touched.application
