"""Credentials in the store. Every function raises SQLAlchemyError."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.credentials.credential import PUBLIC_KINDS, Credential, CredentialState
from catalog.storage.tables.credentials import credentials

_columns = credentials.c
REMEMBERED: Final = 7200
"""Seconds for which what has ended is named to gateways: longer than any token lives that was obtained by it (an
hour at most), and than clocks differ."""

_LISTS = ("scopes", "networks")
_USED = ("last_used_at", "last_used_from", "last_used_for")


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
    return sa.and_(_columns.revoked_at.is_(None), _columns.ends_at > int(now))


def withdrawn_at(now: float) -> sa.ColumnElement[bool]:
    """The condition for keys and certificates of clients that prove nothing any more, though a client may have
    them still. What the estate names no more is remembered for as long as a token may live that was obtained by
    it."""
    gone = _columns.overlap_until <= int(now) - REMEMBERED
    return sa.and_(
        _columns.kind.in_(PUBLIC_KINDS),
        sa.not_(good_at(now)),
        sa.or_(_columns.overlap_until.is_(None), sa.not_(gone)),
    )


def in_state(state: CredentialState, now: float) -> sa.ColumnElement[bool]:
    """The condition for those that are in a state, as `Credential.state`."""
    there, second = _columns.revoked_at.is_(None), int(now)
    match state:
        case "revoked":
            return _columns.revoked_at.is_not(None)
        case "expired":
            return sa.and_(there, _columns.expires_at <= second)
        case "ended":
            return sa.and_(there, _columns.expires_at > second, _columns.ends_at <= second)
        case "replaced":
            return sa.and_(good_at(now), _columns.successor != "")
        case "active":
            return sa.and_(good_at(now), _columns.successor == "")


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
    values = {**msgspec.structs.asdict(credential), "ends_at": credential.ends_at}
    return {**values, **{name: msgspec.json.encode(values[name]).decode() for name in _LISTS}}
