"""Trailers go both ways where they can, and none passes by which a message could be judged."""

import asyncio
from pathlib import Path

import pytest

from gateway.wire.trailers import passing_trailers
from tests.gateway.gateway_world import gateway, token
from tests.gateway.http_harness import RawAnswer, RawClient, Script, SeenRequest, proxying, raw_client, say_ok

HEAD = b" HTTP/1.1\r\nHost: api.example\r\n"
UPLOAD = (
    b"PUT /orders/v1/files/a" + HEAD + b"Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n"
)
FORBIDDEN = (
    b"Authorization: Bearer x",
    b"Content-Length: 5",
    b"Transfer-Encoding: chunked",
    b"Host: other.example",
    b"Content-Type: text/html",
    b"Content_Type: text/html",
    b"Cookie: a=b",
    b"X-Forwarded-For: 192.0.2.1",
    b"X_Forwarded_For: 192.0.2.1",
    b"X-Ostiary-Consumer: other",
    b"X-Request-Id: other-request",
    b"Connection: close",
    b"TE: trailers",
    b"Trailer: X",
    b"Cache-Control: no-store",
    b"If-Match: *",
    b"Range: bytes=0-1",
    b"Set-Cookie: a=b",
    b"Idempotency-Key: 1",
    b"Access-Control-Allow-Origin: *",
)


def bearer() -> bytes:
    return b"Authorization: Bearer " + token().encode() + b"\r\n"


def answering(trailers: bytes, extra: bytes = b"") -> Script:
    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + extra + b"\r\n2\r\nab\r\n0\r\n" + trailers
        )
        return True

    return script


async def get(client: RawClient, *fields: bytes, version: bytes = b"1.1") -> RawAnswer:
    lines = [b"GET /orders/v1/ping HTTP/" + version, b"Host: api.example", *fields]
    return await client.ask(b"\r\n".join(lines) + b"\r\n\r\n")


