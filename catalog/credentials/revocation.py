"""Revocations of more than one credential, as values and in the store. The functions raise SQLAlchemyError."""

from typing import Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.storage.tables.credentials import revocations

RevocationKind = Literal["application", "consumer", "issued-before"]

_columns = revocations.c


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    """One revocation; it holds until it is lifted. Times are Unix seconds.

    An application or a consumer is cut off whatever it presents. With `issued_before`, tokens are worth nothing
    that were issued before: those of the application, of the consumer, or everybody's where neither is named.
    """

    number: int
    kind: RevocationKind
    application: str
    consumer: str
    issued_before: int | None
    reason: str
    by: str
    at: int
    lifted_at: int | None = None
    lifted_by: str = ""


def in_force() -> sa.Select[*tuple[object, ...]]:
    """The query for those that hold."""
    return sa.select(revocations).where(_columns.lifted_at.is_(None)).order_by(_columns.number)


def ever() -> sa.Select[*tuple[object, ...]]:
    """The query for all, the newest first."""
    return sa.select(revocations).order_by(_columns.number.desc())


async def find(connection: AsyncConnection, number: int) -> Revocation | None:
    """By its number."""
    row = (await connection.execute(sa.select(revocations).where(_columns.number == number))).one_or_none()
    return None if row is None else revocation_of(row)


async def add(connection: AsyncConnection, wanted: Revocation) -> Revocation:
    """The revocation with the next number."""
    last = await connection.scalar(sa.select(sa.func.max(_columns.number)))
    made = msgspec.structs.replace(wanted, number=(last or 0) + 1)
    await connection.execute(sa.insert(revocations).values(**msgspec.structs.asdict(made)))
    return made


async def replace(connection: AsyncConnection, revocation: Revocation) -> None:
    """Writes what it has become."""
    values = msgspec.structs.asdict(revocation)
    await connection.execute(sa.update(revocations).where(_columns.number == revocation.number).values(**values))


def revocation_of(row: sa.Row[*tuple[object, ...]]) -> Revocation:
    """A row as a value."""
    values = row._mapping
    return Revocation(**{name: values[name] for name in Revocation.__struct_fields__})
