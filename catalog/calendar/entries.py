"""The calendar of an estate: every version that is to end or has ended, in the order of their ends. No I/O."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Literal, Protocol

import msgspec

from contracts.estate_files import ApiFile, ConsumersFile, EstateFile, TeamsFile
from contracts.operations import ApiVersion, Brownout

Phase = Literal["announced", "deprecated", "brown-out", "ended", "retired"]
"""Where a version stands at a time. `announced`: there is a date, and it is not deprecated yet."""

_NEVER = 1 << 62


class EstateView(Protocol):
    """What the calendar needs of an estate."""

    @property
    def file(self) -> EstateFile: ...
    @property
    def teams(self) -> TeamsFile: ...
    @property
    def consumers(self) -> ConsumersFile: ...
    @property
    def apis(self) -> Mapping[str, ApiFile]: ...
    @property
    def versions(self) -> Sequence[ApiVersion]: ...


CurrentView = Callable[[], EstateView | None]
"""The estate in force; None while there is none."""


class Subscriber(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An application that may call the version; until `extended_until` (Unix seconds) the calendar spares it."""

    consumer: str
    application: str
    extended_until: int | None = None


class CalendarEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One version. Times are Unix seconds; `notice_days` is what partners were promised."""

    api: str
    version: str
    title: str
    state: str
    owner: str
    contact: str
    deprecation: int | None
    sunset: int | None
    successor: str | None
    migration_guide: str | None
    notice_days: int | None
    brown_outs: tuple[Brownout, ...]
    subscribers: tuple[Subscriber, ...]

    @property
    def about(self) -> str:
        """Its name for machines: `orders/v1`."""
        return f"{self.api}/{self.version}"

    @property
    def name(self) -> str:
        """Its name for people: `Orders v1`."""
        return f"{self.title} {self.version}"

    def narrowed(self, consumers: Set[str]) -> "CalendarEntry":
        """Without the subscribers of all other consumers."""
        left = tuple(each for each in self.subscribers if each.consumer in consumers)
        return msgspec.structs.replace(self, subscribers=left)

    def phase(self, now: float) -> Phase:
        """Where it stands."""
        if self.state == "retired":
            return "retired"
        if self.sunset is not None and now >= self.sunset:
            return "ended"
        if any(each.start <= now < each.end for each in self.brown_outs):
            return "brown-out"
        is_deprecated = self.state == "deprecated" if self.deprecation is None else now >= self.deprecation
        return "deprecated" if is_deprecated else "announced"


Extended = Mapping[tuple[str, str, str], int]
"""Until when (Unix seconds) an application is spared, by application, API and version."""


def calendar_of(estate: EstateView, extended: Extended | None = None) -> tuple[CalendarEntry, ...]:
    """The entries, those that end first first; those without an end last. Drafts have no calendar."""
    subscribers = _subscribers(estate, extended or {})
    made = [
        _entry(estate, version, tuple(subscribers.get((version.api, version.version), ())))
        for version in estate.versions
        if _is_ending(version)
    ]
    return tuple(sorted(made, key=_by_end))


def entry_of(entries: Iterable[CalendarEntry], api: str, version: str) -> CalendarEntry | None:
    """The one of a version, if it is to end."""
    return next((each for each in entries if (each.api, each.version) == (api, version)), None)


def _is_ending(version: ApiVersion) -> bool:
    calendar = version.lifecycle
    if calendar.state == "draft":
        return False
    dated = calendar.deprecation is not None or calendar.sunset is not None
    return dated or calendar.state in ("deprecated", "retired")


def _entry(estate: EstateView, version: ApiVersion, subscribers: tuple[Subscriber, ...]) -> CalendarEntry:
    api, policy, calendar = estate.apis[version.api], estate.file.deprecation_policy, version.lifecycle
    return CalendarEntry(
        api=version.api,
        version=version.version,
        title=api.title,
        state=calendar.state,
        owner=api.owner,
        contact=api.contact,
        deprecation=calendar.deprecation,
        sunset=calendar.sunset,
        successor=calendar.successor,
        migration_guide=calendar.documentation,
        notice_days=api.notice_days or (policy.notice_days if policy is not None else None),
        brown_outs=calendar.brownouts,
        subscribers=subscribers,
    )


def _subscribers(estate: EstateView, extended: Extended) -> dict[tuple[str, str], list[Subscriber]]:
    found: dict[tuple[str, str], list[Subscriber]] = {}
    for consumer, entry in sorted(estate.consumers.consumers.items()):
        for client_id, application in sorted(entry.applications.items()):
            for each in application.subscriptions:
                until = extended.get((client_id, each.api, each.version))
                subscriber = Subscriber(consumer=consumer, application=client_id, extended_until=until)
                found.setdefault((each.api, each.version), []).append(subscriber)
    return found


def _by_end(entry: CalendarEntry) -> tuple[int, int, str, str]:
    sunset = _NEVER if entry.sunset is None else entry.sunset
    return sunset, entry.deprecation or 0, entry.api, entry.version
