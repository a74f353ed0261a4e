"""Random and mutated bytes against one running gateway: nothing escapes, nothing stays open, nobody is confused.

`OSTIARY_FUZZ_EXAMPLES` raises the number of examples; the examples of a failure are printed by hypothesis.
"""

import asyncio
import contextlib
import gc
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.resilience import BreakerSettings
from gateway.handling import Handling
from gateway.upstreams.resilience.http_service import HttpService
from gateway.wire.connection import Connection
from gateway.wire.limits import ListenerSettings
from policies.exchange import Exchange
from tests.conformance.http.cases import END, GET, HOST
from tests.conformance.http.corpus import BROKEN_BODIES, REFUSED, SERVED
from tests.conformance.http.corpus_targets import FORWARDED, REFUSED_BY_GATEWAY
from tests.conformance.http.whole_gateway import World, check_request, signed, whole_gateway
from tests.gateway.http_harness import PATIENCE, SeenRequest, raw_client, say_ok

EXAMPLES = int(os.environ.get("OSTIARY_FUZZ_EXAMPLES", "300"))
BUDGET = 4
"""Connections that the gateway may hold to its upstream."""

NEVER = BreakerSettings(consecutive=1_000_000_000, minimum=1_000_000_000)
"""An upstream that answers nonsense is asked on, so that all of its answers are met."""

CASES = [case.raw for case in (*REFUSED, *BROKEN_BODIES, *SERVED, *REFUSED_BY_GATEWAY, *FORWARDED)]
RAW = [signed(raw) for raw in CASES if len(raw) < 4_000]

