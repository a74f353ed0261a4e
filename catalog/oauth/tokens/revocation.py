"""Token revocation (RFC 7009): a client that needs a token no more says so, and nobody else can use it either."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.extensions import Republish
from catalog.clock import Clock
from catalog.oauth.clients.authentication import ClientAuthenticator
from catalog.oauth.grants.refresh import RefreshTokens
from catalog.oauth.tokens.own_tokens import OwnToken, OwnTokens
from catalog.oauth.wire.errors import TemporarilyUnavailable
from catalog.oauth.wire.request import FormRequest
from catalog.refusal import Refusal
from catalog.storage.tables.signing import revoked_tokens

REVOCATION_PATH: Final = "/oauth/revoke"
MOST: Final = 1_000
"""Access tokens of one client that are named as revoked at once: each is a line in what every gateway holds. They
live for minutes, so whoever gets there has something to mend, or means no good."""

_columns = revoked_tokens.c


class TokenRevocation:
    """The endpoint."""

    def __init__(
        self,
        issuer: str,
        authenticator: ClientAuthenticator,
        own: OwnTokens,
        refreshing: RefreshTokens,
        republish: Republish,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self.url: Final = issuer + REVOCATION_PATH
        self._authenticator = authenticator
        self._own = own
        self._refreshing = refreshing
        self._republish = republish
        self._audit = audit
        self._clock = clock

    async def answer(self, form: FormRequest) -> None:
        """RFC 7009 §2.1, §2.2: a token that is unknown, or has ended, or is another client's, is nothing that
        could be revoked; the answer is the same. Raises OAuth2Error, SQLAlchemyError."""
        client = await self._authenticator.authenticate(form, self.url)
        # The hint is not needed: what a token is can be seen.
        text, client_id = form.needed("token"), client.settings.client_id
        token = self._own.read(text)
        if token is None:
            await self._refreshing.revoke(client_id, text)
        elif token.client_id == client_id and self._own.is_good(token):
            await self._revoke(token)

    async def _revoke(self, token: OwnToken) -> None:
        now = int(self._clock())

        async def act(connection: AsyncConnection) -> Refusal | None:
            await connection.execute(sa.delete(revoked_tokens).where(_columns.expires_at <= now))
            of_client = sa.select(sa.func.count()).where(_columns.client_id == token.client_id)
            if (await connection.scalar(of_client) or 0) >= MOST:
                return Refusal("state-conflict", "Too many tokens of the client are revoked already.")
            known = sa.select(_columns.jti).where(_columns.jti == token.jti)
            if (await connection.execute(known)).one_or_none() is None:
                row = {"jti": token.jti, "client_id": token.client_id}
                times = {"revoked_at": now, "expires_at": token.expires}
                await connection.execute(sa.insert(revoked_tokens).values(row | times))
                event = Event(
                    subject="access-token",
                    action="revoked",
                    object=f"{token.client_id}/{token.jti}",
                    actor=token.client_id,
                    reason="its client revoked it",
                )
                await self._audit.append(connection, event)
            return None

        if isinstance(await self._republish(act), Refusal):
            raise TemporarilyUnavailable()
