"""Drift in the store: opened when it is first found, closed when a look finds it no more. Raises SQLAlchemyError.

What a look finds and what gateways tell of calls are kept side by side: a look closes what it could have found
again, and never what only a call can show.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.odoo.drift.finding import Found
from catalog.odoo.drift.rules import DRIFT_RULES
from catalog.storage.engine import Store
from catalog.storage.tables.odoo_drift import odoo_drift
from contracts.findings import Place, Severity

RUNTIME: Final = "odoo-runtime-mismatch"
"""The rule of what gateways tell."""

State = Literal["open", "gone", "all"]
Served = tuple[str, str, str]
"""API, version and upstream."""

_columns = odoo_drift.c


class KeptDrift(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. Times are Unix seconds: `first_seen` is since when it is there, `gone_at` since when not."""

    id: str
    api: str
    version: str
    upstream: str
    operation: str
    rule: str
    file: str
    line: int
    column: int
    pointer: str
    model: str
    subject: str
    message: str
    fix: str
    first_seen: int
    last_seen: int
    gone_at: int | None = None

    @property
    def severity(self) -> Severity:
        return DRIFT_RULES[self.rule].severity

    @property
    def place(self) -> Place:
        return Place(self.file, self.line, self.column, self.pointer)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a look has changed: what is found now and was not before, and the other way round."""

    opened: tuple[KeptDrift, ...]
    closed: tuple[KeptDrift, ...]


def kept_of(found: Found, now: int) -> KeptDrift:
    """As it is kept where it is seen for the first time."""
    drift = found.drift
    return KeptDrift(
        id=_id_of(found),
        api=found.api,
        version=found.version,
        upstream=found.upstream,
        operation=drift.operation,
        rule=drift.rule,
        file=found.place.file,
        line=found.place.line,
        column=found.place.column,
        pointer=drift.pointer,
        model=drift.model,
        subject=drift.subject,
        message=drift.message,
        fix=drift.fix,
        first_seen=now,
        last_seen=now,
    )


async def settle(connection: AsyncConnection, upstream: str, found: Iterable[Found], now: int) -> Settled:
    """Keeps what a look at an upstream's Odoo has found: all that there is now."""
    looked = sa.and_(_columns.upstream == upstream, _columns.rule != RUNTIME)
    known = {each.id: each for each in await _read(connection, looked)}
    new = {each.id: each for each in (kept_of(one, now) for one in found)}
    opened = tuple([each for each in new.values() if await _put(connection, each, known.get(each.id))])
    over = [each for name, each in known.items() if name not in new and each.gone_at is None]
    await _close(connection, over, now)
    return Settled(opened, tuple(over))


async def put_told(connection: AsyncConnection, found: Found, now: int) -> KeptDrift | None:
    """Keeps what a gateway told; it again where it was not open."""
    made = kept_of(found, now)
    (known, *_) = [*await _read(connection, _columns.id == made.id), None]
    return made if await _put(connection, made, known) else None


async def close_silent(connection: AsyncConnection, before: int, now: int) -> tuple[KeptDrift, ...]:
    """Closes what gateways told and no call has met since `before`."""
    silent = sa.and_(_columns.rule == RUNTIME, _columns.gone_at.is_(None), _columns.last_seen < before)
    found = tuple(await _read(connection, silent))
    await _close(connection, found, now)
    return found


async def close_others(connection: AsyncConnection, there: Collection[Served], now: int) -> tuple[KeptDrift, ...]:
    """Closes that of versions which are served by that upstream no more."""
    found = await _read(connection, _columns.gone_at.is_(None))
    over = tuple(each for each in found if (each.api, each.version, each.upstream) not in there)
    await _close(connection, over, now)
    return over


async def forget_gone(connection: AsyncConnection, before: int) -> int:
    """Deletes what has been gone since before then; how many."""
    return (await connection.execute(sa.delete(odoo_drift).where(_columns.gone_at < before))).rowcount


async def listed(
    store: Store, state: State, api: str | None = None, version: str | None = None
) -> Sequence[KeptDrift]:
    """By API, version and place."""
    query = sa.select(odoo_drift)
    if state != "all":
        query = query.where(_columns.gone_at.is_(None) if state == "open" else _columns.gone_at.is_not(None))
    if api is not None:
        query = query.where(_columns.api == api)
    if version is not None:
        query = query.where(_columns.version == version)
    order = (_columns.api, _columns.version, _columns.file, _columns.line, _columns.column, _columns.id)
    return [_kept(row) for row in await store.all(query.order_by(*order))]


async def _put(connection: AsyncConnection, made: KeptDrift, known: KeptDrift | None) -> bool:
    """Whether it was not open before."""
    if known is None:
        await connection.execute(sa.insert(odoo_drift).values(**msgspec.structs.asdict(made)))
        return True
    again = known.gone_at is not None
    # Its place may have moved in the file, and its words with the version of Odoo.
    values = msgspec.structs.asdict(made)
    values["first_seen"] = made.first_seen if again else known.first_seen
    await connection.execute(sa.update(odoo_drift).where(_columns.id == made.id).values(**values))
    return again


async def _close(connection: AsyncConnection, over: Iterable[KeptDrift], now: int) -> None:
    for each in over:
        await connection.execute(sa.update(odoo_drift).where(_columns.id == each.id).values(gone_at=now))


async def _read(connection: AsyncConnection, wanted: sa.ColumnElement[bool]) -> list[KeptDrift]:
    return [_kept(row) for row in (await connection.execute(sa.select(odoo_drift).where(wanted))).all()]


def _id_of(found: Found) -> str:
    drift = found.drift
    told = (found.api, found.version, found.upstream, drift.rule, drift.pointer, drift.subject)
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def _kept(row: sa.Row[Any]) -> KeptDrift:
    return KeptDrift(**row._mapping)
