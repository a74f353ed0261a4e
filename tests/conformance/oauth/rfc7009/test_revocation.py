"""RFC 7009, token revocation."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from catalog.oauth.tokens.revocation import REVOCATION_PATH
from contracts.access import Revoked
from policies.credentials.revocation import Revocations
from tests.catalog.serving import WEB_SHOP, World
from tests.conformance.oauth.clients import GRANT, client, served
from tests.conformance.oauth.tokens import FORM, Answer, post, post_to, secret_of


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with served(tmp_path, client(), client("other"), client("app", auth_methods=("none",))) as world:
        yield world


async def token_of(world: World, client_id: str = "web-shop") -> str:
    answer = await post(world, GRANT, basic=(client_id, await secret_of(world, client_id)))
    return str(answer.body["access_token"])


async def revoke(world: World, body: str, client_id: str = "web-shop", **more: Any) -> Answer:
    basic = (client_id, await secret_of(world, client_id))
    return await post_to(world, world.url + REVOCATION_PATH, body, basic=basic, **more)


def revoked(world: World) -> Revoked:
    current = world.publisher.current
    assert current is not None
    return current.revoked or Revoked()


async def test_2_1_a_revoked_token_is_named_to_every_gateway_until_it_ends(world: World) -> None:
    token = await token_of(world)
    answer = await revoke(world, f"token={token}&token_type_hint=access_token")
    assert (answer.status, answer.body) == (200, {})
    claims = jwt.decode(token, options={"verify_signature": False})
    assert revoked(world).tokens == ((claims["jti"], claims["exp"]),)
    assert Revocations(revoked(world)).ends(WEB_SHOP, claims["iat"], claims)
    world.now += 601
    await world.publisher.publish()
    assert revoked(world).tokens == ()


async def test_2_1_other_tokens_of_the_client_stay_good(world: World) -> None:
    first, second = await token_of(world), await token_of(world)
    await revoke(world, f"token={first}")
    claims = jwt.decode(second, options={"verify_signature": False})
    assert not Revocations(revoked(world)).ends(WEB_SHOP, claims["iat"], claims)


async def test_2_1_a_token_of_another_client_is_left_alone(world: World) -> None:
    token = await token_of(world)
    assert (await revoke(world, f"token={token}", "other")).status == 200
    assert revoked(world).tokens == ()


@pytest.mark.parametrize("token", ["x", "a.b.c", "ost_test_unknown", "%22%5C", "eyJhbGciOiJub25lIn0.e30."])
async def test_2_2_an_invalid_token_is_no_error(world: World, token: str) -> None:
    answer = await revoke(world, f"token={token}")
    assert (answer.status, answer.body) == (200, {})
    assert revoked(world).tokens == ()


async def test_2_2_nor_is_one_that_was_revoked_before(world: World) -> None:
    token = await token_of(world)
    before = [(await revoke(world, f"token={token}")).status for _ in range(2)]
    assert before == [200, 200]
    assert len(revoked(world).tokens) == 1


async def test_2_1_a_wrong_hint_does_not_matter(world: World) -> None:
    token = await token_of(world)
    assert (await revoke(world, f"token={token}&token_type_hint=refresh_token")).status == 200
    assert len(revoked(world).tokens) == 1


async def test_2_1_the_token_is_needed(world: World) -> None:
    answer = await revoke(world, "token_type_hint=access_token")
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_2_1_the_client_is_authenticated(world: World) -> None:
    token = await token_of(world)
    uri = world.url + REVOCATION_PATH
    for basic, body in ((("web-shop", "wrong"), f"token={token}"), (None, f"token={token}")):
        answer = await post_to(world, uri, body, basic=basic)
        assert (answer.status, answer.error) == (401, "invalid_client")
    public = await post_to(world, uri, f"client_id=app&token={token}")
    assert public.status == 200
    assert revoked(world).tokens == ()


async def test_2_only_a_form_by_post(world: World) -> None:
    uri = world.url + REVOCATION_PATH
    async with world.session.get(uri) as response:
        assert response.status == 405
    answer = await post_to(world, uri, "{}", content_type="application/json")
    assert (answer.status, answer.error) == (400, "invalid_request")
    answer = await post_to(world, f"{uri}?token=x", "token=x", content_type=FORM)
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_2_2_1_while_the_store_is_down_the_client_has_to_ask_again(world: World) -> None:
    token = await token_of(world)
    secret = await secret_of(world)
    async with world.store.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE revoked_tokens RENAME TO gone")
    uri = world.url + REVOCATION_PATH
    answer = await post_to(world, uri, f"token={token}", basic=("web-shop", secret))
    assert answer.status == 503
    assert answer.headers["retry-after"]


async def test_the_audit_log_says_which_token_a_client_revoked(world: World) -> None:
    token = await token_of(world)
    await revoke(world, f"token={token}")
    events = [each.event async for each in world.audit.entries()]
    told = [(each.object, each.actor) for each in events if each.subject == "access-token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert told == [(f"web-shop/{claims['jti']}", "web-shop")]
