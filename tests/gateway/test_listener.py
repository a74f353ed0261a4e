"""The listener on real sockets: order, framing of answers, back-pressure, time, and the end of connections."""

import asyncio
import contextlib
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.listener import Listener
from gateway.wire.limits import ListenerSettings
from gateway.wire.messages import Client
from tests.gateway.http_harness import PATIENCE, Doorman, Echo, RawClient, listening, raw_client
from tests.gateway.tls_harness import self_signed

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


def post(body: bytes, *headers: bytes) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return b"POST /p HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n\r\n%b" % (lines, len(body), body)


class Waiting(Echo):
    """Answers when the test says so."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.ended = asyncio.Event()
        self.drains = asyncio.Event()
        self.went = asyncio.Event()

    def end(self) -> None:
        self.ended.set()

    def answer(self) -> None:
        super().end()

    def drained(self) -> None:
        self.drains.set()

    def gone(self) -> None:
        super().gone()
        self.went.set()


async def handler_of(doorman: Doorman, number: int = 0) -> Waiting:
    """The handler of the request of that number, once it has arrived."""
    async with asyncio.timeout(PATIENCE):
        while len(doorman.handlers) <= number:
            await asyncio.sleep(0)
    handler = doorman.handlers[number]
    assert isinstance(handler, Waiting)
    return handler


async def test_exchange_holds_what_was_sent() -> None:
    async with listening() as (doorman, _, port), raw_client(port) as client:
        await client.ask(b"GET /a?b HTTP/1.1\r\nHost: X\r\nA: 1\r\na: 2\r\n\r\n")
    exchange = doorman.exchanges[0]
    assert (exchange.method, exchange.target, exchange.http_version) == ("GET", b"/a?b", "1.1")
    assert exchange.headers == [(b"Host", b"X"), (b"A", b"1"), (b"a", b"2")]
    assert exchange.fields == {b"host": b"X", b"a": b"1, 2"}
    assert (exchange.peer, exchange.scheme) == ("127.0.0.1", "http")
    assert exchange.received_at > 0


async def test_keep_alive_and_pipelining_answer_in_order() -> None:
    async with listening(Doorman(Waiting)) as (doorman, _, port), raw_client(port) as client:
        await client.send(GET + post(b"one") + GET.replace(b"/a", b"/b"))
        first = await handler_of(doorman)
        await first.ended.wait()
        assert len(doorman.handlers) == 1, "a second request was begun before the first was answered"
        for number, body in enumerate((b"GET /a\n", b"POST /p\none", b"GET /b\n")):
            handler = await handler_of(doorman, number)
            await handler.ended.wait()
            handler.answer()
            assert (await client.answer()).body == body


async def test_thousand_pipelined_requests_do_not_recurse() -> None:
    async with listening() as (_, _, port), raw_client(port) as client:
        sending = asyncio.create_task(client.send(GET * 1500))
        for _ in range(1500):
            assert (await client.answer()).status == 200
        await sending


async def test_head_byte_by_byte_and_chunked_body() -> None:
    head = b"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    data = head + b"3\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n"
    async with listening() as (_, _, port), raw_client(port) as client:
        for at in range(len(data)):
            await client.send(data[at : at + 1])
            await asyncio.sleep(0)
        assert (await client.answer()).body == b"POST /p\nabcde"
        assert (await client.ask(GET)).body == b"GET /a\n"


async def test_empty_line_before_a_request_is_skipped() -> None:
    async with listening() as (_, _, port), raw_client(port) as client:
        assert (await client.ask(b"\r\n" + GET)).status == 200
        assert (await client.ask(post(b"x") + b"\r\n" + GET)).status == 200
        assert (await client.answer()).body == b"GET /a\n"


async def test_head_and_bodyless_answers() -> None:
    class Empty(Echo):
        def end(self) -> None:
            status = int(self.client.exchange.target[1:])
            self.client.respond(status, [(b"etag", b'"1"')], b"")

    async with listening() as (_, _, port), raw_client(port) as client:
        answer = await client.ask(b"HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.fields[b"content-length"] == b"8"
        assert (await client.ask(GET)).body == b"GET /a\n"
    async with listening(Doorman(Empty)) as (_, _, port), raw_client(port) as client:
        for status in (204, 304):
            answer = await client.ask(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % status)
            assert (answer.status, b"content-length" in answer.fields) == (status, False)
        assert (await client.ask(b"GET /200 HTTP/1.1\r\nHost: x\r\n\r\n")).fields[b"content-length"] == b"0"


class Streaming(Echo):
    """Streams two pieces, of a declared length if the target says so."""

    def end(self) -> None:
        target = self.client.exchange.target
        self.client.start(200, [], int(target[1:]) if target != b"/" else None)
        self.client.write(b"abc")
        self.client.write(b"")
        self.client.write(b"de")
        self.client.finish()


async def test_streamed_answer_of_unknown_length_is_chunked() -> None:
    async with listening(Doorman(Streaming)) as (_, _, port), raw_client(port) as client:
        for _ in range(2):
            answer = await client.ask(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (answer.fields[b"transfer-encoding"], answer.body) == (b"chunked", b"abcde")
        answer = await client.ask(b"GET /5 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (answer.fields[b"content-length"], answer.body) == (b"5", b"abcde")


async def test_beginning_of_a_streamed_answer_does_not_wait_for_its_end() -> None:
    async with listening(Doorman(Waiting)) as (doorman, _, port), raw_client(port) as client:
        await client.send(GET)
        handler = await handler_of(doorman)
        handler.client.start(200, [], None)
        async with asyncio.timeout(PATIENCE):
            assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
            handler.client.write(b"event")
            assert await client.reader.readexactly(10) == b"5\r\nevent\r\n"
        handler.client.finish()


async def test_http_1_0_gets_an_answer_that_ends_with_the_connection() -> None:
    async with listening(Doorman(Streaming)) as (_, _, port), raw_client(port) as client:
        answer = await client.ask(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert answer.body == b"abcde"
        assert b"transfer-encoding" not in answer.fields
        assert answer.fields[b"connection"] == b"close"
    async with listening() as (_, _, port), raw_client(port) as client:
        answer = await client.ask(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert answer.fields[b"connection"] == b"keep-alive"
        assert (await client.ask(b"GET / HTTP/1.0\r\n\r\n")).fields[b"connection"] == b"close"
        assert await client.rest() == b""


@pytest.mark.parametrize("declared", [b"/4", b"/6"])
async def test_answer_that_breaks_its_declared_length_breaks_the_connection(declared: bytes) -> None:
    async with listening(Doorman(Streaming)) as (_, _, port), raw_client(port) as client:
        await client.send(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % declared)
        data = await client.rest()
        assert len(data.partition(b"\r\n\r\n")[2]) != int(declared[1:])


async def test_expect_continue_is_said_when_the_body_is_wanted() -> None:
    async with listening() as (_, _, port), raw_client(port) as client:
        await client.send(b"POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert (await client.answer()).status == 100
        await client.send(b"hi")
        assert (await client.answer()).body == b"POST /p\nhi"


async def test_expect_continue_waits_while_the_body_is_paused() -> None:
    class Pausing(Waiting):
        def __init__(self, client: Client) -> None:
            super().__init__(client)
            client.pause_body()

    async with listening(Doorman(Pausing)) as (doorman, _, port), raw_client(port) as client:
        await client.send(b"POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        handler = await handler_of(doorman)
        reading = asyncio.create_task(client.answer())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not reading.done()
        handler.client.resume_body()
        assert (await reading).status == 100
        await client.send(b"hi")
        await handler.ended.wait()
        handler.answer()
        assert (await client.answer()).body == b"POST /p\nhi"


class Refusing(Echo):
    """Answers before it has seen any of the body."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        client.respond(413, [], b"no")

    def data(self, data: bytes, /) -> None:
        raise AssertionError("data after the answer")

    def end(self) -> None:
        raise AssertionError("end after the answer")


