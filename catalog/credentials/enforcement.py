"""What of the ledger goes into the access part of a snapshot: API keys that are good, and what was revoked."""

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.credentials.credential import GATEWAY_KINDS
from catalog.credentials.revocation import in_force, revocation_of
from catalog.credentials.table import REMEMBERED, good_at, withdrawn_at
from catalog.publishing.transaction import Amend
from catalog.storage.tables.credentials import credentials
from catalog.storage.tables.oauth import grants
from contracts.access import AccessPart, ApiKey, IssuedBefore, Revoked

_columns = credentials.c


def enforcing(clock: Clock, environment: str) -> Amend:
    """What a publication is to do to the access part, in which no key of another environment is. Raises
    SQLAlchemyError when it is done."""

    async def enforce(connection: AsyncConnection, access: AccessPart) -> AccessPart:
        now = clock()
        keys = await _keys(connection, now, environment)
        applications = tuple(
            each
            if each.keys == keys.get(each.client_id, ())
            else msgspec.structs.replace(each, keys=keys.get(each.client_id, ()))
            for each in access.applications
        )
        return msgspec.structs.replace(access, applications=applications, revoked=await _revoked(connection, now))

    return enforce


async def _keys(connection: AsyncConnection, now: float, environment: str) -> dict[str, tuple[ApiKey, ...]]:
    """Those that are good, by application. Of a hundred thousand rows no more is read than a gateway needs."""
    whose = (_columns.application, _columns.kind, _columns.key_id, _columns.digest)
    good = sa.select(*whose, _columns.ends_at, _columns.scopes, _columns.networks).where(
        _columns.kind.in_(GATEWAY_KINDS), good_at(now), _columns.environment.in_((environment, ""))
    )
    found: dict[str, list[ApiKey]] = {}
    for row in (await connection.execute(good.order_by(_columns.key_id))).all():
        application, kind, key_id, digest, ends_at, scopes, networks = row
        key = ApiKey(key_id, digest, ends_at, _texts(scopes), _texts(networks), signs=kind == "hmac-key")
        found.setdefault(application, []).append(key)
    return {application: tuple(keys) for application, keys in found.items()}


def _texts(data: str) -> tuple[str, ...]:
    return () if data == "[]" else msgspec.json.decode(data, type=tuple[str, ...])


async def _revoked(connection: AsyncConnection, now: float) -> Revoked | None:
    """None where nothing is, so that the part keeps its bytes."""
    recent = sa.and_(_columns.kind == "client-secret", _columns.revoked_at > int(now) - REMEMBERED)
    named = sa.select(_columns.key_id).where(sa.or_(recent, withdrawn_at(now)))
    ids = (await connection.scalars(named.order_by(_columns.key_id))).all()
    ended = sa.select(grants.c.id).where(grants.c.ended_at > int(now) - REMEMBERED).order_by(grants.c.id)
    grant_ids = (await connection.scalars(ended)).all()
    rows = [revocation_of(row) for row in (await connection.execute(in_force())).all()]
    found = Revoked(
        credentials=(*ids, *grant_ids),
        client_ids=tuple(sorted({each.application for each in rows if each.kind == "application"})),
        consumers=tuple(sorted({each.consumer for each in rows if each.kind == "consumer"})),
        issued_before=tuple(
            IssuedBefore(each.issued_before, each.application, each.consumer)
            for each in rows
            if each.issued_before is not None
        ),
    )
    return None if found == Revoked() else found
