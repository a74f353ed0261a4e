"""RFC 7662, token introspection."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from catalog.oauth.tokens.introspection import INTROSPECTION_PATH
from catalog.oauth.tokens.revocation import REVOCATION_PATH
from tests.catalog.serving import AUDIENCE, GATEWAY_TOKEN, World
from tests.conformance.oauth.clients import GRANT, OTHER_KEY, client, proof, served
from tests.conformance.oauth.tokens import Answer, post, post_to, secret_of

GATEWAY = ("Authorization", f"Bearer {GATEWAY_TOKEN}")
INACTIVE = {"active": False}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with served(tmp_path, client(), client("other"), client("app", auth_methods=("none",))) as world:
        yield world


async def token_of(world: World, *headers: tuple[str, str]) -> str:
    answer = await post(world, GRANT, basic=("web-shop", await secret_of(world)), headers=headers)
    return str(answer.body["access_token"])


async def introspect(world: World, token: str, client_id: str | None = "web-shop", **more: Any) -> Answer:
    basic = None if client_id is None else (client_id, await secret_of(world, client_id))
    return await post_to(world, world.url + INTROSPECTION_PATH, f"token={token}", basic=basic, **more)


async def test_2_2_a_good_token_is_active_and_described(world: World) -> None:
    body = (await introspect(world, await token_of(world))).body
    assert body.pop("jti")
    assert body == {
        "active": True,
        "token_type": "Bearer",
        "client_id": "web-shop",
        "sub": "web-shop",
        "scope": "orders:read orders:write partners:read",
        "aud": AUDIENCE,
        "iss": world.url,
        "iat": int(world.now),
        "exp": int(world.now) + 600,
    }


async def test_rfc9449_6_2_a_bound_token_tells_its_key(world: World) -> None:
    body = (await introspect(world, await token_of(world, proof(world)))).body
    assert (body["token_type"], body["cnf"]) == ("DPoP", {"jkt": OTHER_KEY.thumbprint()})


async def test_2_1_a_gateway_asks_about_any_token_by_its_own(world: World) -> None:
    answer = await introspect(world, await token_of(world), None, headers=[GATEWAY])
    assert answer.body["active"] is True


async def test_4_to_another_client_the_token_is_not_active(world: World) -> None:
    assert (await introspect(world, await token_of(world), "other")).body == INACTIVE


@pytest.mark.parametrize("token", ["x", "a.b.c", "ost_test_unknown", "eyJhbGciOiJub25lIn0.e30."])
async def test_2_2_what_is_no_token_is_not_active(world: World, token: str) -> None:
    answer = await introspect(world, token)
    assert (answer.status, answer.body) == (200, INACTIVE)


async def test_2_2_an_expired_token_is_not_active(world: World) -> None:
    token = await token_of(world)
    world.now += 601
    assert (await introspect(world, token)).body == INACTIVE


async def test_2_2_a_revoked_token_is_not_active(world: World) -> None:
    token, secret = await token_of(world), await secret_of(world)
    await post_to(world, world.url + REVOCATION_PATH, f"token={token}", basic=("web-shop", secret))
    assert (await introspect(world, token)).body == INACTIVE


async def test_2_2_a_token_whose_last_byte_was_changed_is_not_active(world: World) -> None:
    token = await token_of(world)
    assert (await introspect(world, token[:-2] + ("AA" if token[-2:] != "AA" else "BA"))).body == INACTIVE


@pytest.mark.parametrize("field", ["Bearer wrong", f"bearer {GATEWAY_TOKEN}x", "Bearer", "Bearer \u00e9"])
async def test_2_1_nobody_asks_without_a_credential(world: World, field: str) -> None:
    token = await token_of(world)
    for headers in ((), (("Authorization", field),)):
        answer = await introspect(world, token, None, headers=headers)
        assert (answer.status, answer.error) == (401, "invalid_client")


async def test_2_1_a_public_client_may_not_ask(world: World) -> None:
    uri = world.url + INTROSPECTION_PATH
    answer = await post_to(world, uri, f"client_id=app&token={await token_of(world)}")
    assert (answer.status, answer.error) == (401, "invalid_client")


async def test_2_1_the_token_is_needed_and_comes_by_post(world: World) -> None:
    uri = world.url + INTROSPECTION_PATH
    answer = await post_to(world, uri, "token_type_hint=access_token", headers=[GATEWAY])
    assert (answer.status, answer.error) == (400, "invalid_request")
    async with world.session.get(uri) as response:
        assert response.status == 405
