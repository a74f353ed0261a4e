"""What gateways are told about tokens of the catalog's own: by which keys they are verified, and which are worth
nothing any more."""

from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.oauth.keys import table as key_table
from catalog.oauth.keys.schedule import published
from catalog.oauth.keys.signing_keys import SigningKeys, algorithms_of, first_record, jwks_of
from catalog.publishing.transaction import Amend
from catalog.storage.tables.signing import revoked_tokens
from contracts.access import AccessPart, Revoked

_NOTHING: Final = Revoked()


def signing_in_force(issuer: str, keys: SigningKeys, clock: Clock) -> Amend:
    """What a publication does to the access part: the issuer's keys as they are now, those that were withdrawn,
    and tokens that were revoked and have not ended. Raises SQLAlchemyError when it is done."""

    async def enforce(connection: AsyncConnection, access: AccessPart) -> AccessPart:
        now = clock()
        records = await key_table.records_in(connection) or [first_record(keys.files.first, int(now))]
        shown = published(records, now)
        issuers = tuple(
            msgspec.structs.replace(each, algorithms=algorithms_of(shown), jwks=jwks_of(shown))
            if each.issuer == issuer
            else each
            for each in access.issuers
        )
        live = sa.select(revoked_tokens.c.jti, revoked_tokens.c.expires_at).where(
            revoked_tokens.c.expires_at > int(now)
        )
        tokens = (await connection.execute(live.order_by(revoked_tokens.c.jti))).all()
        revoked = msgspec.structs.replace(
            access.revoked or _NOTHING,
            tokens=tuple((row.jti, row.expires_at) for row in tokens),
            # For good: whoever has the private half writes tokens that end when they like.
            signing_keys=tuple((issuer, each.kid) for each in records if each.withdrawn),
        )
        return msgspec.structs.replace(access, issuers=issuers, revoked=None if revoked == _NOTHING else revoked)

    return enforce
