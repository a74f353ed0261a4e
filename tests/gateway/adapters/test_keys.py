"""The issuers' keys, against a real JWKS endpoint that counts, changes and breaks."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec

from contracts.snapshot import Issuer
from gateway.adapters.issuer_http import MAXIMUM_BYTES
from gateway.adapters.keys import INTERVAL, IssuerKeys
from policies.credentials.trusted_issuer import TrustedIssuer
from policies.ports import IssuerUnavailableError
from tests.support.policy_world import ec_jwk

KEY = ec.generate_private_key(ec.SECP256R1())


class Endpoint:
    """An issuer's JWKS endpoint; its attributes are what it says next."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = [ec_jwk(KEY, "k2")]
        self.asked = 0
        self.status = 200
        self.headers: dict[str, str] = {}
        self.text: str | None = None
        self.hold: asyncio.Event | None = None

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.text is not None:
            return web.Response(status=self.status, text=self.text, headers=self.headers)
        return web.json_response({"keys": self.keys}, status=self.status, headers=self.headers)


class Fixture:
    def __init__(self, server: TestServer, session: aiohttp.ClientSession, endpoint: Endpoint) -> None:
        self.now = 5000.0
        self.endpoint = endpoint
        self.server = server
        self.uri = str(server.make_url("/jwks"))
        self.keys = IssuerKeys(session, lambda: self.now)
        self.keys.update([self.issuer()])

    def issuer(self, *seeded: str, algorithms: tuple[str, ...] = ("ES256",)) -> Issuer:
        jwks = {"keys": [ec_jwk(KEY, key_id) for key_id in seeded or ("k1",)]}
        return Issuer("https://issuer.example", self.uri, algorithms, jwks)

    async def fetch(self, key_id: str = "k2") -> Any:
        return await self.keys.fetch("https://issuer.example", key_id)

    def find(self, key_id: str) -> Any:
        return self.keys.find("https://issuer.example", key_id)


@pytest.fixture
async def issuer() -> AsyncIterator[Fixture]:
    endpoint = Endpoint()
    app = web.Application()
    app.router.add_get("/jwks", endpoint.answer)
    async with TestServer(app) as server, aiohttp.ClientSession(auto_decompress=False) as session:
        yield Fixture(server, session, endpoint)


async def test_the_snapshot_brings_the_first_keys(issuer: Fixture) -> None:
    assert issuer.find("k1") is not None
    assert issuer.find("k2") is None
    assert issuer.keys.find("https://other.example", "k1") is None
    assert issuer.keys.trusted("https://issuer.example") == TrustedIssuer("https://issuer.example", ("ES256",))
    assert issuer.keys.trusted("https://other.example") is None
    assert issuer.endpoint.asked == 0


async def test_an_unknown_key_is_fetched_and_kept(issuer: Fixture) -> None:
    assert await issuer.fetch() is not None
    assert issuer.find("k2") is not None


async def test_a_fetch_replaces_all_keys(issuer: Fixture) -> None:
    """A key that the issuer no longer publishes is no longer accepted."""
    await issuer.fetch()
    assert issuer.find("k1") is None


async def test_all_who_wait_share_one_fetch(issuer: Fixture) -> None:
    issuer.endpoint.hold = asyncio.Event()
    waiting = [asyncio.create_task(issuer.fetch(f"k{number}")) for number in range(20)]
    while issuer.endpoint.asked == 0:
        await asyncio.sleep(0)
    waiting[0].cancel()  # one that goes away ends it for nobody else
    issuer.endpoint.hold.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert [key is not None for key in found[1:4]] == [False, True, False]
    assert issuer.endpoint.asked == 1


async def test_unknown_keys_do_not_make_the_gateway_knock(issuer: Fixture) -> None:
    await issuer.fetch()
    for number in range(5):
        assert await issuer.fetch(f"guess-{number}") is None
    assert issuer.endpoint.asked == 1
    issuer.now += INTERVAL
    await issuer.fetch("guess")
    assert issuer.endpoint.asked == 2


async def test_an_issuer_that_is_not_trusted_is_not_asked(issuer: Fixture) -> None:
    assert await issuer.keys.fetch("https://other.example", "k2") is None
    assert issuer.endpoint.asked == 0


BROKEN: dict[str, dict[str, Any]] = {
    "error": {"status": 500},
    "redirect": {"status": 302, "headers": {"location": "/jwks"}},
    "html": {"text": "<html>"},
    "array": {"text": "[]"},
    "empty": {"text": '{"keys": []}'},
    "not a list": {"text": '{"keys": {"a": 1}}'},
    "too large": {"text": json.dumps({"keys": [ec_jwk(KEY, "k2")], "x": "a" * MAXIMUM_BYTES})},
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_an_issuer_that_is_down_keeps_what_is_known(issuer: Fixture, kind: str) -> None:
    vars(issuer.endpoint).update(BROKEN[kind])
    with pytest.raises(IssuerUnavailableError):
        await issuer.fetch()
    assert issuer.find("k1") is not None
    assert await issuer.fetch("k1") is not None
    # In the interval it is still an outage, and nobody knocks again.
    with pytest.raises(IssuerUnavailableError):
        await issuer.fetch()
    assert issuer.endpoint.asked == 1


async def test_an_issuer_that_comes_back(issuer: Fixture) -> None:
    issuer.endpoint.status = 500
    with pytest.raises(IssuerUnavailableError):
        await issuer.fetch()
    issuer.endpoint.status = 200
    issuer.now += INTERVAL
    assert await issuer.fetch() is not None
    assert await issuer.fetch("k9") is None


async def test_an_issuer_that_refuses_the_connection(issuer: Fixture) -> None:
    await issuer.server.close()
    with pytest.raises(IssuerUnavailableError):
        await issuer.fetch()


async def test_an_unchanged_issuer_keeps_what_was_fetched(issuer: Fixture) -> None:
    await issuer.fetch()
    issuer.keys.update([issuer.issuer()])
    assert issuer.find("k2") is not None


async def test_a_changed_issuer_has_the_snapshots_keys_and_no_others(issuer: Fixture) -> None:
    await issuer.fetch()
    issuer.keys.update([issuer.issuer("k3")])
    assert issuer.find("k2") is None
    assert issuer.find("k3") is not None


async def test_an_issuer_that_is_gone(issuer: Fixture) -> None:
    issuer.keys.update([])
    assert issuer.keys.trusted("https://issuer.example") is None
    assert issuer.find("k1") is None


async def test_symmetric_algorithms_are_never_trusted(issuer: Fixture) -> None:
    issuer.keys.update([issuer.issuer(algorithms=("HS256", "none", "ES256"))])
    trusted = issuer.keys.trusted("https://issuer.example")
    assert trusted is not None
    assert trusted.algorithms == ("ES256",)
