"""Requests that a library which is not ours has signed (npm's `http-message-signatures`), sent to a gateway.

Its `rsa-pss-sha512` is left out: it salts with as many bytes as fit, and not with the 64 of RFC 9421 §3.3.1. That
algorithm is held to the RFC's own signatures in `test_appendix_b`.
"""

import asyncio
import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from contracts.access import AccessPart, ApiKey
from contracts.oauth_client import OAuthSettings
from contracts.public_keys import public_key
from contracts.sealed_text import Sealing
from contracts.snapshot import Snapshot, encode_part
from tests.gateway.gateway_world import gateway, problem_of
from tests.gateway.test_signed_requests import COVERS, ORDER, signing
from tests.support.node_packages import NoNodeError, installed
from tests.support.policy_world import AUDIENCE, NOW, b64, ec_jwk

PEPPER = b"p" * 32
SECRET = ("sigAAAABBBBCCCC", "ost_test_sigAAAABBBBCCCC_secret")
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
KEYS: dict[str, tuple[Any, dict[str, Any]]] = {
    "ecdsa-p256-sha256": (EC, ec_jwk(EC, "a")),
    "ed25519": (ED, {"kty": "OKP", "crv": "Ed25519", "x": b64(ED.public_key().public_bytes_raw())}),
}
DIGEST = f"sha-256=:{base64.b64encode(hashlib.sha256(ORDER).digest()).decode()}:"


def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


async def sign(algorithm: str, *requests: dict[str, Any]) -> list[dict[str, str]]:
    """The signed headers of each."""
    node, program = await asyncio.to_thread(installed, "message-signatures", "sign.mjs")
    told: dict[str, Any] = {"requests": requests, "algorithm": algorithm}
    if algorithm == "hmac-sha256":
        told |= {"keyid": SECRET[0], "secret": SECRET[1]}
    else:
        key, jwk = KEYS[algorithm]
        told |= {"keyid": public_key(jwk).thumbprint, "privateKey": pem(key)}
    process = await asyncio.create_subprocess_exec(
        node, str(program), json.dumps(told), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    found: list[dict[str, str]] = json.loads(out)
    return found


def request(method: str, target: str, *covers: str, **headers: str) -> dict[str, Any]:
    return {
        "method": method,
        "url": AUDIENCE + target,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "covers": covers,
        "created": NOW,
        "nonce": f"{method}-0123456789abcdef",
    }


@pytest.mark.parametrize("algorithm", ["hmac-sha256", *KEYS])
async def test_its_requests_pass_and_changed_ones_do_not(tmp_path: Path, algorithm: str) -> None:
    target = "/orders/v1/orders?limit=7"
    get = request("GET", target, "@method", "@target-uri")
    post = request(
        "POST",
        "/orders/v1/orders",
        *COVERS,
        "content-type",
        content_type="application/json",
        content_digest=DIGEST,
    )
    try:
        listed, placed = await sign(algorithm, get, post)
    except NoNodeError as error:
        pytest.skip(f"NOT TESTED against an independent signer: {error}")
    async with gateway(tmp_path, key_pepper=PEPPER) as running:
        made = signing(2, running.upstream.port)
        key = ApiKey(SECRET[0], Sealing(PEPPER).seal(*SECRET), NOW + 1000, signs=True)
        jwks = OAuthSettings(jwks={"keys": [jwk for _, jwk in KEYS.values()]})
        application = msgspec.structs.replace(made.access.applications[0], keys=(key,), oauth=jwks)
        access = AccessPart(made.access.issuers, (application,))
        manifest = msgspec.structs.replace(made.manifest, access=encode_part(access)[0])
        running.adopt(Snapshot(manifest, made.contracts, access))
        changed = await running.ask("GET", "/orders/v1/orders?limit=8", bearer=None, **listed)
        assert (changed.status, problem_of(changed)["title"]) == (401, "Signature not accepted")
        assert running.upstream.seen == []
        assert (await running.ask("GET", target, bearer=None, **listed)).status == 200
        assert (await running.ask("POST", "/orders/v1/orders", ORDER, bearer=None, **placed)).status == 200
        assert len(running.upstream.seen) == 2
