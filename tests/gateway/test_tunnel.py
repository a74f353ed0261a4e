"""The tunnel on its own: under both event loops, in the clear and under TLS, fast and slow, to either end."""

import asyncio
import contextlib
import hashlib
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from contracts.snapshot import Upstream
from gateway.listener import Listener
from gateway.upstreams.http import HttpUpstream
from gateway.wire.headers import request_head, upstream_lines
from gateway.wire.limits import ListenerSettings
from gateway.wire.messages import Client
from gateway.wire.tunnel import Upstream as UpstreamEnd
from policies.exchange import Header
from policies.websocket import Handshake
from tests.gateway.http_harness import PATIENCE, Back, Doorman, Echo, RawClient, SeenRequest, raw_upstream
from tests.gateway.tls_harness import self_signed
from tests.gateway.websocket_world import ACCEPT, handshake

Runner = Callable[[Coroutine[Any, Any, None]], None]
ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Accept: " + ACCEPT + b"\r\n\r\n"
)
NOISE = hashlib.shake_128(b"seed").digest(5_000_003)

pytestmark = [
    pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"]),
    pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"]),
]


class Opening(Echo):
    """A `Handler` that opens a tunnel, and a `Watcher` of it."""

    def __init__(self, client: Client, pool: HttpUpstream) -> None:
        super().__init__(client)
        exchange = client.exchange
        exchange.request_id = "0123456789abcdef"
        exchange.path = "/feed"
        self.allowed = True
        self.counts: list[tuple[int, int]] = []
        self.ended = asyncio.Event()
        back = Switching(client, self)
        back.call = pool.call(
            request_head(exchange, "/feed", upstream_lines(b"upstream", None)), back, handshake=Handshake(exchange)
        )

    def end(self) -> None:
        pass

    def may_go_on(self) -> bool:
        return self.allowed

    def tunnel_ended(self, received: int, sent: int, /) -> None:
        self.counts.append((received, sent))
        self.ended.set()


class Switching(Back):
    def __init__(self, client: Client, opening: Opening) -> None:
        super().__init__(client)
        self.opening = opening

    def switched(self, headers: list[Header], upstream: UpstreamEnd, /) -> None:
        assert self.client.switch(headers, upstream, self.opening)


