"""All that there is about the calendar, put together for those that show it."""

from dataclasses import dataclass

from catalog.audit.log import AuditLog
from catalog.calendar.callers import Callers
from catalog.calendar.consents import Consents
from catalog.calendar.entries import CalendarEntry, CurrentView, calendar_of
from catalog.calendar.extension import extended
from catalog.calendar.extensions import Extensions, Republish
from catalog.calendar.gate import CalendarGate
from catalog.calendar.observed import ObservedCallers
from catalog.calendar.overrides import Overrides
from catalog.calendar.rounds import CalendarRounds
from catalog.clock import Clock
from catalog.notices.outbox import Outbox
from catalog.storage.engine import Store
from catalog.usage.queries import UsageQueries


@dataclass(frozen=True, slots=True)
class CalendarRoom:
    """`view` is the estate in force; `outbox` has what people were told; the others act and judge."""

    view: CurrentView
    extensions: Extensions
    consents: Consents
    overrides: Overrides
    callers: Callers
    gate: CalendarGate
    rounds: CalendarRounds
    outbox: Outbox

    async def entries(self) -> tuple[CalendarEntry, ...]:
        """The calendar as it is now, with the extensions in force. Raises SQLAlchemyError."""
        view = self.view()
        return () if view is None else calendar_of(view, extended(await self.extensions.in_force()))


def calendar_room(
    store: Store, view: CurrentView, republish: Republish, audit: AuditLog, clock: Clock
) -> CalendarRoom:
    """Over a store that was migrated."""
    extensions = Extensions(store, audit, clock, view, republish)
    consents, overrides = Consents(store, audit, clock, view), Overrides(store, audit, clock, view)
    callers = ObservedCallers(store, UsageQueries(store))
    return CalendarRoom(
        view=view,
        extensions=extensions,
        consents=consents,
        overrides=overrides,
        callers=callers,
        gate=CalendarGate(callers, consents, overrides, extensions, clock),
        rounds=CalendarRounds(store, view, extensions, callers, clock),
        outbox=Outbox(store),
    )
