"""The token endpoint (RFC 6749 §3.2): who asks, by which key, by which grant; and then a token or an error."""

from collections.abc import Mapping
from typing import Any, Final

from catalog.oauth.clients.authentication import TOKEN_PATH, ClientAuthenticator
from catalog.oauth.tokens.access_tokens import AccessTokens
from catalog.oauth.tokens.binding import Binder
from catalog.oauth.tokens.request import GrantHandler, TokenRequest
from catalog.oauth.wire.errors import UnauthorizedClient, UnsupportedGrantType
from catalog.oauth.wire.request import FormRequest
from contracts.oauth_client import GrantType


class TokenEndpoint:
    """`handlers` are the grants that there are, by `grant_type`."""

    def __init__(
        self,
        issuer: str,
        authenticator: ClientAuthenticator,
        binder: Binder,
        tokens: AccessTokens,
        handlers: Mapping[GrantType, GrantHandler],
    ) -> None:
        self.url: Final = issuer + TOKEN_PATH
        self.handlers: Final = handlers
        self._authenticator = authenticator
        self._binder = binder
        self._tokens = tokens

    async def answer(self, form: FormRequest) -> dict[str, Any]:
        """The members of the token response (§5.1). Raises OAuth2Error, SQLAlchemyError."""
        named = form.needed("grant_type")
        known = [grant for grant in self.handlers if grant == named]
        if not known:
            # Its text repeats nothing: §5.2 does not allow every character there.
            raise UnsupportedGrantType()
        grant = known[0]
        client = await self._authenticator.authenticate(form, self.url)
        if not client.settings.uses(grant):
            raise UnauthorizedClient()
        binding = await self._binder.binding(form, client.settings, self.url)
        wanted = await self.handlers[grant](TokenRequest(form, client, binding))
        return self._tokens.issue(client, binding, wanted)
