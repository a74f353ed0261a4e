"""Requests as a client signs them (RFC 9421), written on its own and not with what verifies them."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from tests.support.policy_world import AUDIENCE, es256

Sign = Callable[[bytes], bytes]


def by_secret(text: str) -> Sign:
    return lambda base: hmac.new(text.encode(), base, hashlib.sha256).digest()


def by_key(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> Sign:
    """`ecdsa-p256-sha256`, `ed25519` or `rsa-pss-sha512`, as the key is."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return lambda base: es256(base, key)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign
    return lambda base: key.sign(base, padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512())


def digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def signed(
    sign: Sign,
    parameters: str,
    method: str = "GET",
    target: str = "/orders/v1/orders",
    fields: Mapping[str, str] | None = None,
    covers: tuple[str, ...] = ("@method", "@target-uri"),
    label: str = "sig",
    **values: str,
) -> dict[str, str]:
    """The fields of a request that is signed over `covers`; `values` are what it says of derived components, where
    that is not the truth. A name is written with its parameters, as it stands in the list."""
    given = dict(fields or {})
    path, question, query = target.partition("?")
    truth = {
        "@method": method,
        "@target-uri": AUDIENCE + target,
        "@authority": "api.example",
        "@scheme": "https",
        "@path": path,
        "@query": "?" + query if question else "?",
    } | {f"@{name.replace('_', '-')}": value for name, value in values.items()}
    names = [each if each.startswith('"') else f'"{each}"' for each in covers]
    listed = f"({' '.join(names)}){parameters}"
    lines = [f"{name}: {truth.get(name.strip(chr(34)), given.get(name.strip(chr(34)), ''))}" for name in names]
    base = "\n".join([*lines, f'"@signature-params": {listed}'])
    proof = base64.b64encode(sign(base.encode())).decode()
    return {**given, "signature-input": f"{label}={listed}", "signature": f"{label}=:{proof}:"}
