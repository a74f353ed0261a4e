"""The ASGI form: the same answers under uvicorn and granian, over HTTP/1.1 and HTTP/2, and what it alone meets."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import h2.connection
import h2.events
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from gateway.asgi import AsgiGateway
from gateway.wire.limits import ListenerSettings
from gateway.wire.messages import Client
from tests.gateway.asgi_harness import SERVERS, asgi_server
from tests.gateway.gateway_world import Gateway, gateway, problem_of, token
from tests.gateway.http_harness import (
    PATIENCE,
    Doorman,
    Echo,
    RawClient,
    Script,
    SeenRequest,
    raw_client,
    say_ok,
)

GOOD = b'{"sku": "chair", "quantity": 2}'
UPLOAD = {"Content_Type": "application/octet-stream"}

on_all_servers = pytest.mark.parametrize("server", SERVERS)


@contextlib.asynccontextmanager
async def serving(
    server: str, folder: Path, script: Script = say_ok, wrap: Callable[[Any], Any] = lambda app: app
) -> AsyncIterator[Gateway]:
    async with (
        gateway(folder, script) as world,
        asgi_server(server, wrap(AsgiGateway(world.pipeline))) as port,
    ):
        world.port = port
        yield world


@on_all_servers
async def test_an_answer_of_which_nothing_has_left_is_no_answer_yet(server: str, tmp_path: Path) -> None:
    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n")
        return False

    async with serving(server, tmp_path, script) as world:
        answer = await world.ask("GET", "/orders/v1/orders")
    assert (answer.status, problem_of(answer)["type"]) == (502, "urn:ostiary:problem:upstream-malformed")


# -- over HTTP/1.1 ------------------------------------------------------------------------------------------


@on_all_servers
async def test_same_answers(server: str, tmp_path: Path) -> None:
    async with serving(server, tmp_path) as world:
        good = await world.ask("GET", "/orders/v1/orders/7?x", X_Request_Id="call-12345")
        assert (good.status, problem_of(good)["violations"][0]["in"]) == (422, "query")
        good = await world.ask("GET", "/orders/v1/orders/7", X_Request_Id="call-12345", Client_Cert="x")
        assert (good.status, good.body) == (200, b"GET /backend/orders/7 HTTP/1.1")
        assert good.fields[b"x-request-id"] == b"call-12345"
        assert good.fields[b"ratelimit"] == b'"burst";r=998;t=60'
        assert good.head.lower().count(b"\r\ndate:") == 1
        placed = await world.ask("POST", "/orders/v1/orders", GOOD, Content_Type="application/json")
        assert placed.status == 200
        assert (await world.ask("HEAD", "/orders/v1/orders/7")).fields[b"content-length"] == b"31"
        seen = world.upstream.seen[0]
        assert (seen.fields[b"x-forwarded-for"], seen.fields[b"x-forwarded-proto"]) == (b"127.0.0.1", b"http")
        assert not {b"authorization", b"client-cert"} & set(seen.fields)
        assert world.upstream.seen[1].body == GOOD

        assert problem_of(await world.ask("GET", "/orders/v1/orders", bearer=None))["status"] == 401
        assert problem_of(await world.ask("GET", "/nowhere"))["status"] == 404
        assert problem_of(await world.ask("GET", "/orders/v1/orders/%2e%2e"))["status"] == 400
        assert problem_of(await world.ask("DELETE", "/orders/v1/orders"))["allowed"] == [
            "GET",
            "HEAD",
            "POST",
        ]
        wrong = await world.ask("POST", "/orders/v1/orders", b"{}", Content_Type="application/json")
        assert problem_of(wrong)["violations"][0]["rule"] == "required"
        long = await world.ask("POST", "/orders/v1/orders", b"x" * 1001, Content_Type="application/json")
        assert problem_of(long)["limit"] == 1000
        assert len(world.upstream.seen) == 3
        decisions = [line["decision"] for line in await world.logged(10)]
    assert decisions == ["refused", *["allowed"] * 3, *["refused"] * 6]


@on_all_servers
async def test_head_that_decides_twice_is_refused_and_recorded(server: str, tmp_path: Path) -> None:
    async with serving(server, tmp_path) as world, raw_client(world.port) as client:
        head = b"GET /orders/v1/orders HTTP/1.1\r\nHost: api.example\r\n"
        answer = await client.ask(head + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n")
        assert problem_of(answer)["type"].endswith(":malformed-request")
        assert answer.fields[b"connection"] == b"close"
        (line,) = await world.logged()
    assert (line["policy"], line["problem"]) == ("framing", "malformed-request")


@on_all_servers
async def test_bodies_stream_both_ways(server: str, tmp_path: Path) -> None:
    body = bytes(range(256)) * 8192

    async def echo(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(request.body), 65_536):
            piece = request.body[at : at + 65_536]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        return True

    async with serving(server, tmp_path, echo) as world:
        sized = await world.ask("PUT", "/orders/v1/files/a", body, **UPLOAD)
        assert sized.body == body
        assert world.upstream.seen[0].fields[b"content-length"] == b"%d" % len(body)
        async with raw_client(world.port) as client:
            head = f"PUT /orders/v1/files/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token()}\r\n"
            head += "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            await client.send(head.encode())
            for at in range(0, len(body), 100_000):
                piece = body[at : at + 100_000]
                await client.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            await client.send(b"0\r\n\r\n")
            assert (await client.answer()).body == body


class Held:
    """An upstream that begins an answer, and goes on when it is told."""

    def __init__(self, *pieces: bytes, end: bytes = b"0\r\n\r\n", media_type: bytes = b"text/plain") -> None:
        self.pieces = pieces
        self.media_type = media_type
        self.end = end
        self.go = asyncio.Event()

    async def __call__(
        self, request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n" % self.media_type)
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
        for piece in self.pieces:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            await self.go.wait()
            self.go.clear()
        writer.write(self.end)
        await writer.drain()
        return bool(self.end)


async def ask_for_events(client: RawClient, path: str = "/orders/v1/orders/7") -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token()}\r\n\r\n"
    await client.send(head.encode())


@pytest.mark.parametrize("path", ["/orders/v1/orders/7", "/orders/v1/orders"], ids=["unchecked", "checked"])
@pytest.mark.parametrize("server", ["listener", *SERVERS])
async def test_pieces_are_not_held_back(server: str, path: str, tmp_path: Path) -> None:
    """Also where the answer is compared with its contract, which has other things to say of it."""
    media_type = b"application/json" if path.endswith("orders") else b"text/plain"
    held = Held(b"data: 1\n\n", b"data: 2\n\n", media_type=media_type)
    async with contextlib.AsyncExitStack() as stack:
        if server == "listener":
            world = await stack.enter_async_context(gateway(tmp_path, held))
        else:
            world = await stack.enter_async_context(serving(server, tmp_path, held))
        client = await stack.enter_async_context(raw_client(world.port))
        await ask_for_events(client, path)
        async with asyncio.timeout(PATIENCE):
            await client.reader.readuntil(b"data: 1\n\n\r\n")  # before the upstream has said anything more
            held.go.set()
            await client.reader.readuntil(b"data: 2\n\n\r\n")
            held.go.set()
            await client.reader.readuntil(b"0\r\n\r\n")
        (line,) = await world.logged()
    assert ("response_violations" in line) is (media_type == b"application/json")


@on_all_servers
async def test_client_that_leaves_takes_its_call_with_it(server: str, tmp_path: Path) -> None:
    async def endless(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nbegun")
        assert await reader.read() == b""
        return False

    async with serving(server, tmp_path, endless) as world:
        async with raw_client(world.port) as client:
            await ask_for_events(client)
            async with asyncio.timeout(PATIENCE):
                await client.reader.readuntil(b"begun")
        async with asyncio.timeout(PATIENCE):
            await world.upstream.closed.wait()
            while world.pipeline.open:
                await asyncio.sleep(0.005)


@on_all_servers
async def test_answer_that_breaks_off_is_broken_off(server: str, tmp_path: Path) -> None:
    held = Held(b"data: 1\n\n", end=b"")
    async with serving(server, tmp_path, held) as world, raw_client(world.port) as client:
        await ask_for_events(client)
        held.go.set()
        data = await client.rest()
    assert b"data: 1\n\n" in data
    assert not data.endswith(b"0\r\n\r\n"), "a client would take the half for the whole"


# -- over HTTP/2 --------------------------------------------------------------------------------------------


class H2Answer:
    def __init__(self) -> None:
        self.fields: dict[bytes, bytes] = {}
        self.body = b""
        self.reset = False


async def ask_h2(port: int, headers: list[tuple[str, str]], body: bytes | None = None) -> H2Answer:
    """One request with prior knowledge of HTTP/2; the body goes in DATA frames, without a Content-Length."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    connection = h2.connection.H2Connection()
    connection.config.validate_outbound_headers = connection.config.normalize_outbound_headers = False
    connection.initiate_connection()
    connection.send_headers(1, headers, end_stream=body is None)
    for at in range(0, len(body or b""), 10_000):
        connection.send_data(1, (body or b"")[at : at + 10_000])
    if body is not None:
        connection.end_stream(1)
    answer = H2Answer()
    over = False
    async with asyncio.timeout(PATIENCE):
        while not over:
            writer.write(connection.data_to_send())
            data = await reader.read(65_536)
            assert data, "the server closed the connection"
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    answer.fields = dict(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    answer.body += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, 1)
                elif isinstance(event, h2.events.StreamReset):
                    answer.reset = over = True
                elif isinstance(event, h2.events.StreamEnded):
                    over = True
    writer.close()
    return answer


