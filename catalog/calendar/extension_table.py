"""Extensions in the store. Every function raises SQLAlchemyError."""

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.calendar.extension import Extension, with_extensions
from catalog.clock import Clock
from catalog.publishing.transaction import Amend
from catalog.storage.tables.calendar import extensions
from contracts.snapshot import AccessPart

_columns = extensions.c


def in_force(now: float) -> sa.Select[*tuple[object, ...]]:
    """The query for those that spare somebody at a time."""
    query = sa.select(extensions).where(_columns.state == "granted", _columns.until > int(now))
    return query.order_by(_columns.number)


def sparing(clock: Clock) -> Amend:
    """What a publication is to do to applications: their subscriptions get the dates that were granted."""

    async def spare(connection: AsyncConnection, access: AccessPart) -> AccessPart:
        rows = (await connection.execute(in_force(clock()))).all()
        spared = with_extensions(access.applications, [extension_of(row) for row in rows])
        return msgspec.structs.replace(access, applications=spared)

    return spare


async def find(connection: AsyncConnection, number: int) -> Extension | None:
    """By its number."""
    row = (await connection.execute(sa.select(extensions).where(_columns.number == number))).one_or_none()
    return None if row is None else extension_of(row)


async def find_open(connection: AsyncConnection, wanted: Extension) -> Extension | None:
    """The one that was asked for already for the same application and version, and nobody has decided."""
    query = sa.select(extensions).where(
        _columns.application == wanted.application,
        _columns.api == wanted.api,
        _columns.api_version == wanted.api_version,
        _columns.state == "requested",
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else extension_of(row)


async def add(connection: AsyncConnection, wanted: Extension) -> Extension:
    """The extension with the next number."""
    last = await connection.scalar(sa.select(sa.func.max(_columns.number)))
    made = msgspec.structs.replace(wanted, number=(last or 0) + 1)
    await connection.execute(sa.insert(extensions).values(**msgspec.structs.asdict(made)))
    return made


async def replace(connection: AsyncConnection, extension: Extension) -> None:
    """Writes what it has become."""
    values = msgspec.structs.asdict(extension)
    await connection.execute(sa.update(extensions).where(_columns.number == extension.number).values(**values))


def extension_of(row: sa.Row[*tuple[object, ...]]) -> Extension:
    """A row as a value."""
    values = row._mapping
    return Extension(**{name: values[name] for name in Extension.__struct_fields__})
