"""Questions about opaque tokens, against a real endpoint that counts, changes and breaks."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from contracts.access import Introspection
from gateway.adapters.introspection import AT_ONCE, BRIEFLY, PAUSE, Introspector
from policies.credentials.token_claims import TokenClaims, TokenFault
from policies.ports import IssuerUnavailableError
from tests.support.issuer_endpoints import IssuerEndpoints
from tests.support.policy_world import AUDIENCE, NOW

SETTINGS = Introspection("the gateway", "sso-secret", max_cache=60)
INACTIVE = "its issuer says that it is not good"


class Secrets:
    def __init__(self) -> None:
        self.values = {"sso-secret": "s3cr t/+é"}
        self.broken = False

    def find(self, name: str) -> str | None:
        if self.broken:
            raise PermissionError(name)
        return self.values.get(name)


class Fixture:
    def __init__(self, endpoints: IssuerEndpoints, session: aiohttp.ClientSession) -> None:
        self.endpoints = endpoints
        self.endpoint = endpoints.introspection
        self.now = float(NOW)
        self.secrets = Secrets()
        self.introspector = Introspector(session, self.secrets, lambda: self.now, lambda: self.now - NOW + 5000)
        self.introspector.update([endpoints.issuer(SETTINGS)])
        self.endpoint.document = {"active": True, "client_id": "shop", "aud": AUDIENCE, "exp": NOW + 600}

    async def ask(self, token: str = "t-1") -> TokenClaims:
        return await self.introspector.ask(self.endpoints.url, token.encode())

    async def fault(self, token: str = "t-1") -> str:
        with pytest.raises(TokenFault) as fault:
            await self.ask(token)
        return str(fault.value)

    async def unavailable(self, token: str = "t-1") -> None:
        with pytest.raises(IssuerUnavailableError):
            await self.ask(token)

    @property
    def asked(self) -> int:
        return len(self.endpoint.asked)


@pytest.fixture
async def sso() -> AsyncIterator[Fixture]:
    async with (
        IssuerEndpoints().serving() as endpoints,
        aiohttp.ClientSession(auto_decompress=False) as session,
    ):
        yield Fixture(endpoints, session)


async def test_the_question(sso: Fixture) -> None:
    """RFC 7662 §2.1, authenticated by RFC 6749 §2.3.1."""
    found = await sso.ask()
    assert (found.client, found.expires) == ("shop", NOW + 60)
    assert sso.endpoint.asked == [{"token": "t-1", "token_type_hint": "access_token"}]
    (request,) = sso.endpoint.seen
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    scheme, _, pair = request.headers["authorization"].partition(" ")
    assert (scheme, base64.b64decode(pair)) == ("Basic", b"the+gateway:s3cr+t%2F%2B%C3%A9")


async def test_who_is_asked(sso: Fixture) -> None:
    assert sso.introspector.issuer_of(b"opaque") == sso.endpoints.url
    assert sso.introspector.issuer_of(b"a.b.c") is None
    sso.introspector.update([sso.endpoints.issuer()])
    assert sso.introspector.issuer_of(b"opaque") is None
    with pytest.raises(TokenFault, match="its issuer is not trusted"):
        await sso.ask()


async def test_what_repeats_itself_costs_the_issuer_nothing(sso: Fixture) -> None:
    for document in (sso.endpoint.document, {"active": False}, {"active": True}):
        sso.endpoint.document = document
        before = sso.asked
        for _ in range(5):
            try:
                await sso.ask()
            except TokenFault:
                continue
        assert sso.asked == before + 1
        sso.now += BRIEFLY


async def test_an_answer_is_not_kept_longer_than_the_token_lives(sso: Fixture) -> None:
    sso.endpoint.document["exp"] = NOW + 2
    assert (await sso.ask()).expires == NOW + 2
    sso.now += 2
    assert await sso.fault() == "it has expired"
    assert sso.asked == 2


async def test_all_who_wait_share_one_question(sso: Fixture) -> None:
    sso.endpoint.hold = asyncio.Event()
    waiting = [asyncio.create_task(sso.ask()) for _ in range(20)]
    while not sso.endpoint.asked:
        await asyncio.sleep(0)
    waiting[0].cancel()  # one that goes away ends it for nobody else
    sso.endpoint.hold.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert all(isinstance(each, TokenClaims) for each in found[1:])
    assert sso.asked == 1


async def test_made_up_tokens_do_not_flood_the_issuer(sso: Fixture) -> None:
    sso.endpoint.hold = asyncio.Event()
    waiting = [asyncio.create_task(sso.ask(f"t-{number}")) for number in range(AT_ONCE)]
    await asyncio.sleep(0)
    await sso.unavailable("one more")
    sso.endpoint.hold.set()
    await asyncio.gather(*waiting)
    assert sso.asked == AT_ONCE
    assert await sso.ask("one more")


BROKEN: dict[str, dict[str, Any]] = {
    "error": {"status": 500},
    "our secret is wrong": {"status": 401},
    "we may not ask": {"status": 403},
    "redirect": {"status": 307, "headers": {"location": "/jwks"}},
    "html": {"text": "<html>"},
    "array": {"text": "[]"},
    "twice": {"text": '{"active": false, "active": true}'},
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_an_issuer_that_is_down_is_left_alone_for_a_while(sso: Fixture, kind: str) -> None:
    vars(sso.endpoint).update(BROKEN[kind])
    for number in range(5):
        await sso.unavailable(f"t-{number}")
    assert sso.asked == 1
    vars(sso.endpoint).update({"status": 200, "text": None})
    sso.now += PAUSE
    assert await sso.ask()
    assert sso.endpoints.jwks.asked == []


async def test_an_issuer_that_refuses_the_connection(sso: Fixture) -> None:
    assert sso.endpoints.server is not None
    await sso.endpoints.server.close()
    await sso.unavailable()


async def test_an_answer_that_is_there_serves_while_it_is_down(sso: Fixture) -> None:
    assert await sso.ask()
    sso.endpoint.status = 500
    await sso.unavailable("another")
    assert await sso.ask()


@pytest.mark.parametrize("lack", ["missing", "unreadable"])
async def test_without_its_secret_the_gateway_asks_nobody(sso: Fixture, lack: str) -> None:
    if lack == "missing":
        sso.secrets.values.clear()
    else:
        sso.secrets.broken = True
    await sso.unavailable()
    assert sso.asked == 0
    sso.secrets.broken = False
    sso.secrets.values["sso-secret"] = "s"
    sso.now += PAUSE
    assert await sso.ask()


async def test_a_snapshot_ends_what_was_answered_before(sso: Fixture) -> None:
    assert await sso.ask()
    sso.endpoint.document = {"active": False}
    sso.introspector.update([sso.endpoints.issuer(SETTINGS)])
    assert await sso.fault() == INACTIVE
    assert len(sso.endpoints.openid.asked) == 1, "where to ask is known already"


async def test_where_to_ask_is_configured_or_found(sso: Fixture) -> None:
    assert await sso.ask()
    assert len(sso.endpoints.openid.asked) == 1
    configured = Introspection("g", "sso-secret", endpoint=sso.endpoints.at("/introspect"))
    sso.introspector.update([sso.endpoints.issuer(configured)])
    assert await sso.ask()
    assert len(sso.endpoints.openid.asked) == 1
    del sso.endpoints.openid.document["introspection_endpoint"]
    sso.introspector.update([])
    sso.introspector.update([sso.endpoints.issuer(SETTINGS)])
    await sso.unavailable()


async def test_a_secret_is_not_sent_in_clear(sso: Fixture) -> None:
    """Nor does an endpoint that an access part names without `ostiary check` having seen it."""
    elsewhere = Introspection("g", "sso-secret", endpoint="http://sso.example/introspect")
    sso.introspector.update([sso.endpoints.issuer(elsewhere)])
    await sso.unavailable()


async def test_a_token_without_end_is_nobodys(sso: Fixture) -> None:
    assert await sso.fault("x" * 8193) == "it is too long"
    assert sso.asked == 0


async def test_no_token_is_kept(sso: Fixture) -> None:
    await sso.ask("canary")
    (witness,) = sso.introspector._witnesses.values()
    assert list(witness.answers) == [hashlib.sha256(b"canary").digest()]
    assert not witness.open
    assert "canary" not in repr(list(witness.answers.values()))
