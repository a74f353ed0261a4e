"""npm's `oidc-provider`, started as the company's own provider. What cannot be started is skipped, loudly."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.node_packages import NoNodeError, installed

CLIENT_ID = "ostiary"
SECRET = "a secret: with / signs & more"
PEOPLE: dict[str, dict[str, Any]] = {
    "4711": {"email": "Anna@example.com", "email_verified": True, "preferred_username": "anna"},
    "4712": {"email": "omar@example.com", "email_verified": True, "preferred_username": "omar"},
    "4713": {"email": "ben@example.com", "email_verified": False, "preferred_username": "ben"},
    "4714": {"email": "stranger@elsewhere.example", "email_verified": True, "preferred_username": "stranger"},
    "4715": {},
}


@dataclass
class OpenIdProvider:
    """A provider that runs."""

    issuer: str
    _process: asyncio.subprocess.Process

    async def next(self, **told: Any) -> None:
        """Who logs in next, or that the provider has other keys."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        while (line := await self._process.stdout.readline()).strip() != b"done":
            assert line, "the provider has ended"  # else it is a remark of the library's

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def openid_provider(port: int, redirect: str) -> AsyncIterator[OpenIdProvider]:
    """Runs one at a port, whose client comes back to `redirect`."""
    try:
        node, program = await asyncio.to_thread(installed, "oidc-provider", "people.mjs")
    except NoNodeError as error:
        pytest.skip(f"the log-in is NOT tried against another's OpenID provider: {error}")
    settings = {
        "port": port,
        "client": {"id": CLIENT_ID, "secret": SECRET, "redirect": redirect},
        "people": PEOPLE,
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        node, str(program), json.dumps(settings), stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    provider = OpenIdProvider(f"http://127.0.0.1:{port}", process)
    try:
        assert process.stdout is not None
        said: list[bytes] = []
        async with asyncio.timeout(60):
            while (line := await process.stdout.readline()).strip() != b"ready":
                said.append(line)
                assert line, "the provider has ended: " + b"".join(said).decode()
        yield provider
    finally:
        await provider.stop()
