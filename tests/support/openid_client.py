"""npm's `openid-client`, an OAuth client that is not ours, as a process that a test gives its orders."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from tests.support.node_packages import installed

PEER: Final = "openid-client"


class Client:
    """One run of a flow. What it says are objects; it is told where the browser came back to."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def said(self) -> dict[str, Any]:
        """The next object. An error of the library fails the test with its words."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 60)
        if not line:
            assert self._process.stderr is not None
            raise AssertionError((await self._process.stderr.read()).decode())
        found: dict[str, Any] = json.loads(line)
        return found

    def back_at(self, url: str) -> None:
        """Tells it with which address the browser came back."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(url).encode() + b"\n")

    async def ended(self) -> None:
        """Waits for its end. An error of the library fails the test with its words."""
        assert self._process.stderr is not None
        said = await asyncio.wait_for(self._process.stderr.read(), 60)
        assert await self._process.wait() == 0, said.decode()


@asynccontextmanager
async def openid_client(flow: str, issuer: str, **settings: Any) -> AsyncIterator[Client]:
    """Starts a flow at an issuer; with an end, whatever comes. Raises NoNodeError."""
    node, program = installed(PEER, "client.mjs")
    given = json.dumps({"flow": flow, "issuer": issuer, **settings})
    pipe = subprocess.PIPE
    process = await asyncio.create_subprocess_exec(node, str(program), given, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        yield Client(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
