"""Keys of an issuer that is not the catalog: found by its metadata, over what is safe, and not for ever."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from contracts.snapshot import Issuer
from gateway.adapters.keys import INTERVAL, STALE, IssuerKeys
from policies.ports import IssuerUnavailableError
from tests.support.issuer_endpoints import IssuerEndpoints
from tests.support.policy_world import ec_jwk

KEY = ec.generate_private_key(ec.SECP256R1())


class Fixture:
    def __init__(self, endpoints: IssuerEndpoints, session: aiohttp.ClientSession) -> None:
        self.now = 5000.0
        self.endpoints = endpoints
        self.keys = IssuerKeys(session, lambda: self.now)
        self.publish("k1")
        self.keys.update([endpoints.issuer()])

    def publish(self, *key_ids: str) -> None:
        self.endpoints.jwks.document = {"keys": [ec_jwk(KEY, key_id) for key_id in key_ids]}

    async def fetch(self, key_id: str = "k1") -> Any:
        return await self.keys.fetch(self.endpoints.url, key_id)

    def find(self, key_id: str = "k1") -> Any:
        return self.keys.find(self.endpoints.url, key_id)

    @property
    def asked(self) -> int:
        return len(self.endpoints.jwks.asked)

    async def settled(self) -> None:
        """Until what goes on in the background is over."""
        async with asyncio.timeout(10):
            while self.keys._issuers[self.endpoints.url].fetch is not None:
                await asyncio.sleep(0.001)


@pytest.fixture
async def sso() -> AsyncIterator[Fixture]:
    async with (
        IssuerEndpoints().serving() as endpoints,
        aiohttp.ClientSession(auto_decompress=False) as session,
    ):
        yield Fixture(endpoints, session)


async def test_they_are_found_by_its_metadata(sso: Fixture) -> None:
    assert sso.find() is None
    assert await sso.fetch() is not None
    assert sso.find() is not None
    sso.now += INTERVAL
    assert await sso.fetch("k2") is None
    assert (len(sso.endpoints.openid.asked), sso.asked) == (1, 2), "where they are is known by then"


async def test_a_jwks_uri_that_is_configured_needs_no_metadata(sso: Fixture) -> None:
    sso.keys.update([sso.endpoints.issuer(jwks_uri=sso.endpoints.at("/jwks"))])
    assert await sso.fetch() is not None
    assert sso.endpoints.openid.asked == []


async def test_metadata_that_is_not_its_own_is_an_outage(sso: Fixture) -> None:
    sso.endpoints.openid.document["issuer"] = "https://evil.example"
    with pytest.raises(IssuerUnavailableError):
        await sso.fetch()
    assert sso.asked == 0


async def test_metadata_that_names_no_keys_is_an_outage(sso: Fixture) -> None:
    del sso.endpoints.openid.document["jwks_uri"]
    with pytest.raises(IssuerUnavailableError):
        await sso.fetch()


async def test_keys_that_move_are_found_again(sso: Fixture) -> None:
    await sso.fetch()
    sso.endpoints.jwks.status = 404
    sso.now += INTERVAL
    with pytest.raises(IssuerUnavailableError):
        await sso.fetch("k2")
    sso.endpoints.jwks.status = 200
    sso.now += INTERVAL
    await sso.fetch("k2")
    assert len(sso.endpoints.openid.asked) == 2


async def test_a_key_that_the_issuer_withdrew_is_not_good_for_ever(sso: Fixture) -> None:
    """Nobody waits for the look at it, and nobody looks twice at once."""
    sso.publish("k1", "k2")
    await sso.fetch()
    sso.publish("k2")
    sso.now += STALE - 1
    assert sso.find() is not None
    assert sso.keys._issuers[sso.endpoints.url].fetch is None
    sso.now += 1
    assert all(sso.find() is not None for _ in range(3))
    await sso.settled()
    assert sso.find() is None
    assert sso.find("k2") is not None
    assert sso.asked == 2


async def test_an_issuer_that_is_down_keeps_its_keys_however_old(sso: Fixture) -> None:
    await sso.fetch()
    sso.endpoints.jwks.status = 503
    for _ in range(3):
        sso.now += STALE
        assert sso.find() is not None
        await sso.settled()
    assert sso.find() is not None
    assert sso.asked == 4


async def test_the_catalogs_keys_come_with_the_snapshot_alone(sso: Fixture) -> None:
    sso.keys.update([sso.endpoints.issuer(jwks={"keys": [ec_jwk(KEY, "k1")]}, external=None)])
    sso.now += 10 * STALE
    assert sso.find() is not None
    assert sso.keys._issuers[sso.endpoints.url].fetch is None


@pytest.mark.parametrize(
    "uri", ["http://sso.example/jwks", "http://169.254.169.254/jwks", "file:///etc/passwd", "https://a:b@x/jwks"]
)
async def test_keys_are_not_fetched_in_clear(uri: str) -> None:
    """Nor are those of an access part that no `ostiary check` has seen."""

    class NoNetwork:
        def request(self, *arguments: Any, **options: Any) -> Any:
            raise AssertionError("it was asked")

    keys = IssuerKeys(NoNetwork(), lambda: 0.0)  # type: ignore[arg-type]
    keys.update([IssuerEndpoints().issuer(issuer="https://sso.example", jwks_uri=uri)])
    with pytest.raises(IssuerUnavailableError):
        await keys.fetch("https://sso.example", "k1")


async def test_nobody_takes_the_catalogs_place(sso: Fixture) -> None:
    """Of two entries with one URL the first is the catalog's."""
    own = Issuer(sso.endpoints.url, "", ("ES256",), {"keys": [ec_jwk(KEY, "own")]})
    sso.keys.update([own, sso.endpoints.issuer()])
    assert sso.find("own") is not None
    trusted = sso.keys.trusted(sso.endpoints.url)
    assert trusted is not None
    assert not trusted.external