def h2_head(method: str, path: str, *more: tuple[str, str]) -> list[tuple[str, str]]:
    return [
        (":method", method),
        (":scheme", "http"),
        (":authority", "api.example"),
        (":path", path),
        ("authorization", f"Bearer {token()}"),
        *more,
    ]


async def test_http_2(tmp_path: Path) -> None:
    async with serving("granian-h2", tmp_path) as world:
        good = await ask_h2(world.port, h2_head("GET", "/orders/v1/orders/7"))
        assert (good.fields[b":status"], good.body) == (b"200", b"GET /backend/orders/7 HTTP/1.1")
        seen = world.upstream.seen[0]
        assert seen.fields[b"x-forwarded-host"] == b"api.example"
        assert b"transfer-encoding" not in seen.fields
        json_type = ("content-type", "application/json")
        placed = await ask_h2(world.port, h2_head("POST", "/orders/v1/orders", json_type), GOOD)
        assert placed.fields[b":status"] == b"200"
        assert world.upstream.seen[1].body == GOOD
        empty = await ask_h2(world.port, h2_head("POST", "/orders/v1/orders", json_type))
        assert empty.fields[b":status"] == b"422"
        binary = ("content-type", "application/octet-stream")
        sent = await ask_h2(world.port, h2_head("PUT", "/orders/v1/files/a", binary), b"x" * 60_000)
        assert sent.fields[b":status"] == b"200"
        assert world.upstream.seen[2].body == b"x" * 60_000
        refused = await ask_h2(world.port, h2_head("GET", "/nowhere"))
        assert (refused.fields[b":status"], json.loads(refused.body)["status"]) == (b"404", 404)
        twice = await ask_h2(world.port, h2_head("GET", "/orders/v1/orders", ("authorization", "Bearer b")))
        assert twice.fields[b":status"] == b"400"
        assert b"connection" not in twice.fields


