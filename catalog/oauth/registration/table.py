"""Registrations in the store. Every function raises SQLAlchemyError."""

import hmac
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.credentials.secrets import Secret
from catalog.oauth.registration.metadata import ClientMetadata
from catalog.oauth.registration.registration import Registration
from catalog.storage.tables.oauth import registrations
from contracts.access import Subscription

_columns = registrations.c
_NOBODY: Final = bytes(32)  # compared with where there is no such token, so that both answers take the same time


async def find(connection: AsyncConnection, client_id: str) -> Registration | None:
    """By its client id."""
    row = (await connection.execute(by_client(client_id))).one_or_none()
    return None if row is None else registration_of(row)


async def find_by_token(connection: AsyncConnection, token: Secret, pepper: bytes) -> Registration | None:
    """The one whose registration access token this is."""
    query = sa.select(registrations).where(_columns.token_id == token.key_id)
    row = (await connection.execute(query)).one_or_none()
    same = hmac.compare_digest(_NOBODY if row is None else row.token_digest, token.digest(pepper))
    return registration_of(row) if row is not None and same else None


async def add(connection: AsyncConnection, registration: Registration, token: Secret, pepper: bytes) -> None:
    """Writes a new one with its registration access token."""
    values = {**_values(registration), "token_id": token.key_id, "token_digest": token.digest(pepper)}
    await connection.execute(sa.insert(registrations).values(**values))


async def replace(connection: AsyncConnection, registration: Registration) -> None:
    """Writes what it has become."""
    await connection.execute(
        sa.update(registrations)
        .where(_columns.client_id == registration.client_id)
        .values(**_values(registration))
    )


def by_client(client_id: str) -> sa.Select[*tuple[Any, ...]]:
    """The query for one."""
    return sa.select(registrations).where(_columns.client_id == client_id)


def registration_of(row: sa.Row[*tuple[Any, ...]]) -> Registration:
    """A row as a value."""
    members = {name: getattr(row, name) for name in Registration.__struct_fields__}
    members["metadata"] = msgspec.json.decode(row.metadata, type=ClientMetadata)
    members["wanted"] = msgspec.json.decode(row.wanted, type=ClientMetadata) if row.wanted else None
    members["subscriptions"] = msgspec.json.decode(row.subscriptions, type=tuple[Subscription, ...])
    return Registration(**members)


def _values(registration: Registration) -> dict[str, Any]:
    wanted = registration.wanted
    return {
        **msgspec.structs.asdict(registration),
        "metadata": _text(registration.metadata),
        "wanted": "" if wanted is None else _text(wanted),
        "subscriptions": _text(registration.subscriptions),
    }


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