async def reflect(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(ACCEPTED)
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    return False


async def tell(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Says it all at once, and is gone."""
    writer.write(ACCEPTED + NOISE)
    await writer.drain()
    return False


async def listen(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(ACCEPTED)
    assert hashlib.sha256(await reader.readexactly(len(NOISE))).digest() == hashlib.sha256(NOISE).digest()
    writer.write(b"\x88\x00")
    return False


async def silent(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(ACCEPTED)
    await reader.read()
    return False


def tunnelled(
    run: Runner,
    secure: bool,
    directory: Path,
    script: Any,
    scenario: Callable[[RawClient, Opening, HttpUpstream, Listener], Coroutine[Any, Any, None]],
    settings: ListenerSettings | None = None,
) -> None:
    """Runs a scenario on an open tunnel; then nothing of it may be left."""
    serving: ssl.SSLContext | None = None
    trusting: ssl.SSLContext | None = None
    if secure:
        certificate = self_signed(directory)
        serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        serving.load_cert_chain(certificate)
        trusting = ssl.create_default_context(cafile=str(certificate))

    async def go() -> None:
        async with raw_upstream(script, tls=serving) as server:
            scheme = "https" if secure else "http"
            entry = Upstream("test", "http", f"{scheme}://127.0.0.1:{server.port}", connections=1)
            pool = HttpUpstream(entry, ssl_context=trusting)
            openings: list[Opening] = []

            def make(client: Client) -> Opening:
                openings.append(Opening(client, pool))
                return openings[-1]

            listener = Listener(Doorman(make), settings)
            port = await listener.start("127.0.0.1", 0, tls=serving)
            client = RawClient(*await asyncio.open_connection("127.0.0.1", port, ssl=trusting))
            assert (await client.ask(handshake())).status == 101
            assert listener.open == 0  # it is no request any more
            async with asyncio.timeout(4 * PATIENCE):
                await scenario(client, openings[0], pool, listener)
                await client.close()
                await openings[0].ended.wait()
            assert openings[0].counts == openings[0].counts[:1]
            assert (pool.in_use, listener.connections) == (0, set())
            pool.close()
            listener.close()

    run(go())


def test_what_is_sent_comes_back(run: Runner, secure: bool, tmp_path: Path) -> None:
    async def scenario(client: RawClient, opening: Opening, pool: HttpUpstream, listener: Listener) -> None:
        assert pool.in_use == 1
        sending = asyncio.create_task(client.send(NOISE))
        assert await client.reader.readexactly(len(NOISE)) == NOISE
        await sending
        await client.close()
        await opening.ended.wait()
        assert opening.counts == [(len(NOISE), len(NOISE))]

    tunnelled(run, secure, tmp_path, reflect, scenario)


def test_what_was_said_before_leaving_arrives(run: Runner, secure: bool, tmp_path: Path) -> None:
    async def scenario(client: RawClient, opening: Opening, pool: HttpUpstream, listener: Listener) -> None:
        received = b""
        while data := await client.reader.read(65_536):
            received += data
            await asyncio.sleep(0)
        assert received == NOISE

    tunnelled(run, secure, tmp_path, tell, scenario)


def test_what_the_client_says_arrives(run: Runner, secure: bool, tmp_path: Path) -> None:
    async def scenario(client: RawClient, opening: Opening, pool: HttpUpstream, listener: Listener) -> None:
        await client.send(NOISE)
        assert await client.reader.readexactly(2) == b"\x88\x00"
        assert await client.rest() == b""

    tunnelled(run, secure, tmp_path, listen, scenario)


def test_it_ends_when_the_client_may_no_more(run: Runner, secure: bool, tmp_path: Path) -> None:
    async def scenario(client: RawClient, opening: Opening, pool: HttpUpstream, listener: Listener) -> None:
        opening.allowed = False
        assert await client.rest() == b""

    tunnelled(run, secure, tmp_path, silent, scenario)


def test_it_ends_in_silence(run: Runner, secure: bool, tmp_path: Path) -> None:
    async def scenario(client: RawClient, opening: Opening, pool: HttpUpstream, listener: Listener) -> None:
        assert await client.rest() == b""

    settings = ListenerSettings(websocket_idle_timeout=0.1, body_timeout=0.4)
    tunnelled(run, secure, tmp_path, silent, scenario, settings)


def test_it_ends_with_the_drain(run: Runner, secure: bool, tmp_path: Path) -> None:
    async def scenario(client: RawClient, opening: Opening, pool: HttpUpstream, listener: Listener) -> None:
        draining = asyncio.create_task(listener.drain(PATIENCE))
        assert await client.rest() == b""
        assert await draining == 0

    tunnelled(run, secure, tmp_path, silent, scenario)


def test_client_that_takes_nothing_is_left_when_the_upstream_has_gone(
    run: Runner, secure: bool, tmp_path: Path
) -> None:
    async def scenario(client: RawClient, opening: Opening, pool: HttpUpstream, listener: Listener) -> None:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        opening.allowed = False
        await opening.ended.wait()

    tunnelled(run, secure, tmp_path, tell, scenario)


async def deaf(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(ACCEPTED)
    try:
        await asyncio.Event().wait()
    finally:
        writer.transport.abort()
    return False


def test_upstream_that_takes_nothing_is_left_when_the_client_has_gone(
    run: Runner, secure: bool, tmp_path: Path
) -> None:
    async def scenario(client: RawClient, opening: Opening, pool: HttpUpstream, listener: Listener) -> None:
        client.writer.write(NOISE * 4)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(client.writer.drain(), 0.5)
        client.writer.transport.abort()
        await opening.ended.wait()
        assert 0 < opening.counts[0][0] < len(NOISE) * 4

    # A connection that is not read, as nobody takes what it says, does not tell that it has gone.
    settings = ListenerSettings(websocket_idle_timeout=0.5, body_timeout=0.4)
    tunnelled(run, secure, tmp_path, deaf, scenario, settings)


def test_closing_the_listener_or_the_pool_breaks_it_off(run: Runner, secure: bool, tmp_path: Path) -> None:
    async def by_listener(client: RawClient, opening: Opening, pool: HttpUpstream, listener: Listener) -> None:
        listener.close()
        assert await client.rest() == b""

    async def by_pool(client: RawClient, opening: Opening, pool: HttpUpstream, listener: Listener) -> None:
        pool.close()
        assert await client.rest() == b""

    tunnelled(run, secure, tmp_path, silent, by_listener)
    tunnelled(run, secure, tmp_path, silent, by_pool)
