"""Waivers in the store: a permission for one finding of one unit, with a reason and a last day."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Final, Literal, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.changes.table import Lost
from catalog.clock import moment, moment_or_none
from catalog.storage.engine import Store
from catalog.storage.tables.changes import waivers

WaiverState: TypeAlias = Literal["requested", "granted", "refused", "revoked"]


class WaiverView(msgspec.Struct, frozen=True, kw_only=True):
    """One waiver, as it is shown. It holds through the day `expires` (UTC), once it is granted; `ended_at` is when
    its end was recorded. `consumers` are those whom it concerns, `decision` is what the decider said."""

    number: int
    unit: str
    fingerprint: str
    rule: str
    finding: str
    state: WaiverState
    reason: str
    consumers: tuple[str, ...]
    requested_by: str
    requested_at: datetime
    decided_by: str
    decided_at: datetime | None
    decision: str
    expires: date
    ended_at: datetime | None
    version: int


class Waiver(WaiverView, frozen=True, kw_only=True):
    """One waiver, and in whose name it was decided: `giver` delegated the role; empty for nobody."""

    giver: str

    @property
    def view(self) -> WaiverView:
        """What is shown of it."""
        return WaiverView(**{name: getattr(self, name) for name in WaiverView.__struct_fields__})

    def holds(self, today: date) -> bool:
        """Whether it lets its finding pass on this day (UTC)."""
        return self.state == "granted" and today <= self.expires

    def counts_for(self, authors: Collection[str]) -> bool:
        """Whether a change of these authors profits: neither who granted it nor who delegated the role is one."""
        return self.decided_by not in authors and self.giver not in authors

    @property
    def etag(self) -> str:
        """What a decision is about."""
        return str(self.version)


class WaiverTable:
    """Reads waivers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, number: int) -> Waiver | None:
        """One. Raises SQLAlchemyError."""
        row = await self._store.one(sa.select(waivers).where(waivers.c.number == number))
        return None if row is None else _waiver(row)

    async def list(
        self, *, unit: str | None = None, state: WaiverState | None = None, fingerprint: str | None = None
    ) -> tuple[Waiver, ...]:
        """The newest first. Raises SQLAlchemyError."""
        query = sa.select(waivers)
        query = query if unit is None else query.where(waivers.c.unit == unit)
        query = query if state is None else query.where(waivers.c.state == state)
        query = query if fingerprint is None else query.where(waivers.c.fingerprint == fingerprint)
        rows = await self._store.all(query.order_by(waivers.c.number.desc()))
        return tuple(_waiver(row) for row in rows)

    async def granted(self, unit: str | None = None) -> tuple[Waiver, ...]:
        """Those that were granted and not revoked, also those that have ended. Raises SQLAlchemyError."""
        return await self.list(unit=unit, state="granted")


async def insert_waiver(
    connection: AsyncConnection,
    *,
    unit: str,
    fingerprint: str,
    rule: str,
    finding: str,
    reason: str,
    consumers: tuple[str, ...],
    requested_by: str,
    at: int,
    expires: date,
) -> Waiver:
    """A new request."""
    last = await connection.scalar(sa.select(sa.func.max(waivers.c.number)))
    made = Waiver(
        number=(last or 0) + 1,
        unit=unit,
        fingerprint=fingerprint,
        rule=rule,
        finding=finding,
        state="requested",
        reason=reason,
        consumers=consumers,
        requested_by=requested_by,
        requested_at=moment(at),
        decided_by="",
        giver="",
        decided_at=None,
        decision="",
        expires=expires,
        ended_at=None,
        version=1,
    )
    values = {
        **msgspec.structs.asdict(made),
        "consumers": msgspec.json.encode(consumers).decode(),
        "requested_at": at,
        "expires": expires.isoformat(),
    }
    await connection.execute(sa.insert(waivers).values(**values))
    return made


_MOVED: Final = ("state", "decided_by", "giver", "decided_at", "decision", "ended_at")


async def update_waiver(connection: AsyncConnection, waiver: Waiver, **values: object) -> Waiver:
    """Moves a waiver on from the version that was read; times are in Unix seconds. Raises Lost where that is not
    the one in the store."""
    assert set(values) <= set(_MOVED)
    statement = sa.update(waivers).where(waivers.c.number == waiver.number, waivers.c.version == waiver.version)
    updated = await connection.execute(statement.values(version=waiver.version + 1, **values))
    if updated.rowcount != 1:
        raise Lost(waiver.number)
    row = (await connection.execute(sa.select(waivers).where(waivers.c.number == waiver.number))).one()
    return _waiver(row)


def _waiver(row: sa.Row[Any]) -> Waiver:
    return Waiver(
        number=row.number,
        unit=row.unit,
        fingerprint=row.fingerprint,
        rule=row.rule,
        finding=row.finding,
        state=row.state,
        reason=row.reason,
        consumers=msgspec.json.decode(row.consumers, type=tuple[str, ...]),
        requested_by=row.requested_by,
        requested_at=moment(row.requested_at),
        decided_by=row.decided_by,
        giver=row.giver,
        decided_at=moment_or_none(row.decided_at),
        decision=row.decision,
        expires=date.fromisoformat(row.expires),
        ended_at=moment_or_none(row.ended_at),
        version=row.version,
    )
