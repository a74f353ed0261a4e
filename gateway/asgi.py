"""The pipeline as an ASGI application: for servers that speak HTTP/2, and for embedding in a Starlette one.

The same stages give the same answers. What our own listener judges of a head is judged here again, as far as a
server shows it: a repeated or joined field that decides, a Host that is none, two framings at once. What a server
made of the bytes before, nobody can tell; what it hands on is the one request that is authorised and forwarded.
WebSocket handshakes are refused. `Date` and `Server` are the server's.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

from contracts.problems import Problem, problem
from gateway.asgi_answer import AsgiAnswer
from gateway.wire.head import START_LINE, UPGRADE, Head
from gateway.wire.limits import SLOWEST, ListenerSettings
from gateway.wire.messages import Acceptor, Handler
from gateway.wire.refusals import BODY_TIMEOUT, POLICY, refusal_parts
from policies.exchange import Exchange

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_VERSIONS: Final = frozenset({"1.0", "1.1", "2", "3"})
_LENGTH: Final = problem("malformed-request", "The request body is not as long as its Content-Length says.")


class AsgiGateway:
    """An ASGI 3 application over the pipeline's door. The event loop must be the one that the pipeline lives on.

    Of the settings the limits of the head count here, and `body_timeout`; connections are the server's.
    """

    def __init__(self, acceptor: Acceptor, settings: ListenerSettings | None = None) -> None:
        self._acceptor = acceptor
        self._settings = settings or ListenerSettings()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._refuse_websocket(scope, receive, send)
        elif scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = Head()
        refusal = self._read_head(head, scope) or (UPGRADE if head.upgrade else None)
        exchange = self._exchange(head, scope)
        answer = AsgiAnswer(exchange)
        if refusal is not None:
            self._refuse(answer, refusal)
            await answer.deliver(send)
            self._acceptor.refused(exchange)
            return
        first: Message | None = None
        if (
            not exchange.http_version.startswith("1.")
            and head.length == 0
            and b"content-length" not in head.fields
        ):
            # HTTP/2 needs no field to say that a body follows (RFC 9113 §8.1); the stages ask the fields.
            first = await receive()
            if first["type"] == "http.disconnect":
                return
            if first.get("body") or first.get("more_body"):
                head.length = None
                head.fields[b"transfer-encoding"] = b"chunked"
        handler = self._acceptor.accept(answer)
        reading: asyncio.Task[None] | None = None
        try:
            if answer.open:
                answer.handler = handler
                if head.length == 0:
                    handler.end()
                reading = asyncio.create_task(self._read(receive, answer, handler, head.length, first))
                reading.add_done_callback(answer.reading_ended)
            await answer.deliver(send)
        finally:
            answer.leave()
            if reading is not None:
                reading.cancel()

    def _read_head(self, head: Head, scope: Scope) -> Problem | None:
        settings = self._settings
        raw_path = scope.get("raw_path")
        if raw_path is None:
            # Of a decoded path there is more than one reading.
            raise RuntimeError("the ASGI server gives no raw_path, which the gateway cannot do without")
        target = raw_path + b"?" + scope["query_string"] if scope["query_string"] else raw_path
        headers = [(bytes(name), bytes(value)) for name, value in scope["headers"]]
        version = _version(scope)
        if version not in _VERSIONS:
            return START_LINE
        return head.take(
            scope["method"],
            target,
            headers,
            minor=0 if version == "1.0" else 1,
            framed=version.startswith("1."),
            max_head=settings.max_head,
            max_target=settings.max_target,
            max_fields=settings.max_fields,
        )

    async def _read(
        self, receive: Receive, answer: AsgiAnswer, handler: Handler, length: int | None, first: Message | None
    ) -> None:
        """Takes the request's body at the handler's pace, then waits for the client to go away."""
        arrived = 0
        complete = length == 0
        now = asyncio.get_running_loop().time
        since = now()
        while answer.open:
            if not answer.wanted.is_set():
                await answer.wanted.wait()
                since = now()
            if first is not None:
                message, first = first, None
            elif complete:
                message = await receive()
            else:
                try:
                    async with asyncio.timeout_at(since + self._settings.body_timeout):
                        message = await receive()
                except TimeoutError:
                    self._break_off(answer, handler, BODY_TIMEOUT)
                    return
            if message["type"] == "http.disconnect":
                answer.leave()
                return
            if complete or not answer.open:
                continue
            data = message.get("body", b"")
            arrived += len(data)
            since = min(now(), since + len(data) / SLOWEST)
            complete = not message.get("more_body", False)
            if length is not None and (arrived > length or (complete and arrived < length)):
                self._break_off(answer, handler, _LENGTH)
                return
            if data:
                handler.data(data)
            if complete and answer.open:
                handler.end()

    def _break_off(self, answer: AsgiAnswer, handler: Handler, refusal: Problem) -> None:
        """The body is beyond use: the handler is told, and the client if it can be."""
        if not answer.open:
            return
        exchange = answer.exchange
        exchange.status, exchange.refusal, exchange.refused_by = refusal.status, refusal, POLICY
        begun = answer.begun
        answer.open = False
        handler.gone()
        if begun:
            answer.break_off()
        else:
            answer.open = True
            self._refuse(answer, refusal)

    def _refuse(self, answer: AsgiAnswer, refusal: Problem) -> None:
        headers, body = refusal_parts(answer.exchange, refusal)
        if answer.exchange.http_version.startswith("1."):
            headers.append((b"connection", b"close"))
        answer.respond(refusal.status, headers, body)

    def _exchange(self, head: Head, scope: Scope) -> Exchange:
        exchange = _exchange(head, scope)
        proxies = self._settings.proxies
        if proxies is not None and proxies.lists(exchange.peer):
            proxies.introduce(exchange)
        return exchange

    async def _refuse_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As a request that is answered where the server can do that (its extension), else closed: 403."""
        await receive()
        head = Head()
        head.method = "GET"
        head.headers = [(bytes(name), bytes(value)) for name, value in scope["headers"]]
        exchange = self._exchange(head, scope)
        headers, body = refusal_parts(exchange, UPGRADE)
        if "websocket.http.response" in scope.get("extensions", {}):
            headers.append((b"content-length", b"%d" % len(body)))
            start = {"type": "websocket.http.response.start", "status": UPGRADE.status, "headers": headers}
            await send(start)
            await send({"type": "websocket.http.response.body", "body": body})
        else:
            await send({"type": "websocket.close"})
        self._acceptor.refused(exchange)


def _version(scope: Scope) -> str:
    """Granian calls HTTP/1.0 by its major version alone."""
    version: str = scope["http_version"]
    return "1.0" if version == "1" else version


def _exchange(head: Head, scope: Scope) -> Exchange:
    client = scope.get("client")
    return Exchange(
        head.method,
        head.target,
        head.headers,
        head.fields,
        client[0] if client else "",
        "https" if scope["scheme"] in ("https", "wss") else "http",
        _version(scope),
        time.monotonic(),
    )