async def test_http_2_stream_is_reset_where_the_answer_breaks_off(tmp_path: Path) -> None:
    held = Held(b"data: 1\n\n", end=b"")
    held.go.set()
    async with serving("granian-h2", tmp_path, held) as world:
        assert (await ask_h2(world.port, h2_head("GET", "/orders/v1/orders/7"))).reset


@pytest.mark.parametrize(
    "field", [("connection", "close"), ("transfer-encoding", "chunked"), ("upgrade", "h2c"), ("te", "gzip")]
)
async def test_http_2_fields_of_a_connection(field: tuple[str, str], tmp_path: Path) -> None:
    async with serving("granian-h2", tmp_path) as world:
        answer = await ask_h2(world.port, h2_head("GET", "/orders/v1/orders/7", field))
        assert answer.reset or answer.fields[b":status"] == b"400"
        assert world.upstream.seen == []


# -- by itself ----------------------------------------------------------------------------------------------


def scope(**changes: Any) -> dict[str, Any]:
    made = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/a",
        "raw_path": b"/a",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"api.example"), (b"content-length", b"2")],
        "client": ("192.0.2.7", 1),
    }
    return {**made, **changes}


class Talk:
    """A server's two callables: gives messages in order, then the disconnect once `leave` is set."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = list(messages)
        self.sent: list[Any] = []
        self.leave = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if self.messages:
            return self.messages.pop(0)
        await self.leave.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        found: int = self.sent[0]["status"]
        return found


def piece(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def converse(talk: Talk, doorman: Doorman | None = None, **changes: Any) -> Doorman:
    doorman = doorman or Doorman()
    application = AsgiGateway(doorman, ListenerSettings(body_timeout=0.05, max_target=100, max_head=1000))
    async with asyncio.timeout(PATIENCE):
        await application(scope(**changes), talk.receive, talk.send)
    return doorman


async def test_exchange_has_what_the_server_knows() -> None:
    talk = Talk(piece(b"a", True), piece(b"b"))
    doorman = await converse(talk, query_string=b"q=1")
    (exchange,) = doorman.exchanges
    assert (exchange.peer, exchange.scheme, exchange.http_version) == ("192.0.2.7", "https", "1.1")
    assert talk.sent[1]["body"] == b"POST /a?q=1\nab"


@pytest.mark.parametrize("body", [b"a", b"abc"])
async def test_body_of_another_length_is_refused(body: bytes) -> None:
    talk = Talk(piece(body))
    doorman = await converse(talk)
    assert talk.status == 400
    (handler,) = doorman.handlers
    assert handler.is_gone
    assert handler.client.exchange.refused_by == "framing"


async def test_body_that_arrives_drop_by_drop() -> None:
    class Dripping(Talk):
        async def receive(self) -> Any:
            await asyncio.sleep(0.01)
            return piece(b"a", True)

    talk = Dripping()
    doorman = await converse(talk, headers=[(b"host", b"api.example"), (b"content-length", b"1000")])
    assert talk.status == 408
    assert doorman.handlers[0].is_gone


async def test_body_that_stops_arriving() -> None:
    talk = Talk(piece(b"a", True))
    doorman = await converse(talk)
    assert talk.status == 408
    assert doorman.handlers[0].is_gone


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"method": "CONNECT"}, 501),
        ({"method": "FROB"}, 501),
        ({"method": "get"}, 501),
        ({"raw_path": b"/" + b"a" * 100}, 414),
        ({"raw_path": b"a"}, 400),
        ({"raw_path": b"/a b"}, 400),
        ({"http_version": "2.0"}, 400),
        ({"headers": []}, 400),
        ({"headers": [(b"host", b"a,b")]}, 400),
        ({"headers": [(b"host", b"a"), (b"Host", b"a")]}, 400),
        ({"headers": [(b"host", b"a"), (b"x", b"y\r\nz: 1")]}, 400),
        ({"headers": [(b"host", b"a"), (b"x ", b"y")]}, 400),
        ({"headers": [(b"host", b"a"), (b"x", b"y" * 1000)]}, 431),
        ({"headers": [(b"host", b"a"), *[(b"x", b"")] * 100]}, 431),
        ({"headers": [(b"host", b"a"), (b"connection", b"host")]}, 400),
        ({"headers": [(b"host", b"a"), (b"connection", b"upgrade"), (b"upgrade", b"websocket")]}, 501),
        ({"headers": [(b"host", b"a"), (b"content-length", b"1"), (b"transfer-encoding", b"chunked")]}, 400),
        ({"http_version": "2", "headers": [(b"host", b"a"), (b"keep-alive", b"1")]}, 400),
    ],
)
async def test_head_is_judged_again(changes: dict[str, Any], status: int) -> None:
    talk = Talk(piece(b""))
    doorman = await converse(talk, **changes)
    assert talk.status == status
    assert doorman.handlers == []
    assert doorman.refusals[0].status == status


async def test_decoded_path_alone_will_not_do() -> None:
    with pytest.raises(RuntimeError, match="raw_path"):
        await converse(Talk(), raw_path=None)


async def test_handler_that_raises_leaves_nobody_waiting() -> None:
    class Failing(Echo):
        def data(self, data: bytes, /) -> None:
            raise ValueError("a fault")

    doorman = Doorman(Failing)
    with pytest.raises(ValueError, match="a fault"):
        await converse(Talk(piece(b"ab")), doorman)
    assert doorman.handlers[0].is_gone


class Flooding(Echo):
    """Writes on whenever there is room, up to a megabyte."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.written = 0

    def end(self) -> None:
        self.client.start(200, [(b"Date", b"x"), (b"x", b"a\r\nb: c")], None)
        self.drained()

    def drained(self) -> None:
        while self.written < 1 << 20:
            self.written += 10_000
            if not self.client.write(b"x" * 10_000):
                return
        self.client.finish()


