"""RFC 9068, access tokens as JWTs."""

from pathlib import Path
from typing import Any

import jwt
import pytest

from catalog.oauth.policy import OAuthPolicy
from catalog.people.principal import Principal
from tests.catalog.serving import AUDIENCE
from tests.conformance.oauth.clients import GRANT, claims_of, client, served
from tests.conformance.oauth.tokens import post, secret_of


async def test_2_1_and_2_2_the_header_and_the_claims(tmp_path: Path) -> None:
    async with served(tmp_path, client()) as world:
        answer = await post(world, GRANT, basic=("web-shop", await secret_of(world)))
        header = jwt.get_unverified_header(answer.body["access_token"])
        claims = claims_of(answer)
        assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
        assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"} <= claims.keys()
        # §2.2: without a resource owner the subject is the client.
        assert claims["sub"] == claims["client_id"] == "web-shop"
        assert claims["aud"] == AUDIENCE
        assert claims["exp"] - claims["iat"] == answer.body["expires_in"] == 600


async def test_2_2_two_tokens_have_two_ids(tmp_path: Path) -> None:
    async with served(tmp_path, client()) as world:
        secret = await secret_of(world)
        ids = {claims_of(await post(world, GRANT, basic=("web-shop", secret)))["jti"] for _ in range(20)}
        assert len(ids) == 20


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
async def test_4_they_verify_with_the_published_keys_by_another_implementation(
    tmp_path: Path, algorithm: Any
) -> None:
    async with served(tmp_path, client(), policy=OAuthPolicy(algorithm=algorithm)) as world:
        security = Principal("vera", {"security": frozenset({"security"})})
        await world.catalog.signing.rotate(security, 0, "another algorithm")
        answer = await post(world, GRANT, basic=("web-shop", await secret_of(world)))
        token = answer.body["access_token"]
        header = jwt.get_unverified_header(token)
        assert header["alg"] == algorithm
        async with world.session.get(world.url + "/oauth/jwks") as response:
            keys = jwt.PyJWKSet.from_dict(await response.json(content_type=None))
        verified = jwt.decode(
            token,
            keys[header["kid"]],
            algorithms=[algorithm],
            audience=AUDIENCE,
            issuer=world.url,
            options={"verify_exp": False, "verify_iat": False},  # the world's clock is not today's
        )
        assert verified["client_id"] == "web-shop"
        current = world.publisher.current
        assert current is not None
        assert header["kid"] in current.signing_keys
