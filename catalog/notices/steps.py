"""What the calendar tells whom, and when: from the estate, the time and what was told already. No I/O.

Each notice is told once. A step that passed while the catalog was down is told late, unless a later step has come
meanwhile: of several reminders only the last is news. A calendar that is announced after one of its steps has
passed does not remind of it, too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from catalog.calendar.callers import Caller
from catalog.calendar.entries import CalendarEntry, EstateView
from catalog.calendar.extension import Extension
from catalog.clock import DAY
from catalog.notices import wording
from catalog.notices.audiences import Audience, consumer_of, consumers_of, owner_of
from catalog.notices.notice import Kind, Notice
from contracts.estate_files import DeprecationPolicyEntry

_NO_POLICY: Final = DeprecationPolicyEntry(notice_days=1)

ENDED_IS_NEWS: Final = 7 * DAY
"""Seconds after a sunset for which it is worth telling: a catalog that starts years later does not."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the steps depend on besides the time. `spared` are the extensions in force; `told` is when (Unix
    seconds) a notice was put, by its key; `called` is who called a version after its end, by `orders/v1`."""

    view: EstateView
    entries: Sequence[CalendarEntry]
    spared: Sequence[Extension] = ()
    told: Mapping[str, int] = field(default_factory=dict)
    called: Mapping[str, Sequence[Caller]] = field(default_factory=dict)

    @property
    def policy(self) -> DeprecationPolicyEntry:
        return self.view.file.deprecation_policy or _NO_POLICY


def calendar_notices(facts: Facts, now: float) -> list[Notice]:
    """What has to be told by now and was not yet."""
    found: list[Notice] = []
    for entry in facts.entries:
        if entry.state != "retired":
            for audience in (owner_of(facts.view, entry.api), *consumers_of(facts.view, entry)):
                found += _of_version(facts, entry, audience, int(now))
    for spared in facts.spared:
        found += _of_extension(facts, spared, int(now))
    return [each for each in found if each.key not in facts.told]


def _of_version(facts: Facts, entry: CalendarEntry, audience: Audience, now: int) -> Iterator[Notice]:
    sunset = entry.sunset
    if sunset is not None and now >= sunset:
        yield from _after(facts, entry, audience, sunset, now)
        return
    announced = f"deprecated:{entry.about}:{entry.deprecation}:{sunset}:{audience.id}"
    yield _notice(
        "version-deprecated", announced, entry, audience, wording.deprecated(entry, audience), now, sunset
    )
    since = facts.told.get(announced, now)
    audience = _concerned(entry, audience, now)
    if not audience.recipients:
        return
    for window in entry.brown_outs:
        steps = facts.policy.brown_out_reminders
        for days, due_at, useless_at in _step(steps, window.start, since, now):
            words = wording.brown_out_ahead(entry, audience, window)
            key = f"brown-out:{entry.about}:{window.start}:{days}:{audience.id}"
            yield _notice("brown-out-reminder", key, entry, audience, words, due_at, useless_at)
    if sunset is not None:
        for days, due_at, useless_at in _step(facts.policy.reminders, sunset, since, now):
            words = wording.sunset_ahead(entry, audience, sunset)
            key = f"sunset:{entry.about}:{sunset}:{days}:{audience.id}"
            yield _notice("sunset-reminder", key, entry, audience, words, due_at, useless_at)


def _after(facts: Facts, entry: CalendarEntry, audience: Audience, sunset: int, now: int) -> Iterator[Notice]:
    audience = _concerned(entry, audience, now)
    if not audience.recipients:
        return
    if now < sunset + ENDED_IS_NEWS:
        words = wording.ended(entry, audience, sunset)
        key = f"ended:{entry.about}:{sunset}:{audience.id}"
        yield _notice("version-ended", key, entry, audience, words, sunset, sunset + ENDED_IS_NEWS)
    # A day later, so that whoever has read that it ended had the time to act.
    callers = _callers(facts, entry, audience, now)
    if callers and now >= sunset + DAY:
        words = wording.ended_and_called(entry, audience, sunset, callers)
        key = f"ended-called:{entry.about}:{sunset}:{audience.id}"
        yield _notice("version-ended-called", key, entry, audience, words, now, None)


def _of_extension(facts: Facts, spared: Extension, now: int) -> Iterator[Notice]:
    entry = next((each for each in facts.entries if each.about == f"{spared.api}/{spared.api_version}"), None)
    if entry is None or entry.state == "retired" or now >= spared.until:
        return
    consumer = consumer_of(facts.view, spared.consumer, (spared.application,))
    for days, due_at, useless_at in _step(
        facts.policy.reminders, spared.until, spared.decided_at or spared.requested_at, now
    ):
        for audience in (owner_of(facts.view, entry.api), consumer):
            words = wording.extension_ending(entry, audience, spared.application, spared.until)
            key = f"extension-ending:{spared.number}:{spared.until}:{days}:{audience.id}"
            yield _notice("extension-ending", key, entry, audience, words, due_at, useless_at)


def _step(days_before: Iterable[int], moment: int, since: int, now: int) -> Iterator[tuple[int, int, int]]:
    """The step that has come last: its days, when it was due, and when the next step (or `moment`) makes it old.

    None before the first step, after `moment`, and where the step came before `since`, when all was told at once.
    """
    steps = sorted({moment - days * DAY: days for days in days_before}.items())
    for index, (due_at, days) in enumerate(steps):
        useless_at = steps[index + 1][0] if index + 1 < len(steps) else moment
        if due_at <= now < useless_at and due_at > since:
            yield days, due_at, useless_at


def _concerned(entry: CalendarEntry, audience: Audience, now: int) -> Audience:
    """The audience with the applications that no extension spares; with no recipient where it spares them all."""
    if audience.consumer is None:
        return audience
    spared = {each.application for each in entry.subscribers if (each.extended_until or 0) > now}
    left = tuple(each for each in audience.applications if each not in spared)
    return msgspec.structs.replace(audience, applications=left, recipients=audience.recipients if left else ())


def _callers(facts: Facts, entry: CalendarEntry, audience: Audience, now: int) -> list[Caller]:
    spared = {each.application for each in entry.subscribers if (each.extended_until or 0) > now}
    callers = (each for each in facts.called.get(entry.about, ()) if each.application not in spared)
    return [each for each in callers if audience.consumer is None or each.application in audience.applications]


def _notice(
    kind: Kind,
    key: str,
    entry: CalendarEntry,
    audience: Audience,
    words: wording.Words,
    due_at: int,
    useless_at: int | None,
) -> Notice:
    return Notice(
        kind=kind,
        key=key,
        about=entry.about,
        recipients=audience.recipients,
        subject=words[0],
        body=words[1],
        due_at=due_at,
        useless_at=useless_at,
    )
