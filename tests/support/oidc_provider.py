"""npm's `oidc-provider`, an OpenID provider that is not ours, as a process that tests start and stop."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from catalog.cli.processes import choose_port
from tests.support.node_packages import installed

PEER: Final = "oidc-provider"
PATH: Final = "/partners"
_PATIENCE: Final = 30.0
_ATTEMPTS: Final = 5


class EndedError(Exception):
    """The provider ended by itself; the message is what it said last."""


@dataclass
class OidcProvider:
    """Its clients get tokens for `resource`: `jwt-shop` JWTs, `opaque-shop` opaque ones. As `gateway` it can be
    asked about tokens. It can be lost and come back under the same URL, with other keys."""

    node: str
    program: Path
    session: aiohttp.ClientSession
    resource: str
    lifetime: int = 300
    port: int = field(default_factory=lambda: choose_port(0))
    _process: "asyncio.subprocess.Process | None" = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    @staticmethod
    def secret(client: str) -> str:
        return f"secret of {client}"

    async def start(self) -> None:
        """Raises EndedError, where somebody else has taken the port."""
        formats = {"jwt-shop": "jwt", "opaque-shop": "opaque", "stranger": "jwt", "gateway": "opaque"}
        settings = {
            "port": self.port,
            "path": PATH,
            "resource": self.resource,
            "scopes": "orders:read orders:write",
            "clients": {name: {"secret": self.secret(name), "format": kind} for name, kind in formats.items()},
            "lifetime": self.lifetime,
        }
        self._process = await asyncio.create_subprocess_exec(
            self.node,
            str(self.program),
            json.dumps(settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        await self._said(b"ready")

    async def stop(self) -> None:
        """As a crash does it."""
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
            self._process = None

    async def rotate(self) -> None:
        """From now on it signs with another key, and publishes that alone."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(b"rotate\n")
        await self._said(b"rotated")

    async def token(self, client: str = "jwt-shop", proof: str | None = None, **parameters: str) -> str:
        """An access token by client credentials; bound to a key with a DPoP `proof` for the token endpoint."""
        form = {
            "grant_type": "client_credentials",
            "scope": "orders:read",
            "resource": self.resource,
            **parameters,
        }
        answer = await self._post("/token", client, form, {} if proof is None else {"DPoP": proof})
        text: str = answer["access_token"]
        return text

    async def revoke(self, token: str, client: str = "opaque-shop") -> None:
        await self._post("/token/revocation", client, {"token": token}, {})

    async def _post(self, path: str, client: str, form: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
        auth = aiohttp.encode_basic_auth(client, self.secret(client).replace(" ", "+"))
        fields = {"authorization": auth, **headers}
        async with self.session.post(self.issuer + path, data=form, headers=fields) as answer:
            text = await answer.text()
            assert answer.status == 200, text
            value: dict[str, Any] = json.loads(text) if text else {}
            return value

    async def _said(self, word: bytes) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        remarks = b""  # the library's
        async with asyncio.timeout(_PATIENCE):
            while (line := await self._process.stdout.readline()).strip() != word:
                if not line:
                    raise EndedError(remarks.decode(errors="replace"))
                remarks += line


@asynccontextmanager
async def oidc_provider(resource: str, **options: int) -> AsyncIterator[OidcProvider]:
    """A running one. Raises NoNodeError."""
    node, program = await asyncio.to_thread(installed, PEER, "provider.mjs")
    async with aiohttp.ClientSession() as session:
        for attempt in range(1, _ATTEMPTS + 1):
            provider = OidcProvider(node, program, session, resource, **options)
            try:
                await provider.start()
                break
            except EndedError as error:  # somebody took the port between our look at it and its own
                await provider.stop()
                if attempt == _ATTEMPTS or "EADDRINUSE" not in str(error):
                    raise
        try:
            yield provider
        finally:
            await provider.stop()
