"""Change requests in the store. What is written is written in a transaction of the caller's."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.changes.assessment import Assessment
from catalog.changes.records import Change, ChangeEvent, State
from catalog.clock import moment, moment_or_none
from catalog.storage.engine import Store
from catalog.storage.tables.changes import change_events, changes

_columns: Final = [column for column in changes.c if column.name not in ("assessment", "assessment_digest")]


class Lost(Exception):
    """Somebody else was first: the change is not as it was when this was begun. The transaction has to end."""


class ChangeTable:
    """Reads change requests."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, number: int) -> tuple[Change, Assessment] | None:
        """A change and its assessment as it was found last. Raises SQLAlchemyError."""
        row = await self._store.one(sa.select(changes).where(changes.c.number == number))
        return None if row is None else (_change(row), msgspec.json.decode(row.assessment, type=Assessment))

    async def proposed(self, number: int) -> tuple[str, str | None] | None:
        """The unit and the revision of a change, while it is open."""
        found = await self.find(number)
        return (found[0].unit, found[0].revision) if found is not None and found[0].is_open else None

    async def events(self, number: int) -> tuple[ChangeEvent, ...]:
        """What happened to a change, in order. Raises SQLAlchemyError."""
        query = sa.select(change_events).where(change_events.c.change == number).order_by(change_events.c.number)
        return tuple(_event(row) for row in await self._store.all(query))

    async def list(
        self, *, unit: str | None = None, states: Sequence[State] = (), before: int | None = None, limit: int = 100
    ) -> tuple[Change, ...]:
        """The newest first; those with a number below `before`. Raises SQLAlchemyError."""
        query = sa.select(*_columns)
        query = query if unit is None else query.where(changes.c.unit == unit)
        query = query if not states else query.where(changes.c.state.in_(states))
        query = query if before is None else query.where(changes.c.number < before)
        rows = await self._store.all(query.order_by(changes.c.number.desc()).limit(limit))
        return tuple(_change(row) for row in rows)

    async def open(self) -> dict[str, Change]:
        """The open change of each unit that has one. Raises SQLAlchemyError."""
        rows = await self._store.all(sa.select(*_columns).where(changes.c.closed_at.is_(None)))
        return {row.unit: _change(row) for row in rows}

    async def unreviewed(self) -> tuple[Change, ...]:
        """Emergency changes that nobody has reviewed, the oldest first. Raises SQLAlchemyError."""
        query = sa.select(*_columns).where(changes.c.emergency.is_(True), changes.c.reviewed_at.is_(None))
        return tuple(_change(row) for row in await self._store.all(query.order_by(changes.c.number)))


async def open_change_in(connection: AsyncConnection, unit: str) -> Change | None:
    """The open change of a unit, as the writer's transaction sees it."""
    query = sa.select(*_columns).where(changes.c.unit == unit, changes.c.closed_at.is_(None))
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _change(row)


async def insert_change(
    connection: AsyncConnection,
    *,
    unit: str,
    base: str | None,
    revision: str | None,
    message: str,
    author: str,
    assessment: Assessment,
    at: int,
) -> int:
    """A new change; its number."""
    last = await connection.scalar(sa.select(sa.func.max(changes.c.number)))
    number = (last or 0) + 1
    await connection.execute(
        sa.insert(changes).values(
            number=number,
            unit=unit,
            state="proposed",
            base=base,
            revision=revision,
            message=message,
            authors=_json((author,)),
            opened_at=at,
            updated_at=at,
            closed_at=None,
            **_assessed(assessment),
            emergency=False,
            review_due_at=None,
            reviewed_at=None,
            version=1,
        )
    )
    return number


async def update_change(
    connection: AsyncConnection,
    change: Change,
    *,
    at: int,
    assessment: Assessment | None = None,
    authors: Iterable[str] | None = None,
    **values: object,
) -> None:
    """Moves a change on from the version that was read. Raises Lost where that is not the one in the store."""
    more: dict[str, object] = {} if assessment is None else _assessed(assessment)
    if authors is not None:
        more["authors"] = _json(tuple(authors))
    statement = sa.update(changes).where(changes.c.number == change.number, changes.c.version == change.version)
    updated = await connection.execute(
        statement.values(version=change.version + 1, updated_at=at, **more, **values)
    )
    if updated.rowcount != 1:
        raise Lost(change.number)


async def add_event(connection: AsyncConnection, number: int, event: ChangeEvent) -> None:
    """Adds what happened, as the last thing; the event's own number is chosen here."""
    query = sa.select(sa.func.max(change_events.c.number)).where(change_events.c.change == number)
    last = await connection.scalar(query)
    await connection.execute(
        sa.insert(change_events).values(
            change=number,
            number=(last or 0) + 1,
            at=int(event.at.timestamp()),
            actor=event.actor,
            kind=event.kind,
            role=event.role,
            teams=_json(event.teams),
            giver=event.giver,
            revision=event.revision,
            assessment_digest=event.assessment,
            text=event.text,
        )
    )


def _assessed(assessment: Assessment) -> dict[str, object]:
    return {"assessment": msgspec.json.encode(assessment), "assessment_digest": assessment.digest}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _change(row: sa.Row[Any]) -> Change:
    return Change(
        number=row.number,
        unit=row.unit,
        state=row.state,
        base=row.base,
        revision=row.revision,
        message=row.message,
        authors=msgspec.json.decode(row.authors, type=tuple[str, ...]),
        opened_at=moment(row.opened_at),
        updated_at=moment(row.updated_at),
        closed_at=moment_or_none(row.closed_at),
        emergency=bool(row.emergency),
        review_due_at=moment_or_none(row.review_due_at),
        reviewed_at=moment_or_none(row.reviewed_at),
        version=row.version,
    )


def _event(row: sa.Row[Any]) -> ChangeEvent:
    return ChangeEvent(
        number=row.number,
        at=moment(row.at),
        actor=row.actor,
        kind=row.kind,
        role=row.role,
        teams=msgspec.json.decode(row.teams, type=tuple[str, ...]),
        giver=row.giver,
        revision=row.revision,
        assessment=row.assessment_digest,
        text=row.text,
    )