async def test_trailers_of_a_request_reach_the_upstream_as_they_came(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running, raw_client(running.port) as client:
        answer = await client.ask(
            UPLOAD
            + bearer()
            + b"\r\n2\r\nab\r\n0\r\nContent-Digest: sha-256=:AA==:\r\nX-B:\t1 \r\nx-b: 2\r\nX-C:\r\n\r\n"
        )
        assert answer.status == 200
        (request,) = running.upstream.seen
        assert request.body == b"ab"
        assert request.trailers == b"Content-Digest: sha-256=:AA==:\r\nX-B: 1\r\nx-b: 2\r\nX-C: \r\n"


async def test_trailers_by_which_a_request_is_judged_do_not_pass(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running, raw_client(running.port) as client:
        trailers = b"".join(line + b"\r\n" for line in FORBIDDEN)
        sent = (
            UPLOAD
            + bearer()
            + b"Connection: X-Hop\r\n\r\n2\r\nab\r\n0\r\nX-Hop: 1\r\nX-A: 1\r\n"
            + trailers
            + b"\r\n"
        )
        assert (await client.ask(sent)).status == 200
        assert running.upstream.seen[0].trailers == b"X-A: 1\r\n"


async def test_the_gateways_own_credential_is_nobody_elses_trailer() -> None:
    fields = [(b"X-Api-Key", b"forged"), (b"x_api_key", b"forged"), (b"X-A", b"1")]
    assert passing_trailers(fields, None, b"x-api-key") == [(b"X-A", b"1")]


async def test_body_that_is_read_whole_goes_on_without(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running, raw_client(running.port) as client:
        head = (
            b"POST /orders/v1/orders" + HEAD + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
        )
        answer = await client.ask(head + bearer() + b'\r\nc\r\n{"sku": "a"}\r\n0\r\nX-A: 1\r\n\r\n')
        assert answer.status == 200
        (request,) = running.upstream.seen
        assert (request.fields[b"content-length"], request.trailers) == (b"12", b"")


async def test_next_request_has_no_trailers_of_the_one_before(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running, raw_client(running.port) as client:
        assert (await client.ask(UPLOAD + bearer() + b"\r\n1\r\na\r\n0\r\nX-A: 1\r\n\r\n")).status == 200
        assert (await client.ask(UPLOAD + bearer() + b"\r\n1\r\nb\r\n0\r\n\r\n")).status == 200
        assert [request.trailers for request in running.upstream.seen] == [b"X-A: 1\r\n", b""]


async def test_trailers_of_an_answer_reach_a_client_that_takes_them(tmp_path: Path) -> None:
    script = answering(b"Server-Timing: db;dur=3\r\nX-A:1\r\n\r\n")
    async with gateway(tmp_path, script) as running, raw_client(running.port) as client:
        answer = await get(client, b"TE: gzip, Trailers;q=0.5", b"Connection: TE")
        assert (answer.body, answer.trailers) == (b"ab", b"Server-Timing: db;dur=3\r\nX-A: 1\r\n")
        assert running.upstream.seen[0].fields[b"te"] == b"trailers"
        assert running.upstream.seen[0].fields[b"connection"] == b"te"
        # The connections, both of them, go on.
        assert (await get(client, b"TE: trailers")).trailers == answer.trailers
        assert running.upstream.connections == 1


@pytest.mark.parametrize("field", [b"X-A: 1", b"TE: gzip", b"TE: trailersx"])
async def test_client_that_has_not_asked_gets_none(tmp_path: Path, field: bytes) -> None:
    async with gateway(tmp_path, answering(b"X-A: 1\r\n\r\n")) as running, raw_client(running.port) as client:
        answer = await get(client, field)
        assert (answer.body, answer.trailers) == (b"ab", b"")
        assert b"te" not in running.upstream.seen[0].fields


async def test_client_of_http_1_0_gets_none(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(b"X-A: 1\r\n\r\n")) as running, raw_client(running.port) as client:
        assert (await get(client, b"TE: trailers", version=b"1.0")).body == b"ab"
        assert b"te" not in running.upstream.seen[0].fields


async def test_trailers_by_which_an_answer_is_judged_do_not_pass(tmp_path: Path) -> None:
    wrong = [line for line in FORBIDDEN if not line.startswith((b"Content-Length", b"Transfer-Encoding"))]
    wrong += [b"RateLimit: x", b"Sunset: x", b"Location: /x", b"Date: x", b"WWW-Authenticate: Basic", b"Vary: *"]
    trailers = b"".join(line + b"\r\n" for line in wrong) + b"X-A: 1\r\n\r\n"
    async with gateway(tmp_path, answering(trailers)) as running, raw_client(running.port) as client:
        assert (await get(client, b"TE: trailers")).trailers == b"X-A: 1\r\n"


@pytest.mark.parametrize(
    "trailers",
    [
        b"X A: 1\r\n\r\n",
        b" X: 1\r\n\r\n",
        b"X: \x00\r\n\r\n",
        b"X: 1\n\r\n",
        b"X: 1\r\n  folded\r\n\r\n",
        b"X: 1\r\n" * 33 + b"\r\n",
        (b"X: " + b"a" * 900 + b"\r\n") * 10 + b"\r\n",
        b"X: " + b"a" * 400_000,
    ],
    ids=["space", "indented", "nul", "bare-lf", "folded", "too-many", "too-large", "endless"],
)
async def test_malformed_trailers_of_an_answer_break_it_off(tmp_path: Path, trailers: bytes) -> None:
    """Or there is another answer in its place, where nothing of it has left."""
    async with gateway(tmp_path, answering(trailers)) as running, raw_client(running.port) as client:
        await client.send(b"GET /orders/v1/ping" + HEAD + b"TE: trailers\r\nConnection: close\r\n\r\n")
        received = await client.rest()
        assert not received.endswith(b"0\r\n\r\n")
        assert b"X:" not in received
        (entry,) = await running.logged()
        assert entry["problem"] == "upstream-malformed"


async def test_long_chunked_answer_is_not_taken_for_endless_trailers(tmp_path: Path) -> None:
    async def slow(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(30):
            writer.write(b"2000\r\n" + b"a" * 0x2000 + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(b"0\r\nX-A: 1\r\n\r\n")
        return True

    async with gateway(tmp_path, slow) as running, raw_client(running.port) as client:
        answer = await get(client, b"TE: trailers")
        assert (len(answer.body), answer.trailers) == (30 * 0x2000, b"X-A: 1\r\n")


async def test_large_body_with_trailers_at_the_clients_pace() -> None:
    async with proxying(say_ok) as proxy, raw_client(proxy.port) as client:
        piece = b"10000\r\n" + bytes(0x10000) + b"\r\n"
        sent = b"POST /a" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + piece * 20 + b"0\r\nX-A: 1\r\n\r\n"
        assert (await client.ask(sent)).status == 200
        (request,) = proxy.upstream.seen
        assert (len(request.body), request.trailers) == (20 * 0x10000, b"X-A: 1\r\n")
