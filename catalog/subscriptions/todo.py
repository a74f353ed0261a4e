"""What applications have to change by when: versions that end, and deprecated operations, of those that they
may call or still call, with what they called of them.

No more is known than gateways tell: an operation that was not seen may still be called once a year.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import sqlalchemy as sa

from catalog.calendar.entries import CalendarEntry
from catalog.publishing.published import Published
from catalog.storage.engine import Store
from catalog.storage.tables.usage import usage_callers, usage_days
from catalog.usage.periods import day_of
from contracts.access import Application
from contracts.operations import ApiVersion

Kind: TypeAlias = Literal["version", "operation"]

_BATCH = 500
_callers = usage_callers.c


@dataclass(frozen=True, slots=True)
class CalledOperation:
    """What an application called. `last_seen` in Unix seconds."""

    operation: str
    calls: int
    last_seen: int


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing to change: a `version` that ends, or `operation`s that are deprecated in one that stays. `due` is
    when it is over for this application, in Unix seconds; None where nobody has said."""

    kind: Kind
    application: Application
    version: ApiVersion
    entry: CalendarEntry | None
    due: int | None
    called: tuple[CalledOperation, ...] = field(default=())


Calls: TypeAlias = Mapping[tuple[str, str, str], Sequence[CalledOperation]]
"""By application, API and version."""


async def calls_of(store: Store, applications: Sequence[str], since: int) -> Calls:
    """What applications called since the day of `since` (Unix seconds), the most calls first. Raises
    SQLAlchemyError."""
    days = usage_days.c
    mine = (days.caller == _callers.id) & (days.day >= day_of(since))
    total = sa.select(sa.cast(sa.func.sum(days.calls), sa.BigInteger)).where(mine).scalar_subquery()
    columns = (_callers.application, _callers.api, _callers.version, _callers.operation)
    found: dict[tuple[str, str, str], list[CalledOperation]] = {}
    for start in range(0, len(applications), _BATCH):
        some = _callers.application.in_(applications[start : start + _BATCH])
        query = sa.select(*columns, total, _callers.last_seen).where(some, _callers.last_seen >= since)
        for application, api, version, operation, calls, last_seen in await store.all(query):
            if calls is not None:  # whose days were forgotten before their caller was has none
                called = CalledOperation(operation, calls, last_seen)
                found.setdefault((application, api, version), []).append(called)
    for each in found.values():
        each.sort(key=lambda called: (-called.calls, called.operation))
    return found


def todo_of(
    applications: Iterable[Application], entries: Iterable[CalendarEntry], published: Published, calls: Calls
) -> tuple[ToDo, ...]:
    """All of it, what is due first first. What is retired and not called any more needs nothing."""
    ending = {(each.api, each.version): _Ending.of(each) for each in entries}
    versions = {(each.api, each.version): each for each in published.contracts.versions}
    called: dict[str, set[tuple[str, str]]] = {}
    for client_id, *name in calls:
        called.setdefault(client_id, set()).add((name[0], name[1]))
    found = [
        each
        for application in applications
        for name in sorted(_subscribed(application) | called.get(application.client_id, set()))
        if name in versions
        for each in _of(
            application, versions[name], ending.get(name), calls.get((application.client_id, *name), ())
        )
    ]
    return tuple(sorted(found, key=_by_due))


@dataclass(frozen=True, slots=True)
class _Ending:
    """A version that ends, and until when it does not for some. There may be 10,000 who subscribed to it, so none
    of them is looked for one by one."""

    entry: CalendarEntry
    extended: Mapping[str, int]

    @classmethod
    def of(cls, entry: CalendarEntry) -> "_Ending":
        until = ((each.application, each.extended_until) for each in entry.subscribers)
        return cls(entry, {application: moment for application, moment in until if moment is not None})

    def due(self, application: Application) -> int | None:
        until, sunset = self.extended.get(application.client_id), self.entry.sunset
        return sunset if until is None or sunset is None else max(until, sunset)


def _subscribed(application: Application) -> set[tuple[str, str]]:
    return {(each.api, each.version) for each in application.subscriptions}


def _of(
    application: Application, version: ApiVersion, ending: _Ending | None, called: Sequence[CalledOperation]
) -> Iterable[ToDo]:
    if ending is not None:
        if called or ending.entry.state != "retired":
            yield ToDo("version", application, version, ending.entry, ending.due(application), tuple(called))
        return
    deprecated = {each.id for each in version.operations if each.deprecated}
    still = tuple(each for each in called if each.operation in deprecated)
    if still:
        yield ToDo("operation", application, version, None, None, still)


def _by_due(each: ToDo) -> tuple[bool, int, str, str, str]:
    """What has no date comes last."""
    return each.due is None, each.due or 0, each.application.client_id, each.version.api, each.version.version
