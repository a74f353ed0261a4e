"""The calendar's round: looks at what the time has brought, and puts what is to be told into the outbox."""

from collections.abc import Sequence

from catalog.calendar.callers import Caller, Callers
from catalog.calendar.entries import CalendarEntry, CurrentView, calendar_of
from catalog.calendar.extension import extended
from catalog.calendar.extensions import Extensions
from catalog.clock import DAY, Clock
from catalog.notices.outbox import Outbox, post
from catalog.notices.steps import Facts, calendar_notices
from catalog.storage.engine import Store


class CalendarRounds:
    """Made as often as one likes: what was told is in the outbox, and so a second round tells nothing."""

    def __init__(
        self, store: Store, view: CurrentView, extensions: Extensions, callers: Callers, clock: Clock
    ) -> None:
        self._store = store
        self._view = view
        self._extensions = extensions
        self._callers = callers
        self._outbox = Outbox(store)
        self._clock = clock

    async def make(self) -> int:
        """One round; how many notices came of it. Raises SQLAlchemyError."""
        view = self._view()
        if view is None:
            return 0
        now = self._clock()
        granted = await self._extensions.in_force()
        entries = calendar_of(view, extended(granted))
        told = await self._outbox.told([each.about for each in entries])
        called = {each.about: await self._called(each) for each in entries if _may_be_called(each, now)}
        wanted = calendar_notices(Facts(view, entries, granted, told, called), now)
        if not wanted:
            return 0
        async with self._store.write() as connection:
            return await post(connection, wanted, now)

    async def _called(self, entry: CalendarEntry) -> Sequence[Caller]:
        return await self._callers.calls_since(entry.api, entry.version, entry.sunset or 0)


def _may_be_called(entry: CalendarEntry, now: float) -> bool:
    """Whether it has ended for a day and is not retired: then calls are worth looking for."""
    return entry.state != "retired" and entry.sunset is not None and now >= entry.sunset + DAY
