"""The authorisation server: Authlib's core, fed with requests that were read strictly and clients from the store.

The core is synchronous and runs in a worker thread; the one thing it has to wait for, the look-up of a
client, is handed back to the event loop.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, ClassVar

import anyio
import anyio.from_thread
import anyio.to_thread
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant

from catalog.oauth.client import AUTHENTICATION_METHODS, OAuthClient
from catalog.oauth.errors import InvalidClient, InvalidScope, UnsupportedGrantType
from catalog.oauth.request import Presented, TokenRequest

Authenticate = Callable[[Presented], Coroutine[Any, Any, OAuthClient | None]]
"""The client whose credentials these are; None where they are nobody's."""


@dataclass(frozen=True, slots=True)
class OAuthAnswer:
    """A response of the token endpoint before it has its HTTP form."""

    status: int
    body: dict[str, Any]
    headers: tuple[tuple[str, str], ...]


class _ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    """RFC 6749 §4.4."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = list(AUTHENTICATION_METHODS)

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        allowed = self.request.client.get_allowed_scope(self.request.payload.scope)
        if allowed is None:
            raise InvalidScope()
        token = self.generate_token(scope=allowed or None, include_refresh_token=False)
        return 200, {**token, "scope": allowed}, self.TOKEN_RESPONSE_HEADER


class TokenServer(AuthorizationServer):  # type: ignore[misc]
    """Issues access tokens to applications."""

    def __init__(self, authenticate: Authenticate, generator: Callable[..., dict[str, Any]]) -> None:
        super().__init__()
        self._authenticate = authenticate
        self.register_token_generator("default", generator)
        self.register_grant(_ClientCredentials)

    async def token(self, request: TokenRequest) -> OAuthAnswer:
        """Answers a token request. Raises what the look-up of the client raises."""
        answer: OAuthAnswer = await anyio.to_thread.run_sync(self.create_token_response, request)
        return answer

    def refusal(self, error: OAuth2Error) -> OAuthAnswer:
        """The answer to what is no token request at all."""
        return self.handle_response(*error())

    # What follows is what Authlib asks a server to say.

    def create_oauth2_request(self, request: TokenRequest) -> TokenRequest:
        return request

    def get_token_grant(self, request: TokenRequest) -> ClientCredentialsGrant:
        if not _ClientCredentials.check_token_endpoint(request):
            # Authlib's own error repeats the value, in characters that RFC 6749 §5.2 does not allow there.
            raise UnsupportedGrantType()
        return _ClientCredentials(request, self)

    def authenticate_client(
        self, request: TokenRequest, methods: list[str], endpoint: str = "token"
    ) -> OAuthClient:
        presented: Presented = request.presented()
        client: OAuthClient | None = anyio.from_thread.run(self._authenticate, presented)
        if client is None or not client.check_endpoint_auth_method(presented.method, endpoint):
            raise InvalidClient()
        request.auth_method = presented.method
        return client

    def create_token_response(self, request: TokenRequest) -> OAuthAnswer:
        try:
            grant = self.get_token_grant(request)
            grant.validate_token_request()
            return self.handle_response(*grant.create_token_response())
        except OAuth2Error as error:
            return self.refusal(error)

    def handle_response(self, status: int, body: dict[str, Any], headers: list[tuple[str, str]]) -> OAuthAnswer:
        return OAuthAnswer(status, body, tuple(headers))

    def save_token(self, token: dict[str, Any], request: TokenRequest) -> None:
        """Nothing is stored: the token is a JWT that the gateway verifies by itself."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens to Authlib's signals here."""
