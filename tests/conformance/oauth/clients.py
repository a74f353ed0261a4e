"""Clients of the token endpoint as these tests need them: their keys, their assertions and their proofs."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey

from catalog.oauth.clients.presented import ASSERTION_TYPE
from catalog.oauth.policy import DEFAULT, OAuthPolicy
from catalog.publishing.compilation import Compilation
from contracts.access import Application, Issuer
from contracts.oauth_client import OAuthSettings
from contracts.operations import ApiVersion
from contracts.snapshot import ContractsPart
from tests.catalog.serving import AUDIENCE, WEB_SHOP, World, serving
from tests.conformance.oauth.tokens import Answer, post

KEY = ECKey.generate_key("P-256", {"kid": "shop-1"})
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "shop-2"})
JWKS = {"keys": [KEY.as_dict(private=False)]}
ORDERS, PARTNERS = f"{AUDIENCE}/orders/v2", f"{AUDIENCE}/partners/v1"
GRANT = "grant_type=client_credentials"


def _version(api: str, version: str) -> ApiVersion:
    return ApiVersion(api, version, api.title(), "sales", f"/{api}/{version}", "", ())


VERSIONS = (_version("orders", "v2"), _version("partners", "v1"), _version("secrets", "v1"))


def client(client_id: str = "web-shop", **settings: Any) -> Application:
    """An application with the subscriptions of `tests.catalog.serving`'s web shop."""
    return Application(
        client_id, client_id, "acme", WEB_SHOP.subscriptions, oauth=OAuthSettings(**settings) if settings else None
    )


def by_key(client_id: str = "web-shop", **settings: Any) -> Application:
    """One that authenticates by `private_key_jwt`."""
    return client(client_id, auth_methods=("private_key_jwt",), jwks=JWKS, **settings)


@asynccontextmanager
async def served(
    directory: Path, *applications: Application, policy: OAuthPolicy = DEFAULT, issuers: tuple[Issuer, ...] = ()
) -> AsyncIterator[World]:
    """A catalog that publishes these applications, and three APIs."""
    contracts = ContractsPart(AUDIENCE, (), (), VERSIONS)
    compiled = Compilation(
        (), contracts, tuple(sorted(applications, key=lambda each: each.client_id)), None, issuers
    )
    async with serving(directory, compiled=compiled, policy=policy) as world:
        yield world


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: dict[str, Any], claims: dict[str, Any], key: ECKey = KEY) -> str:
    """A JWT with exactly this header and these claims; None leaves one out."""
    parts = [{name: value for name, value in each.items() if value is not None} for each in (header, claims)]
    text = ".".join(b64(json.dumps(part).encode()) for part in parts)
    private = key.private_key
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(private.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{b64(r.to_bytes(32) + s.to_bytes(32))}"


_numbers = iter(range(1_000_000))


def assertion(
    world: World,
    claims: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    *,
    client_id: str = "web-shop",
    key: ECKey = KEY,
) -> str:
    """A good client assertion (RFC 7523 §3) but for what is given."""
    now = int(world.now)
    good = {
        "iss": client_id,
        "sub": client_id,
        "aud": world.url,
        "exp": now + 60,
        "iat": now,
        "jti": f"assertion-{next(_numbers)}",
    }
    return signed(
        {"alg": "ES256", "typ": "JWT", "kid": key.kid, **(header or {})}, {**good, **(claims or {})}, key
    )


def with_assertion(text: str, body: str = GRANT) -> str:
    """The body of a request that carries it."""
    return f"{body}&client_assertion_type={ASSERTION_TYPE}&client_assertion={text}"


def proof(
    world: World,
    claims: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    *,
    key: ECKey = OTHER_KEY,
    url: str | None = None,
) -> tuple[str, str]:
    """A good DPoP proof for a POST to the token endpoint but for what is given, as a header field."""
    good = {"jti": f"proof-{next(_numbers)}", "htm": "POST", "htu": url or world.token_url, "iat": int(world.now)}
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False), **(header or {})}
    return "DPoP", signed(head, {**good, **(claims or {})}, key)


def claims_of(answer: Answer) -> dict[str, Any]:
    """What the access token of an answer says."""
    assert answer.status == 200, answer.body
    return dict(jwt.decode(answer.body["access_token"], options={"verify_signature": False}))


async def by_assertion(world: World, body: str = GRANT, **more: Any) -> Answer:
    """A token request of a client that proves itself by a good assertion."""
    client_id = more.pop("client_id", "web-shop")
    return await post(world, with_assertion(assertion(world, client_id=client_id), body), **more)


def sha256(data: bytes) -> str:
    return b64(hashlib.sha256(data).digest())
