"""The endpoint of pushed requests (RFC 9126): a client proves who it is before anybody sees a page."""

from typing import Any, Final

from authlib.oauth2.rfc6749 import OAuth2Error

from catalog.oauth.authorization.client import authorization_client, resources_of
from catalog.oauth.authorization.pushed_requests import LIFE, PushedRequests
from catalog.oauth.authorization.request import Refused, Untold, check
from catalog.oauth.clients.settings import ClientSettings
from catalog.oauth.room import OAuthRoom
from catalog.oauth.wire.errors import InvalidDpopProof, InvalidRequest, UnauthorizedClient
from catalog.oauth.wire.parameters import Parameters
from catalog.oauth.wire.request import FormRequest

PUSHED_PATH: Final = "/oauth/par"

_SECRETS: Final = ("client_secret", "client_assertion", "client_assertion_type")
"""What proves who the client is, and is no part of its request."""


class PushedEndpoint:
    """Answers one."""

    def __init__(self, room: OAuthRoom, pushed: PushedRequests) -> None:
        self.url: Final = room.issuer + PUSHED_PATH
        self._room = room
        self._pushed = pushed

    async def answer(self, form: FormRequest) -> dict[str, Any]:
        """The members of the response (§2.2), whose status is 201. Raises OAuth2Error, SQLAlchemyError."""
        authenticated = await self._room.authenticator.authenticate(form, self.url)
        settings = authenticated.settings
        client = authorization_client(settings)
        if client is None:
            raise UnauthorizedClient()
        if form.one("request_uri") is not None:
            raise InvalidRequest("request_uri is what this endpoint gives, and takes none.")  # §2.1
        parameters = await self._bound(form, settings)
        found = check(parameters, client, resources_of(settings, self._room.resources), pushed=True)
        if isinstance(found, Untold):
            # §2.3: the client is known here, and so is told.
            raise InvalidRequest("redirect_uri is not one of those that the client is registered with.")
        if isinstance(found, Refused):
            raise OAuth2Error(error=found.error, description=found.description)
        request_uri = await self._pushed.push(client.client_id, parameters)
        return {"request_uri": request_uri, "expires_in": LIFE}

    async def _bound(self, form: FormRequest, settings: ClientSettings) -> Parameters:
        """The request's parameters. A DPoP proof that came with it says to which key the code is to be bound (RFC
        9449 §10.1)."""
        parameters = form.parameters.without(*_SECRETS)
        if not form.proofs:
            return parameters
        thumbprint = (await self._room.binder.binding(form, settings, self.url)).thumbprint
        if parameters.one("dpop_jkt") not in (None, thumbprint):
            raise InvalidDpopProof("The proof is by another key than dpop_jkt.")
        return Parameters({**parameters.values, "dpop_jkt": (thumbprint,)})
