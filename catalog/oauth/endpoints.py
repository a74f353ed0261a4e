"""The OAuth endpoints of one issuer: token (RFC 6749 §3.2), revocation (RFC 7009), introspection (RFC 7662),
metadata (RFC 8414) and keys (RFC 7517)."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from authlib.oauth2.rfc8414 import get_well_known_url
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from catalog.oauth.authorization.endpoint import AUTHORIZE_PATH
from catalog.oauth.clients.authentication import TOKEN_PATH
from catalog.oauth.room import OAuthRoom
from catalog.oauth.server_metadata import JWKS_PATH, ServerMetadata
from catalog.oauth.tokens.introspection import INTROSPECTION_PATH
from catalog.oauth.tokens.revocation import REVOCATION_PATH

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_CACHED: Final = {"cache-control": "public, max-age=300"}


class OAuthEndpoints:
    """`routes` of the room, and of `others` that clients post to; what those are is `told` in the metadata."""

    def __init__(self, room: OAuthRoom, others: Iterable[Route] = (), told: Mapping[str, Any] = _NOTHING) -> None:
        self._room = room
        self._metadata = ServerMetadata(
            issuer=room.issuer,
            grants=tuple(room.token.handlers),
            certificates=room.certificates.are_seen,
            further={
                "authorization_endpoint": room.issuer + AUTHORIZE_PATH,
                "token_endpoint": room.token.url,
                "revocation_endpoint": room.revocation.url,
                "introspection_endpoint": room.introspection.url,
                **told,
            },
        )
        paths = dict.fromkeys((get_well_known_url(room.issuer), get_well_known_url("")))
        self.routes = [
            Route(TOKEN_PATH, room.answering.endpoint(room.token.answer), methods=["POST"]),
            Route(REVOCATION_PATH, room.answering.endpoint(room.revocation.answer), methods=["POST"]),
            Route(INTROSPECTION_PATH, room.answering.endpoint(room.introspection.answer), methods=["POST"]),
            Route(JWKS_PATH, self.jwks, methods=["GET"]),
            *(Route(path, self.metadata, methods=["GET"]) for path in paths),
            *others,
        ]

    async def jwks(self, _request: Request) -> Response:
        """The public keys of our tokens."""
        return JSONResponse(self._room.keys.jwks(), headers=_CACHED, media_type="application/jwk-set+json")

    async def metadata(self, _request: Request) -> Response:
        """RFC 8414."""
        return JSONResponse(self._metadata.document(self._room.publisher.current), headers=_CACHED)
