"""What policies that so far only report would have refused, and whose calls those were."""

import msgspec
import sqlalchemy as sa

from catalog.storage.engine import Store
from catalog.storage.tables.usage import usage_callers, usage_seen, usage_sights
from catalog.usage.periods import month_of
from contracts.usage.batch import Kind

_KIND: Kind = "would-refuse"


class Reported(msgspec.Struct, frozen=True, gc=False):
    """What a policy would have refused of an application at an operation. Application and consumer are empty where
    nobody has to prove who calls."""

    policy: str
    operation: str
    application: str
    consumer: str
    calls: int
    last_seen: int


async def reported(store: Store, api: str, version: str, since: int) -> tuple[Reported, ...]:
    """Of a version, the most calls first. Counts are kept by month: those count whole whose last calls were since
    then, from the first of that month on. Raises SQLAlchemyError."""
    sight, seen, caller = usage_sights.c, usage_seen.c, usage_callers.c
    last = sa.func.max(seen.last_seen)
    key = (sight.name, sight.operation, caller.application, caller.consumer)
    rows = await store.all(
        sa.select(*key, sa.cast(sa.func.sum(seen.calls), sa.BigInteger), last)
        .select_from(
            usage_sights.join(usage_seen, seen.sight == sight.id).join(usage_callers, seen.caller == caller.id)
        )
        .where(
            sight.api == api,
            sight.version == version,
            sight.kind == _KIND,
            seen.month >= month_of(since),
        )
        .group_by(*key)
        .having(last >= since)
    )
    found = (Reported(*row) for row in rows)
    return tuple(sorted(found, key=lambda each: (-each.calls, each.policy, each.operation, each.application)))
