"""Raw ends for the HTTP engine's tests: a client that sends any bytes, an upstream that answers any bytes."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from contracts.snapshot import Timeouts, Upstream
from gateway.listener import Listener
from gateway.upstreams.http import IDLE, HttpUpstream
from gateway.wire.headers import request_head, upstream_lines
from gateway.wire.limits import ListenerSettings
from gateway.wire.messages import Call, Client
from gateway.wire.tunnel import Upstream as Upstreaming
from policies.exchange import Exchange, Header

PATIENCE = 10.0
"""Seconds after which a test fails that waits for bytes; none passes by waiting."""


class RawAnswer:
    """One answer as it stood on the wire."""

    def __init__(self, head: bytes, body: bytes, trailers: bytes = b"") -> None:
        lines = head.split(b"\r\n")
        self.trailers = trailers
        self.status = int(lines[0].split(b" ")[1])
        self.fields = {
            name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])
        }
        self.head = head
        self.body = body


class RawClient:
    """A connection on which a test sends any bytes and reads whole answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, *, head: bool = False) -> RawAnswer:
        """The next answer; `head` for one to a HEAD request."""
        async with asyncio.timeout(PATIENCE):
            top = (await self.reader.readuntil(b"\r\n\r\n"))[:-4]
            plain = RawAnswer(top, b"")
            if head or plain.status in (204, 304) or plain.status < 200:
                return plain
            if plain.fields.get(b"transfer-encoding") == b"chunked":
                return RawAnswer(top, await self._chunks(), await read_trailers(self.reader))
            length = plain.fields.get(b"content-length")
            body = await (self.reader.read() if length is None else self.reader.readexactly(int(length)))
            return RawAnswer(top, body)

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        return body

    async def ask(self, data: bytes) -> RawAnswer:
        await self.send(data)
        return await self.answer(head=data.startswith(b"HEAD "))

    async def rest(self) -> bytes:
        """All that comes until the other end closes; a reset counts as closing."""
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                return await self.reader.read()
        return b""

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await self.writer.wait_closed()


async def read_trailers(reader: asyncio.StreamReader) -> bytes:
    """What follows the last chunk, without the empty line that ends it."""
    trailers = b""
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        trailers += line
    return trailers


@contextlib.asynccontextmanager
async def raw_client(port: int, address: str | None = None) -> AsyncIterator[RawClient]:
    """`address` is the client's own."""
    local = (address, 0) if address is not None else None
    client = RawClient(*await asyncio.open_connection("127.0.0.1", port, local_addr=local))
    try:
        yield client
    finally:
        await client.close()


class SeenRequest:
    """A request as an upstream saw it."""

    def __init__(self, head: bytes, body: bytes, trailers: bytes = b"") -> None:
        self.trailers = trailers
        self.line, *rest = head.split(b"\r\n")
        self.headers = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in rest)]
        self.fields = {name.lower(): value for name, value in self.headers}
        self.head = head
        self.body = body


Script = Callable[[SeenRequest, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]


async def say_ok(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """The default script: 200 with the request line as the body. True: the connection goes on."""
    body = request.line
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body))
    if not request.line.startswith(b"HEAD "):
        writer.write(body)
    return True