PIECES = [
    *(b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\x00", b" ", b"\t", b":", b",", b";", b"%", b"%2f", b"%2e%2e"),
    *(b"GET /a HTTP/1.1\r\n", b"HEAD /a HTTP/1.1\r\n", b"POST /a HTTP/1.1\r\n", b"HTTP/1.0", b"/../"),
    *(b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    *(b"Connection: close\r\n", b"Connection: Host\r\n", b"Expect: 100-continue\r\n", b"Upgrade: h2c\r\n"),
    *(
        b"Host: api.example\r\n",
        b"5\r\n",
        b"hello",
        b"hello\r\n",
        b"\xff\xfe",
        b"ffffffffffffffff\r\n",
        b"A" * 3_000,
    ),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A case or two of the corpus, with some bytes cut out, doubled, replaced or put in."""
    raw = b"".join(draw(st.lists(st.sampled_from(RAW), min_size=1, max_size=3)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(raw)))
        stop = min(len(raw), start + draw(st.integers(0, 12)))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=4), st.just(raw[start:stop] * 2)))
        raw = raw[:start] + piece + raw[stop:]
    return raw


streams = st.one_of(
    mutated(),
    mutated(),
    st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join),
    st.binary(max_size=200),
)

# How an upstream answers: soundly, or by bytes of its own after which it hangs up.
answers = st.one_of(
    st.none(),
    st.none(),
    st.sampled_from(
        [
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
            b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
            b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
            b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nbody",
        ]
    ),
    st.binary(max_size=40),
)


class Fuzzed:
    """The gateway under fire, its loop, and what the loop's exception handler was told."""

    def __init__(self, runner: asyncio.Runner, world: World) -> None:
        self.runner = runner
        self.world = world
        self.escaped: list[str] = []
        self.answer: bytes | None = None
        self.exchanges: dict[bytes, Exchange] = {}
        """What has ended in this round and the one before, by request id: a request whose client went away may be
        on its way to the upstream when everything else of its round is over."""

        def collect(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            self.escaped.append(f"{context.get('message')}: {context.get('exception')!r}")

        runner.get_loop().set_exception_handler(collect)

    async def script(
        self, request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if self.answer is None:
            return await say_ok(request, reader, writer)
        writer.write(self.answer)
        return False

    async def attack(self, stream: bytes, cuts: list[int], abrupt: bool) -> bytes:
        """One client's connection, to its end; what it was answered."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.world.running.port)
        received = b""
        places = sorted({0, *(cut % (len(stream) + 1) for cut in cuts), len(stream)})
        try:
            for start, stop in itertools.pairwise(places):
                writer.write(stream[start:stop])
                await writer.drain()
                await asyncio.sleep(0)
            if abrupt:
                writer.transport.abort()
                return received
            # Whatever is to be answered may be, before the client says that it goes.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    while data := await reader.read(65_536):
                        received += data
            if writer.can_write_eof():
                writer.write_eof()
            async with asyncio.timeout(PATIENCE):
                while data := await reader.read(65_536):
                    received += data
        except (ConnectionError, OSError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, OSError):
                await writer.wait_closed()
        return received

    async def settled(self) -> None:
        """Waits until the gateway has let go of every client."""
        running = self.world.running
        try:
            async with asyncio.timeout(PATIENCE):
                while running.pipeline.open or running.listener.connections:
                    await asyncio.sleep(0.001)
        except TimeoutError:
            stuck = [
                {name: getattr(connection, name, None) for name in Connection.__slots__}
                for connection in running.listener.connections
            ]
            for connection in list(running.listener.connections):
                connection.end()  # or each further example would fail for this one
            pytest.fail(f"{running.pipeline.open} requests are open, and these connections: {stuck}")

    async def let_go(self, service: HttpService) -> None:
        """Waits until no connection to the upstream is in use."""
        async with asyncio.timeout(PATIENCE):
            while service.in_use or service.queued:
                await asyncio.sleep(0.001)

    async def round(self, clients: list[tuple[bytes, list[int], bool]], answer: bytes | None) -> list[bytes]:
        self.answer = answer
        before = _by_request_id(self.world.ended)
        self.world.ended.clear()
        self.world.seen.clear()
        received = await asyncio.gather(*(self.attack(*client) for client in clients))
        await self.settled()
        self.exchanges = before | _by_request_id(self.world.ended)
        return received

    async def quiet(self) -> None:
        """Waits for the clients that nobody has accepted yet: they are before this one in the listener's queue."""
        async with raw_client(self.world.running.port) as client:
            assert (await client.ask(GET + HOST + END)).status == 200
        await self.settled()


def _by_request_id(ended: list[Exchange]) -> dict[bytes, Exchange]:
    return {exchange.request_id.encode(): exchange for exchange in ended}


@contextlib.contextmanager
def fuzzed(directory: Path, loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> Iterator[Fuzzed]:
    made: list[Fuzzed] = []

    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        return await made[0].script(request, reader, writer)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        context = contextlib.AsyncExitStack()

        async def begin() -> World:
            return await context.enter_async_context(
                whole_gateway(
                    directory,
                    script,
                    limits=ListenerSettings(max_head=4_096, max_target=512, head_timeout=5, body_timeout=5),
                    upstream={"connections": BUDGET, "breaker": NEVER},
                )
            )

        made.append(Fuzzed(runner, runner.run(begin())))
        try:
            yield made[0]
        finally:
            runner.run(context.aclose())


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def under_fire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fuzzed]:
    with fuzzed(tmp_path, request.param) as made:
        yield made


def test_any_bytes_are_answered_or_end(under_fire: Fuzzed) -> None:
    world = under_fire.world

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(
            st.tuples(streams, st.lists(st.integers(0, 5_000), max_size=3), st.booleans()), min_size=1, max_size=6
        ),
        answers,
    )
    def attack(clients: list[tuple[bytes, list[int], bool]], answer: bytes | None) -> None:
        received = under_fire.runner.run(under_fire.round(clients, answer))
        assert under_fire.escaped == []
        assert all(data == b"" or data.startswith(b"HTTP/1.1 ") for data in received)
        faults = {exchange.refusal.type.id for exchange in world.ended if exchange.refusal is not None}
        assert not faults & {"policy-failed", "mediation-failed"}
        for request in world.seen:
            check_request(request, under_fire.exchanges[request.fields[b"x-request-id"]])

    attack()
    under_fire.answer = None
    under_fire.runner.run(under_fire.quiet())
    runtime = world.running.pipeline.runtime
    assert runtime is not None
    (service,) = [upstream for _, upstream in runtime.upstreams.values()]
    assert isinstance(service, HttpService)
    under_fire.runner.run(under_fire.let_go(service))
    under_fire.exchanges.clear()
    world.ended.clear()
    world.seen.clear()
    gc.collect()
    left = [thing for thing in gc.get_objects() if isinstance(thing, Connection | Handling)]
    assert left == [], "something holds on to what has ended"
