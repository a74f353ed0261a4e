"""The pooled client against a raw upstream: what it sends, what it makes of answers, and its pool."""

import asyncio
import ssl
import time
from pathlib import Path

import pytest

from contracts.snapshot import Timeouts, Upstream
from gateway.upstreams.http import HttpUpstream
from policies.exchange import Header
from tests.gateway.http_harness import (
    PATIENCE,
    RawUpstream,
    Recorder,
    Script,
    SeenRequest,
    raw_upstream,
    upstream_client,
)
from tests.gateway.tls_harness import self_signed

GET = b"GET /a HTTP/1.1\r\nhost: up\r\n\r\n"
HEAD = b"HEAD /a HTTP/1.1\r\nhost: up\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nhost: up\r\ncontent-length: 3\r\n\r\n"
CHUNKED = b"POST /a HTTP/1.1\r\nhost: up\r\ntransfer-encoding: chunked\r\n\r\n"
IN_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def saying(data: bytes, *, go_on: bool = True) -> Script:
    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(data)
        return go_on

    return script


async def silence(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    await reader.read()
    return False


async def outcome(data: bytes, request: bytes = GET, *, go_on: bool = True) -> tuple[Recorder, HttpUpstream]:
    """What a call reports when the upstream answers with `data`."""
    async with raw_upstream(saying(data, go_on=go_on)) as server:
        client = upstream_client(server.port)
        recorder = Recorder()
        client.call(request, recorder)
        await recorder.wait()
        client.retire()
        return recorder, client


async def until(server: RawUpstream, requests: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(server.seen) < requests:
            await asyncio.sleep(0)


# -- answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "go_on", "status", "length", "body"),
    [
        (OK, True, 200, 2, b"ok"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n",
            True,
            200,
            None,
            b"ok!",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", False, 200, None, b"to the end"),
        (b"HTTP/1.0 200 OK\r\n\r\nold", False, 200, None, b"old"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True, 204, None, b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", True, 304, 9, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + OK, True, 200, 2, b"ok"),
        (b"HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", True, 404, 0, b""),
    ],
)
async def test_sound_answers(data: bytes, go_on: bool, status: int, length: int | None, body: bytes) -> None:
    recorder, _ = await outcome(data, go_on=go_on)
    assert (recorder.failure, recorder.status, recorder.length, recorder.body) == ("", status, length, body)
    assert b"link" not in recorder.fields


@pytest.mark.parametrize(
    "data",
    [
        b"garbage\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello",
        b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 40,
    ],
)
async def test_malformed_answers(data: bytes) -> None:
    recorder, client = await outcome(data)
    assert (recorder.failure, recorder.status) == ("upstream-malformed", 0)
    assert (client.in_use, client.idle) == (0, [])


async def test_malformed_chunk_after_the_head() -> None:
    recorder, _ = await outcome(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n")
    assert (recorder.failure, recorder.status, recorder.body) == ("upstream-malformed", 200, b"ok")


async def test_hop_by_hop_fields_are_removed_and_others_kept_as_they_came() -> None:
    recorder, _ = await outcome(
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\n"
        b"Keep-Alive: timeout=5\r\n"
        b'set-cookie: b=2\r\nTrailer: T\r\nUpgrade: h2c\r\nETag: "x"\r\nContent-Length: 0\r\n\r\n'
    )
    assert recorder.headers == [(b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"ETag", b'"x"')]


async def test_head_request_has_no_body_and_keeps_the_connection() -> None:
    for answer in (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"):
        async with raw_upstream(saying(answer)) as server:
            client = upstream_client(server.port)
            for _ in range(3):
                recorder = await send(client, HEAD)
                assert (recorder.status, recorder.body) == (200, b"")
            assert client.connections_opened == 1
            client.retire()


async def send(client: HttpUpstream, head: bytes, body: bytes | None = None) -> Recorder:
    recorder = Recorder()
    client.call(head, recorder, body=body)
    return await recorder.wait()


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
    ],
)
async def test_answer_that_breaks_off_fails_after_its_head(data: bytes) -> None:
    recorder, _ = await outcome(data, go_on=False)
    assert (recorder.status, recorder.body) == (200, b"ok")
    assert recorder.failure == "upstream-unreachable"


async def test_what_follows_an_answer_costs_the_connection() -> None:
    """A second answer that nobody asked for must never be taken for the next request's."""
    async with raw_upstream(saying(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")) as server:
        client = upstream_client(server.port)
        for opened in (1, 2, 3):
            assert (await send(client, GET)).body == b"ok"
            assert client.connections_opened == opened
        client.retire()


async def test_body_after_an_answer_to_head_costs_the_connection() -> None:
    async with raw_upstream(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")) as server:
        client = upstream_client(server.port)
        assert (await send(client, HEAD)).body == b""
        assert client.idle == []


# -- requests -----------------------------------------------------------------------------------------------


async def test_whole_body_small_and_large() -> None:
    async with raw_upstream() as server:
        client = upstream_client(server.port)
        for body in (b"abc", b"x" * 1_000_000):
            head = b"POST /a HTTP/1.1\r\nhost: up\r\ncontent-length: %d\r\n\r\n" % len(body)
            assert (await send(client, head, body)).status == 200
            assert server.seen[-1].body == body
        assert client.connections_opened == 1
        client.retire()


async def test_streamed_body_is_chunked_or_sized_as_its_head_says() -> None:
    async with raw_upstream() as server:
        client = upstream_client(server.port)
        for head in (CHUNKED, POST):
            recorder = Recorder()
            call = client.call(head, recorder, streaming=True)
            call.write(b"a")
            call.write(b"")
            call.write(b"bc")
            call.finish()
            await recorder.wait()
            assert (recorder.failure, server.seen[-1].body) == ("", b"abc")
        assert client.connections_opened == 1
        client.retire()


async def test_written_before_the_connection_is_there_waits_and_is_reported_drained() -> None:
    async with raw_upstream() as server:
        client = upstream_client(server.port)
        recorder = Recorder()
        call = client.call(CHUNKED, recorder, streaming=True)
        assert call.write(b"early") is False
        async with asyncio.timeout(PATIENCE):
            await recorder.moved.wait()
        assert recorder.drains == 1
        assert call.write(b" late")
        call.finish()
        await recorder.wait()
        assert server.seen[0].body == b"early late"
        client.retire()


async def test_upstream_that_reads_slowly_stops_the_writer() -> None:
    read_on = asyncio.Event()

    class Slow(RawUpstream):
        async def read(self, reader: asyncio.StreamReader) -> SeenRequest:
            await read_on.wait()
            return await super().read(reader)

    async with raw_upstream(upstream=Slow()) as server:
        client = upstream_client(server.port)
        recorder = Recorder()
        call = client.call(CHUNKED, recorder, streaming=True)
        async with asyncio.timeout(PATIENCE):
            while not call.sent:
                await asyncio.sleep(0)
        written = 0
        while call.write(b"x" * 65_536):
            written += 1
            assert written < 1000, "no back-pressure"
            await asyncio.sleep(0)
        read_on.set()
        async with asyncio.timeout(PATIENCE):
            await recorder.moved.wait()
        call.finish()
        await recorder.wait()
        assert len(server.seen[0].body) == (written + 1) * 65_536
        client.retire()


async def test_answer_before_the_body_is_sent_ends_the_call_and_the_connection() -> None:
    class Early(RawUpstream):
        async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)
            await reader.read()

    async with raw_upstream(upstream=Early()) as server:
        client = upstream_client(server.port)
        recorder = Recorder()
        call = client.call(CHUNKED, recorder, streaming=True)
        await recorder.wait()
        assert (recorder.status, recorder.body) == (200, b"ok")
        assert call.write(b"too late")
        call.finish()
        assert client.idle == []


# -- the pool -----------------------------------------------------------------------------------------------


async def test_connections_are_reused() -> None:
    async with raw_upstream() as server:
        client = upstream_client(server.port)
        for _ in range(50):
            assert (await send(client, GET)).status == 200
        assert (client.connections_opened, server.connections) == (1, 1)
        assert (client.in_use, len(client.idle)) == (0, 1)
        client.retire()


@pytest.mark.parametrize("ending", [b"Connection: close\r\n", b"Connection: Close, x\r\n"])
async def test_upstream_that_closes_is_believed(ending: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + ending + b"Content-Length: 0\r\n\r\n"
    recorder, client = await outcome(answer, go_on=False)
    assert (recorder.failure, client.idle) == ("", [])


async def test_a_call_made_within_the_end_of_another_reuses_its_connection() -> None:
    async with raw_upstream() as server:
        client = upstream_client(server.port)
        second = Recorder()

        class Chained(Recorder):
            def ended(self) -> None:
                super().ended()
                client.call(GET, second)

        client.call(GET, Chained())
        await second.wait()
        assert client.connections_opened == 1
        client.retire()


async def test_budget_is_kept_and_the_rest_waits_in_order() -> None:
    gate = asyncio.Event()

    async def gated(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await gate.wait()
        writer.write(OK)
        return True

    async with raw_upstream(gated) as server:
        client = upstream_client(server.port, connections=2)
        recorders = [Recorder() for _ in range(6)]
        for number, recorder in enumerate(recorders):
            client.call(b"GET /%d HTTP/1.1\r\nhost: up\r\n\r\n" % number, recorder)
        await until(server, 2)
        assert (client.in_use, client.queued) == (2, 4)
        gate.set()
        for recorder in recorders:
            assert (await recorder.wait()).status == 200
        assert server.connections == 2
        assert [seen.line.split(b" ")[1] for seen in server.seen[2:]] == [b"/2", b"/3", b"/4", b"/5"]
        client.retire()


async def test_waiting_too_long_or_in_too_long_a_queue_is_busy() -> None:
    async with raw_upstream(silence) as server:
        client = upstream_client(server.port, connections=1, connect=0.2)
        recorders = [Recorder() for _ in range(70)]
        for recorder in recorders:
            client.call(GET, recorder)
        assert client.queued == 64
        await recorders[-1].wait()
        assert recorders[-1].failure == "upstream-busy"
        assert client.queued == 64, "the queue's last was refused at once, not when its time was up"
        await recorders[1].wait()
        assert recorders[1].failure == "upstream-busy"
        assert not recorders[0].over.is_set()
        client.close()


async def test_cancelled_call_closes_its_connection_and_frees_its_place() -> None:
    async with raw_upstream(silence) as server:
        client = upstream_client(server.port, connections=1)
        first, second = Recorder(), Recorder()
        call = client.call(GET, first)
        waiting = client.call(GET, second)
        await until(server, 1)
        server.closed.clear()
        call.cancel()
        call.cancel()
        await until(server, 2)  # the one that waited has the place now
        async with asyncio.timeout(PATIENCE):
            await server.closed.wait()
        waiting.cancel()
        assert not first.over.is_set()
        assert (client.in_use, client.queued, client.idle) == (0, 0, [])


async def test_call_cancelled_while_connecting_or_waiting_leaves_nothing() -> None:
    async with raw_upstream() as server:
        client = upstream_client(server.port, connections=1)
        recorders = [Recorder(), Recorder(), Recorder()]
        calls = [client.call(GET, recorder) for recorder in recorders]
        calls[1].cancel()
        calls[0].cancel()
        assert (await recorders[2].wait()).status == 200
        assert client.in_use == 0
        client.retire()


async def test_stale_connection_is_replaced_for_a_safe_request() -> None:
    """The upstream closes an idle connection in the moment in which it is taken again."""
    answered = 0

    async def closing_second(
        request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        nonlocal answered
        answered += 1
        if answered == 2:
            return False
        writer.write(OK)
        return True

    async with raw_upstream(closing_second) as server:
        client = upstream_client(server.port)
        assert (await send(client, GET)).status == 200
        again = await send(client, GET)
        assert (again.failure, again.status) == ("", 200)
        assert (client.connections_opened, len(server.seen)) == (2, 3)
        client.retire()


async def test_repeated_call_does_not_exceed_the_budget() -> None:
    async def closing_second(
        request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if len(server.seen) == 2:
            return False
        writer.write(OK)
        return True

    async with raw_upstream(closing_second) as server:
        client = upstream_client(server.port, connections=1)
        in_use: list[int] = []

        class Counting(Recorder):
            def head(self, status: int, headers: list[Header], length: int | None, /) -> None:
                super().head(status, headers, length)
                in_use.append(client.in_use)

        await send(client, GET)
        recorders = [Counting(), Counting(), Counting()]
        for recorder in recorders:
            client.call(GET, recorder)
        for recorder in recorders:
            assert (await recorder.wait()).status == 200
        assert in_use == [1, 1, 1]
        client.retire()


async def test_answer_paused_at_its_end_does_not_stop_the_next_one() -> None:
    async with raw_upstream() as server:
        client = upstream_client(server.port)

        class Pausing(Recorder):
            def data(self, data: bytes, /) -> None:
                super().data(data)
                call.pause()

        for _ in range(2):
            recorder = Pausing()
            call = client.call(GET, recorder)
            await recorder.wait()
            assert recorder.body == b"GET /a HTTP/1.1"
        assert client.connections_opened == 1
        client.retire()


@pytest.mark.parametrize("streaming", [False, True])
async def test_write_is_never_sent_twice(streaming: bool) -> None:
    async def closing_posts(
        request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if request.line.startswith(b"POST"):
            return False
        writer.write(OK)
        return True

    async with raw_upstream(closing_posts) as server:
        client = upstream_client(server.port)
        await send(client, GET)
        recorder = Recorder()
        call = client.call(POST, recorder, body=None if streaming else b"abc", streaming=streaming)
        if streaming:
            call.write(b"abc")
            call.finish()
        await recorder.wait()
        assert (recorder.failure, call.sent) == ("upstream-unreachable", True)
        assert len(server.seen) == 2
        client.retire()


async def test_fresh_connection_that_is_closed_is_not_tried_again() -> None:
    recorder, client = await outcome(b"", go_on=False)
    assert recorder.failure == "upstream-unreachable"
    assert client.connections_opened == 1


async def test_idle_connection_closed_by_the_upstream_is_forgotten() -> None:
    async with raw_upstream() as server:
        client = upstream_client(server.port)
        await send(client, GET)
        server.hang_up()
        async with asyncio.timeout(PATIENCE):
            while client.idle:
                await asyncio.sleep(0)
        assert (await send(client, POST, b"abc")).status == 200
        client.retire()


async def test_unasked_bytes_on_an_idle_connection_close_it() -> None:
    async def speaking(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(OK)
        await writer.drain()
        writer.write(OK)
        return True

    async with raw_upstream(speaking) as server:
        client = upstream_client(server.port)
        await send(client, GET)
        async with asyncio.timeout(PATIENCE):
            while client.idle:
                await asyncio.sleep(0)


async def test_connection_in_surplus_is_closed() -> None:
    async with raw_upstream() as server:
        client = upstream_client(server.port, idle=0.0, connect=0.1)
        await send(client, GET)
        async with asyncio.timeout(PATIENCE):
            await server.closed.wait()
        assert client.idle == []


async def test_retired_pool_completes_its_calls_and_keeps_nothing() -> None:
    gate = asyncio.Event()

    async def gated(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await gate.wait()
        writer.write(OK)
        return True

    async with raw_upstream(gated) as server:
        client = upstream_client(server.port)
        recorder = Recorder()
        client.call(GET, recorder)
        await until(server, 1)
        client.retire()
        gate.set()
        assert (await recorder.wait()).body == b"ok"
        assert (client.in_use, client.idle) == (0, [])


async def test_closed_pool_fails_its_calls() -> None:
    async with raw_upstream(silence) as server:
        client = upstream_client(server.port, connections=2)
        recorders = [Recorder() for _ in range(3)]
        for recorder in recorders:
            client.call(GET, recorder)
        await until(server, 2)
        client.close()
        assert [recorder.failure for recorder in recorders] == ["upstream-unreachable"] * 3


# -- time, and what cannot be reached -----------------------------------------------------------------------


async def test_a_process_that_stood_still_does_not_blame_the_upstream() -> None:
    """The timer comes before what arrived meanwhile is read."""
    async with raw_upstream(saying(OK)) as server:
        client = upstream_client(server.port, connect=0.2, first_byte=0.2, between_bytes=0.2, total=0.4)
        assert (await send(client, GET)).status == 200
        recorders = [Recorder(), Recorder()]  # one on a connection that is there, one that has to connect
        for recorder in recorders:
            client.call(GET, recorder)
        await asyncio.sleep(0)
        time.sleep(1)
        for recorder in recorders:
            await recorder.wait()
            assert (recorder.failure, recorder.status) == ("", 200)
        client.close()


async def test_first_byte_timeout() -> None:
    async with raw_upstream(silence) as server:
        client = upstream_client(server.port, first_byte=0.1)
        assert (await send(client, GET)).failure == "upstream-timeout"
        async with asyncio.timeout(PATIENCE):
            await server.closed.wait()


async def test_silence_within_an_answer() -> None:
    async def stalling(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok")
        await reader.read()
        return False

    async with raw_upstream(stalling) as server:
        client = upstream_client(server.port, between_bytes=0.1)
        recorder = await send(client, GET)
        assert (recorder.status, recorder.body, recorder.failure) == (200, b"ok", "upstream-timeout")


async def test_trickling_answer_ends_at_the_total() -> None:
    async def trickling(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not reader.at_eof():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)
        return False

    async with raw_upstream(trickling) as server:
        client = upstream_client(server.port, total=0.2)
        recorder = await send(client, GET)
        assert (recorder.status, recorder.failure) == (200, "upstream-timeout")


async def test_paused_answer_is_not_the_upstreams_silence() -> None:
    gate = asyncio.Event()

    async def large(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n" + b"x" * 20_000_000)
        await writer.drain()
        gate.set()
        return True

    async with raw_upstream(large) as server:
        client = upstream_client(server.port, between_bytes=0.1)
        recorder = Recorder()
        call = client.call(GET, recorder)
        async with asyncio.timeout(PATIENCE):
            await recorder.moved.wait()
        call.pause()
        paused_at, received = client.now, len(recorder.body)
        async with asyncio.timeout(PATIENCE):
            while client.now < paused_at + 0.3:  # three timeouts, by the client's own clock
                await asyncio.sleep(0.01)
        assert not gate.is_set(), "the upstream could send all of it while the answer was paused"
        assert len(recorder.body) - received <= 1 << 18
        call.resume()
        await recorder.wait()
        assert (recorder.failure, len(recorder.body)) == ("", 20_000_000)
        client.retire()


async def test_nobody_listens() -> None:
    async with raw_upstream() as server:
        port = server.port
    client = upstream_client(port)
    recorder = await send(client, GET)
    assert recorder.failure == "upstream-unreachable"
    assert "127.0.0.1" not in recorder.detail
    assert str(port) not in recorder.detail
    assert (client.in_use, client.connections_opened) == (0, 0)


async def test_unknown_host() -> None:
    client = HttpUpstream(Upstream(name="t", kind="http", url="http://nowhere.invalid"))
    recorder = await send(client, GET)
    assert recorder.failure == "upstream-unreachable"
    assert "nowhere" not in recorder.detail


async def test_connection_that_is_not_accepted() -> None:
    client = HttpUpstream(
        Upstream(name="t", kind="http", url="http://127.0.0.1:1", timeouts=Timeouts(connect=0.1))
    )

    async def never(*args: object, **options: object) -> None:
        await asyncio.Event().wait()

    loop = asyncio.get_running_loop()
    original = loop.create_connection
    loop.create_connection = never  # type: ignore[method-assign, assignment]
    try:
        recorder = await send(client, GET)
    finally:
        loop.create_connection = original  # type: ignore[method-assign]
    assert recorder.failure == "upstream-timeout"
    assert client.in_use == 0


async def test_tls_is_verified_by_default_and_works_with_a_trusted_authority(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    async with raw_upstream(tls=serving) as server:
        upstream = Upstream(name="t", kind="http", url=f"https://127.0.0.1:{server.port}")
        refused = await send(HttpUpstream(upstream), GET)
        assert refused.failure == "upstream-unreachable"
        assert refused.detail == "The upstream's certificate is not trusted."
        trusting = HttpUpstream(upstream, ssl_context=ssl.create_default_context(cafile=str(certificate)))
        for _ in range(3):
            assert (await send(trusting, GET)).status == 200
        assert trusting.connections_opened == 1
        trusting.close()
