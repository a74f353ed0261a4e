"""Since when an application is granted what it is: kept beside the estate, which says only what is granted now.

Whoever asks what was granted and not used has to know that there was time to use it. Every function raises
SQLAlchemyError.
"""

from collections.abc import Iterable, Mapping, Set
from typing import Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.storage.engine import Store
from catalog.storage.tables.credentials import granted_scopes
from contracts.access import Application

Granted: TypeAlias = tuple[str, str, str, str]
"""Application, API, version and scope; of the subscription itself the scope is empty."""

_columns = granted_scopes.c
_KEY: Final = (_columns.application, _columns.api, _columns.version, _columns.scope)


def granted(applications: Iterable[Application]) -> set[Granted]:
    """All that is granted to them. No I/O."""
    return {
        (application.client_id, each.api, each.version, scope)
        for application in applications
        for each in application.subscriptions
        for scope in ("", *each.scopes)
    }


async def keep_granted(connection: AsyncConnection, wanted: Set[Granted], now: int) -> None:
    """Notes what is granted from now on, and forgets what is no more."""
    known = {tuple(row) for row in await connection.execute(sa.select(*_KEY))}
    names = [column.name for column in _KEY]
    if gone := known - wanted:
        bound = sa.and_(*(column == sa.bindparam(f"{column.name}_") for column in _KEY))
        keys = [{f"{name}_": value for name, value in zip(names, key, strict=True)} for key in sorted(gone)]
        await connection.execute(sa.delete(granted_scopes).where(bound), keys)
    if new := wanted - known:
        rows = [{**dict(zip(names, key, strict=True)), "since": now} for key in sorted(new)]
        await connection.execute(sa.insert(granted_scopes), rows)


async def granted_since(store: Store) -> Mapping[Granted, int]:
    """When (Unix seconds) each was first seen in an estate that was in force."""
    return {(a, b, c, d): since for a, b, c, d, since in await store.all(sa.select(*_KEY, _columns.since))}
