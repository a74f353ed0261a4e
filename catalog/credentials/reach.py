"""Whom a revocation reaches: the applications that are cut off, what they called in the last day, and whether they
called in the last month, for there are some that do so once a week."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from catalog.clock import DAY
from catalog.credentials.table import good_at
from catalog.storage.engine import Store
from catalog.storage.tables.credentials import credentials
from catalog.storage.tables.usage import usage_callers, usage_days, usage_hours
from catalog.usage.periods import day_of, hour_of

LATELY_DAYS: Final = 30
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


class Seen(msgspec.Struct, frozen=True):
    """How often an application called in the last month, in whole days. `last_seen` in Unix seconds."""

    application: str
    calls: int
    last_seen: int


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a revocation reaches: applications by client id with their consumers, their good credentials that are
    cut off, and what the applications called in the last day."""

    applications: Mapping[str, str]
    credentials: tuple[str, ...]
    called: tuple[Called, ...]


def name_of(*shown: Any) -> str:
    """The name of what somebody was shown before they decide: another for anything else. It is no secret."""
    return sha256(msgspec.json.encode(shown, order="deterministic")).hexdigest()


async def seen_lately(store: Store, applications: Iterable[str], now: float) -> tuple[Seen, ...]:
    """Those that called in the last month, by name. Raises SQLAlchemyError."""
    names, found, days = sorted(set(applications)), list[Seen](), usage_days.c
    for start in range(0, len(names), _BATCH):
        rows = await store.all(
            sa.select(
                _callers.application,
                sa.cast(sa.func.sum(days.calls), sa.BigInteger),
                sa.func.max(_callers.last_seen),
            )
            .select_from(usage_callers.join(usage_days, days.caller == _callers.id))
            .where(
                _callers.application.in_(names[start : start + _BATCH]),
                days.day >= day_of(int(now) - LATELY_DAYS * DAY),
            )
            .group_by(_callers.application)
        )
        found += [Seen(*row) for row in rows]
    return tuple(sorted(found, key=lambda each: each.application))


async def good_of(store: Store, applications: Iterable[str], now: float) -> tuple[str, ...]:
    """The public ids of the credentials of these applications that open something. Asked of many applications at
    once: an emergency does not wait for a question about each of ten thousand. Raises SQLAlchemyError."""
    names, found = sorted(set(applications)), list[str]()
    for start in range(0, len(names), _BATCH):
        theirs = credentials.c.application.in_(names[start : start + _BATCH])
        rows = await store.all(sa.select(credentials.c.key_id).where(theirs, good_at(now)))
        found += [row[0] for row in rows]
    return tuple(sorted(found))


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