async def test_refused_expectation_is_never_continued() -> None:
    async with listening(Doorman(Refusing)) as (_, _, port), raw_client(port) as client:
        answer = await client.ask(
            b"POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
        assert (answer.status, answer.fields[b"connection"]) == (413, b"close")
        assert await client.rest() == b""


async def test_little_unread_body_is_dropped_and_the_connection_kept() -> None:
    async with listening(Doorman(Refusing)) as (doorman, _, port), raw_client(port) as client:
        for _ in range(2):
            assert (await client.ask(post(b"x" * 1000))).status == 413
        await client.send(b"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert (await client.answer()).status == 413
        await client.send(b"2\r\nab\r\n0\r\n\r\n")
        assert (await client.ask(post(b""))).status == 413
        assert len(doorman.handlers) == 4


async def test_much_unread_body_closes_the_connection_but_the_answer_arrives() -> None:
    async with listening(Doorman(Refusing)) as (_, _, port), raw_client(port) as client:
        await client.send(b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 500_000)
        answer = await client.answer()
        assert (answer.status, answer.fields[b"connection"]) == (413, b"close")


async def test_endless_unread_chunks_end_the_connection() -> None:
    async with listening(Doorman(Refusing)) as (_, _, port), raw_client(port) as client:
        await client.send(b"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert (await client.answer()).status == 413
        await client.send(b"fffff\r\n" + b"x" * 200_000)
        assert await client.rest() == b""


async def test_paused_body_is_not_delivered_and_arrives_whole_later() -> None:
    class Stepping(Waiting):
        def __init__(self, client: Client) -> None:
            super().__init__(client)
            client.pause_body()
            self.steps = 0

        def data(self, data: bytes, /) -> None:
            super().data(data)
            self.client.pause_body()
            self.steps += 1

    body = bytes(range(256)) * 8192
    async with listening(Doorman(Stepping)) as (doorman, _, port), raw_client(port) as client:
        sending = asyncio.create_task(client.send(post(body)))
        handler = await handler_of(doorman)
        assert handler.body == b""
        async with asyncio.timeout(PATIENCE):
            while not handler.ended.is_set():
                before = len(handler.body)
                handler.client.resume_body()
                await asyncio.sleep(0)
                assert len(handler.body) - before <= 1 << 18
        await sending
        assert handler.body == body
        handler.answer()
        assert (await client.answer()).status == 200


async def test_slow_reader_stops_the_writer() -> None:
    async with listening(Doorman(Waiting)) as (doorman, _, port), raw_client(port) as client:
        await client.send(GET)
        handler = await handler_of(doorman)
        handler.client.start(200, [], None)
        piece, written = b"x" * 65_536, 0
        while handler.client.write(piece):
            written += 1
            assert written < 1000, "no back-pressure"
            await asyncio.sleep(0)
        reading = asyncio.create_task(client.answer())
        async with asyncio.timeout(PATIENCE):
            await handler.drains.wait()
        handler.client.finish()
        assert len((await reading).body) == (written + 1) * 65_536


class Counting(Echo):
    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.pieces = 0

    def data(self, data: bytes, /) -> None:
        super().data(data)
        self.pieces += 1


async def test_tiny_chunks_are_handed_on_as_they_arrived_and_not_one_by_one() -> None:
    head = b"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with listening(Doorman(Counting)) as (doorman, _, port), raw_client(port) as client:
        answer = await client.ask(head + b"2\r\nab\r\n" * 1000 + b"0\r\n\r\n")
        assert answer.body == b"POST /p\n" + b"ab" * 1000
        (handler,) = doorman.handlers
        assert isinstance(handler, Counting)
        assert handler.pieces < 10


class Generous(Echo):
    def end(self) -> None:
        self.client.respond(200, [], b"x" * 100_000)


async def test_who_does_not_read_is_not_served_the_next_of_many_pipelined_requests() -> None:
    async with listening(Doorman(Generous)) as (doorman, listener, port), raw_client(port) as client:
        await client.send(GET * 300)
        async with asyncio.timeout(PATIENCE):
            while not any(connection.out.paused for connection in listener.connections):
                await asyncio.sleep(0)
        served = len(doorman.handlers)
        assert served < 300, "thirty megabytes wait in memory"
        await client.send(GET)
        for _ in range(301):
            assert len((await client.answer()).body) == 100_000
        assert len(doorman.handlers) == 301


async def test_disconnect_tells_the_handler_once() -> None:
    async with listening(Doorman(Waiting)) as (doorman, listener, port):
        async with raw_client(port) as client:
            await client.send(GET)
            handler = await handler_of(doorman)
        async with asyncio.timeout(PATIENCE):
            await handler.went.wait()
        handler.answer()  # too late: without effect
        async with asyncio.timeout(PATIENCE):
            while listener.connections:
                await asyncio.sleep(0)


async def test_late_calls_of_an_answered_request_do_not_touch_the_next() -> None:
    async with listening(Doorman(Waiting)) as (doorman, _, port), raw_client(port) as client:
        await client.send(GET)
        first = await handler_of(doorman)
        first.answer()
        await client.answer()
        await client.send(GET.replace(b"/a", b"/second"))
        second = await handler_of(doorman, 1)
        first.client.respond(500, [], b"stale")
        first.client.abort()
        first.client.pause_body()
        second.answer()
        assert (await client.answer()).body == b"GET /second\n"


async def test_handler_that_raises_costs_only_its_connection(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Echo):
        def end(self) -> None:
            raise RuntimeError("a fault")

    doorman = Doorman(Failing)
    async with listening(doorman) as (_, _, port):
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        async with raw_client(port) as client:
            await client.send(GET)
            assert await client.rest() == b""
        doorman.make = Echo
        async with raw_client(port) as client:
            assert (await client.ask(GET)).status == 200


async def test_tls(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    doorman = Doorman()
    listener = Listener(doorman)
    port = await listener.start("127.0.0.1", 0, tls=serving)
    trusting = ssl.create_default_context(cafile=str(certificate))
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
    client = RawClient(reader, writer)
    for _ in range(2):
        assert (await client.ask(post(b"x" * 100_000))).status == 200
    assert doorman.exchanges[0].scheme == "https"
    assert (await client.ask(b"GET / HTTP/1.1\r\n\r\n")).status == 400
    assert await client.rest() == b""
    await client.close()
    listener.close()


# -- time ---------------------------------------------------------------------------------------------------

SHORT = ListenerSettings(head_timeout=0.1, body_timeout=0.1, idle_timeout=0.1)


async def refused_with(client: RawClient, doorman: Doorman) -> tuple[int, str]:
    answer = await client.answer()
    assert await client.rest() == b""
    assert len(doorman.refusals) == 1
    return answer.status, json.loads(answer.body)["type"].rpartition(":")[2]


async def test_head_that_does_not_arrive() -> None:
    async with listening(settings=SHORT) as (doorman, _, port), raw_client(port) as client:
        await client.send(GET[:-5])
        assert await refused_with(client, doorman) == (408, "request-timeout")


async def test_body_that_stops_arriving() -> None:
    async with listening(Doorman(Waiting), SHORT) as (doorman, _, port), raw_client(port) as client:
        await client.send(post(b"abc")[:-1])
        answer = await client.answer()
        assert answer.status == 408
        assert await client.rest() == b""
        handler = await handler_of(doorman)
        assert handler.is_gone
        assert handler.client.exchange.status == 408
        assert handler.client.exchange.refused_by == "framing"
        assert doorman.refusals == []


DRIP = ListenerSettings(body_timeout=0.5)


async def test_body_that_arrives_drop_by_drop() -> None:
    """Never silent for long, it would take a quarter of an hour."""
    async with listening(Doorman(Waiting), DRIP) as (doorman, _, port), raw_client(port) as client:
        await client.send(b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        answer = asyncio.create_task(client.answer())
        while not answer.done():
            with contextlib.suppress(ConnectionError):
                await client.send(b"x")
            await asyncio.sleep(0.01)
        assert (await answer).status == 408
        assert (await handler_of(doorman)).is_gone


async def test_body_may_take_longer_than_its_silences() -> None:
    async with listening(settings=DRIP) as (_, _, port), raw_client(port) as client:
        body, began = b"x" * 100_000, time.monotonic()
        await client.send(b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        for at in range(0, len(body), 5_000):
            await client.send(body[at : at + 5_000])
            await asyncio.sleep(0.05)
        assert (await client.answer()).body == b"POST /a\n" + body
        assert time.monotonic() - began > DRIP.body_timeout


async def test_connections_beyond_the_most_are_closed_and_leave_the_others_alone() -> None:
    settings = ListenerSettings(max_connections=2)
    with capture_logs() as told:
        async with listening(settings=settings) as (doorman, listener, port):
            async with raw_client(port) as first, raw_client(port) as second:
                for client in (first, second):
                    assert (await client.ask(GET)).status == 200
                for _ in range(3):
                    async with raw_client(port) as third:
                        assert await third.rest() == b""
                assert (await first.ask(GET)).status == 200
                assert len(doorman.handlers) == 3
            async with asyncio.timeout(PATIENCE):
                while listener.connections:
                    await asyncio.sleep(0.005)
            async with raw_client(port) as client:
                assert (await client.ask(GET)).status == 200
    assert [line["event"] for line in told] == ["client connections refused"], "not once for each of them"


async def test_idle_connections_are_closed_in_silence() -> None:
    async with listening(settings=SHORT) as (doorman, _, port):
        async with raw_client(port) as fresh:
            assert await fresh.rest() == b""
        async with raw_client(port) as used:
            await used.ask(GET)
            assert await used.rest() == b""
        assert doorman.refusals == []


class Flooding(Waiting):
    """Writes on whenever there is room."""

    def drained(self) -> None:
        while self.client.write(b"x" * 1_000_000) and not self.is_gone:
            pass


async def test_client_that_stops_reading_is_cut_off() -> None:
    async with listening(Doorman(Flooding), SHORT) as (doorman, _, port), raw_client(port) as client:
        await client.send(GET)
        handler = await handler_of(doorman)
        handler.client.start(200, [], None)
        handler.drained()
        async with asyncio.timeout(PATIENCE):
            await handler.went.wait()


async def test_client_that_never_takes_its_last_answer_is_cut_off() -> None:
    async with listening(Doorman(Waiting), SHORT) as (doorman, listener, port), raw_client(port) as client:
        await client.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        handler = await handler_of(doorman)
        handler.client.respond(200, [], b"x" * 30_000_000)
        async with asyncio.timeout(PATIENCE):
            while listener.connections:
                await asyncio.sleep(0.01)


async def test_handler_may_take_its_time() -> None:
    async with listening(Doorman(Waiting), SHORT) as (doorman, listener, port), raw_client(port) as client:
        await client.send(GET)
        handler = await handler_of(doorman)
        async with asyncio.timeout(PATIENCE):
            begun = listener.now
            while listener.now < begun + 0.3:  # three times each timeout, by the listener's own clock
                await asyncio.sleep(0.01)
        handler.answer()
        assert (await client.answer()).status == 200


# -- the end ------------------------------------------------------------------------------------------------


async def draining(listener: Listener, until: Callable[[], bool]) -> "asyncio.Task[int]":
    task = asyncio.create_task(listener.drain(PATIENCE))
    async with asyncio.timeout(PATIENCE):
        while not until():
            await asyncio.sleep(0)
    return task


async def test_drain_lets_requests_end_and_accepts_no_more() -> None:
    async with listening(Doorman(Waiting)) as (doorman, listener, port), raw_client(port) as client:
        await client.send(GET)
        handler = await handler_of(doorman)
        task = await draining(listener, lambda: listener.draining)
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", port)
        handler.answer()
        answer = await client.answer()
        assert (answer.body, answer.fields[b"connection"]) == (b"GET /a\n", b"close")
        assert await client.rest() == b""
        assert await task == 0


async def test_drain_serves_a_busy_connection_once_more() -> None:
    async with listening() as (_, listener, port), raw_client(port) as client:
        await client.ask(GET)
        task = await draining(listener, lambda: listener.draining)
        answer = await client.ask(GET)
        assert (answer.status, answer.fields[b"connection"]) == (200, b"close")
        assert await task == 0


async def test_drain_cuts_off_what_does_not_end() -> None:
    async with listening(Doorman(Waiting)) as (doorman, listener, port), raw_client(port) as client:
        await client.send(GET)
        handler = await handler_of(doorman)
        assert await listener.drain(0.05) == 1
        await handler.went.wait()
        assert await client.rest() == b""
