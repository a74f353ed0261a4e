"""A gateway before an OpenID provider that is not ours (npm's `oidc-provider`): metadata, keys, tokens, answers,
rotation and outages are as that provider has them."""

import hashlib
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from contracts.access import ExternalIssuer, Identity, Introspection, Revoked
from contracts.base64url import base64url
from contracts.snapshot import AccessPart, Application, Issuer, Snapshot, Subscription, encode_part
from gateway.adapters.introspection import BRIEFLY, PAUSE
from gateway.adapters.keys import INTERVAL
from tests.gateway.gateway_world import Gateway, gateway, problem_of, snapshot
from tests.gateway.http_harness import RawAnswer
from tests.support.node_packages import NoNodeError
from tests.support.oidc_provider import OidcProvider, oidc_provider
from tests.support.policy_world import AUDIENCE, compact, ec_jwk, es256

MAX_CACHE = 30
RESOURCE = AUDIENCE + "/orders/v1"
KINDS = ("jwt-shop", "opaque-shop")


@dataclass
class Passing:
    """Seconds that have gone by for the gateway, beside those that have."""

    seconds: float = 0.0

    def clock(self) -> float:
        return time.time() + self.seconds

    def monotonic(self) -> float:
        return time.monotonic() + self.seconds


class World:
    """A gateway that trusts the provider."""

    def __init__(self, provider: OidcProvider, running: Gateway, passing: Passing) -> None:
        self.provider = provider
        self.gateway = running
        self.passing = passing
        self._serial = 1

    def adopt(self, revoked: Revoked | None = None) -> None:
        self._serial += 1
        self.gateway.adopt(trusting(self.provider, self.gateway.upstream.port, self._serial, revoked))

    async def call(self, token: str) -> RawAnswer:
        return await self.gateway.ask("GET", "/orders/v1/orders", bearer=token)

    async def status(self, token: str) -> int:
        return (await self.call(token)).status

    async def refusal(self, token: str) -> tuple[int, str]:
        answer = await self.call(token)
        return answer.status, problem_of(answer)["detail"]


def trusting(provider: OidcProvider, port: int, serial: int, revoked: Revoked | None) -> Snapshot:
    made = snapshot(port=port, serial=serial)
    asked = Introspection("gateway", "provider-secret", max_cache=MAX_CACHE)
    issuer = Issuer(provider.issuer, "", ("ES256",), {"keys": []}, ExternalIssuer(introspection=asked))
    subscriptions = (Subscription("orders", "v1", "gold", ("orders:read",)),)
    identities = tuple(Identity(provider.issuer, each) for each in KINDS)
    application = Application("acme-shop", "Shop", "acme", subscriptions, identities=identities)
    access = AccessPart((*made.access.issuers, issuer), (application,), revoked)
    manifest = msgspec.structs.replace(made.manifest, access=encode_part(access)[0])
    return Snapshot(manifest, made.contracts, access)


@asynccontextmanager
async def world(directory: Path) -> AsyncIterator[World]:
    (directory / "secrets").mkdir()
    passing = Passing()
    try:
        async with (
            oidc_provider(AUDIENCE) as provider,
            gateway(directory, clock=passing.clock, monotonic=passing.monotonic) as running,
        ):
            (directory / "secrets" / "provider-secret").write_text(provider.secret("gateway") + "\n")
            made = World(provider, running, passing)
            made.adopt()
            yield made
    except NoNodeError as error:
        pytest.skip(f"NOT TESTED against an independent provider: {error}")


@pytest.mark.parametrize("client", KINDS)
async def test_its_tokens_open_what_the_application_may_call(tmp_path: Path, client: str) -> None:
    async with world(tmp_path) as here:
        token = await here.provider.token(client)
        assert token.count(".") == (2 if client == "jwt-shop" else 0)
        assert [await here.status(token) for _ in range(3)] == [200, 200, 200]
        write = await here.gateway.ask("POST", "/orders/v1/orders", b'{"sku":"a"}', bearer=token)
        assert (write.status, problem_of(write)["title"]) == (403, "Scope insufficient")
        assert len(here.gateway.upstream.seen) == 3


@pytest.mark.parametrize("client", KINDS)
async def test_a_token_for_one_api_alone(tmp_path: Path, client: str) -> None:
    async with world(tmp_path) as here:
        assert await here.status(await here.provider.token(client, resource=RESOURCE)) == 200
        other = await here.provider.token(client, resource=AUDIENCE + "/stock/v1")
        for _ in range(2):  # at first sight, and known
            assert await here.refusal(other) == (
                401,
                "The access token is not accepted: it was issued for another audience.",
            )


