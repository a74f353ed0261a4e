"""Approved registrations in the access part of a snapshot: there they are applications as any other."""

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.oauth.registration.table import registration_of
from catalog.publishing.transaction import Amend
from catalog.storage.tables.oauth import registrations
from contracts.access import AccessPart

_columns = registrations.c


def registering(clock: Clock) -> Amend:
    """What a publication is to do to the access part. Raises SQLAlchemyError when it is done.

    A client id that was ever given to a registration is that registration's: an application of that name, such as
    one of a snapshot that was taken up again, is replaced by what is approved now, or left out.
    """

    async def register(connection: AsyncConnection, access: AccessPart) -> AccessPart:
        ids = set((await connection.scalars(sa.select(_columns.client_id))).all())
        if not ids:
            return access
        approved = sa.select(registrations).where(_columns.state == "approved", _columns.expires_at > int(clock()))
        rows = (await connection.execute(approved.order_by(_columns.client_id))).all()
        others = tuple(each for each in access.applications if each.client_id not in ids)
        theirs = tuple(registration_of(row).application for row in rows)
        return msgspec.structs.replace(access, applications=(*others, *theirs))

    return register
