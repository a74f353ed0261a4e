"""Upstream credentials in the store. Every function raises SQLAlchemyError."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.storage.tables.upstream_credentials import upstream_credentials, upstream_serial, upstream_values
from catalog.upstream_credentials.credential import UpstreamCredential, UpstreamValue
from catalog.upstream_credentials.envelope import Envelope

_names, _values = upstream_credentials.c, upstream_values.c
_GONE: Final = {"wrapped_key": b"", "nonce": b"", "ciphertext": b""}


def every() -> sa.Select[*tuple[Any, ...]]:
    """All names, in order."""
    return sa.select(upstream_credentials).order_by(_names.name)


def values_of(name: str | None = None) -> sa.Select[*tuple[Any, ...]]:
    """The values of a name, or of all, the newest first; without what is sealed."""
    columns = [_values[each] for each in UpstreamValue.__struct_fields__]
    query = sa.select(*columns).order_by(_values.name, _values.version.desc())
    return query if name is None else query.where(_values.name == name)


def numbers_in_use() -> sa.Select[*tuple[Any, ...]]:
    """The name and the number of each current value: what tells whether there is anything new to deliver."""
    return sa.select(_names.name, _names.current).where(_names.current > 0).order_by(_names.name)


def in_use() -> sa.Select[*tuple[Any, ...]]:
    """What is delivered: name, number and sealed form of each current value, by name."""
    current = sa.and_(_values.name == _names.name, _values.version == _names.current)
    query = sa.select(_values.name, _values.version, *_sealed()).join(upstream_credentials, current)
    return query.order_by(_values.name)


def with_text() -> sa.Select[*tuple[Any, ...]]:
    """Every value whose text is still there."""
    return sa.select(_values.name, _values.version, *_sealed()).where(_values.gone_at.is_(None))


def envelope_of(row: sa.Row[*tuple[Any, ...]]) -> tuple[str, int, Envelope]:
    """A row of `in_use` or of `with_text`."""
    name, version, master_key, wrapped, nonce, ciphertext = row
    return name, version, Envelope(master_key, wrapped, nonce, ciphertext)


def credential_of(row: sa.Row[*tuple[Any, ...]]) -> UpstreamCredential:
    return UpstreamCredential(**row._mapping)


def value_of(row: sa.Row[*tuple[Any, ...]]) -> UpstreamValue:
    return UpstreamValue(**row._mapping)


async def find(connection: AsyncConnection, name: str) -> UpstreamCredential | None:
    """By its name."""
    row = (await connection.execute(every().where(_names.name == name))).one_or_none()
    return None if row is None else credential_of(row)


async def add(connection: AsyncConnection, credential: UpstreamCredential) -> None:
    """Writes a new name."""
    await connection.execute(sa.insert(upstream_credentials).values(**msgspec.structs.asdict(credential)))


async def replace(connection: AsyncConnection, credential: UpstreamCredential) -> None:
    """Writes what a name has become."""
    values = msgspec.structs.asdict(credential)
    await connection.execute(
        sa.update(upstream_credentials).where(_names.name == credential.name).values(**values)
    )


async def add_value(connection: AsyncConnection, value: UpstreamValue, envelope: Envelope) -> None:
    """Writes a new value."""
    sealed = {
        "wrapped_key": envelope.wrapped_key,
        "nonce": envelope.nonce,
        "ciphertext": envelope.ciphertext,
    }
    await connection.execute(sa.insert(upstream_values).values(**msgspec.structs.asdict(value), **sealed))


async def change_value(connection: AsyncConnection, name: str, version: int, **changes: Any) -> None:
    """Writes some columns of a value."""
    chosen = sa.and_(_values.name == name, _values.version == version)
    await connection.execute(sa.update(upstream_values).where(chosen).values(**changes))


async def throw_away(connection: AsyncConnection, name: str, version: int, now: int, **changes: Any) -> None:
    """The text of a value is gone for good; that there was one stays."""
    await change_value(connection, name, version, gone_at=now, **_GONE, **changes)


async def put_envelope(connection: AsyncConnection, name: str, version: int, envelope: Envelope) -> None:
    """The same value, wrapped anew."""
    changes: Mapping[str, Any] = {"master_key": envelope.master_key, "wrapped_key": envelope.wrapped_key}
    await change_value(connection, name, version, **changes)


def serial() -> sa.Select[int]:
    """How many changes there were; no row before the first."""
    return sa.select(upstream_serial.c.number)


async def count_change(connection: AsyncConnection) -> None:
    """Gateways are to ask anew, and take nothing older any more."""
    done = await connection.execute(sa.update(upstream_serial).values(number=upstream_serial.c.number + 1))
    if done.rowcount == 0:
        await connection.execute(sa.insert(upstream_serial).values(number=1))


def _sealed() -> tuple[sa.Column[Any], ...]:
    return (_values.master_key, _values.wrapped_key, _values.nonce, _values.ciphertext)
