"""Interoperability: client libraries that are not ours get tokens for machines, by every method and grant."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from catalog.clock import system_clock
from contracts.access import ExternalIssuer, Issuer
from contracts.oauth_client import TOKEN_EXCHANGE, ExchangeRule
from tests.catalog.serving import World
from tests.conformance.oauth.clients import KEY, ORDERS, by_key, client, served
from tests.conformance.oauth.rfc8693.test_token_exchange import JWT, Provider, provider
from tests.conformance.oauth.tokens import secret_of
from tests.support.node_packages import NoNodeError, installed

PEER, PROGRAM = "openid-client", "machine.mjs"
__all__ = ["provider"]


@pytest.fixture(scope="module")
def node() -> tuple[str, Path]:
    try:
        return installed(PEER, PROGRAM)
    except NoNodeError as error:
        pytest.skip(f"npm's openid-client is not tried: {error}")


@pytest.fixture
async def world(tmp_path: Path, provider: Provider) -> AsyncIterator[World]:
    issuer = Issuer(provider.url, f"{provider.url}/jwks", ("ES256",), {}, ExternalIssuer(client_claim="azp"))
    exchanger = client("desk", grants=(TOKEN_EXCHANGE,), exchange=(ExchangeRule(provider.url, "ostiary"),))
    strict = by_key("strict", profile="fapi-2", constraint="any")
    async with served(tmp_path, client(), by_key("by-key"), strict, exchanger, issuers=(issuer,)) as world:
        world.now = system_clock()  # assertions and proofs are made by the libraries'
        yield world


async def openid_client(node: tuple[str, Path], world: World, **settings: Any) -> dict[str, Any]:
    """What it got; an error of the library fails the test with its words."""
    given = json.dumps({"issuer": world.url, "parameters": {}, **settings})
    process = await asyncio.create_subprocess_exec(
        node[0], str(node[1]), given, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, error = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, error.decode()
    answers: dict[str, Any] = json.loads(out)
    assert (answers["before"]["active"], answers["after"]["active"]) == (True, False)
    return answers


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("dpop", [False, True], ids=["bearer", "dpop"])
async def test_openid_client_with_a_secret(node: tuple[str, Path], world: World, method: str, dpop: bool) -> None:
    told = {"client_id": "web-shop", "secret": await secret_of(world), "method": method, "dpop": dpop}
    answers = await openid_client(node, world, parameters={"scope": "orders:read", "resource": ORDERS}, **told)
    assert (answers["before"]["aud"], answers["given"]["scope"]) == (ORDERS, "orders:read")
    assert ("cnf" in answers["before"]) is dpop


@pytest.mark.parametrize("dpop", [False, True], ids=["bearer", "dpop"])
async def test_openid_client_with_a_key(node: tuple[str, Path], world: World, dpop: bool) -> None:
    jwk = {**KEY.as_dict(private=True), "kid": KEY.kid}
    answers = await openid_client(node, world, client_id="by-key", jwk=jwk, dpop=dpop)
    assert answers["given"]["token_type"] == ("dpop" if dpop else "bearer")


async def test_openid_client_keeps_to_the_strict_profile(node: tuple[str, Path], world: World) -> None:
    """With nonces, which the library has to take from an error and to use from then on."""
    jwk = {**KEY.as_dict(private=True), "kid": KEY.kid}
    answers = await openid_client(node, world, client_id="strict", jwk=jwk, dpop=True)
    assert answers["given"]["expires_in"] == 300
    assert answers["before"]["cnf"]["jkt"]


async def test_openid_client_exchanges_a_token(node: tuple[str, Path], world: World, provider: Provider) -> None:
    answers = await openid_client(
        node,
        world,
        client_id="desk",
        secret=await secret_of(world, "desk"),
        method="client_secret_basic",
        grant=TOKEN_EXCHANGE,
        parameters={"subject_token": provider.token(world), "subject_token_type": JWT},
    )
    assert answers["before"]["sub"] == f"{provider.url}|ida"
    assert answers["before"]["act"] == {"sub": "desk"}


async def test_authlibs_session_with_a_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # the catalog is on this machine
    session = OAuth2Session(
        "by-key",
        KEY,
        token_endpoint_auth_method="private_key_jwt",
        revocation_endpoint_auth_method="private_key_jwt",
    )

    def sign_anew() -> None:
        # Authlib's own assertions live an hour, and ours five minutes at most; what it is given it keeps, jti
        # and all.
        method = PrivateKeyJWT(
            world.token_url, claims={"exp": int(world.now) + 60}, headers={"kid": KEY.kid}, alg="ES256"
        )
        session.register_client_auth_method(method)

    sign_anew()
    token = await asyncio.to_thread(
        session.fetch_token, world.token_url, grant_type="client_credentials", scope="orders:read"
    )
    assert token["scope"] == "orders:read"
    sign_anew()
    revoked = await asyncio.to_thread(
        session.revoke_token, world.url + "/oauth/revoke", token=token["access_token"]
    )
    assert revoked.status_code == 200


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_authlibs_session_with_a_secret(world: World, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    session = OAuth2Session("web-shop", await secret_of(world), token_endpoint_auth_method=method)
    token = await asyncio.to_thread(session.fetch_token, world.token_url, grant_type="client_credentials")
    assert token["token_type"] == "Bearer"
    told = await asyncio.to_thread(
        session.introspect_token, world.url + "/oauth/introspect", token=token["access_token"]
    )
    assert told.json()["active"] is True
