"""RFC 9449 §5, §8: DPoP at the token endpoint."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from catalog.oauth.clients.presented import ASSERTION_TYPE
from policies.credentials.dpop_proof import AGE, SKEW
from tests.catalog.serving import World
from tests.conformance.oauth.clients import (
    GRANT,
    OTHER_KEY,
    assertion,
    by_key,
    claims_of,
    client,
    proof,
    served,
    with_assertion,
)
from tests.conformance.oauth.tokens import Answer, post, secret_of


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    bound = client("bound", constraint="dpop")
    async with served(tmp_path, client(), bound, by_key("strict", profile="fapi-2", constraint="any")) as world:
        yield world


async def ask(world: World, *headers: tuple[str, str], client_id: str = "web-shop") -> Answer:
    return await post(world, GRANT, basic=(client_id, await secret_of(world, client_id)), headers=headers)


async def strict(world: World, *headers: tuple[str, str]) -> Answer:
    return await post(world, with_assertion(assertion(world, client_id="strict")), headers=headers)


async def test_5_a_proof_binds_the_token_to_its_key(world: World) -> None:
    answer = await ask(world, proof(world))
    assert answer.body["token_type"] == "DPoP"
    assert claims_of(answer)["cnf"] == {"jkt": OTHER_KEY.thumbprint()}


async def test_5_without_a_proof_it_is_a_bearer_token(world: World) -> None:
    answer = await ask(world)
    assert answer.body["token_type"] == "Bearer"
    assert "cnf" not in claims_of(answer)


async def test_a_client_whose_tokens_are_bound_gets_none_without_a_proof(world: World) -> None:
    answer = await ask(world, client_id="bound")
    assert (answer.status, answer.error) == (400, "invalid_dpop_proof")
    assert claims_of(await ask(world, proof(world), client_id="bound"))["cnf"]


BAD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "4_3_item_3_no_htm": ({"htm": None}, {}),
    "4_3_item_8_another_method": ({"htm": "GET"}, {}),
    "4_3_item_9_another_uri": ({"htu": "https://other.example/oauth/token"}, {}),
    "4_3_item_9_another_endpoint": ({"htu": "http://127.0.0.1/oauth/token"}, {}),
    "4_3_item_4_another_type": ({}, {"typ": "JWT"}),
    "4_3_item_5_none": ({}, {"alg": "none"}),
    "4_3_item_5_symmetric": ({}, {"alg": "HS256"}),
    "4_3_item_7_a_private_key": ({}, {"jwk": OTHER_KEY.as_dict(private=True)}),
    "4_3_item_3_no_jti": ({"jti": None}, {}),
    "4_3_item_3_no_key": ({}, {"jwk": None}),
    "4_3_item_11_too_old": ({"iat": 1_795_000_000 - AGE - 1}, {}),
    "4_3_item_11_from_the_future": ({"iat": 1_795_000_000 + SKEW + 1}, {}),
}


@pytest.mark.parametrize(("claims", "header"), BAD.values(), ids=BAD)
async def test_4_3_what_is_no_proof(world: World, claims: dict[str, Any], header: dict[str, Any]) -> None:
    answer = await ask(world, proof(world, claims, header))
    assert (answer.status, answer.error) == (400, "invalid_dpop_proof")
    assert "access_token" not in answer.body


async def test_4_3_item_1_there_is_one_proof(world: World) -> None:
    answer = await ask(world, proof(world), proof(world))
    assert (answer.status, answer.error) == (400, "invalid_dpop_proof")


async def test_11_1_a_proof_is_used_once_whoever_comes_with_it(world: World) -> None:
    sent = proof(world)
    assert (await ask(world, sent)).status == 200
    again = await ask(world, sent, client_id="bound")
    assert (again.status, again.error) == (400, "invalid_dpop_proof")


async def test_11_1_of_many_at_once_one_is_first(world: World) -> None:
    sent, secret = proof(world), await secret_of(world)
    answers = await asyncio.gather(
        *(post(world, GRANT, basic=("web-shop", secret), headers=[sent]) for _ in range(10))
    )
    assert sorted(each.status for each in answers) == [200] + [400] * 9


async def test_8_a_nonce_is_demanded_of_the_strict_profile_and_told(world: World) -> None:
    challenge = await strict(world, proof(world))
    assert (challenge.status, challenge.error) == (400, "use_dpop_nonce")
    nonce = challenge.headers["dpop-nonce"]
    answer = await strict(world, proof(world, {"nonce": nonce}))
    assert claims_of(answer)["cnf"] == {"jkt": OTHER_KEY.thumbprint()}


async def test_8_a_nonce_ends_and_none_can_be_made_up(world: World) -> None:
    nonce = (await strict(world, proof(world))).headers["dpop-nonce"]
    world.now += 130
    assert (await strict(world, proof(world, {"nonce": nonce}))).status == 200
    world.now += 130
    for stale in (nonce, "made-up", nonce[:-1], "\u00e9"):
        answer = await strict(world, proof(world, {"nonce": stale}))
        assert (answer.status, answer.error) == (400, "use_dpop_nonce")
        assert answer.headers["dpop-nonce"] != nonce


async def test_8_a_wrong_nonce_is_told_to_any_client(world: World) -> None:
    answer = await ask(world, proof(world, {"nonce": "made-up"}))
    assert (answer.status, answer.error) == (400, "use_dpop_nonce")


async def test_5_1_the_metadata_names_the_algorithms(world: World) -> None:
    async with world.session.get(world.url + "/.well-known/oauth-authorization-server") as response:
        metadata = await response.json()
    assert {"ES256", "EdDSA", "PS256"} <= set(metadata["dpop_signing_alg_values_supported"])
    assert not {"none", "HS256"} & set(metadata["dpop_signing_alg_values_supported"])


async def test_a_proof_proves_no_client(world: World) -> None:
    """A DPoP proof and a client assertion are both JWTs that a client signs."""
    _, text = proof(world)
    body = f"{GRANT}&client_id=strict&client_assertion_type={ASSERTION_TYPE}&client_assertion={text}"
    answer = await post(world, body)
    assert (answer.status, answer.error) == (401, "invalid_client")


async def test_the_token_is_typed_at_jwt_as_an_unbound_one_is(world: World) -> None:
    answer = await ask(world, proof(world))
    assert jwt.get_unverified_header(answer.body["access_token"])["typ"] == "at+jwt"
