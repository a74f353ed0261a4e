"""Signing keys in the store: their public halves, and what became of them. The functions raise SQLAlchemyError."""

from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.oauth.keys.schedule import KeyRecord
from catalog.storage.tables.signing import signing_keys


def every() -> sa.Select[*tuple[Any, ...]]:
    """All that there were, in the order of their making, by `record_of`."""
    return sa.select(signing_keys).order_by(signing_keys.c.number)


async def records_in(connection: AsyncConnection) -> list[KeyRecord]:
    """All that there were."""
    return [record_of(row) for row in (await connection.execute(every())).all()]


def record_of(row: sa.Row[*tuple[Any, ...]]) -> KeyRecord:
    """A row as a value."""
    members = dict(row._mapping)
    return KeyRecord(**{**members, "jwk": msgspec.json.decode(members["jwk"])})


async def add(connection: AsyncConnection, record: KeyRecord) -> None:
    """Writes a new one."""
    await connection.execute(sa.insert(signing_keys).values(**_values(record)))


async def replace(connection: AsyncConnection, record: KeyRecord) -> None:
    """Writes what it has become."""
    await connection.execute(
        sa.update(signing_keys).where(signing_keys.c.kid == record.kid).values(**_values(record))
    )


def _values(record: KeyRecord) -> dict[str, Any]:
    return {**msgspec.structs.asdict(record), "jwk": msgspec.json.encode(record.jwk).decode()}
