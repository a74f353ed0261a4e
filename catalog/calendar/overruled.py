"""What a directory does against the calendar: nothing asks before it, so it is said aloud afterwards.

Where changes are pushed, a version is retired through the sunset gate, and a sunset comes with the notice that was
promised. A directory is reviewed where it comes from, and what it says is in force at once.
"""

from collections.abc import Mapping

import structlog

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.deciders import deciders_of
from catalog.calendar.entries import CurrentView
from catalog.calendar.gate import CalendarGate, changes_between
from catalog.changes.conditions import Condition, unmet
from catalog.clock import Clock
from catalog.notices.audiences import owner_of
from catalog.notices.notice import Notice
from catalog.notices.outbox import post
from catalog.people.principal import CATALOG
from catalog.publishing.published import Published
from catalog.storage.engine import Store
from contracts.operations import Lifecycle

log = structlog.get_logger("catalog.calendar")


class Overruled:
    """Looks at what a publication did to versions, and tells what the calendar would not have let pass."""

    def __init__(self, store: Store, gate: CalendarGate, view: CurrentView, audit: AuditLog, clock: Clock) -> None:
        self._store = store
        self._gate = gate
        self._view = view
        self._audit = audit
        self._clock = clock

    async def look(self, before: Published | None, after: Published | None) -> int:
        """How many conditions were not met: each is logged, an entry of the audit log, and told to the owner of
        the API and to architects. Raises SQLAlchemyError."""
        view = self._view()
        if before is None or after is None or view is None or before is after:
            return 0
        changes = changes_between(_lifecycles(before), _lifecycles(after))
        promised = {name: api.notice_days for name, api in view.apis.items()}
        policy = view.file.deprecation_policy
        missing = unmet(await self._gate.conditions(changes, policy, promised, frozenset()))
        if not missing:
            return 0
        now = int(self._clock())
        async with self._store.write() as connection:
            for each in missing:
                about = each.id.partition(":")[2]
                log.warning("calendar overruled by the directory", about=about, condition=each.text)
                event = Event(
                    subject="calendar", action="overruled", object=about, actor=CATALOG, reason=each.text
                )
                await self._audit.append(connection, event)
                api = about.partition("/")[0]
                audiences = [deciders_of(view, api)] + ([owner_of(view, api)] if api in view.apis else [])
                await post(connection, [_notice(each, about, a.id, a.recipients, now) for a in audiences], now)
        return len(missing)


def _lifecycles(published: Published) -> Mapping[tuple[str, str], Lifecycle]:
    return {(each.api, each.version): each.lifecycle for each in published.contracts.versions}


def _notice(condition: Condition, about: str, audience: str, recipients: tuple[str, ...], now: int) -> Notice:
    return Notice(
        kind="calendar-overruled",
        key=f"overruled:{condition.id}:{now}:{audience}",
        about=about,
        recipients=recipients,
        subject=f"The calendar of {about} was overruled",
        body=(
            f"The directory that this catalog publishes has changed {about} against its calendar. What was not "
            f"so:\n\n    {condition.text}\n\nIt is in force. To take it back, take it back in the directory.\n"
        ),
        due_at=now,
    )
