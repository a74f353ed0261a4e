"""The calendar as the admin API shows it: with times as RFC 3339, and who still calls."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from catalog.calendar.agreements import Consent, Override
from catalog.calendar.callers import Caller
from catalog.calendar.entries import CalendarEntry, Phase
from catalog.calendar.events import CalendarEvent, EventKind
from catalog.calendar.extension import Extension, ExtensionState
from catalog.clock import moment, moment_or_none


class Window(msgspec.Struct, frozen=True, rename={"start": "from"}):
    start: datetime
    until: datetime


class SubscriberView(msgspec.Struct, frozen=True):
    consumer: str
    application: str
    extended_until: datetime | None


class CallerView(msgspec.Struct, frozen=True):
    consumer: str
    application: str
    calls: int
    last_seen: datetime


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One version, where it stands now, and who called it lately."""

    api: str
    version: str
    title: str
    state: str
    phase: Phase
    owner: str
    contact: str
    deprecation: datetime | None
    sunset: datetime | None
    successor: str | None
    migration_guide: str | None
    notice_days: int | None
    brown_outs: tuple[Window, ...]
    subscribers: tuple[SubscriberView, ...]
    callers: tuple[CallerView, ...]


class EventView(msgspec.Struct, frozen=True):
    at: datetime
    until: datetime | None
    kind: EventKind
    api: str
    version: str
    application: str | None
    text: str


class ExtensionView(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    consumer: str
    application: str
    api: str
    version: str
    until: datetime
    reason: str
    requested_by: str
    requested_at: datetime
    state: ExtensionState
    decided_by: str
    decided_at: datetime | None
    decision: str


class ConsentView(msgspec.Struct, frozen=True, kw_only=True):
    consumer: str
    api: str
    version: str
    sunset: datetime
    given_by: str
    text_digest: str
    recorded_by: str
    at: datetime


class OverrideView(msgspec.Struct, frozen=True, kw_only=True):
    api: str
    version: str
    sunset: datetime | None
    reason: str
    given_by: str
    at: datetime


def entry_view(entry: CalendarEntry, now: float, callers: Sequence[Caller] = ()) -> EntryView:
    """An entry with who called it, most calls first."""
    return EntryView(
        api=entry.api,
        version=entry.version,
        title=entry.title,
        state=entry.state,
        phase=entry.phase(now),
        owner=entry.owner,
        contact=entry.contact,
        deprecation=moment_or_none(entry.deprecation),
        sunset=moment_or_none(entry.sunset),
        successor=entry.successor,
        migration_guide=entry.migration_guide,
        notice_days=entry.notice_days,
        brown_outs=tuple(Window(moment(each.start), moment(each.end)) for each in entry.brown_outs),
        subscribers=tuple(
            SubscriberView(each.consumer, each.application, moment_or_none(each.extended_until))
            for each in entry.subscribers
        ),
        callers=tuple(
            CallerView(each.consumer, each.application, each.calls, moment(each.last_seen)) for each in callers
        ),
    )


def event_view(event: CalendarEvent) -> EventView:
    """A date."""
    return EventView(
        moment(event.at),
        moment_or_none(event.until),
        event.kind,
        event.api,
        event.version,
        event.application,
        event.text,
    )


def extension_view(extension: Extension) -> ExtensionView:
    """An extension."""
    return ExtensionView(
        number=extension.number,
        consumer=extension.consumer,
        application=extension.application,
        api=extension.api,
        version=extension.api_version,
        until=moment(extension.until),
        reason=extension.reason,
        requested_by=extension.requested_by,
        requested_at=moment(extension.requested_at),
        state=extension.state,
        decided_by=extension.decided_by,
        decided_at=moment_or_none(extension.decided_at),
        decision=extension.decision,
    )


def consent_view(consent: Consent) -> ConsentView:
    """A consent."""
    return ConsentView(
        consumer=consent.consumer,
        api=consent.api,
        version=consent.api_version,
        sunset=moment(consent.sunset),
        given_by=consent.given_by,
        text_digest=consent.text_digest,
        recorded_by=consent.recorded_by,
        at=moment(consent.at),
    )


def override_view(override: Override) -> OverrideView:
    """An override."""
    return OverrideView(
        api=override.api,
        version=override.api_version,
        sunset=moment_or_none(override.sunset or None),
        reason=override.reason,
        given_by=override.given_by,
        at=moment(override.at),
    )
