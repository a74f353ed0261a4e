"""Who still calls a version, by the usage that gateways reported."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from catalog.calendar.callers import Caller
from catalog.storage.engine import Store
from catalog.storage.tables.usage import usage_callers, usage_sources
from catalog.usage.queries import UsageQueries


class ObservedCallers:
    """`Callers` over the store's usage. Every method raises SQLAlchemyError."""

    def __init__(self, store: Store, usage: UsageQueries) -> None:
        self._store = store
        self._usage = usage

    async def calls_since(self, api: str, version: str, since: int) -> Sequence[Caller]:
        """By application: at which operations is the impact's question, not the calendar's."""
        found: dict[tuple[str, str], Caller] = {}
        for each in await self._usage.callers(api, version, since):
            key = (each.consumer, each.application)
            before = found.get(key, Caller(consumer=key[0], application=key[1], calls=0, last_seen=0))
            found[key] = msgspec.structs.replace(
                before,
                calls=before.calls + each.calls,
                last_seen=max(before.last_seen, each.last_seen),
            )
        return sorted(found.values(), key=lambda each: (-each.calls, each.consumer, each.application))

    async def observed_since(self) -> int | None:
        """When the first call of all was counted."""
        row = await self._store.one(sa.select(sa.func.min(usage_callers.c.first_seen)))
        return None if row is None else row[0]

    async def lost_since(self, since: int) -> int:
        """Of whichever API: a call that was lost says nothing of itself."""
        columns = usage_sources.c
        lost = sa.cast(sa.func.coalesce(sa.func.sum(columns.lost_calls), 0), sa.BigInteger)
        row = await self._store.one(sa.select(lost).where(columns.reported_at >= since))
        return 0 if row is None else int(row[0])
