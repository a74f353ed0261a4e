"""Refresh tokens (RFC 6749 §6) as RFC 9700 §4.14 asks.

A public client's is exchanged at each use. One that was exchanged before is in two hands, and nobody can tell
whose is the thief's: its whole grant ends. A confidential client keeps its token: nobody else can use it, and what
need not be stored anew at each use cannot be lost.

An answer may be lost on its way. So the token that was exchanged last may be exchanged once more for `GRACE`
seconds, as long as nothing that came of it was used. A thief gains nothing by that: whichever of two successors is
used first ends the other, and when the other is used, the grant.
"""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.credentials.secrets import generate, parse
from catalog.oauth.grants.asker import Asker, Granted
from catalog.oauth.grants.ending import By, Ending
from catalog.oauth.grants.grants import Grant, find_grant, replace_grant
from catalog.oauth.grants.narrowing import narrowed
from catalog.oauth.wire.errors import InvalidGrant
from catalog.storage.engine import Store
from catalog.storage.tables.oauth import grants, refresh_tokens

GRACE: Final = 30
"""Seconds within which a client that got no answer asks again."""

StillGood = Callable[[AsyncConnection, Grant, int], Awaitable[bool]]
"""Whether nothing was withdrawn of which a grant lives, whose token was issued then (Unix seconds): its member is
one still and may log in, and no revocation covers it."""

_columns = refresh_tokens.c
_NOBODY: Final = bytes(32)  # compared with where there is no such token, so that both answers take the same time


class RefreshTokens:
    """Every method raises SQLAlchemyError."""

    def __init__(
        self,
        store: Store,
        pepper: bytes,
        environment: str,
        clock: Clock,
        ending: Ending,
        still_good: StillGood,
    ) -> None:
        self._store = store
        self._pepper = pepper
        self._environment = environment
        self._clock = clock
        self._ending = ending
        self._still_good = still_good

    async def issue(self, connection: AsyncConnection, grant: Grant) -> str:
        """A refresh token of the grant's generation. Its text exists nowhere else."""
        secret = generate(self._environment)
        await connection.execute(
            sa.insert(refresh_tokens).values(
                key_id=secret.key_id,
                digest=secret.digest(self._pepper),
                grant_id=grant.id,
                generation=grant.generation,
                issued_at=int(self._clock()),
            )
        )
        return secret.text

    async def exchange(
        self, asker: Asker, text: str, scope: str | None = None, resources: tuple[str, ...] = ()
    ) -> Granted:
        """What a refresh token gives. Raises InvalidGrant, InvalidScope, InvalidTarget; then nothing was used."""
        now = int(self._clock())
        reused = ""
        async with self._store.write() as connection:
            row, grant = await self._find(connection, text)
            if row is None or grant is None or grant.client_id != asker.client_id:
                raise InvalidGrant()
            if grant.state(now) != "active" or not asker.may_refresh:
                raise InvalidGrant()
            if grant.bound_to and not hmac.compare_digest(grant.bound_to, asker.key):
                raise InvalidGrant()
            if not await self._still_good(connection, grant, row.issued_at):
                raise InvalidGrant()
            if row.generation == grant.generation:
                return await self._use(connection, row, grant, asker, scope, resources)
            if _lost(row, grant, now):
                return await self._give(connection, grant, asker, scope, resources, rotate=True)
            reused = grant.id
        await self._ending.end(
            grants.c.id == reused, By(asker.client_id, "a refresh token was used that had been exchanged")
        )
        raise InvalidGrant()

    async def find(self, text: str) -> Grant | None:
        """The grant that a refresh token is of, if the token is good now: for introspection (RFC 7662)."""
        async with self._store.snapshot() as connection:
            row, grant = await self._find(connection, text)
            if row is None or grant is None or row.generation != grant.generation:
                return None
            good = grant.state(self._clock()) == "active"
            return grant if good and await self._still_good(connection, grant, row.issued_at) else None

    async def revoke(self, client_id: str, text: str, request_id: str = "") -> bool:
        """Ends the grant of a client's refresh token (RFC 7009 §2.1), whichever of its tokens that is.

        Whether the text was one of the client's.
        """
        async with self._store.snapshot() as connection:
            _, grant = await self._find(connection, text)
        if grant is None or grant.client_id != client_id:
            return False
        await self._ending.end(grants.c.id == grant.id, By(client_id, "its client revoked it", request_id))
        return True

    async def _find(
        self, connection: AsyncConnection, text: str
    ) -> tuple[sa.Row[*tuple[Any, ...]] | None, Grant | None]:
        secret = parse(text)
        if secret is None or secret.environment != self._environment:
            return None, None
        query = sa.select(refresh_tokens).where(_columns.key_id == secret.key_id)
        row = (await connection.execute(query)).one_or_none()
        same = hmac.compare_digest(_NOBODY if row is None else row.digest, secret.digest(self._pepper))
        if row is None or not same:
            return None, None
        return row, await find_grant(connection, row.grant_id)

    async def _use(
        self,
        connection: AsyncConnection,
        row: sa.Row[*tuple[Any, ...]],
        grant: Grant,
        asker: Asker,
        scope: str | None,
        resources: tuple[str, ...],
    ) -> Granted:
        now = int(self._clock())
        generation = grant.generation + 1 if asker.public else grant.generation
        used = msgspec.structs.replace(grant, generation=generation, last_used_at=now)
        await replace_grant(connection, used)
        if asker.public:
            await connection.execute(
                sa.update(refresh_tokens).where(_columns.key_id == row.key_id).values(used_at=now)
            )
        return await self._give(connection, used, asker, scope, resources, rotate=asker.public)

    async def _give(
        self,
        connection: AsyncConnection,
        grant: Grant,
        asker: Asker,
        scope: str | None,
        resources: tuple[str, ...],
        *,
        rotate: bool,
    ) -> Granted:
        target = narrowed(grant, asker, scope, resources)
        text = await self.issue(connection, grant) if rotate else None
        return Granted(grant, target, text)


def _lost(row: sa.Row[*tuple[Any, ...]], grant: Grant, now: int) -> bool:
    """Whether the token was exchanged just now, and nothing that came of it was used yet."""
    return row.generation == grant.generation - 1 and row.used_at is not None and now - row.used_at <= GRACE
