"""What legacy clients use of Odoo by its own RPC: pairs of a model and its method, and the fields."""

from typing import Final, Literal

import msgspec
import sqlalchemy as sa

from catalog.storage.engine import Store
from catalog.storage.tables.usage import usage_callers, usage_seen, usage_sights
from catalog.usage.periods import month_of
from contracts.usage.guarded import CALL, FILTERED, READ, WRITTEN

Used = Literal["method", "read", "filter", "write"]

_WORDS: Final[dict[str, Used]] = {CALL: "method", READ: "read", FILTERED: "filter", WRITTEN: "write"}


class GuardedUse(msgspec.Struct, frozen=True, gc=False):
    """How many calls of an application used a method of a model, or a field of it in one way."""

    application: str
    consumer: str
    model: str
    used: Used
    name: str
    calls: int
    last_seen: int


async def guarded_uses(store: Store, api: str, version: str, since: int) -> tuple[GuardedUse, ...]:
    """Of a version, whichever dialect the calls were in: by application and model, methods first, and the most
    used first. Counts are kept by month: those count whole whose last calls were since then, from the first of
    that month on. Raises SQLAlchemyError."""
    sight, seen, caller = usage_sights.c, usage_seen.c, usage_callers.c
    last = sa.func.max(seen.last_seen)
    consumer = sa.func.max(caller.consumer)  # one of them, should the application have changed hands meanwhile
    key = (caller.application, sight.kind, sight.name)
    rows = await store.all(
        sa.select(*key, consumer, sa.cast(sa.func.sum(seen.calls), sa.BigInteger), last)
        .select_from(
            usage_sights.join(usage_seen, seen.sight == sight.id).join(usage_callers, seen.caller == caller.id)
        )
        .where(
            sight.api == api,
            sight.version == version,
            sight.kind.in_(list(_WORDS)),
            seen.month >= month_of(since),
        )
        .group_by(*key)
        .having(last >= since)
    )
    found = []
    for application, kind, name, whose, calls, at in rows:
        model, _, used = name.partition("/")
        found.append(GuardedUse(application, whose, model, _WORDS[kind], used, calls, at))
    ways = list(_WORDS.values())
    return tuple(
        sorted(
            found,
            key=lambda each: (each.application, each.model, ways.index(each.used), -each.calls, each.name),
        )
    )
