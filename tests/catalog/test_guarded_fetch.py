"""Fetching what a stranger named: only from the public internet, bounded, and kept."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from catalog.guarded_fetch import (
    FRESH,
    MAXIMUM_BYTES,
    PAUSE,
    STALE,
    FetchError,
    GuardedFetch,
    PublicResolver,
    is_public,
)


@dataclass
class Server:
    """What is fetched, and a clock."""

    url: str = ""
    body: bytes = b'{"keys": []}'
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    now: float = 1_000.0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        self.asked += 1
        await self.gate.wait()
        assert "cookie" not in request.headers
        return web.Response(
            body=self.body, status=self.status, headers={"content-type": self.kind, **self.headers}
        )


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    server.gate.set()
    app = web.Application()
    app.router.add_get("/{path:.*}", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/jwks"
    yield server
    server.gate.set()
    await runner.cleanup()


@pytest.fixture
async def fetch(server: Server) -> AsyncIterator[GuardedFetch]:
    fetch = GuardedFetch(lambda: server.now, loopback=True)
    yield fetch
    await fetch.close()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a00:1::",
        "2001:0:53aa:64c:0:fbff:80ff:fffe",  # Teredo, around 127.0.0.1
        "2001:db8::1",
        "not an address",
        "",
    ],
)
def test_addresses_that_only_we_can_reach(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_that_everybody_can_reach(address: str) -> None:
    assert is_public(address)


async def test_a_name_with_one_address_that_is_not_public_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_arguments: Any, **_named: Any) -> list[Any]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, ("93.184.216.34", 443)), (*kind, ("10.0.0.7", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    with pytest.raises(OSError, match="not public"):
        await PublicResolver().resolve("rebinding.example", 443)


async def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_arguments: Any, **_named: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    [found] = await PublicResolver().resolve("partner.example", 443)
    assert (found["host"], found["hostname"]) == ("93.184.216.34", "partner.example")
    assert found["flags"] & socket.AI_NUMERICHOST


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/jwks",
        "https://127.0.0.1/jwks",
        "https://[::1]/jwks",
        "https://[::ffff:127.0.0.1]/jwks",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/jwks",
        "https://user@partner.example/jwks",
        "https:///jwks",
        "ftp://partner.example/jwks",
        "file:///etc/passwd",
        "https://partner.example:port/jwks",
        "https://2130706433/jwks",
        "https://0x7f.1/jwks",
        "jwks",
        "",
    ],
)
async def test_urls_that_are_not_fetched(url: str) -> None:
    fetch = GuardedFetch(lambda: 0.0)
    try:
        with pytest.raises(FetchError):
            await fetch(url)
    finally:
        await fetch.close()


async def test_what_was_fetched_is_kept_for_a_while(server: Server, fetch: GuardedFetch) -> None:
    assert [await fetch(server.url) for _ in range(3)] == [{"keys": []}] * 3
    assert server.asked == 1
    server.now += FRESH
    await fetch(server.url)
    assert server.asked == 2


async def test_one_fetch_serves_all_who_wait(server: Server, fetch: GuardedFetch) -> None:
    server.gate.clear()
    waiting = [asyncio.create_task(fetch(server.url)) for _ in range(5)]
    while not server.asked:
        await asyncio.sleep(0)
    waiting[0].cancel()
    server.gate.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert answers[1:] == [{"keys": []}] * 4
    assert server.asked == 1


async def test_what_was_kept_goes_on_while_it_cannot_be_fetched(server: Server, fetch: GuardedFetch) -> None:
    await fetch(server.url)
    server.status = 500
    server.now += FRESH
    assert await fetch(server.url) == {"keys": []}
    assert await fetch(server.url) == {"keys": []}
    assert server.asked == 2  # a server that fails is not asked at once again
    server.now += PAUSE
    await fetch(server.url)
    assert server.asked == 3
    server.now += STALE
    with pytest.raises(FetchError, match="500"):
        await fetch(server.url)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"status": 302, "headers": {"location": "http://127.0.0.1:1/"}}, "302"),
        ({"status": 404}, "404"),
        ({"kind": "text/html"}, "type"),
        ({"body": b"[]"}, "JSON object"),
        ({"body": b"{"}, "JSON object"),
        ({"body": b'{"a": "' + b"x" * MAXIMUM_BYTES + b'"}'}, "large"),
    ],
)
async def test_answers_that_are_none(
    server: Server, fetch: GuardedFetch, change: dict[str, Any], why: str
) -> None:
    for name, value in change.items():
        setattr(server, name, value)
    with pytest.raises(FetchError, match=why):
        await fetch(server.url)


async def test_no_part_of_an_answer_is_in_the_error(server: Server, fetch: GuardedFetch) -> None:
    server.body = b"canary-55"
    with pytest.raises(FetchError) as refusal:
        await fetch(server.url)
    assert "canary" not in str(refusal.value)


async def test_what_the_company_names_may_be_in_its_own_network(server: Server) -> None:
    fetch = GuardedFetch(lambda: server.now, anywhere=True)
    try:
        assert await fetch(server.url) == {"keys": []}
        with pytest.raises(FetchError, match="https"):
            await fetch("http://sso.acme.example/jwks")
    finally:
        await fetch.close()
