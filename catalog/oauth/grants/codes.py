"""Authorisation codes (RFC 6749 §4.1.2): one use, a minute, and bound to all that was known when they were given.

A code that comes a second time is in two hands. What it was redeemed for ends (§4.1.2, §10.5).
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.oauth.grants.asker import Asker, Granted
from catalog.oauth.grants.consent import Consent
from catalog.oauth.grants.ending import By, Ending
from catalog.oauth.grants.grants import Grant, add_grant, new_grant_id
from catalog.oauth.grants.narrowing import narrowed
from catalog.oauth.grants.refresh import RefreshTokens, StillGood
from catalog.oauth.wire.errors import InvalidGrant
from catalog.oauth.wire.pkce import proves
from catalog.oauth.wire.rows import struct_of, values_of
from catalog.storage.engine import Store
from catalog.storage.tables.oauth import authorization_codes, consents, grants

LIFE: Final = 60
"""Seconds for which a code is good."""

_columns = authorization_codes.c


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """What a code stands for. Times are Unix seconds.

    `redirect_uri` is as the request had it, empty where it had none. `bound_to` is as a grant's.
    """

    client_id: str
    member: str
    consent: str
    authenticated_at: int
    redirect_uri: str
    challenge: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    bound_to: str
    created_at: int
    expires_at: int
    grant_id: str = ""


@dataclass(frozen=True, slots=True)
class Redemption:
    """A token request with a code. `resources` narrow those of the grant."""

    code: str
    redirect_uri: str
    verifier: str
    resources: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Redemption(…)"


class Codes:
    """Every method raises SQLAlchemyError."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        refreshing: RefreshTokens,
        ending: Ending,
        still_good: StillGood,
    ) -> None:
        self._store = store
        self._clock = clock
        self._refreshing = refreshing
        self._ending = ending
        self._still_good = still_good

    async def issue(self, connection: AsyncConnection, code: Code) -> str:
        """A code's text, which exists nowhere else."""
        text = secrets.token_urlsafe(32)
        await connection.execute(sa.insert(authorization_codes).values(**values_of(code), digest=_digest(text)))
        return text

    async def redeem(self, asker: Asker, redemption: Redemption) -> Granted:
        """What a code gives: a grant, with a refresh token where the client is registered for them.

        All of it is written in one transaction. Raises InvalidGrant, InvalidTarget; then nothing was used.
        """
        async with self._store.write() as connection:
            query: sa.Select[*tuple[Any, ...]] = sa.select(authorization_codes).where(
                _columns.digest == _digest(redemption.code)
            )
            row = (await connection.execute(query)).one_or_none()
            code = None if row is None else struct_of(Code, row._mapping)
            if code is None:
                raise InvalidGrant()
            if not code.grant_id:
                return await self._redeem(connection, asker, redemption, code)
        await self._ending.end(
            grants.c.id == code.grant_id, By(asker.client_id, "its code was presented a second time")
        )
        raise InvalidGrant()

    async def _redeem(
        self, connection: AsyncConnection, asker: Asker, redemption: Redemption, code: Code
    ) -> Granted:
        now = int(self._clock())
        if code.client_id != asker.client_id or code.expires_at <= now:
            raise InvalidGrant()
        if code.redirect_uri != redemption.redirect_uri or not proves(redemption.verifier, code.challenge):
            raise InvalidGrant()
        if code.bound_to and not hmac.compare_digest(code.bound_to, asker.key):
            raise InvalidGrant()
        consent = await _consent(connection, code.consent)
        if consent is None or consent.state(now) != "active":
            raise InvalidGrant()
        grant = Grant(
            id=new_grant_id(),
            client_id=code.client_id,
            member=code.member,
            consent=code.consent,
            authenticated_at=code.authenticated_at,
            scopes=code.scopes,
            resources=code.resources,
            # RFC 9449 §5: a confidential client's refresh token is bound to its credential instead, so that
            # its keys can change.
            bound_to=asker.key if asker.public else "",
            created_at=now,
            expires_at=consent.expires_at,
            last_used_at=now,
        )
        if not await self._still_good(connection, grant, code.created_at):
            raise InvalidGrant()
        target = narrowed(grant, asker, None, redemption.resources)
        await add_grant(connection, grant)
        await connection.execute(
            sa.update(authorization_codes)
            .where(_columns.digest == _digest(redemption.code))
            .values(grant_id=grant.id)
        )
        text = await self._refreshing.issue(connection, grant) if asker.may_refresh else None
        return Granted(grant, target, text)


async def _consent(connection: AsyncConnection, consent_id: str) -> Consent | None:
    row = (await connection.execute(sa.select(consents).where(consents.c.id == consent_id))).one_or_none()
    return None if row is None else struct_of(Consent, row._mapping)


def _digest(text: str) -> bytes:
    # 256 random bits cannot be guessed, so that neither a pepper nor a slow hash would add anything.
    return hashlib.sha256(text.encode()).digest()
