"""FAPI 2.0 security profile (final), §5.3.2: what `profile: fapi-2` of an application turns on together."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.client_certificates import thumbprint
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
from tests.conformance.oauth.rfc8705.test_client_certificates import BEHIND, SELF, ask, told
from tests.conformance.oauth.tokens import Answer, post, secret_of


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    applications = (
        by_key(profile="fapi-2", constraint="any"),
        client(
            "by-self",
            auth_methods=("self_signed_tls_client_auth",),
            certificates=(thumbprint(SELF.der),),
            profile="fapi-2",
            constraint="any",
        ),
    )
    async with served(tmp_path, *applications, policy=BEHIND) as world:
        yield world


async def with_proof(world: World, **header: object) -> Answer:
    """A request with the nonce that the first answer told."""
    challenge = await post(world, with_assertion(assertion(world)), headers=[proof(world, None, dict(header))])
    if challenge.error != "use_dpop_nonce":
        return challenge
    sent = proof(world, {"nonce": challenge.headers["dpop-nonce"]}, dict(header))
    return await post(world, with_assertion(assertion(world)), headers=[sent])


async def test_5_3_2_1_item_4_tokens_are_sender_constrained(world: World) -> None:
    unbound = await post(world, with_assertion(assertion(world)))
    assert (unbound.status, unbound.error) == (400, "invalid_request")
    assert claims_of(await with_proof(world))["cnf"] == {"jkt": OTHER_KEY.thumbprint()}


async def test_5_3_2_1_item_4_by_a_certificate_too(world: World) -> None:
    claims = claims_of(await ask(world, "by-self", told(SELF)))
    assert claims["cnf"] == {"x5t#S256": thumbprint(SELF.der)}
    bound = await post(world, with_assertion(assertion(world)), headers=[told(SELF)])
    assert claims_of(bound)["cnf"] == {"x5t#S256": thumbprint(SELF.der)}


async def test_5_3_2_1_item_6_clients_authenticate_by_a_key_or_a_certificate(world: World) -> None:
    answer = await post(world, GRANT, basic=("web-shop", await secret_of(world)), headers=[proof(world)])
    assert (answer.status, answer.error) == (401, "invalid_client")


async def test_tokens_live_five_minutes_at_most(world: World) -> None:
    assert (await with_proof(world)).body["expires_in"] == 300


@pytest.mark.parametrize("algorithm", ["RS256", "ES384", "HS256", "none"])
async def test_5_4_1_algorithms_are_ps256_es256_and_eddsa(world: World, algorithm: str) -> None:
    text = assertion(world, header={"alg": algorithm})
    answer = await post(world, with_assertion(text), headers=[proof(world)])
    assert (answer.status, answer.error) == (401, "invalid_client")
    refused = await with_proof(world, alg=algorithm)
    assert (refused.status, refused.error) == (400, "invalid_dpop_proof")
