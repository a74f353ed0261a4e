"""Requests for subscriptions in the store. Every function raises SQLAlchemyError."""

from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.publishing.transaction import Amend
from catalog.storage.tables.subscriptions import subscription_requests
from catalog.subscriptions.request import RequestState, SubscriptionRequest, with_approved
from contracts.access import AccessPart

_columns = subscription_requests.c


def subscribing() -> Amend:
    """What a publication is to do to applications: they get what was approved for them beside the estate."""

    async def subscribe(connection: AsyncConnection, access: AccessPart) -> AccessPart:
        query = sa.select(subscription_requests).where(_columns.state == "approved").order_by(_columns.number)
        approved: dict[str, list[SubscriptionRequest]] = {}
        for row in (await connection.execute(query)).all():
            approved.setdefault(row.application, []).append(request_of(row))
        if not approved:
            return access
        return msgspec.structs.replace(access, applications=with_approved(access.applications, approved))

    return subscribe


async def find(connection: AsyncConnection, number: int) -> SubscriptionRequest | None:
    """By its number."""
    query = sa.select(subscription_requests).where(_columns.number == number)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else request_of(row)


async def find_like(
    connection: AsyncConnection, wanted: SubscriptionRequest, state: RequestState
) -> SubscriptionRequest | None:
    """The one for the same application and version in a state of which there is one at most: `requested`, or
    `approved`."""
    query = sa.select(subscription_requests).where(
        _columns.application == wanted.application,
        _columns.api == wanted.api,
        _columns.api_version == wanted.api_version,
        _columns.state == state,
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else request_of(row)


async def add(connection: AsyncConnection, wanted: SubscriptionRequest) -> SubscriptionRequest:
    """The request with the next number."""
    last = await connection.scalar(sa.select(sa.func.max(_columns.number)))
    made = msgspec.structs.replace(wanted, number=(last or 0) + 1)
    await connection.execute(sa.insert(subscription_requests).values(**_values(made)))
    return made


async def replace(connection: AsyncConnection, request: SubscriptionRequest) -> None:
    """Writes what it has become."""
    statement = sa.update(subscription_requests).where(_columns.number == request.number)
    await connection.execute(statement.values(**_values(request)))


def request_of(row: sa.Row[*tuple[Any, ...]]) -> SubscriptionRequest:
    """A row as a value."""
    members = {name: getattr(row, name) for name in SubscriptionRequest.__struct_fields__}
    members["scopes"] = msgspec.json.decode(row.scopes, type=tuple[str, ...])
    return SubscriptionRequest(**members)


def _values(request: SubscriptionRequest) -> dict[str, Any]:
    return {**msgspec.structs.asdict(request), "scopes": msgspec.json.encode(request.scopes).decode()}