async def test_a_client_that_is_nobodys_application(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        status, detail = await here.refusal(await here.provider.token("stranger"))
        assert (status, detail) == (401, "The access token is not accepted: its client is not known.")


def proof(key: ec.EllipticCurvePrivateKey, method: str, uri: str, token: str = "") -> str:
    """A DPoP proof (RFC 9449 §4.2), for a token where there is one."""
    jwk = ec_jwk(key, "")
    del jwk["kid"]
    claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": uri, "iat": int(time.time())}
    if token:
        claims["ath"] = base64url(hashlib.sha256(token.encode()).digest())
    return compact({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}, claims, lambda data: es256(data, key))


@pytest.mark.parametrize("client", KINDS)
async def test_a_token_that_it_bound_to_a_key(tmp_path: Path, client: str) -> None:
    """In the token itself (`cnf`), and in its answer about an opaque one (RFC 9449 §6.2)."""
    async with world(tmp_path) as here:
        key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        token = await here.provider.token(client, proof(key, "POST", here.provider.issuer + "/token"))
        uri = AUDIENCE + "/orders/v1/orders"
        assert (await here.refusal(token))[0] == 401, "it is no bearer token"

        async def status(**fields: str) -> int:
            answer = await here.gateway.ask("GET", "/orders/v1/orders", bearer=None, **fields)
            return answer.status

        assert await status(authorization=f"DPoP {token}") == 401
        assert await status(authorization=f"DPoP {token}", dpop=proof(other, "GET", uri, token)) == 401
        assert await status(authorization=f"DPoP {token}", dpop=proof(key, "GET", uri)) == 401
        mine = proof(key, "GET", uri, token)
        assert await status(authorization=f"Bearer {token}", dpop=mine) == 401
        assert here.gateway.upstream.seen == []
        assert await status(authorization=f"DPoP {token}", dpop=mine) == 200
        assert await status(authorization=f"DPoP {token}", dpop=mine) == 401, "a proof is used once"
        assert await status(authorization=f"DPoP {token}", dpop=proof(key, "GET", uri, token)) == 200


async def test_its_keys_change(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        before = await here.provider.token()
        assert await here.status(before) == 200
        await here.provider.rotate()
        after = await here.provider.token()
        assert await here.status(after) == 401, "its keys have just been fetched"
        here.passing.seconds += INTERVAL
        assert await here.status(after) == 200
        assert await here.status(before) == 200, "verified while its key was published"
        here.adopt(Revoked(issued_before=()))
        assert await here.status(after) == 200


async def test_a_stranger_who_names_it_as_issuer(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        key = ec.generate_private_key(ec.SECP256R1())
        now = int(time.time())
        claims = {
            "iss": here.provider.issuer,
            "aud": AUDIENCE,
            "sub": "jwt-shop",
            "client_id": "jwt-shop",
            "jti": "1",
            "iat": now,
            "exp": now + 60,
            "scope": "orders:read",
        }
        head = {"alg": "ES256", "typ": "at+jwt", "kid": "mine", "jwk": ec_jwk(key, "mine")}
        status, detail = await here.refusal(compact(head, claims, lambda data: es256(data, key)))
        assert (status, detail) == (401, "The access token is not accepted: its issuer has no such key.")


async def test_it_is_down(tmp_path: Path) -> None:
    """Keys that are known go on; what needs the provider waits for it: an outage and not the client's fault."""
    async with world(tmp_path) as here:
        known, unknown, opaque = [await here.provider.token(each) for each in ("jwt-shop", *KINDS)]
        assert await here.status(known) == 200
        await here.provider.stop()
        assert await here.status(unknown) == 200
        answer = await here.call(opaque)
        assert (answer.status, answer.fields[b"retry-after"]) == (503, b"10")
        here.adopt(
            Revoked(credentials=("x",))
        )  # the keys that were fetched stay with an entry that did not change
        assert await here.status(known) == 200
        await here.provider.start()
        fresh = [await here.provider.token(each) for each in KINDS]
        here.passing.seconds += INTERVAL + PAUSE
        assert [await here.status(each) for each in fresh] == [200, 200]


async def test_it_is_down_from_the_start(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        token = await here.provider.token()
        await here.provider.stop()
        answer = await here.call(token)
        assert (answer.status, answer.fields[b"retry-after"]) == (503, b"10")
        assert problem_of(answer)["type"] == "urn:ostiary:problem:issuer-unavailable"
        assert here.gateway.upstream.seen == []


async def test_an_opaque_token_that_it_revoked(tmp_path: Path) -> None:
    """The gateway believes an answer for as long as it was told, and no longer."""
    async with world(tmp_path) as here:
        token = await here.provider.token("opaque-shop")
        assert await here.status(token) == 200
        await here.provider.revoke(token)
        assert await here.status(token) == 200
        here.passing.seconds += MAX_CACHE + BRIEFLY
        for _ in range(2):
            status, detail = await here.refusal(token)
            assert (status, detail) == (
                401,
                "The access token is not accepted: its issuer says that it is not good.",
            )


@pytest.mark.parametrize("client", KINDS)
async def test_what_we_revoke_is_refused_at_once(tmp_path: Path, client: str) -> None:
    async with world(tmp_path) as here:
        token = await here.provider.token(client)
        assert await here.status(token) == 200
        here.adopt(Revoked(client_ids=("acme-shop",)))
        assert await here.refusal(token) == (401, "The access token is not accepted: it was revoked.")


async def test_an_answer_does_not_outlive_a_snapshot(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        token = await here.provider.token("opaque-shop")
        assert await here.status(token) == 200
        await here.provider.revoke(token)
        here.adopt(Revoked(credentials=("x",)))
        assert await here.status(token) == 401


async def test_random_tokens_are_nobodys(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        status, detail = await here.refusal("no-token-of-anybody")
        assert (status, detail) == (401, "The access token is not accepted: its issuer says that it is not good.")


async def test_the_wrong_secret_is_the_gateways_fault(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        secret = tmp_path / "secrets" / "provider-secret"
        token = await here.provider.token("opaque-shop")
        for spoil in (lambda: secret.write_text("wrong"), secret.unlink):
            spoil()
            here.passing.seconds += PAUSE
            assert await here.status(token) == 503
        secret.write_text(here.provider.secret("gateway"))
        here.passing.seconds += PAUSE
        assert await here.status(token) == 200
