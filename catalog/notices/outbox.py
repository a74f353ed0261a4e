"""The outbox: notices are put into it in the transaction of what they tell of, and leave it by channels."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.notices.notice import Notice
from catalog.people.principal import CATALOG
from catalog.storage.engine import Store
from catalog.storage.tables.calendar import notice_deliveries, notices

_BATCH: Final = 500


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How a notice went by one channel. `next_at` and `ended_at` in Unix seconds; `outcome` is `pending`, `sent`,
    `refused` or `useless`."""

    channel: str
    attempts: int
    next_at: int
    ended_at: int | None
    outcome: str
    error: str


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A notice in the outbox. `id` is what its message is known by."""

    id: str
    notice: Notice
    created_at: int
    deliveries: tuple[Delivery, ...] = ()


async def post(connection: AsyncConnection, wanted: Iterable[Notice], now: float) -> int:
    """Puts notices into the outbox, in the writer's transaction; how many were new.

    What was told already, by its key, and what has no recipient is left out. Raises SQLAlchemyError.
    """
    by_key = {each.key: each for each in wanted if each.recipients}
    known = set(await _known(connection, list(by_key)))
    rows = [_row(each, int(now)) for key, each in by_key.items() if key not in known]
    if rows:
        await connection.execute(sa.insert(notices), rows)
    return len(rows)


class Outbox:
    """Reads the outbox, and keeps the record of deliveries."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def told(self, about: Sequence[str]) -> dict[str, int]:
        """When (Unix seconds) each notice about these things was put, by its key. Raises SQLAlchemyError."""
        found: dict[str, int] = {}
        for start in range(0, len(about), _BATCH):
            batch = about[start : start + _BATCH]
            query = sa.select(notices.c.key, notices.c.created_at).where(notices.c.about.in_(batch))
            found.update({row.key: row.created_at for row in await self._store.all(query)})
        return found

    async def due(self, channel: str, now: float, *, since: float, limit: int = 100) -> tuple[Posted, ...]:
        """What is to be tried by a channel now, the oldest first; nothing that was there and due before `since`.

        Raises SQLAlchemyError.
        """
        mine = sa.and_(notice_deliveries.c.notice == notices.c.id, notice_deliveries.c.channel == channel)
        query = (
            sa.select(notices)
            .outerjoin(notice_deliveries, mine)
            .where(
                notices.c.due_at <= int(now),
                sa.or_(notices.c.due_at >= int(since), notices.c.created_at >= int(since)),
                sa.or_(
                    notice_deliveries.c.notice.is_(None),
                    sa.and_(
                        notice_deliveries.c.ended_at.is_(None),
                        notice_deliveries.c.next_at <= int(now),
                    ),
                ),
            )
            .order_by(notices.c.due_at, notices.c.id)
            .limit(limit)
        )
        return tuple(_posted(row._asdict()) for row in await self._store.all(query))

    async def begin(self, posted: Posted, channel: str, next_at: int) -> int:
        """Records an attempt before it is made; the number of attempts. Should the process end meanwhile, the next
        one is due at `next_at`. Raises SQLAlchemyError."""
        columns = notice_deliveries.c
        async with self._store.write() as connection:
            mine = sa.and_(columns.notice == posted.id, columns.channel == channel)
            attempts = await connection.scalar(sa.select(columns.attempts).where(mine))
            if attempts is None:
                values = {"notice": posted.id, "channel": channel, "outcome": "pending", "error": ""}
                statement = sa.insert(notice_deliveries).values(**values, attempts=1, next_at=next_at)
                await connection.execute(statement)
                return 1
            again = sa.update(notice_deliveries).where(mine).values(attempts=attempts + 1, next_at=next_at)
            await connection.execute(again)
            return int(attempts) + 1

    async def settle(self, posted: Posted, delivery: Delivery, audit: AuditLog) -> None:
        """Records how an attempt went, and in the audit log that the notice was sent. Raises SQLAlchemyError."""
        columns = notice_deliveries.c
        values = msgspec.structs.asdict(delivery)
        async with self._store.write() as connection:
            mine = sa.and_(columns.notice == posted.id, columns.channel == delivery.channel)
            await connection.execute(sa.update(notice_deliveries).where(mine).values(**values))
            if delivery.outcome == "sent":
                event = Event(
                    subject="notice",
                    action="sent",
                    object=f"{posted.id}/{posted.notice.kind}/{posted.notice.about}",
                    actor=CATALOG,
                    reason=f"{posted.notice.subject} (by {delivery.channel}, to {len(posted.notice.recipients)})",
                )
                await audit.append(connection, event)

    async def list(self, *, about: str | None = None, since: int = 0) -> tuple[Posted, ...]:
        """What was put since then, the newest first, with how it went. Raises SQLAlchemyError."""
        query = sa.select(notices).where(notices.c.created_at >= since)
        query = query if about is None else query.where(notices.c.about == about)
        rows = await self._store.all(query.order_by(notices.c.created_at.desc(), notices.c.id))
        deliveries: dict[str, list[Delivery]] = {}
        for start in range(0, len(rows), _BATCH):
            ids = [row.id for row in rows[start : start + _BATCH]]
            found = sa.select(notice_deliveries).where(notice_deliveries.c.notice.in_(ids))
            for row in await self._store.all(found.order_by(notice_deliveries.c.channel)):
                deliveries.setdefault(row.notice, []).append(_delivery(row._asdict()))
        return tuple(_posted(row._asdict(), tuple(deliveries.get(row.id, ()))) for row in rows)


async def _known(connection: AsyncConnection, keys: list[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(keys), _BATCH):
        query = sa.select(notices.c.key).where(notices.c.key.in_(keys[start : start + _BATCH]))
        found += (await connection.scalars(query)).all()
    return found


def _row(notice: Notice, now: int) -> dict[str, Any]:
    values = msgspec.structs.asdict(notice)
    recipients = msgspec.json.encode(notice.recipients).decode()
    return {**values, "id": secrets.token_hex(16), "recipients": recipients, "created_at": now}


def _posted(row: Mapping[str, Any], deliveries: tuple[Delivery, ...] = ()) -> Posted:
    members = {name: row[name] for name in Notice.__struct_fields__}
    members["recipients"] = msgspec.json.decode(row["recipients"], type=tuple[str, ...])
    return Posted(id=row["id"], notice=Notice(**members), created_at=row["created_at"], deliveries=deliveries)


def _delivery(row: Mapping[str, Any]) -> Delivery:
    return Delivery(**{name: row[name] for name in Delivery.__struct_fields__})
