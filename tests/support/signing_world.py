"""An operation that takes signed requests beside tokens, and an application with keys of every kind."""

import inspect
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from contracts.access import ApiKey
from contracts.oauth_client import OAuthSettings
from contracts.operations import ApiKeyUse
from contracts.sealed_text import Sealing
from contracts.snapshot import Application, Subscription
from policies import authentication
from policies.credentials.known_keys import known_keys
from policies.exchange import Exchange
from policies.verdict import ALLOW, Deny
from tests.support.policy_world import NOW, World, b64, ec_jwk, operation, rsa_jwk, rsa_key, version

PEPPER = b"p" * 32
KEY_ID = "sigAAAABBBBCCCC"
TEXT = "ost_test_sigAAAABBBBCCCC_secret"
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
RSA = rsa_key()
ED_JWK = {"kty": "OKP", "crv": "Ed25519", "x": b64(ED.public_key().public_bytes_raw())}
JWKS = [ec_jwk(EC, "a"), ED_JWK, rsa_jwk(RSA, "c")]
NONCE = "n-0123456789abcdef"
USE = ApiKeyUse("signature", (("orders.read",),), signed=True)


class Signing:
    """A world in which an operation takes signatures beside tokens; its application has keys of every kind."""

    def __init__(self, **key: Any) -> None:
        self.world = World()
        self.key = ApiKey(
            **{
                "id": KEY_ID,
                "digest": Sealing(PEPPER).seal(KEY_ID, TEXT),
                "expires": NOW + 1000,
                "signs": True,
                **key,
            }
        )
        self.plan = "gold"
        self.ports: dict[str, Any] = {"key_pepper": PEPPER, "key_plans": frozenset({"gold"})}

    def stage(self, **operation_changes: Any) -> Any:
        subscriptions = (Subscription("orders", "v1", self.plan, ("orders.read", "orders.write")),)
        application = Application(
            "acme-shop", "Shop", "acme", subscriptions, (self.key,), oauth=OAuthSettings(jwks={"keys": JWKS})
        )
        self.world.access.applications = {"acme-shop": application}
        self.world.access.keys = known_keys((application,))
        ports = replace(self.world.ports(), **self.ports)
        return authentication.bind(version(), operation(**{"api_key": USE, **operation_changes}), ports)


def request(fields: dict[str, str], method: str = "GET", target: str = "/orders/v1/orders") -> Exchange:
    pairs = {name.encode(): value.encode() for name, value in fields.items()}
    made = Exchange(method, target.encode(), list(pairs.items()), pairs, "192.0.2.1")
    made.path = target.partition("?")[0]
    return made


def parameters(key_id: str = KEY_ID, created: int = NOW, nonce: str = NONCE, more: str = "") -> str:
    return f';created={created};keyid="{key_id}";nonce="{nonce}"{more}'


async def verdict(stage: Any, made: Exchange) -> Any:
    found = stage(made)
    if inspect.isawaitable(found):
        found = await found
    assert (made.principal is not None) is (found is ALLOW)
    return found


async def refused(stage: Any, fields: dict[str, str], **options: Any) -> str:
    found = await verdict(stage, request(fields, **options))
    assert isinstance(found, Deny)
    assert (found.problem.type.id, found.problem.status) == ("signature-invalid", 401)
    headers = dict(found.problem.headers)
    assert headers["www-authenticate"] == 'ApiKey in="header", name="signature"'
    assert headers["accept-signature"].startswith('ostiary=("@method" "@target-uri" "content-digest")')
    detail = found.problem.detail
    assert detail.startswith("The request's signature is not accepted: ")
    return detail.removeprefix("The request's signature is not accepted: ").removesuffix(".")
