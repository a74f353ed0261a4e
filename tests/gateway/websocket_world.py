"""A gateway whose contract opens WebSockets, a real WebSocket server behind it, and handshakes to get wrong."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from contracts.operations import HttpBackend, Operation, Parameter
from contracts.operations import Response as ResponseSpec
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, snapshot, token

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The example of RFC 6455 §1.3."""

Serve = Callable[[web.WebSocketResponse, web.Request], Awaitable[None]]


def feed(path: str = "/feed", *statuses: str, **changes: Any) -> Operation:
    return Operation(
        "feed" + "".join(statuses),
        "GET",
        path,
        "/paths/~1feed/get",
        HttpBackend("shop"),
        scopes=(("orders:read",),),
        parameters=(Parameter("since", "query", "form", False, {"type": "integer"}),),
        responses=tuple(ResponseSpec(status) for status in ("101", *statuses)),
        websocket=True,
        **changes,
    )


async def echo(socket: web.WebSocketResponse, request: web.Request) -> None:
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            await socket.send_str(message.data)
        else:
            await socket.send_bytes(message.data)


class Server:
    """A WebSocket server; `requests` are the handshakes that it has seen."""

    def __init__(self, serve: Serve) -> None:
        self.requests: list[web.Request] = []
        self.port = 0
        self._serve = serve

    async def answer(self, request: web.Request) -> web.WebSocketResponse:
        self.requests.append(request)
        socket = web.WebSocketResponse(protocols=("orders.v2", "orders.v1"), max_msg_size=1 << 26)
        await socket.prepare(request)
        await self._serve(socket, request)
        return socket


@contextlib.asynccontextmanager
async def websocket_server(serve: Serve = echo) -> AsyncIterator[Server]:
    server = Server(serve)
    application = web.Application()
    application.router.add_get("/backend/orders/v1/feed", server.answer)
    application.router.add_get("/backend/feed", server.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def websocket_gateway(
    directory: Path, serve: Serve = echo, *, upstream: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[tuple[Gateway, Server]]:
    """A gateway in front of a WebSocket server."""
    async with websocket_server(serve) as server:
        made = snapshot(orders(*operations(), feed()), port=server.port, upstream=upstream)
        async with gateway(directory, made=made, **options) as running:
            yield running, server


@contextlib.asynccontextmanager
async def websocket(
    port: int, path: str = "/orders/v1/feed", *, bearer: str | None = "", **options: Any
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A client's WebSocket, with a good token unless `bearer` says otherwise."""
    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer or token()}"}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            f"http://127.0.0.1:{port}{path}", headers=headers, max_msg_size=1 << 26, **options
        ) as opened,
    ):
        yield opened


def handshake(
    *lines: bytes, path: bytes = b"/orders/v1/feed", without: bytes = b"", method: bytes = b"GET"
) -> bytes:
    """A raw handshake, with a good token; `without` leaves a field out, `lines` come on top."""
    fields = [
        b"Host: api.example",
        b"Authorization: Bearer " + token().encode(),
        b"Connection: keep-alive, Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: " + KEY,
    ]
    kept = [field for field in fields if not without or not field.startswith(without + b":")]
    return b"\r\n".join([method + b" " + path + b" HTTP/1.1", *kept, *lines]) + b"\r\n\r\n"