class RawUpstream:
    """A server that reads requests, keeps them in `seen`, and answers by a script."""

    def __init__(self, script: Script = say_ok) -> None:
        self.script = script
        self.seen: list[SeenRequest] = []
        self.connections = 0
        self.closed = asyncio.Event()
        """Set each time a connection ends."""
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self._writers.add(writer)
        try:
            await self.converse(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            self.closed.set()
            writer.close()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await self.read(reader)
            self.seen.append(request)
            if not await self.script(request, reader, writer):
                break
            await writer.drain()

    async def read(self, reader: asyncio.StreamReader) -> SeenRequest:
        head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
        bare = SeenRequest(head, b"")
        if bare.fields.get(b"transfer-encoding") == b"chunked":
            body = b""
            while size := int(await reader.readuntil(b"\r\n"), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            return SeenRequest(head, body, await read_trailers(reader))
        body = await reader.readexactly(int(bare.fields.get(b"content-length", b"0")))
        return SeenRequest(head, body)

    def hang_up(self) -> None:
        """Closes every open connection."""
        for writer in list(self._writers):
            writer.close()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        self.hang_up()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def raw_upstream(
    script: Script = say_ok, *, upstream: RawUpstream | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawUpstream]:
    upstream = upstream or RawUpstream(script)
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, limit=1 << 20, ssl=tls)
    upstream.port = server.sockets[0].getsockname()[1]
    try:
        yield upstream
    finally:
        server.close()
        await upstream.end()


def upstream_client(
    port: int, *, connections: int = 64, idle: float = IDLE, loop: Any = None, **timeouts: float
) -> HttpUpstream:
    return HttpUpstream(
        Upstream(
            name="test",
            kind="http",
            url=f"http://127.0.0.1:{port}",
            timeouts=Timeouts(**timeouts),
            connections=connections,
        ),
        loop=loop,
        idle=idle,
    )


class Recorder:
    """A `Receiver` that keeps what it is told. It asks for no WebSocket, so that it is never told of one."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[Header] = []
        self.length: int | None = None
        self.body = b""
        self.trailer_fields: list[Header] = []
        self.failure = ""
        self.detail = ""
        self.drains = 0
        self.over = asyncio.Event()
        self.begun = asyncio.Event()
        self.moved = asyncio.Event()

    def head(self, status: int, headers: list[Header], length: int | None, /) -> None:
        assert not self.begun.is_set(), "two heads for one call"
        self.status, self.headers, self.length = status, headers, length
        self.begun.set()

    def data(self, data: bytes, /) -> None:
        assert not self.over.is_set(), "data after the end"
        self.body += data
        self.moved.set()

    def trailers(self, fields: list[Header], /) -> None:
        assert not self.over.is_set(), "trailers after the end"
        self.trailer_fields = fields

    def ended(self) -> None:
        assert not self.over.is_set(), "two ends of one call"
        self.over.set()

    def switched(self, headers: list[Header], upstream: Upstreaming, /) -> None:
        raise AssertionError("nobody asked for a WebSocket")

    def failed(self, problem_id: str, detail: str, /) -> None:
        assert not self.over.is_set(), "two ends of one call"
        self.failure, self.detail = problem_id, detail
        self.over.set()

    def drained(self) -> None:
        self.drains += 1
        self.moved.set()

    @property
    def fields(self) -> dict[bytes, bytes]:
        return {name.lower(): value for name, value in self.headers}

    async def wait(self) -> "Recorder":
        async with asyncio.timeout(PATIENCE):
            await self.over.wait()
        return self


class Echo:
    """A `Handler` that answers, when the request is whole, with its method, target and body."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.body = b""
        self.trailer_fields: list[Header] = []
        self.is_gone = False

    def data(self, data: bytes, /) -> None:
        self.body += data

    def trailers(self, fields: list[Header], /) -> None:
        self.trailer_fields = fields

    def end(self) -> None:
        exchange = self.client.exchange
        line = b"%b %b" % (exchange.method.encode("ascii"), exchange.target)
        self.client.respond(200, [(b"content-type", b"text/plain")], line + b"\n" + self.body)

    def drained(self) -> None:
        pass

    def gone(self) -> None:
        self.is_gone = True


class Doorman:
    """An `Acceptor` that makes a handler for each request and keeps exchanges and refusals."""

    def __init__(self, make: Callable[[Client], "Echo"] = Echo) -> None:
        self.make = make
        self.handlers: list[Echo] = []
        self.refusals: list[Exchange] = []

    @property
    def exchanges(self) -> list[Exchange]:
        return [handler.client.exchange for handler in self.handlers]

    def accept(self, client: Client, /) -> "Echo":
        handler = self.make(client)
        self.handlers.append(handler)
        return handler

    def refused(self, exchange: Exchange, /) -> None:
        self.refusals.append(exchange)


class PassThrough(Echo):
    """A `Handler` that joins the listener and an upstream client, with nothing in between."""

    def __init__(self, client: Client, upstream: HttpUpstream) -> None:
        super().__init__(client)
        exchange = client.exchange
        exchange.request_id = "0123456789abcdef"
        path, _, exchange.query = exchange.target.partition(b"?")
        exchange.path = path.decode("ascii")
        fields = exchange.fields
        streaming = b"transfer-encoding" in fields or fields.get(b"content-length", b"0") != b"0"
        head = request_head(exchange, exchange.path, upstream_lines(b"upstream", None), streaming=streaming)
        self.back = Back(client)
        self.call = self.back.call = upstream.call(head, self.back, streaming=streaming)

    def data(self, data: bytes, /) -> None:
        if not self.call.write(data):
            self.client.pause_body()

    def end(self) -> None:
        self.call.finish(self.trailer_fields)

    def drained(self) -> None:
        self.call.resume()

    def gone(self) -> None:
        self.is_gone = True
        self.call.cancel()


class Back:
    """The `Receiver` of `PassThrough`."""

    call: Call

    def __init__(self, client: Client) -> None:
        self.client = client
        self.begun = False
        self.trailer_fields: list[Header] = []

    def head(self, status: int, headers: list[Header], length: int | None, /) -> None:
        self.begun = True
        self.client.start(status, headers, length)

    def data(self, data: bytes, /) -> None:
        if not self.client.write(data):
            self.call.pause()

    def trailers(self, fields: list[Header], /) -> None:
        self.trailer_fields = fields

    def ended(self) -> None:
        self.client.finish(self.trailer_fields)

    def switched(self, headers: list[Header], upstream: Upstreaming, /) -> None:
        raise AssertionError("nobody asked for a WebSocket")

    def failed(self, problem_id: str, detail: str, /) -> None:
        if self.begun:
            self.client.abort()
        else:
            self.client.respond(502, [(b"x-problem", problem_id.encode("ascii"))], detail.encode())

    def drained(self) -> None:
        self.client.resume_body()


@contextlib.asynccontextmanager
async def listening(
    doorman: Doorman | None = None, settings: ListenerSettings | None = None
) -> AsyncIterator[tuple[Doorman, Listener, int]]:
    """A real listener on a free port of loopback, with an echoing acceptor unless one is given."""
    doorman = doorman or Doorman()
    listener = Listener(doorman, settings)
    port = await listener.start("127.0.0.1", 0)
    try:
        yield doorman, listener, port
    finally:
        listener.close()


@contextlib.asynccontextmanager
async def proxying(
    script: Script = say_ok, *, upstream: RawUpstream | None = None, settings: ListenerSettings | None = None
) -> AsyncIterator["Proxy"]:
    """Listener, pass-through, pooled client and raw upstream, in a row."""
    async with raw_upstream(script, upstream=upstream) as server:
        client = upstream_client(server.port)
        async with listening(Doorman(lambda door: PassThrough(door, client)), settings) as (doorman, _, port):
            try:
                yield Proxy(port, doorman, client, server)
            finally:
                client.close()


class Proxy:
    def __init__(self, port: int, doorman: Doorman, client: HttpUpstream, upstream: RawUpstream) -> None:
        self.port = port
        self.doorman = doorman
        self.client = client
        self.upstream = upstream
