"""RFC 7523, JWTs for client authentication (`private_key_jwt`), with RFC 7521 and what FAPI 2.0 narrows."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import web
from structlog.processors import JSONRenderer

from catalog.oauth.clients import authentication
from catalog.oauth.clients.assertion import LIFE, SKEW
from catalog.oauth.policy import OAuthPolicy
from contracts.access import Revoked
from tests.catalog.serving import World
from tests.conformance.oauth.clients import (
    GRANT,
    JWKS,
    KEY,
    OTHER_KEY,
    assertion,
    by_assertion,
    by_key,
    claims_of,
    client,
    served,
    with_assertion,
)
from tests.conformance.oauth.tokens import post, secret_of


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with served(tmp_path, by_key(), client("by-secret"), by_key("strict", profile="fapi-2")) as world:
        yield world


async def test_2_2_an_assertion_proves_the_client_and_its_key_is_named_in_the_token(world: World) -> None:
    claims = claims_of(await by_assertion(world))
    assert claims["client_id"] == "web-shop"
    assert claims["credential_id"] == KEY.thumbprint()


@pytest.mark.parametrize("aud", ["issuer", "endpoint", "both", "array"])
async def test_3_item_3_the_audience_is_the_issuer_or_the_endpoint(world: World, aud: str) -> None:
    named: Any = {
        "issuer": world.url,
        "endpoint": world.token_url,
        "both": [world.url, world.token_url],
        "array": [world.url],
    }[aud]
    answer = await post(world, with_assertion(assertion(world, {"aud": named})))
    assert answer.status == 200


async def test_rfc7521_4_2_client_id_is_optional_and_names_the_same_client(world: World) -> None:
    text = assertion(world)
    assert (await post(world, with_assertion(text, f"{GRANT}&client_id=web-shop"))).status == 200
    other = await post(world, with_assertion(assertion(world), f"{GRANT}&client_id=strict"))
    assert (other.status, other.error) == (401, "invalid_client")


BAD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "3_item_1_no_issuer": ({"iss": None}, {}),
    "3_item_1_another_issuer": ({"iss": "strict"}, {}),
    "3_item_2_no_subject": ({"sub": None}, {}),
    "3_item_2_another_subject": ({"sub": "strict"}, {}),
    "3_item_2_an_unknown_client": ({"iss": "nobody", "sub": "nobody"}, {}),
    "3_item_2_a_client_of_another_method": ({"iss": "by-secret", "sub": "by-secret"}, {}),
    "3_item_3_no_audience": ({"aud": None}, {}),
    "3_item_3_another_audience": ({"aud": "https://other.example"}, {}),
    "3_item_3_a_prefix_of_the_audience": ({"aud": "http://127.0.0.1"}, {}),
    "3_item_3_an_audience_that_is_no_text": ({"aud": 7}, {}),
    "3_item_3_no_audience_in_the_array": ({"aud": []}, {}),
    "3_item_4_no_expiry": ({"exp": None}, {}),
    "3_item_4_an_expiry_that_is_text": ({"exp": "later"}, {}),
    "3_item_7_no_jti": ({"jti": None}, {}),
    "3_item_7_an_empty_jti": ({"jti": ""}, {}),
    "3_item_7_a_huge_jti": ({"jti": "x" * 257}, {}),
    "3_item_9_alg_none": ({}, {"alg": "none"}),
    "3_item_9_alg_hs256": ({}, {"alg": "HS256"}),
    "3_item_9_alg_of_another_key_type": ({}, {"alg": "RS256"}),
    "3_item_9_an_unknown_kid": ({}, {"kid": "shop-9"}),
    "3_item_9_a_kid_that_is_a_path": ({}, {"kid": "../../etc/passwd"}),
    "3_item_9_an_embedded_key": ({}, {"kid": None, "jwk": OTHER_KEY.as_dict(private=False)}),
    "rfc7515_4_1_11_a_critical_extension": ({}, {"crit": ["exp"]}),
    "rfc8725_3_11_another_type": ({}, {"typ": "at+jwt"}),
    "rfc8725_3_11_a_dpop_proof": ({}, {"typ": "dpop+jwt"}),
}


@pytest.mark.parametrize(("claims", "header"), BAD.values(), ids=BAD)
async def test_what_proves_nobody(world: World, claims: dict[str, Any], header: dict[str, Any]) -> None:
    key = OTHER_KEY if "jwk" in header else KEY
    answer = await post(world, with_assertion(assertion(world, claims, header, key=key)))
    assert (answer.status, answer.error) == (401, "invalid_client")
    assert answer.body["error_description"] == "Client authentication failed."


@pytest.mark.parametrize(
    ("member", "by", "status"),
    [
        ("exp", LIFE, 200),
        ("exp", LIFE + SKEW + 5, 401),
        ("exp", -SKEW - 1, 401),
        ("nbf", SKEW - 1, 200),
        ("nbf", SKEW + 5, 401),
        ("iat", SKEW + 5, 401),
        ("iat", 10**18, 401),
    ],
)
async def test_3_items_4_to_6_times(world: World, member: str, by: float, status: int) -> None:
    answer = await post(world, with_assertion(assertion(world, {member: int(world.now + by)})))
    assert answer.status == status


async def test_3_item_7_an_assertion_is_used_once(world: World) -> None:
    text = assertion(world)
    assert (await post(world, with_assertion(text))).status == 200
    again = await post(world, with_assertion(text))
    assert (again.status, again.error) == (401, "invalid_client")


async def test_3_item_7_nor_again_after_a_restart(tmp_path: Path) -> None:
    async with served(tmp_path, by_key()) as world:
        await world.catalog.oauth.used.spend("client-assertion", "web-shop", "seen", until=world.now + 60)
    async with served(tmp_path, by_key()) as world:
        assert not await world.catalog.oauth.used.spend(
            "client-assertion", "web-shop", "seen", until=world.now + 60
        )
        assert await world.catalog.oauth.used.spend("client-assertion", "strict", "seen", until=world.now + 60)
        world.now += 100
        assert await world.catalog.oauth.used.forget() == 2


async def test_3_item_9_a_signature_of_another_key_is_refused(world: World) -> None:
    answer = await post(world, with_assertion(assertion(world, header={"kid": KEY.kid}, key=OTHER_KEY)))
    assert (answer.status, answer.error) == (401, "invalid_client")


async def test_rfc6749_2_3_one_method_at_a_time(world: World) -> None:
    secret = await secret_of(world, "by-secret")
    for body, basic in (
        (with_assertion(assertion(world)), ("by-secret", secret)),
        (with_assertion(assertion(world)) + f"&client_secret={secret}", None),
    ):
        answer = await post(world, body, basic=basic)
        assert (answer.status, answer.error) == (400, "invalid_request")


async def test_a_client_with_a_key_cannot_fall_back_to_a_secret(world: World) -> None:
    secret = await secret_of(world, "web-shop")
    answer = await post(world, GRANT, basic=("web-shop", secret))
    assert (answer.status, answer.error) == (401, "invalid_client")


@pytest.mark.parametrize(
    "body",
    [
        f"{GRANT}&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer&client_assertion=x",
        f"{GRANT}&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=x.y",
    ],
)
async def test_2_2_another_type_and_what_is_no_jwt(world: World, body: str) -> None:
    answer = await post(world, body)
    assert (answer.status, answer.error) == (401, "invalid_client")


async def test_2_2_an_assertion_has_its_type(world: World) -> None:
    answer = await post(world, f"{GRANT}&client_assertion={assertion(world)}")
    assert (answer.status, answer.error) == (400, "invalid_request")


@pytest.mark.parametrize("aud", ["endpoint", "array"])
async def test_fapi2_5_3_2_1_the_audience_is_exactly_the_issuer(world: World, aud: str) -> None:
    named: Any = world.token_url if aud == "endpoint" else [world.url]
    answer = await post(world, with_assertion(assertion(world, {"aud": named}, client_id="strict")))
    assert (answer.status, answer.error) == (401, "invalid_client")


async def test_a_revoked_key_proves_nobody(world: World) -> None:
    assert (await by_assertion(world)).status == 200
    current = world.publisher.current
    assert current is not None
    world.publisher.current = replace(current, revoked=Revoked(credentials=(KEY.thumbprint(),)))
    assert (await by_assertion(world)).status == 401


class Keys:
    """A client's `jwks-uri`: what it answers, and how often it was asked."""

    def __init__(self) -> None:
        self.answer: Any = JWKS
        self.status = 200
        self.asked = 0

    async def handle(self, _request: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
async def keys() -> AsyncIterator[tuple[Keys, str]]:
    keys = Keys()
    app = web.Application()
    app.router.add_get("/jwks", keys.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = runner.addresses[0]
    yield keys, f"http://127.0.0.1:{address[1]}/jwks"
    await runner.cleanup()


async def test_keys_are_fetched_once_and_go_on_while_the_client_is_silent(
    tmp_path: Path, keys: tuple[Keys, str]
) -> None:
    server, uri = keys
    fetched = client(auth_methods=("private_key_jwt",), jwks_uri=uri)
    async with served(tmp_path, fetched, policy=OAuthPolicy(loopback=True)) as world:
        assert [(await by_assertion(world)).status for _ in range(3)] == [200] * 3
        assert server.asked == 1
        server.status = 503
        world.now += 400
        assert (await by_assertion(world)).status == 200
        assert server.asked == 2
        server.status, server.answer = 200, {"keys": [OTHER_KEY.as_dict(private=False)]}
        world.now += 20
        assert (await by_assertion(world)).status == 401


async def test_nothing_is_fetched_from_this_machine_unless_it_is_allowed(
    tmp_path: Path, keys: tuple[Keys, str]
) -> None:
    server, uri = keys
    async with served(tmp_path, client(auth_methods=("private_key_jwt",), jwks_uri=uri)) as world:
        answer = await by_assertion(world)
        assert (answer.status, answer.error) == (401, "invalid_client")
    assert server.asked == 0


async def test_no_part_of_an_assertion_is_logged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # A logger of its own: where the process's writes to, another test may have chosen.
    lines = structlog.testing.CapturingLogger()
    monkeypatch.setattr(authentication, "log", structlog.wrap_logger(lines, processors=[JSONRenderer()]))
    canary = "canary-7f3a"
    text = assertion(world, {"jti": canary, "aud": canary}, {"kid": canary})
    await post(world, with_assertion(text))
    output = str(lines.calls)
    assert "client authentication failed" in output
    assert canary not in output
    assert text not in output