async def test_slow_reader_stops_the_writer() -> None:
    doorman = Doorman(Flooding)
    talk = Talk(piece(b"ab"))
    sizes: list[int] = []

    async def send(message: Any) -> None:
        await asyncio.sleep(0)
        sizes.append(len(message.get("body", b"")))
        talk.sent.append(message)

    async with asyncio.timeout(PATIENCE):
        await AsgiGateway(doorman)(scope(), talk.receive, send)
    assert sum(sizes) == 1_050_000
    assert max(sizes) <= 80_000
    assert talk.sent[0]["headers"] == []
    assert [message["more_body"] for message in talk.sent[-2:]] == [True, False]


async def test_body_is_read_at_the_handlers_pace() -> None:
    class Pausing(Echo):
        def data(self, data: bytes, /) -> None:
            super().data(data)
            self.client.pause_body()
            asyncio.get_running_loop().call_soon(self.client.resume_body)

    talk = Talk(piece(b"a", True), piece(b"b"))
    await converse(talk, Doorman(Pausing))
    assert talk.sent[1]["body"] == b"POST /a\nab"


@pytest.mark.parametrize("can_answer", [True, False])
async def test_websocket_is_refused(can_answer: bool) -> None:
    talk = Talk({"type": "websocket.connect"})
    extensions = {"websocket.http.response": {}} if can_answer else {}
    doorman = await converse(talk, type="websocket", scheme="wss", extensions=extensions)
    assert doorman.refusals[0].status == 501
    if can_answer:
        assert talk.status == 501
        assert json.loads(talk.sent[1]["body"])["status"] == 501
    else:
        assert talk.sent == [{"type": "websocket.close"}]


async def test_lifespan() -> None:
    talk = Talk({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    await converse(talk, type="lifespan")
    assert [message["type"] for message in talk.sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def test_under_a_starlette_application(tmp_path: Path) -> None:
    def mounted(application: Any) -> Starlette:
        return Starlette(routes=[Mount("/orders", app=application)])

    async with serving("uvicorn", tmp_path, wrap=mounted) as world:
        answer = await world.ask("GET", "/orders/v1/orders/7")
        assert (answer.status, answer.body) == (200, b"GET /backend/orders/7 HTTP/1.1")
        assert (await world.ask("GET", "/elsewhere")).body == b"Not Found"
