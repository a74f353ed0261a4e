"""The audit log in the store. Entries are added in the transaction of what they tell of, and never changed."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Checkpoint, Entry, Event, Fault, Verifier, following, sign
from catalog.clock import DAY, Clock
from catalog.storage.engine import Store
from catalog.storage.tables.audit import audit_checkpoints, audit_entries

_BATCH: Final = 1000
LOOKED_AT: Final = 50_000
"""Entries that a page of a search goes through, at most: less than 0.1 s on one core."""
_CLOCK_STEP: Final = DAY
"""Numbers follow time; where a clock was set back, by less than this."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted: all that have what is given, `since` and `until` in Unix seconds. `text` is
    part of the object or of the reason."""

    subject: str | None = None
    object: str | None = None
    actor: str | None = None
    since: int | None = None
    until: int | None = None
    action: str | None = None
    text: str | None = None

    @property
    def is_scanned(self) -> bool:
        """Whether entries have to be looked at one by one: no index leads to those that are wanted."""
        return self.object is None and self.actor is None and self != Filter(since=self.since, until=self.until)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search: its entries, and the number behind which the next page begins; None where none does."""

    entries: tuple[Entry, ...]
    next: int | None = None


class AuditLog:
    """Appends, reads and proves. `clock` gives Unix seconds."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def append(self, connection: AsyncConnection, event: Event) -> Entry:
        """Adds an event, in the writer's transaction of what it tells of: both happen, or none."""
        entry = following(await _last(connection), int(self._clock()), event)
        await connection.execute(sa.insert(audit_entries).values(**_row(entry)))
        return entry

    async def checkpoint(self, key: Ed25519PrivateKey) -> Checkpoint | None:
        """Signs the last entry, if that was not done yet. Its digest, kept elsewhere, anchors the
        chain. Raises SQLAlchemyError."""
        async with self._store.write() as connection:
            last = await _last(connection)
            signed = await connection.scalar(sa.select(sa.func.max(audit_checkpoints.c.number)))
            if last is None or signed == last.number:
                return None
            made = sign(last, int(self._clock()), key)
            await connection.execute(sa.insert(audit_checkpoints).values(**_fields(made)))
        return made

    async def page(
        self, wanted: Filter, *, after: int | None = None, limit: int, newest_first: bool = False
    ) -> list[Entry]:
        """At most `limit` entries behind the one with the number `after`, in order or the other way round."""
        number = audit_entries.c.number
        query = _wanted(wanted).order_by(number.desc() if newest_first else number).limit(limit)
        if after is not None:
            query = query.where(number < after if newest_first else number > after)
        return [_entry(row) for row in await self._store.all(query)]

    async def search(
        self, wanted: Filter, *, after: int | None = None, limit: int, newest_first: bool = False
    ) -> Found:
        """As `page`, but looks at no more than `LOOKED_AT` entries where no index leads to those that are wanted:
        a page may then have fewer than `limit`, or none, and still be followed by another."""
        span = await self._span(wanted)
        if span is None:
            return Found(())
        lowest, highest = span
        if after is not None:
            lowest, highest = (
                (lowest, min(highest, after - 1)) if newest_first else (max(lowest, after + 1), highest)
            )
        low, high = lowest, highest
        if wanted.is_scanned and newest_first:
            low = max(lowest, highest - LOOKED_AT + 1)
        elif wanted.is_scanned:
            high = min(highest, lowest + LOOKED_AT - 1)
        number = audit_entries.c.number
        query = _wanted(wanted).where(number.between(low, high))
        query = query.order_by(number.desc() if newest_first else number).limit(limit + 1)
        found = [_entry(row) for row in await self._store.all(query)]
        if len(found) > limit:
            return Found(tuple(found[:limit]), found[limit - 1].number)
        more = (low if low > lowest else None) if newest_first else (high if high < highest else None)
        return Found(tuple(found), more)

    async def _span(self, wanted: Filter) -> tuple[int, int] | None:
        """The lowest and the highest number that an entry of these times may have; None where there is none."""
        columns = audit_entries.c
        first = sa.select(columns.number).order_by(columns.number).limit(1)
        last = sa.select(columns.number).order_by(columns.number.desc()).limit(1)
        if wanted.since is not None:
            since = columns.at >= wanted.since - _CLOCK_STEP
            first = sa.select(columns.number).where(since).order_by(columns.at).limit(1)
        if wanted.until is not None:
            until = columns.at < wanted.until + _CLOCK_STEP
            last = sa.select(columns.number).where(until).order_by(columns.at.desc()).limit(1)
        lowest, highest = await self._store.one(first), await self._store.one(last)
        return None if lowest is None or highest is None else (lowest.number, highest.number)

    async def entries(self, wanted: Filter | None = None) -> AsyncIterator[Entry]:
        """In order, read in pieces."""
        after: int | None = None
        while True:
            found = await self.page(wanted or Filter(), after=after, limit=_BATCH)
            for entry in found:
                yield entry
            if len(found) < _BATCH:
                return
            after = found[-1].number

    async def checkpoints(self, *, after: int = 0, limit: int | None = None) -> list[Checkpoint]:
        """Checkpoints behind the one of the entry `after`, in order."""
        number = audit_checkpoints.c.number
        query = sa.select(audit_checkpoints).where(number > after).order_by(number).limit(limit)
        return [
            Checkpoint(number=row.number, digest=row.digest, at=row.at, signature=row.signature)
            for row in await self._store.all(query)
        ]

    async def verify(self, key: Ed25519PublicKey, expected: Mapping[int, bytes]) -> tuple[int, Fault | None]:
        """How many entries are as they were written, and the first that is not; `key` is that of checkpoints."""
        verifier = Verifier(await self.checkpoints(), key, expected)
        async for entry in self.entries():
            fault = verifier.take(entry)
            if fault is not None:
                return verifier.number - 1, fault
        return verifier.number, verifier.end()


def _wanted(wanted: Filter) -> sa.Select[Any]:
    columns = audit_entries.c
    query = sa.select(audit_entries)
    for column, value in (
        (columns.subject, wanted.subject),
        (columns.object, wanted.object),
        (columns.actor, wanted.actor),
        (columns.action, wanted.action),
    ):
        query = query if value is None else query.where(column == value)
    if wanted.text is not None:
        found = (columns.object, columns.reason)
        query = query.where(sa.or_(*(column.icontains(wanted.text, autoescape=True) for column in found)))
    query = query if wanted.since is None else query.where(columns.at >= wanted.since)
    return query if wanted.until is None else query.where(columns.at < wanted.until)


async def _last(connection: AsyncConnection) -> Entry | None:
    query = sa.select(audit_entries).order_by(audit_entries.c.number.desc()).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _entry(row)


def _row(entry: Entry) -> dict[str, object]:
    event = entry.event
    return {
        "number": entry.number,
        "at": entry.at,
        "previous": entry.previous,
        "digest": entry.digest,
        **{name: getattr(event, name) for name in event.__struct_fields__},
    }


def _entry(row: sa.Row[tuple[object, ...]]) -> Entry:
    values = row._mapping
    event = Event(**{name: values[name] for name in Event.__struct_fields__})
    return Entry(
        number=values["number"],
        at=values["at"],
        event=event,
        previous=values["previous"],
        digest=values["digest"],
    )


def _fields(checkpoint: Checkpoint) -> dict[str, object]:
    return {name: getattr(checkpoint, name) for name in checkpoint.__struct_fields__}
