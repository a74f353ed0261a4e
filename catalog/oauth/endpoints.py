"""The OAuth endpoints: token (RFC 6749 §3.2), metadata (RFC 8414) and keys (RFC 7517)."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import structlog
from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc8414 import get_well_known_url
from joserfc.jwk import ECKey
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from catalog.api.problems import problem_response, store_unavailable
from catalog.clock import Clock
from catalog.credentials.ledger import SecretLedger
from catalog.oauth.client import AUTHENTICATION_METHODS, GRANT_TYPES, OAuthClient, granted_scopes
from catalog.oauth.errors import InvalidRequest
from catalog.oauth.request import Presented, TokenRequest
from catalog.oauth.server import OAuthAnswer, TokenServer
from catalog.oauth.tokens import key_set, token_generator
from catalog.publication import Publisher
from contracts.problems import problem

log = structlog.get_logger("catalog.oauth")

TOKEN_PATH = "/oauth/token"  # noqa: S105 (a path)
JWKS_PATH = "/oauth/jwks"
MAX_BODY = 16_384
"""Bytes of a token request's body."""
BODY_SECONDS = 10.0
"""In which it must arrive."""


class OAuthEndpoints:
    """The endpoints of one issuer. Who may have a token is what the publisher published last."""

    def __init__(
        self, issuer: str, key: ECKey, lifetime: int, publisher: Publisher, ledger: SecretLedger, clock: Clock
    ) -> None:
        self._issuer = issuer
        self._publisher = publisher
        self._ledger = ledger
        # Authlib refuses a plain http address outside of this machine. Whether ours may be one is settled in
        # the settings, so it is told the https form of the endpoint's address.
        self._uri = urlsplit(issuer + TOKEN_PATH)._replace(scheme="https").geturl()
        self._server = TokenServer(
            self._authenticate, token_generator(key, issuer, self._audience, lifetime, clock)
        )
        self._jwks = key_set(key)
        metadata_paths = dict.fromkeys((get_well_known_url(issuer), get_well_known_url("")))
        self.routes = [
            Route(TOKEN_PATH, self.token, methods=["POST"]),
            Route(JWKS_PATH, self.jwks, methods=["GET"]),
            *(Route(path, self.metadata, methods=["GET"]) for path in metadata_paths),
        ]

    async def token(self, request: Request) -> Response:
        """RFC 6749 §4.4: an access token for an application that proves its identity."""
        if self._publisher.current is None:
            refusal = problem("not-ready", "Nothing has been published yet.", headers=(("Retry-After", "1"),))
            return problem_response(refusal, request.state.request_id)
        try:
            body = await _body(request)
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
            answer = await self._server.token(
                TokenRequest(self._uri, headers, request.scope["query_string"], body)
            )
        except OAuth2Error as error:
            answer = self._server.refusal(error)
        except SQLAlchemyError as error:
            return problem_response(store_unavailable(error), request.state.request_id)
        return _response(answer)

    async def jwks(self, _request: Request) -> Response:
        """The public keys of our tokens."""
        headers = {"cache-control": "public, max-age=300"}
        return JSONResponse(self._jwks, headers=headers, media_type="application/jwk-set+json")

    async def metadata(self, _request: Request) -> Response:
        """RFC 8414."""
        return JSONResponse(self._metadata(), headers={"cache-control": "public, max-age=300"})

    def _metadata(self) -> dict[str, Any]:
        current = self._publisher.current
        applications = () if current is None else current.applications.values()
        scopes = sorted({scope for each in applications for scope in granted_scopes(each)})
        return {
            "issuer": self._issuer,
            "token_endpoint": self._issuer + TOKEN_PATH,
            "jwks_uri": self._issuer + JWKS_PATH,
            **({"scopes_supported": scopes} if scopes else {}),  # RFC 8414 §3.2: empty ones are left out,
            # but for this one, which §2 requires; there is no authorization endpoint and so no response type.
            "response_types_supported": [],
            "grant_types_supported": list(GRANT_TYPES),
            "token_endpoint_auth_methods_supported": list(AUTHENTICATION_METHODS),
        }

    async def _authenticate(self, presented: Presented) -> OAuthClient | None:
        credential = await self._ledger.verify(presented.client_id, presented.secret)
        current = self._publisher.current
        application = current.applications.get(presented.client_id) if current is not None else None
        if credential is None or application is None or current is None or current.cuts_off(application):
            # The id is not logged: what a stranger sends there may be anything, even a secret.
            log.warning("client authentication failed", method=presented.method, known=application is not None)
            return None
        return OAuthClient(application, credential)

    def _audience(self) -> str:
        current = self._publisher.current
        assert current is not None, "no client is known without a snapshot"
        return current.contracts.audience


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    raise InvalidRequest("The body is too large.")
    except TimeoutError:
        raise InvalidRequest("The body did not arrive in time.") from None
    return bytes(body)


def _response(answer: OAuthAnswer) -> Response:
    response = JSONResponse(answer.body, answer.status)
    for name, value in answer.headers:
        if name.lower() != "content-type":
            response.headers[name.lower()] = value
    return response
