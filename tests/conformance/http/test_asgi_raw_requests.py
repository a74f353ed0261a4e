"""The corpus against the ASGI form under other servers: refused, or the upstream saw just what was authorised.

A server has read the bytes before the gateway sees anything, and some read more into them than our listener does.
`ADMITTED` names those cases; in each of them the request is one, and the upstream gets it in one plain form.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

import pytest

from gateway.asgi import AsgiGateway
from gateway.wire.limits import ListenerSettings
from tests.conformance.http.corpus import BROKEN_BODIES, REFUSED, SERVED
from tests.gateway.asgi_harness import SERVERS, asgi_server
from tests.gateway.http_harness import (
    PATIENCE,
    Doorman,
    PassThrough,
    RawClient,
    RawUpstream,
    raw_client,
    raw_upstream,
    upstream_client,
)

_BARE_LF: Final = {
    *("bare-lf-everywhere", "bare-lf-after-request-line", "te-behind-bare-lf"),
    "te-behind-request-line-and-bare-lf",
}
_CHUNK_LINES: Final = {
    *("chunk-size-padded", "chunk-last-size-padded", "chunk-tab-after-size", "chunk-size-of-17-digits"),
    *("chunk-extension-with-nul", "chunk-extension-of-8-bits"),
}
_DROPPED: Final = {"trailers-too-many", "trailers-too-large"}
"""Servers drop trailers before the gateway sees any."""
ADMITTED: Final = {
    # llhttp, less strictly than our listener uses it.
    "uvicorn": {
        *_DROPPED,
        "chunk-size-of-17-digits",
        "bare-lf-before-request",
        "two-spaces-before-target",
        "two-spaces-after-target",
        "two-empty-lines-first",
        "rtsp",
    },
    "uvicorn-h11": {
        *_BARE_LF,
        *_CHUNK_LINES,
        *_DROPPED,
        "trailer-with-bare-lf",
        "chunk-trailer-with-control",
        "chunk-last-ends-with-bare-lf",
        "te-blanks-last",
        "expectation-folded",
        "length-thrice",
        "two-equal-lengths",
        "comma-joined-lengths",
        "te-on-next-line",
        "te-folded-behind-another",
        "obs-fold",
        "chunk-extension-bare-cr",
    },
    # hyper: Transfer-Encoding wins over Content-Length, which is taken away (RFC 9112 §6.3, rule 3).
    "granian": {
        *_BARE_LF,
        *_CHUNK_LINES,
        *_DROPPED,
        *("cl-te-behind-bare-lf", "cl-te-odd-case", "cl-te-tab", "cl-te-trailing-space", "te-blanks-last"),
        "cl-te",
        "te-cl",
        "cl-zero-te",
        "cl-te-in-capitals",
        "cl-te-cl",
        "absolute-form-without-host",  # its authority is the Host then (RFC 9112 §3.2.2)
        "line-fragment-in-authority",  # it ends the target
        "length-thrice",
        "two-equal-lengths",
        "bare-lf-before-request",
        "two-empty-lines-first",
        "chunk-space-before-extension",
    },
}
DECLINED: Final = {
    "uvicorn": {
        *("length-with-space-around", "trailers", "trailer-with-coding", "trailers-with-identity"),
        *("chunk-extension-empty", "h2c-with-a-body-like-a-request"),
    },
    "uvicorn-h11": {"empty-line-first", "absolute-form"},
    "granian": {"http-1-0-without-host"},
}
"""Sound requests that a server does not take, or takes for broken."""

SETTINGS: Final = ListenerSettings(body_timeout=0.5)


class Row(NamedTuple):
    """An ASGI server, the gateway in it, and a raw upstream behind."""

    port: int
    doorman: Doorman
    upstream: RawUpstream

    def authorised(self) -> list[tuple[bytes, bytes]]:
        return [
            (b"%b %b HTTP/1.1" % (exchange.method.encode(), exchange.target), handler.body)
            for handler, exchange in zip(self.doorman.handlers, self.doorman.exchanges, strict=True)
        ]

    def forget(self) -> None:
        self.doorman.handlers.clear()
        self.upstream.seen.clear()


class Keeping(PassThrough):
    """Passes on, and keeps what it has passed on."""

    def data(self, data: bytes, /) -> None:
        self.body += data
        super().data(data)


@contextlib.asynccontextmanager
async def row(server: str) -> AsyncIterator[Row]:
    async with raw_upstream() as upstream:
        pool = upstream_client(upstream.port)
        doorman = Doorman(lambda client: Keeping(client, pool))
        try:
            async with asgi_server(server, AsgiGateway(doorman, SETTINGS)) as port:
                yield Row(port, doorman, upstream)
        finally:
            pool.close()


async def status_of(client: RawClient, raw: bytes) -> int:
    """The first answer's status; 0 where the server closes without one."""
    with contextlib.suppress(ConnectionError):
        await client.send(raw)
    return await final_status(client, head=raw.startswith(b"HEAD "))


async def final_status(client: RawClient, *, head: bool) -> int:
    """Without those that a server sends by itself before, to go on (100)."""
    status = 100
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while status < 200:
            status = (await client.answer(head=head)).status
    return status if status >= 200 else 0


async def settled(made: Row) -> None:
    """Every handler is answered or told that its client is gone."""
    async with asyncio.timeout(PATIENCE):
        while not all(not handler.client.open or handler.is_gone for handler in made.doorman.handlers):
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("server", SERVERS)
async def test_refused_or_seen_once_as_authorised(server: str) -> None:
    admitted = set()
    async with row(server) as made:
        for case in (*REFUSED, *BROKEN_BODIES):
            made.forget()
            async with raw_client(made.port) as client:
                if case.name.startswith("endless"):
                    await client.send(case.raw)  # no answer is due: the server waits for the end
                    status = 0
                else:
                    status = await status_of(client, case.raw)
            await settled(made)
            assert len(made.doorman.handlers) <= 1, f"{case.name}: more than one request was made of it"
            if 200 <= status < 300:
                admitted.add(case.name)
                assert [(seen.line, seen.body) for seen in made.upstream.seen] == made.authorised(), case.name
                assert made.upstream.seen[0].fields[b"via"] == b"1.1 ostiary"
            else:
                assert status == 0 or status >= 400, case.name
                broken = [seen.line for seen in made.upstream.seen]
                assert broken == [], f"{case.name}: the upstream saw a whole request that was refused"
    assert admitted <= ADMITTED[server]


@pytest.mark.parametrize("server", SERVERS)
async def test_sound_requests_are_served(server: str) -> None:
    declined = set()
    async with row(server) as made:
        for case in SERVED:
            made.forget()
            async with raw_client(made.port) as client:
                await client.send(case.raw)
                statuses = [await final_status(client, head=method == "HEAD") for method, _, _ in case.seen]
            await settled(made)
            if statuses != [200] * len(case.seen):
                declined.add(case.name)
                continue
            # A target in absolute form comes without its origin, which the server has taken for the Host.
            meant = [
                (method.encode() + b" " + target.removeprefix(b"http://api.example") + b" HTTP/1.1", body)
                for method, target, body in case.seen
            ]
            assert [(seen.line, seen.body) for seen in made.upstream.seen] == meant == made.authorised(), case.name
    assert declined <= DECLINED[server]
