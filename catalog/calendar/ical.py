"""The calendar as iCalendar (RFC 5545), to subscribe to or to import."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from catalog.calendar.events import CalendarEvent

CONTENT_TYPE: Final = "text/calendar; charset=utf-8"

_LINE: Final = 75
"""Octets of a line at most, without its line break (§3.1)."""


def icalendar(events: Iterable[CalendarEvent], estate: str, now: float) -> str:
    """One VCALENDAR. A date that moves keeps its UID, so that a calendar application moves it, too.

    `estate` is the estate's name; `now` (Unix seconds) is when this text was made (§3.8.7.2).
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Ostiary//Deprecation calendar//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_text(f'{estate}: API versions that end')}",
    ]
    for event in events:
        lines += _event(event, estate, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(event: CalendarEvent, estate: str, now: float) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_uid(event)}@{estate}.ostiary"
    yield f"DTSTAMP:{_moment(now)}"
    yield f"DTSTART:{_moment(event.at)}"
    if event.until is not None:
        yield f"DTEND:{_moment(event.until)}"
    yield f"SUMMARY:{_text(event.text)}"
    yield f"CATEGORIES:{event.kind.upper()}"
    if event.guide is not None:
        yield f"DESCRIPTION:{_text(f'How to move: {event.guide}')}"
        yield f"URL:{event.guide}"
    # Nobody is busy because an API ends.
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _uid(event: CalendarEvent) -> str:
    """Of brown-outs a version has several, so that theirs is told from the others by its time."""
    last = {"brown-out": f".{event.at}", "extension-end": f".{event.application}"}.get(event.kind, "")
    return f"{event.kind}.{event.api}.{event.version}{last}"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    """§3.3.11."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\\n").replace("\r", "\\n").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """§3.1: a long line goes on in the next, after a space. Never within a character, which UTF-8 would break."""
    rest = line.encode("utf-8")
    room = _LINE
    space = ""
    while len(rest) > room:
        cut = room
        while rest[cut] & 0xC0 == 0x80:  # a character goes on here
            cut -= 1
        yield space + rest[:cut].decode("utf-8")
        rest, space, room = rest[cut:], " ", _LINE - 1
    yield space + rest.decode("utf-8")
