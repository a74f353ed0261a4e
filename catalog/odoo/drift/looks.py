"""When each upstream's Odoo was looked at, in the store, and which of several catalogs looks. Raises
SQLAlchemyError."""

from collections.abc import Sequence
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.storage.engine import Store
from catalog.storage.tables.odoo_drift import odoo_looks

LASTS: Final = 900
"""Seconds that a look may take; one that began longer ago was cut off, and another begins."""

AGAIN: Final = 900.0
"""Seconds after a look that saw nothing until the next; the interval, where that is shorter."""

_columns = odoo_looks.c


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """The last look at an upstream's Odoo. Times are Unix seconds; `looked_at` is None before the first has ended.
    `odoo` is its major version, `error` why nothing was seen; `digest` is of what was held against it."""

    upstream: str
    digest: str
    begun_at: int
    looked_at: int | None = None
    odoo: int | None = None
    error: str = ""

    def is_due(self, digest: str, now: float, interval: float) -> bool:
        """Whether it is time for the next: what was held against it has changed, or it was long ago."""
        if self.looked_at is None or self.looked_at < self.begun_at:
            return now >= self.begun_at + LASTS
        wait = min(interval, AGAIN) if self.error else interval
        return digest != self.digest or now >= self.begun_at + wait


async def looks(store: Store) -> Sequence[Look]:
    """By upstream."""
    rows = await store.all(sa.select(odoo_looks).order_by(_columns.upstream))
    return [Look(**row._mapping) for row in rows]


async def begin(connection: AsyncConnection, upstream: str, digest: str, now: int, interval: float) -> bool:
    """Whether the look is the caller's to make; then it has begun, and no other process makes it."""
    mine = _columns.upstream == upstream
    row = (await connection.execute(sa.select(odoo_looks).where(mine))).one_or_none()
    if row is None:
        begun = Look(upstream=upstream, digest=digest, begun_at=now)
        await connection.execute(sa.insert(odoo_looks).values(**msgspec.structs.asdict(begun)))
        return True
    if not Look(**row._mapping).is_due(digest, now, interval):
        return False
    await connection.execute(sa.update(odoo_looks).where(mine).values(digest=digest, begun_at=now))
    return True


async def end(connection: AsyncConnection, look: Look) -> str:
    """Keeps how a look went; the error of the one before."""
    mine = _columns.upstream == look.upstream
    before = await connection.scalar(sa.select(_columns.error).where(mine))
    await connection.execute(sa.update(odoo_looks).where(mine).values(**msgspec.structs.asdict(look)))
    return before or ""


async def forget_others(connection: AsyncConnection, upstreams: Sequence[str]) -> None:
    """Upstreams of which nothing is served any more."""
    await connection.execute(sa.delete(odoo_looks).where(_columns.upstream.not_in(upstreams)))
