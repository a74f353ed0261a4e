"""What notices say. Dates stand in them as dates: a message that arrives late is still true."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from catalog.calendar.callers import Caller
from catalog.calendar.entries import CalendarEntry
from catalog.calendar.extension import Extension
from catalog.notices.audiences import Audience
from contracts.operations import Brownout

Words = tuple[str, str]
"""A subject and a body."""


def day(seconds: int) -> str:
    """`1 July 2027`, or `1 July 2027, 10:00 UTC` where it is not a day's first second."""
    moment = datetime.fromtimestamp(seconds, UTC)
    text = f"{moment.day} {moment:%B %Y}"
    return text if seconds % 86_400 == 0 else f"{text}, {moment:%H:%M} UTC"


def deprecated(entry: CalendarEntry, audience: Audience) -> Words:
    """A version is deprecated, or its calendar has changed."""
    end = f"ends on {day(entry.sunset)}" if entry.sunset is not None else "is deprecated"
    first = f"{entry.name} is deprecated."
    if entry.deprecation is not None:
        first = f"{entry.name} is deprecated as of {day(entry.deprecation)}."
    last = "" if entry.sunset is None else f"It ends on {day(entry.sunset)}: from then on every call gets 410."
    return f"{entry.name} {end}", _letter(entry, audience, first, last, _windows(entry.brown_outs))


def sunset_ahead(entry: CalendarEntry, audience: Audience, sunset: int) -> Words:
    """The end comes nearer."""
    first = f"{entry.name} ends on {day(sunset)}: from then on every call gets 410."
    return f"Reminder: {entry.name} ends on {day(sunset)}", _letter(entry, audience, first)


def brown_out_ahead(entry: CalendarEntry, audience: Audience, window: Brownout) -> Words:
    """A brown-out comes nearer."""
    first = f"{entry.name} refuses every call {_window(window)}, to show what still depends on it."
    last = "" if entry.sunset is None else f"It ends for good on {day(entry.sunset)}."
    return f"Brown-out of {entry.name} on {day(window.start)}", _letter(entry, audience, first, last)


def ended(entry: CalendarEntry, audience: Audience, sunset: int) -> Words:
    """The end is there."""
    first = f"{entry.name} ended on {day(sunset)}: every call gets 410."
    last = ""
    if audience.consumer is None:
        last = 'Once nobody calls it any more it can be retired: state "retired" in its api.yaml.'
    return f"{entry.name} has ended", _letter(entry, audience, first, last)


def ended_and_called(entry: CalendarEntry, audience: Audience, sunset: int, callers: Sequence[Caller]) -> Words:
    """The end is there, and somebody has not noticed."""
    first = f"{entry.name} ended on {day(sunset)}, and is still called:"
    lines = [_caller(each, with_consumer=audience.consumer is None) for each in callers]
    return f"{entry.name} has ended and is still called", _letter(entry, audience, first, *lines)


def extension_requested(entry: CalendarEntry, application: str, until: int, member: str, reason: str) -> Words:
    """To those who can grant it."""
    subject = f"Extension asked for: {application} on {entry.name} until {day(until)}"
    end = "" if entry.sunset is None else f"{entry.name} ends on {day(entry.sunset)}. "
    body = f"{end}{member} asks that {application} may go on calling it until {day(until)}.\n\nReason: {reason}\n"
    return subject, body


def extension_decided(entry: CalendarEntry, audience: Audience, extension: Extension) -> Words:
    """To those who asked, and whom it concerns."""
    application, until = extension.application, extension.until
    what = {
        "granted": f"may go on calling {entry.name} until {day(until)}",
        "refused": f"gets no extension on {entry.name}",
        "revoked": f"may no longer call {entry.name} beyond its end",
    }[extension.state]
    letter = _letter(entry, audience, f"{application} {what}.", f"Reason: {extension.decision}")
    return f"{application} {what}", letter


def extension_ending(entry: CalendarEntry, audience: Audience, application: str, until: int) -> Words:
    """The extension's own end comes nearer."""
    first = f"The extension of {application} on {entry.name} ends on {day(until)}: from then on its calls get 410."
    return f"Reminder: {entry.name} ends for {application} on {day(until)}", _letter(entry, audience, first)


def _letter(entry: CalendarEntry, audience: Audience, *paragraphs: str | Iterable[str]) -> str:
    parts = [each if isinstance(each, str) else "\n".join(each) for each in paragraphs]
    if audience.applications:
        parts.append(f"It concerns your applications: {', '.join(audience.applications)}.")
    parts += [_forward(entry), f"Questions: {entry.contact}"]
    return "\n\n".join(part for part in parts if part) + "\n"


def _forward(entry: CalendarEntry) -> str:
    move = f"Its successor is {entry.title} {entry.successor}." if entry.successor else ""
    guide = f"How to move: {entry.migration_guide}" if entry.migration_guide else ""
    return " ".join(part for part in (move, guide) if part)


def _windows(windows: Sequence[Brownout]) -> list[str]:
    if not windows:
        return []
    return ["Before that, it refuses every call in these windows:", *(f"- {_window(each)}" for each in windows)]


def _window(window: Brownout) -> str:
    start, end = (datetime.fromtimestamp(each, UTC) for each in (window.start, window.end))
    same = f"{end:%H:%M} UTC" if start.date() == end.date() else f"{end.day} {end:%B %Y, %H:%M} UTC"
    return f"from {start.day} {start:%B %Y, %H:%M} UTC until {same}"


def _caller(caller: Caller, *, with_consumer: bool) -> str:
    who = f"{caller.application} of {caller.consumer}" if with_consumer else caller.application
    calls = "1 call" if caller.calls == 1 else f"{caller.calls} calls"
    return f"- {who or 'somebody without an application'}: {calls}, the last on {day(caller.last_seen)}"
