"""The gateway's ASGI application under real servers, in the test's own event loop."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP2Settings
from granian.log import LogLevels
from granian.server.embed import Server as Granian

from catalog.cli.processes import choose_port
from tests.gateway.http_harness import PATIENCE

SERVERS = ("uvicorn", "uvicorn-h11", "granian")


@contextlib.asynccontextmanager
async def asgi_server(kind: str, application: Any) -> AsyncIterator[int]:
    """Serves on a free port of loopback: one of `SERVERS`, or `granian-h2` for HTTP/2 with prior knowledge."""
    serve = _granian if kind.startswith("granian") else _uvicorn
    async with serve(kind, application) as port:
        yield port


@contextlib.asynccontextmanager
async def _uvicorn(kind: str, application: Any) -> AsyncIterator[int]:
    config = uvicorn.Config(
        application,
        http="h11" if kind.endswith("h11") else "httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with socket.socket() as bound, _quiet("uvicorn.error"):
        bound.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve(sockets=[bound]))
        try:
            async with asyncio.timeout(PATIENCE):
                while not server.started:
                    await asyncio.sleep(0.005)
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            await task


@contextlib.asynccontextmanager
async def _granian(kind: str, application: Any) -> AsyncIterator[int]:
    port = choose_port(0)
    server = Granian(
        application,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http2 if kind.endswith("h2") else HTTPModes.http1,
        http2_settings=HTTP2Settings(),
        websockets=False,
        log_enabled=False,
        log_level=LogLevels.critical,
    )
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(PATIENCE):
            while not await _listens(port):
                assert not task.done(), "granian did not start"
                await asyncio.sleep(0.01)
        yield port
    finally:
        server.stop()
        await task


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


@contextlib.contextmanager
def _quiet(name: str) -> Any:
    """What the servers say of requests that are no requests is not what is tested."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
