"""Whom a revocation reaches: the applications that are cut off, and what they called in the last day."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import sqlalchemy as sa

from catalog.storage.engine import Store
from catalog.storage.tables.usage import usage_callers, usage_hours
from catalog.usage.periods import hour_of

DAY: Final = 86_400
_BATCH: Final = 500

_callers = usage_callers.c


class Called(msgspec.Struct, frozen=True):
    """What an application did at one operation in the last day, in whole hours. `last_seen` in Unix seconds."""

    application: str
    api: str
    version: str
    operation: str
    calls: int
    last_seen: int


async def called_in_a_day(store: Store, applications: Iterable[str], now: float) -> tuple[Called, ...]:
    """What each application called, the most calls first. Raises SQLAlchemyError."""
    names, found = sorted(set(applications)), list[Called]()
    for start in range(0, len(names), _BATCH):
        found += await _called(store, names[start : start + _BATCH], now)
    return tuple(sorted(found, key=lambda each: (-each.calls, each.application, each.api, each.operation)))


async def _called(store: Store, applications: Sequence[str], now: float) -> list[Called]:
    key = (_callers.application, _callers.api, _callers.version, _callers.operation)
    hours = usage_hours.c
    rows = await store.all(
        sa.select(*key, sa.cast(sa.func.sum(hours.calls), sa.BigInteger), sa.func.max(_callers.last_seen))
        .select_from(usage_callers.join(usage_hours, hours.caller == _callers.id))
        .where(_callers.application.in_(applications), hours.hour >= hour_of(int(now) - DAY))
        .group_by(*key)
    )
    return [Called(*row) for row in rows]
