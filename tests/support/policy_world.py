"""A small world for policies: an issuer with keys, one application, a version of an API, and a clock to turn."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jwt.algorithms import RSAAlgorithm

from contracts.operations import ApiVersion, HttpBackend, Operation
from contracts.public_keys import PublicKey, public_key
from contracts.snapshot import Application, RateLimit, Subscription
from gateway.adapters.limiter import InProcessLimiter
from policies.credentials.known_keys import KnownKey
from policies.credentials.revocation import NOTHING
from policies.credentials.trusted_issuer import TrustedIssuer
from policies.exchange import Exchange
from policies.ports import IssuerUnavailableError, Ports

NOW = 1_800_000_000
ISSUER = "https://catalog.example"
AUDIENCE = "https://api.example"

EC_KEY = ec.derive_private_key(0x1234567890ABCDEF1234567890ABCDEF, ec.SECP256R1())


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def es256(signing_input: bytes, key: ec.EllipticCurvePrivateKey = EC_KEY) -> bytes:
    r, s = decode_dss_signature(key.sign(signing_input, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def compact(header: Any, claims: Any, sign: Any = es256) -> str:
    """A compact JWS. `header` and `claims` may be ready JSON text, so that a test can say anything at all."""
    parts = [part if isinstance(part, str) else json.dumps(part) for part in (header, claims)]
    signing_input = ".".join(b64(part.encode("utf-8", "surrogatepass")) for part in parts)
    return f"{signing_input}.{b64(sign(signing_input.encode()))}"


def header(**changes: Any) -> dict[str, Any]:
    return _changed({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}, changes)


def claims(**changes: Any) -> dict[str, Any]:
    base = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "acme-shop",
        "client_id": "acme-shop",
        "jti": "t-1",
        "iat": NOW - 10,
        "exp": NOW + 600,
        "scope": "orders.read orders.write",
    }
    return _changed(base, changes)


def _changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = {**base, **changes}
    return {name: value for name, value in merged.items() if value is not ...}


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def rsa_jwk(key: rsa.RSAPrivateKey, key_id: str, **members: Any) -> dict[str, Any]:
    return {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": key_id, **members}


def ec_jwk(key: ec.EllipticCurvePrivateKey, key_id: str, curve: str = "P-256", **members: Any) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    size = (key.key_size + 7) // 8
    return {
        "kty": "EC",
        "crv": curve,
        "kid": key_id,
        "x": b64(numbers.x.to_bytes(size, "big")),
        "y": b64(numbers.y.to_bytes(size, "big")),
        **members,
    }


EC_PUBLIC = public_key(ec_jwk(EC_KEY, "k1"))


class StaticKeys:
    """A key source in which `later` arrives by a fetch, and which can be down."""

    def __init__(self) -> None:
        self.issuers = {ISSUER: TrustedIssuer(ISSUER, ("ES256",))}
        self.known = {(ISSUER, "k1"): EC_PUBLIC}
        self.later: dict[tuple[str, str], PublicKey] = {}
        self.down = False
        self.fetches = 0

    def trusted(self, issuer: str, /) -> TrustedIssuer | None:
        return self.issuers.get(issuer)

    def find(self, issuer: str, key_id: str, /) -> PublicKey | None:
        return self.known.get((issuer, key_id))

    async def fetch(self, issuer: str, key_id: str, /) -> PublicKey | None:
        self.fetches += 1
        if self.down:
            raise IssuerUnavailableError(issuer)
        return self.later.get((issuer, key_id))


class StaticAccess:
    def __init__(self, applications: Mapping[str, Application]) -> None:
        self.generation = 1
        self.applications = applications
        self.identities: dict[tuple[str, str], Application] = {}
        self.keys: dict[str, KnownKey] = {}
        self.revocations = NOTHING


class World:
    """Change what a test is about, then `bind` and call."""

    def __init__(self) -> None:
        self.now = float(NOW)
        self.keys = StaticKeys()
        self.plans: dict[str, tuple[RateLimit, ...]] = {
            "gold": (RateLimit("burst", 2, 10), RateLimit("daily", 100, 86400))
        }
        self.access = StaticAccess({})
        self.subscribe("orders.read", "orders.write")
        self.limiter = InProcessLimiter(lambda: self.now, lambda: self.now)

    def subscribe(self, *scopes: str, plan: str = "gold", version: str = "v1") -> None:
        """The one application's one subscription, from the next generation on."""
        subscription = Subscription("orders", version, plan, scopes)
        application = Application("acme-shop", "Shop", "acme", (subscription,))
        self.access.applications = {"acme-shop": application}
        self.access.generation += 1

    def ports(self) -> Ports:
        return Ports(
            clock=lambda: self.now,
            limiter=self.limiter,
            keys=self.keys,
            access=self.access,
            audience=AUDIENCE,
            plans=self.plans,
        )


def operation(**changes: Any) -> Operation:
    members: dict[str, Any] = {
        "id": "listOrders",
        "method": "GET",
        "path": "/orders",
        "pointer": "/paths/~1orders/get",
        "backend": HttpBackend("erp"),
        "scopes": (("orders.read",),),
    }
    return Operation(**{**members, **changes})


def version(*operations: Operation, **changes: Any) -> ApiVersion:
    members: dict[str, Any] = {
        "api": "orders",
        "version": "v1",
        "title": "Orders",
        "owner": "sales",
        "base_path": "/orders/v1",
        "revision": hashlib.sha256(b"").hexdigest(),
        "operations": operations,
    }
    return ApiVersion(**{**members, **changes})


def exchange(token: str | None = None, **fields: str) -> Exchange:
    headers = {name.replace("_", "-").encode(): value.encode() for name, value in fields.items()}
    if token is not None:
        headers[b"authorization"] = f"Bearer {token}".encode()
    made = Exchange("GET", b"/orders/v1/orders", list(headers.items()), headers, "192.0.2.1")
    made.path = "/orders/v1/orders"
    return made
