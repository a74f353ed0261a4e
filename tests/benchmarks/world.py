"""What is measured: the contracts, the applications and their tokens, and the requests.

The *full chain* is 300 templated routes in two versions (one deprecated, with its sunset announced), 1,000
RS256 access tokens of 100 applications, a scope on each operation, a plan limit, parameters and bodies checked
against their schemas. *No policies* is the same routes with all of that taken away, on the same engine.
"""

import base64
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from contracts.operations import (
    ApiVersion,
    HttpBackend,
    Lifecycle,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
    Response,
)
from contracts.snapshot import (
    FORMAT,
    AccessPart,
    Application,
    ContractsPart,
    Issuer,
    Manifest,
    Plan,
    RateLimit,
    SignedManifest,
    Subscription,
    Upstream,
    encode_part,
    sign,
)
from gateway.snapshot_store import SnapshotStore

AUDIENCE = "https://api.bench.example"
ISSUER = "https://issuer.bench.example"
APPLICATIONS = 100
TOKENS_EACH = 10
RESOURCES = 75
IDS = 100
"""Of each of the 300 templates: 30,000 targets, more than a gateway keeps at hand, as they are in life."""
VERSIONS = ("v1", "v2")
SCOPE_READ, SCOPE_WRITE = "orders:read", "orders:write"
DAY = 86_400

LARGE_PATH = "/files"
LARGE = 1 << 20
"""Bytes of a large body."""

ORDER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["customer", "reference", "ordered_at", "currency", "lines"],
    "additionalProperties": False,
    "properties": {
        "customer": {"type": "integer", "minimum": 1},
        "reference": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4,10}$"},
        "ordered_at": {"type": "string", "format": "date-time"},
        "currency": {"enum": ["EUR", "USD", "CHF"]},
        "note": {"type": ["string", "null"], "maxLength": 500},
        "lines": {
            "type": "array",
            "minItems": 1,
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["product", "quantity", "price"],
                "additionalProperties": False,
                "properties": {
                    "product": {"type": "string", "minLength": 1, "maxLength": 64},
                    "description": {"type": "string", "maxLength": 200},
                    "quantity": {"type": "number", "exclusiveMinimum": 0},
                    "price": {"type": "number", "minimum": 0},
                    "delivery": {"type": "string", "format": "date"},
                },
            },
        },
    },
}


_JSON = (MediaType("application/json"),)
_NAME = (Parameter("name", "path", "simple", False, {"type": "string", "maxLength": 64}, required=True),)


def order() -> bytes:
    """A valid order of about 2 KB."""
    line = {
        "product": "FURN_7800-OAK",
        "description": "Desk combination, black-brown: chair, desk and drawer",
        "quantity": 2.5,
        "price": 449.95,
        "delivery": "2026-12-24",
    }
    document = {
        "customer": 4711,
        "reference": "PO-2026001",
        "ordered_at": "2026-11-22T10:15:30+01:00",
        "currency": "EUR",
        "note": "Ring twice, second floor.",
        "lines": [line] * 12,
    }
    return json.dumps(document, separators=(",", ":")).encode()


@dataclass(frozen=True)
class World:
    """Keys and tokens, made once for all peers, and the requests that they carry."""

    tokens: tuple[str, ...]
    jwks: dict[str, Any]
    get_paths: tuple[str, ...]
    post_paths: tuple[str, ...]
    body: bytes


def build(applications: int = APPLICATIONS, tokens_each: int = TOKENS_EACH) -> World:
    """Takes about two seconds for 1,000 tokens: each is signed."""
    key = generate_private_key(public_exponent=65_537, key_size=2048)
    now = int(time.time())
    tokens = tuple(
        jwt.encode(
            {
                "iss": ISSUER,
                "aud": AUDIENCE,
                "sub": f"application-{number:03}",
                "client_id": f"application-{number:03}",
                "scope": f"{SCOPE_READ} {SCOPE_WRITE}",
                "iat": now,
                "exp": now + DAY,
                "jti": f"{number}-{copy}",
            },
            key,
            algorithm="RS256",
            headers={"typ": "at+jwt", "kid": "bench"},
        )
        for copy in range(tokens_each)
        for number in range(applications)
    )
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    public = {"kty": "RSA", "n": public["n"], "e": public["e"], "kid": "bench", "alg": "RS256", "use": "sig"}
    gets = tuple(
        path
        for copy in range(IDS)
        for number in range(RESOURCES)
        for version in VERSIONS
        for path in (
            f"/bench/{version}/resource-{number:02}/{(copy + 1) * 1000 + number}?limit=20",
            f"/bench/{version}/resource-{number:02}/{(copy + 1) * 1000 + number}/lines/{copy}",
        )
    )
    posts = tuple(f"/bench/{version}/orders" for version in VERSIONS)
    return World(tokens, {"keys": [public]}, gets, posts, order())


def save_snapshot(world: World, directory: Path, upstream_url: str, *, policies: bool) -> str:
    """Writes a signed snapshot as a gateway keeps it on disk; returns the public key that it has to trust."""
    key = Ed25519PrivateKey.generate()
    versions = tuple(api_version(version, policies=policies) for version in VERSIONS)
    Signed.of(world, upstream_url, versions, key).save(directory, key)
    return public_key(key)


