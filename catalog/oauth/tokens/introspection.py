"""Token introspection (RFC 7662): what a token is worth now.

Two may ask: a client about its own tokens, and a gateway, with its token, about any. To everybody else a token
that is not theirs is not active (§4: the endpoint is no place to try out what was found somewhere).
"""

import hmac
from typing import Any, Final

from catalog.oauth.clients.authentication import ClientAuthenticator
from catalog.oauth.grants.refresh import RefreshTokens
from catalog.oauth.tokens.own_tokens import OwnToken, OwnTokens
from catalog.oauth.wire.errors import InvalidClient
from catalog.oauth.wire.request import FormRequest

INTROSPECTION_PATH: Final = "/oauth/introspect"
_INACTIVE: Final[dict[str, Any]] = {"active": False}
_TOLD: Final = ("scope", "client_id", "exp", "iat", "sub", "aud", "iss", "jti", "cnf", "act", "auth_time")


class Introspection:
    """The endpoint. `gateway_token` is what gateways present."""

    def __init__(
        self,
        issuer: str,
        authenticator: ClientAuthenticator,
        own: OwnTokens,
        refreshing: RefreshTokens,
        gateway_token: str,
    ) -> None:
        self.url: Final = issuer + INTROSPECTION_PATH
        self._authenticator = authenticator
        self._own = own
        self._refreshing = refreshing
        self._gateway = f"Bearer {gateway_token}".encode()

    async def answer(self, form: FormRequest) -> dict[str, Any]:
        """RFC 7662 §2.2. Raises OAuth2Error, SQLAlchemyError."""
        asker = await self._asker(form)
        text = form.needed("token")
        token = self._own.read(text)
        if token is not None:
            return self._access_token(token, asker)
        grant = await self._refreshing.find(text)
        if grant is None or asker not in (None, grant.client_id):
            return _INACTIVE
        return {
            "active": True,
            "client_id": grant.client_id,
            "sub": grant.member,
            "scope": " ".join(grant.scopes),
            "exp": grant.expires_at,
        }

    async def _asker(self, form: FormRequest) -> str | None:
        """The client that asks; None for a gateway."""
        if hmac.compare_digest(form.authorization.encode("utf-8", "replace"), self._gateway):
            return None
        client = await self._authenticator.authenticate(form, self.url)
        if client.settings.public:
            # §2.1: whoever asks must be known, and a public client can be anybody.
            raise InvalidClient()
        return client.settings.client_id

    def _access_token(self, token: OwnToken, asker: str | None) -> dict[str, Any]:
        if asker not in (None, token.client_id) or not self._own.is_good(token):
            return _INACTIVE
        bound = token.claims.get("cnf", {})
        return {
            "active": True,
            "token_type": "DPoP" if "jkt" in bound else "Bearer",
            **{name: token.claims[name] for name in _TOLD if name in token.claims},
        }
