"""Credentials in the store. Every function raises SQLAlchemyError."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.credentials.credential import Credential
from catalog.storage.tables.credentials import credentials

_columns = credentials.c
_LISTS = ("scopes", "networks")
_USED = ("last_used_at", "last_used_from", "last_used_for")

ENDS: Final = sa.func.coalesce(_columns.overlap_until, _columns.expires_at)
"""When one ends: an overlap never lasts longer than what was replaced."""


async def find(connection: AsyncConnection, key_id: str) -> Credential | None:
    """By its key id."""
    row = (await connection.execute(by_key(key_id))).one_or_none()
    return None if row is None else credential_of(row._mapping)


async def add(connection: AsyncConnection, credential: Credential, digest: bytes) -> None:
    """Writes a new one. A text that is there already, whomever it belongs to, is an IntegrityError."""
    await connection.execute(sa.insert(credentials).values(**_values(credential), digest=digest))


async def replace(connection: AsyncConnection, credential: Credential) -> None:
    """Writes what it has become, but for its last use, which is written in batches."""
    values = _values(credential)
    for name in _USED:
        del values[name]
    await connection.execute(sa.update(credentials).where(_columns.key_id == credential.key_id).values(**values))


def good_at(now: float) -> sa.ColumnElement[bool]:
    """The condition for those that open something, as `Credential.is_good`."""
    return sa.and_(_columns.revoked_at.is_(None), _columns.expires_at > int(now), int(now) < ENDS)


def by_key(key_id: str) -> sa.Select[*tuple[Any, ...]]:
    """The query for one."""
    return sa.select(credentials).where(_columns.key_id == key_id)


def credential_of(row: Mapping[Any, Any]) -> Credential:
    """A row as a value."""
    members = {name: row[name] for name in Credential.__struct_fields__}
    for name in _LISTS:
        members[name] = msgspec.json.decode(members[name], type=tuple[str, ...])
    return Credential(**members)


def _values(credential: Credential) -> dict[str, Any]:
    values = msgspec.structs.asdict(credential)
    return {**values, **{name: msgspec.json.encode(values[name]).decode() for name in _LISTS}}