def public_key(key: Ed25519PrivateKey) -> str:
    """As the gateway's setting wants it."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


@dataclass(frozen=True)
class Signed:
    """A snapshot, ready to be kept on disk or published."""

    envelope: SignedManifest
    manifest: Manifest
    parts: dict[str, bytes]

    @classmethod
    def of(
        cls,
        world: World,
        upstream_url: str,
        versions: tuple[ApiVersion, ...],
        key: Ed25519PrivateKey,
        serial: int = 1,
        upstream: Upstream | None = None,
    ) -> "Signed":
        """`upstream` is in place of the plain one at the URL."""
        contracts = ContractsPart(
            AUDIENCE,
            (upstream or Upstream("backend", "http", upstream_url, connections=512),),
            (Plan("huge", (RateLimit("burst", 10**9, 60), RateLimit("daily", 10**12, DAY))),),
            versions,
        )
        scopes = (SCOPE_READ, SCOPE_WRITE)
        subscriptions = tuple(Subscription("bench", one.version, "huge", scopes) for one in versions)
        access = AccessPart(
            (Issuer(ISSUER, f"{ISSUER}/jwks", ("RS256",), world.jwks),),
            tuple(
                Application(
                    f"application-{number:03}", f"Application {number}", f"consumer-{number % 20}", subscriptions
                )
                for number in range(APPLICATIONS)
            ),
        )
        parts = [encode_part(contracts), encode_part(access)]
        manifest = Manifest(FORMAT, serial, int(time.time()), parts[0][0], parts[1][0])
        return cls(sign(manifest, key), manifest, dict(parts))

    def save(self, directory: Path, key: Ed25519PrivateKey) -> None:
        SnapshotStore(directory, key.public_key()).save(self.envelope, self.manifest, self.parts)


def sized_version(operations: int, title: str = "Bench") -> ApiVersion:
    """One version with that many templated operations."""
    return ApiVersion(
        "bench",
        VERSIONS[1],
        title,
        "bench",
        f"/bench/{VERSIONS[1]}",
        f"{operations:064}",
        tuple(
            _get(f"get{number}", f"/resource-{number}/{{id}}", ("id",), ("limit",), policies=True)
            for number in range(operations)
        ),
    )


def sized_paths(operations: int, most: int = 300) -> tuple[str, ...]:
    """Paths of operations spread evenly over all of them."""
    chosen = range(0, operations, max(1, operations // most))
    return tuple(f"/bench/{VERSIONS[1]}/resource-{number}/{1000 + number}?limit=20" for number in chosen)


def api_version(name: str, *, policies: bool) -> ApiVersion:
    """One of `VERSIONS`; the first is deprecated and has its sunset announced."""
    operations: list[Operation] = []
    for number in range(RESOURCES):
        item = f"/resource-{number:02}/{{id}}"
        operations += [
            _get(f"get{number}", item, ("id",), ("limit",), policies=policies),
            _get(f"line{number}", item + "/lines/{line}", ("id", "line"), (), policies=policies),
        ]
    operations.append(_post(policies=policies))
    operations += _large(policies=policies)
    now = int(time.time())
    ending = Lifecycle("deprecated", now - 30 * DAY, now + 90 * DAY, "v2", "https://docs.bench.example/v1")
    first = name == VERSIONS[0]
    return ApiVersion(
        "bench",
        name,
        "Bench",
        "bench",
        f"/bench/{name}",
        "0" * 64 + name,
        tuple(operations),
        lifecycle=ending if first and policies else Lifecycle(),
        successor_base_path="/bench/v2" if first and policies else None,
    )


def _get(key: str, path: str, in_path: tuple[str, ...], in_query: tuple[str, ...], *, policies: bool) -> Operation:
    parameters = [
        Parameter(name, "path", "simple", False, {"type": "integer", "minimum": 0}, required=True)
        for name in in_path
    ]
    parameters += [
        Parameter(name, "query", "form", True, {"type": "integer", "minimum": 1, "maximum": 100})
        for name in in_query
    ]
    return _operation(key, "GET", path, SCOPE_READ, policies, parameters=tuple(parameters) if policies else ())


def _post(*, policies: bool) -> Operation:
    # Without policies any body passes, unchecked.
    content = MediaType("application/json", ORDER_SCHEMA) if policies else MediaType("*/*")
    return _operation(
        "createOrder", "POST", "/orders", SCOPE_WRITE, policies, body=RequestBody(policies, (content,))
    )


def _large(*, policies: bool) -> list[Operation]:
    """A file to fetch and one to send; neither is JSON, so both stream."""
    data = (MediaType("application/octet-stream"),)
    return [
        _operation("getFile", "GET", LARGE_PATH + "/{name}", SCOPE_READ, policies, content=data, parameters=_NAME),
        _operation(
            "sendFile",
            "POST",
            LARGE_PATH,
            SCOPE_WRITE,
            policies,
            body=RequestBody(required=policies, content=data),
            max_body=2 * LARGE,
        ),
    ]


def _operation(
    key: str,
    method: str,
    path: str,
    scope: str,
    policies: bool,
    *,
    content: tuple[MediaType, ...] = _JSON,
    **rest: Any,
) -> Operation:
    return Operation(
        key,
        method,
        path,
        f"/paths/{path.replace('/', '~1')}/{method.lower()}",
        HttpBackend("backend"),
        scopes=((scope,),) if policies else (),
        public=not policies,
        responses=(Response("200", content),) if policies else (),
        unknown_query="refuse" if policies else "ignore",
        **rest,
    )
