"""The dates of the calendar one by one: what a table, a machine or a calendar application shows."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from catalog.calendar.entries import CalendarEntry

EventKind = Literal["deprecation", "brown-out", "sunset", "extension-end"]


class CalendarEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One date. Times are Unix seconds; `until` is a brown-out's end, `application` whose extension ends."""

    at: int
    kind: EventKind
    api: str
    version: str
    text: str
    until: int | None = None
    application: str | None = None
    guide: str | None = None


def events_of(entries: Iterable[CalendarEntry]) -> tuple[CalendarEvent, ...]:
    """All dates in order."""
    found = [event for entry in entries for event in _events(entry)]
    return tuple(
        sorted(found, key=lambda each: (each.at, each.api, each.version, each.kind, each.application or ""))
    )


def between(events: Iterable[CalendarEvent], since: int | None, until: int | None) -> tuple[CalendarEvent, ...]:
    """Those that are not over at `since` and begin before `until` (Unix seconds)."""
    return tuple(
        each
        for each in events
        if (since is None or (each.until or each.at + 1) > since) and (until is None or each.at < until)
    )


def _events(entry: CalendarEntry) -> Iterable[CalendarEvent]:
    api, version, guide = entry.api, entry.version, entry.migration_guide

    def made(
        at: int, kind: EventKind, text: str, until: int | None = None, application: str | None = None
    ) -> CalendarEvent:
        return CalendarEvent(
            at=at,
            kind=kind,
            api=api,
            version=version,
            text=text,
            until=until,
            application=application,
            guide=guide,
        )

    forward = f"; its successor is {entry.successor}" if entry.successor else ""
    if entry.deprecation is not None:
        yield made(entry.deprecation, "deprecation", f"{entry.name} is deprecated{forward}")
    for window in entry.brown_outs:
        yield made(window.start, "brown-out", f"{entry.name} refuses every call", window.end)
    if entry.sunset is not None:
        yield made(entry.sunset, "sunset", f"{entry.name} ends{forward}")
    for each in entry.subscribers:
        if each.extended_until is not None:
            text = f"{entry.name} ends for {each.application} of {each.consumer}"
            yield made(each.extended_until, "extension-end", text, application=each.application)
