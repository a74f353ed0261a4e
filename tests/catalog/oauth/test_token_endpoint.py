"""The token endpoint as clients see it: real libraries get a token, and real libraries verify it."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from authlib.oauth2.client import OAuth2Client

from catalog.oauth.token_client import TokenError, request_token
from catalog.publishing.transaction import nothing_else
from tests.catalog.serving import AUDIENCE, GOOD, World, serving


async def verified(world: World, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, once PyJWT has verified the token with the published key set."""
    async with world.session.get(world.url + "/oauth/jwks") as response:
        assert response.headers["content-type"] == "application/jwk-set+json"
        keys = jwt.PyJWKSet.from_dict(await response.json(content_type=None))
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(
        token,
        keys[header["kid"]],
        algorithms=["ES256"],
        audience=AUDIENCE,
        issuer=world.url,
        # The world's clock is not today's.
        options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "sub", "jti"]},
    )
    return header, claims


async def test_a_token_verifies_with_the_published_keys_and_says_what_rfc_9068_asks(world: World) -> None:
    issued = await world.ledger.issue("web-shop", actor="test")
    answer = await request_token(world.url, "web-shop", issued.secret)
    header, claims = await verified(world, answer["access_token"])
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": world.keys.oauth.thumbprint()}
    jti = claims.pop("jti")
    assert len(jti) >= 20
    assert claims == {
        "iss": world.url,
        "aud": AUDIENCE,
        "sub": "web-shop",
        "client_id": "web-shop",
        "iat": int(world.now),
        "exp": int(world.now) + 600,
        "scope": "orders:read orders:write partners:read",
        "credential_id": issued.key_id,
    }
    assert answer["expires_in"] == 600
    assert answer["token_type"] == "Bearer"
    assert answer["scope"] == claims["scope"]
    assert "refresh_token" not in answer


async def test_a_token_says_what_the_estate_says_of_the_consumer_and_no_more_than_that(tmp_path: Path) -> None:
    said = {"acme": {"partner_id": 7, "companies": [1, 2], "sub": "root"}}
    async with serving(tmp_path, compiled=replace(GOOD, claims=said)) as world:
        secrets = {each: (await world.ledger.issue(each, actor="test")).secret for each in ("web-shop", "analyst")}

        async def claims_of(client: str) -> dict[str, Any]:
            return (
                await verified(world, (await request_token(world.url, client, secrets[client]))["access_token"])
            )[1]

        claims = await claims_of("web-shop")
        assert (claims["partner_id"], claims["companies"]) == (7, [1, 2])
        assert claims["sub"] == "web-shop", "no claim stands for what the catalog says itself"
        assert "partner_id" not in await claims_of("analyst")
        # What is published anew without a compilation says it still; a compilation says what holds then.
        await world.publisher.republish(nothing_else)
        assert (await claims_of("web-shop"))["partner_id"] == 7
        world.compiled = replace(GOOD, claims={"acme": {"partner_id": 8}})
        await world.publisher.publish()
        assert (await claims_of("web-shop"))["partner_id"] == 8


async def test_no_private_member_is_published(world: World) -> None:
    async with world.session.get(world.url + "/oauth/jwks") as response:
        [key] = (await response.json(content_type=None))["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert world.publisher.issuer.jwks == {"keys": [key]}


async def test_every_token_has_an_id_of_its_own(world: World) -> None:
    secret = (await world.ledger.issue("web-shop", actor="test")).secret
    answers = await asyncio.gather(*(request_token(world.url, "web-shop", secret) for _ in range(25)))
    ids = {(await verified(world, answer["access_token"]))[1]["jti"] for answer in answers}
    assert len(ids) == 25


async def test_authlibs_own_client_gets_a_token(world: World) -> None:
    secret = (await world.ledger.issue("analyst", actor="test")).secret
    for method in ("client_secret_basic", "client_secret_post"):
        client = OAuth2Client(None, "analyst", secret, token_endpoint_auth_method=method)
        auth = client.client_auth(method)
        uri, headers, body = auth.prepare(
            "POST",
            world.token_url,
            {"content-type": "application/x-www-form-urlencoded"},
            "grant_type=client_credentials&scope=orders%3Aread",
        )
        async with world.session.post(uri, headers=dict(headers), data=body) as response:
            assert response.status == 200, method
            assert client.parse_response_token(_Sync(await response.json()))["scope"] == "orders:read"


class _Sync:
    """A response as Authlib's client reads one."""

    status_code = 200

    def __init__(self, body: dict[str, Any]) -> None:
        self._body = body

    def json(self) -> dict[str, Any]:
        return self._body


async def test_the_scope_narrows_what_was_granted(world: World) -> None:
    secret = (await world.ledger.issue("web-shop", actor="test")).secret
    answer = await request_token(world.url, "web-shop", secret, ("partners:read",))
    assert (await verified(world, answer["access_token"]))[1]["scope"] == "partners:read"


async def test_an_application_without_scopes_gets_an_empty_scope(world: World) -> None:
    secret = (await world.ledger.issue("idle", actor="test")).secret
    answer = await request_token(world.url, "idle", secret)
    assert (await verified(world, answer["access_token"]))[1]["scope"] == ""


async def test_an_application_that_left_the_estate_gets_no_token(world: World) -> None:
    secret = (await world.ledger.issue("web-shop", actor="test")).secret
    good = world.compiled
    world.compiled = type(good)((), good.contracts, good.applications[:1])  # type: ignore[union-attr]
    await world.publisher.publish()
    with pytest.raises(TokenError) as refusal:
        await request_token(world.url, "web-shop", secret)
    assert refusal.value.code == "invalid_client"


async def test_a_store_that_fails_is_an_outage_and_not_a_wrong_secret(world: World) -> None:
    secret = (await world.ledger.issue("web-shop", actor="test")).secret
    async with world.store.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE credentials RENAME TO gone")
    auth = aiohttp.encode_basic_auth("web-shop", secret)
    async with world.session.post(
        world.token_url, data={"grant_type": "client_credentials"}, headers={"authorization": auth}
    ) as response:
        body = await response.json(content_type=None)
        assert response.status == 503
        assert response.headers["retry-after"] == "5"
        assert response.headers["content-type"] == "application/problem+json"
        assert body["type"] == "urn:ostiary:problem:store-unavailable"
        assert "gone" not in str(body)


async def test_before_anything_is_published_the_endpoint_is_not_ready(tmp_path: Any) -> None:
    async with serving(tmp_path, compiled=FileNotFoundError("nothing here")) as world:
        async with world.session.post(world.token_url, data={"grant_type": "client_credentials"}) as response:
            assert response.status == 503
        async with world.session.get(world.url + "/readyz") as response:
            assert response.status == 503
        async with world.session.get(world.url + "/healthz") as response:
            assert response.status == 200


async def test_an_issuer_behind_plain_http_works_where_the_settings_allow_it(tmp_path: Any) -> None:
    async with serving(tmp_path, url="http://catalog.internal:8081/auth") as world:
        secret = (await world.ledger.issue("web-shop", actor="test")).secret
        answer = await request_token(world.url, "web-shop", secret)
        claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
        assert claims["iss"] == "http://catalog.internal:8081/auth"
