"""An issuer's endpoints on loopback, which count, change, hold back and break as a test wants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from contracts.access import ExternalIssuer, Introspection
from contracts.snapshot import Issuer


class Endpoint:
    """What one path answers next: `document`, or `text` as it stands."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.text: str | None = None
        self.status = 200
        self.headers: dict[str, str] = {}
        self.hold: asyncio.Event | None = None
        self.asked: list[dict[str, str]] = []
        """The form of each call."""
        self.seen: list[web.Request] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append(request)
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        if self.hold is not None:
            await self.hold.wait()
        if self.text is not None:
            return web.Response(status=self.status, text=self.text, headers=self.headers)
        return web.json_response(self.document, status=self.status, headers=self.headers)


class IssuerEndpoints:
    """`jwks`, `openid` (OpenID Connect Discovery), `oauth` (RFC 8414) and `introspection` of the issuer `url`."""

    def __init__(self) -> None:
        self.jwks = Endpoint({"keys": []})
        self.openid = Endpoint({})
        self.oauth = Endpoint({})
        self.introspection = Endpoint({"active": False})
        self.url = ""
        self.server: TestServer | None = None

    @asynccontextmanager
    async def serving(self, path: str = "/realm") -> AsyncIterator["IssuerEndpoints"]:
        app = web.Application()
        for where, endpoint in {
            "/jwks": self.jwks,
            f"{path}/.well-known/openid-configuration": self.openid,
            f"/.well-known/oauth-authorization-server{path}": self.oauth,
            "/introspect": self.introspection,
        }.items():
            app.router.add_route("*", where, endpoint.answer)
        async with TestServer(app) as self.server:
            self.url = self.at(path)
            metadata = {
                "issuer": self.url,
                "jwks_uri": self.at("/jwks"),
                "introspection_endpoint": self.at("/introspect"),
            }
            self.openid.document = self.oauth.document = metadata
            yield self

    def at(self, path: str) -> str:
        assert self.server is not None
        return str(self.server.make_url(path))

    def issuer(self, introspection: Introspection | None = None, **changes: Any) -> Issuer:
        """As an access part has it, to be found by its metadata."""
        members = {"issuer": self.url, "jwks_uri": "", "algorithms": ("ES256",), "jwks": {"keys": []}}
        return Issuer(**{**members, "external": ExternalIssuer(introspection=introspection), **changes})
