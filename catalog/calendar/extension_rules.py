"""Which extensions make sense, and who is told of them. No I/O."""

from collections.abc import Sequence
from typing import Final

from catalog.calendar.deciders import deciders_of
from catalog.calendar.entries import CalendarEntry, EstateView, calendar_of, entry_of
from catalog.calendar.extension import Extension
from catalog.clock import DAY
from catalog.notices import wording
from catalog.notices.audiences import Audience, consumer_of, member_of, owner_of
from catalog.notices.notice import Kind, Notice
from catalog.refusal import Refusal
from contracts.dates import written

DEFAULT_MAX_DAYS: Final = 90
"""Days after the sunset, where the estate has no `deprecation-policy`."""


def subscribed(view: EstateView, application: str, api: str, version: str) -> tuple[CalendarEntry, str] | None:
    """The calendar of a version that has one, and the application's consumer; None where it may not call it."""
    entry = entry_of(calendar_of(view), api, version)
    if entry is None:
        return None
    consumer = next((each.consumer for each in entry.subscribers if each.application == application), None)
    return None if consumer is None else (entry, consumer)


def unfit(view: EstateView, entry: CalendarEntry, until: int, now: int) -> Refusal | None:
    """Why an extension until then makes no sense, or is longer than the estate allows."""
    if entry.state == "retired" or entry.sunset is None:
        why = "is retired" if entry.state == "retired" else "has no sunset"
        return Refusal("state-conflict", f"{entry.name} {why}: there is nothing to be spared from.")
    policy = view.file.deprecation_policy
    days = DEFAULT_MAX_DAYS if policy is None else policy.extension_max_days
    if until <= max(now, entry.sunset):
        message = f"must be after the sunset ({written(entry.sunset)}) and ahead"
    elif until > entry.sunset + days * DAY:
        message = f"must be within {days} days after the sunset, by {written(entry.sunset + days * DAY)}"
    else:
        return None
    violation = {"in": "body", "pointer": "/until", "rule": "extension", "message": message}
    return Refusal("schema-violation", "The extension's date cannot be granted.", {"violations": [violation]})


def requested_notice(view: EstateView, entry: CalendarEntry, extension: Extension) -> Notice:
    """To those who can decide."""
    words = wording.extension_requested(
        entry, extension.application, extension.until, extension.requested_by, extension.reason
    )
    return _notice("extension-requested", extension, deciders_of(view, entry.api), words, extension.requested_at)


def decided_notices(view: EstateView, entry: CalendarEntry, extension: Extension) -> list[Notice]:
    """To the one who asked, the owner of the API, and the consumer."""
    consumer = consumer_of(view, extension.consumer, (extension.application,))
    # What is refused within the company is no matter of the partner's: nobody there need have asked.
    audiences: Sequence[Audience] = (member_of(view, extension.requested_by), owner_of(view, extension.api))
    audiences = audiences if extension.state == "refused" else (*audiences, consumer)
    at = extension.decided_at or extension.requested_at
    return [
        _notice("extension-decided", extension, each, wording.extension_decided(entry, each, extension), at)
        for each in audiences
    ]


def _notice(kind: Kind, extension: Extension, audience: Audience, words: wording.Words, now: int) -> Notice:
    return Notice(
        kind=kind,
        key=f"extension:{extension.number}:{extension.state}:{audience.id}",
        about=f"extension/{extension.number}",
        recipients=audience.recipients,
        subject=words[0],
        body=words[1],
        due_at=now,
    )
