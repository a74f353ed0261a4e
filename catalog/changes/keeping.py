"""What happens to changes and waivers as time goes by: freezes end, waivers end, reviews become late."""

from contextlib import suppress
from typing import Final

import structlog

from catalog.changes.desk import Desk, Publishing
from catalog.changes.notices import overdue_notices
from catalog.changes.table import ChangeTable, Lost
from catalog.changes.telling import tell
from catalog.changes.waivers import Waivers
from catalog.clock import Clock
from catalog.revisions.store import AlteredError
from catalog.storage.engine import Store

log = structlog.get_logger("catalog.changes")

EVERY: Final = 5.0
"""Seconds between two rounds."""


class Keeper:
    """Does a round of it."""

    def __init__(
        self,
        store: Store,
        publisher: Publishing,
        table: ChangeTable,
        desk: Desk,
        waivers: Waivers,
        clock: Clock,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._table = table
        self._desk = desk
        self._waivers = waivers
        self._clock = clock

    async def round(self) -> None:
        """Records and announces ends of waivers, tells of late reviews, and publishes what was only waiting.

        Raises SQLAlchemyError.
        """
        estate, now = self._publisher.estate, self._clock()
        if estate is None:
            return
        with suppress(Lost):  # another process has recorded it
            await self._waivers.keep(now)
        for change in await self._table.unreviewed():
            if change.review_due_at is not None and change.review_due_at.timestamp() < now:
                await tell(self._store, overdue_notices(estate, change, int(now)), now)
        if self._publisher.from_directory:
            return
        try:
            await self._desk.settle_all()
        except AlteredError as error:
            log.error("changes not looked at", reason=str(error))
