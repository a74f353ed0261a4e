"""What credentials were used for, as gateways tell it: taken in with a batch of usage, and read again."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.storage.engine import Store
from catalog.storage.tables.credentials import credential_uses, credentials
from contracts.usage.batch import CredentialUsed

_BATCH: Final = 500

_uses = credential_uses.c


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """An API version that was called by a credential, with one of the scopes that its operations asked for; or
    without one, where `scope` is empty. Times are Unix seconds."""

    key_id: str
    api: str
    version: str
    scope: str
    first_used_at: int
    last_used_at: int


async def note_uses(connection: AsyncConnection, told: Sequence[CredentialUsed], now: int) -> None:
    """Takes in what a gateway tells; what its clock dates later is dated `now`.

    Believed is only that an application used a credential of its own: the id is what a token claims, and another
    issuer may have signed that. Raises SQLAlchemyError.
    """
    known = await _owned(connection, told)
    fetched = await _fetched(connection, {each.application for each in told if each.id not in known})
    named = (
        msgspec.structs.replace(each, id=fetched[each.application])
        if each.id not in known and each.application in fetched
        else each
        for each in told
    )
    known |= {key_id: application for application, key_id in fetched.items()}
    used = [each for each in named if known.get(each.id) == each.application]
    if not used:
        return
    columns, last = credentials.c, sa.bindparam("last", type_=sa.BigInteger)
    newer = sa.or_(columns.last_used_at.is_(None), columns.last_used_at <= last)
    # What the token endpoint noted meanwhile says when, and not from where.
    seen_by_gateway = sa.or_(newer, columns.last_used_from.is_(None))
    statement = (
        sa.update(credentials)
        .where(columns.key_id == sa.bindparam("id_"))
        .values(
            last_used_at=sa.case((newer, last), else_=columns.last_used_at),
            last_used_from=sa.case(
                (seen_by_gateway, sa.bindparam("from_", type_=sa.String)), else_=columns.last_used_from
            ),
            last_used_for=sa.case(
                (seen_by_gateway, sa.bindparam("for_", type_=sa.String)), else_=columns.last_used_for
            ),
        )
    )
    await connection.execute(statement, [_last(each, now) for each in used])
    rows = {(row["key_id"], row["api"], row["version"], row["scope"]): row for row in _rows(used, now)}
    if rows:
        await _upsert(connection, list(rows.values()))


async def uses_of(store: Store, key_ids: Iterable[str]) -> tuple[Use, ...]:
    """What these were used for, the latest first. Raises SQLAlchemyError."""
    ids, found = sorted(set(key_ids)), list[Use]()
    for start in range(0, len(ids), _BATCH):
        query = sa.select(credential_uses).where(_uses.key_id.in_(ids[start : start + _BATCH]))
        found += [Use(**row._mapping) for row in await store.all(query)]
    return tuple(sorted(found, key=lambda each: (-each.last_used_at, each.api, each.version, each.scope)))


async def used_since(store: Store, since: int, application: str | None = None) -> tuple[Use, ...]:
    """What credentials were used for since then: all of them, or those of an application. Raises
    SQLAlchemyError."""
    query = sa.select(credential_uses).where(_uses.last_used_at >= since)
    if application is not None:
        theirs = sa.select(credentials.c.key_id).where(credentials.c.application == application)
        query = query.where(_uses.key_id.in_(theirs))
    return tuple(Use(**row._mapping) for row in await store.all(query))


async def _owned(connection: AsyncConnection, told: Sequence[CredentialUsed]) -> dict[str, str]:
    """The applications of those that are in the ledger."""
    ids, found = sorted({each.id for each in told}), dict[str, str]()
    for start in range(0, len(ids), _BATCH):
        some = credentials.c.key_id.in_(ids[start : start + _BATCH])
        rows = await connection.execute(sa.select(credentials.c.key_id, credentials.c.application).where(some))
        found.update((row.key_id, row.application) for row in rows)
    return found


async def _fetched(connection: AsyncConnection, applications: Iterable[str]) -> dict[str, str]:
    """The sets of keys at addresses of clients: what a key of theirs is used for, the set is. By application."""
    names, found = sorted(applications), dict[str, str]()
    for start in range(0, len(names), _BATCH):
        some = credentials.c.application.in_(names[start : start + _BATCH])
        query = sa.select(credentials.c.application, credentials.c.key_id).where(
            credentials.c.kind == "jwks", some
        )
        found.update((row.application, row.key_id) for row in await connection.execute(query))
    return found


def _last(each: CredentialUsed, now: int) -> dict[str, Any]:
    called = f"{each.api}/{each.version}" if each.api else None
    return {"id_": each.id, "last": min(each.last, now), "from_": each.network or None, "for_": called}


def _rows(used: Iterable[CredentialUsed], now: int) -> Iterator[dict[str, Any]]:
    for each in used:
        last = min(each.last, now)
        for api in each.exercised:
            for scope in ("", *api.scopes):
                key = {"key_id": each.id, "api": api.api, "version": api.version, "scope": scope}
                yield {**key, "first_used_at": last, "last_used_at": last}


async def _upsert(connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(credential_uses)
    later = sa.case(
        (_uses.last_used_at > new.excluded.last_used_at, _uses.last_used_at), else_=new.excluded.last_used_at
    )
    keys = list(credential_uses.primary_key)
    await connection.execute(new.on_conflict_do_update(index_elements=keys, set_={"last_used_at": later}), rows)
