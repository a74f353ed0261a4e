"""JSON Web Key Sets (RFC 7517) of issuers, made into keys that may verify access tokens, and no others."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import jwt

from policies.access_token import ASYMMETRIC

_KEYS: Final = 64
"""More in one set are not looked at."""
_KEY_ID_LENGTH: Final = 512
_RSA_BITS: Final = 2048

_BY_CURVE: Final = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA", "Ed448": "EdDSA"}


def verification_keys(jwks: Mapping[str, Any], algorithms: Sequence[str]) -> dict[str, Any]:
    """Keys by key id, as PyJWT takes them. What is unusable, weak or not meant for this is left out.

    Of two keys with one id the first counts. A key is bound to its own `alg`; without one, to that of the
    issuer's `algorithms` which its type admits.
    """
    members = jwks.get("keys")
    keys: dict[str, Any] = {}
    if not isinstance(members, list):
        return keys
    for member in members[:_KEYS]:
        if not isinstance(member, dict):
            continue
        key_id = member.get("kid")
        if not isinstance(key_id, str) or not 0 < len(key_id) <= _KEY_ID_LENGTH or key_id in keys:
            continue
        key = _key(member, algorithms)
        if key is not None:
            keys[key_id] = key
    return keys


def trusted_algorithms(algorithms: Sequence[str]) -> tuple[str, ...]:
    """Those that verify with a public key; `none` and HMAC are never among them."""
    return tuple(algorithm for algorithm in algorithms if algorithm in ASYMMETRIC)


def _key(member: dict[str, Any], algorithms: Sequence[str]) -> Any | None:
    if member.get("use", "sig") != "sig" or "d" in member or "k" in member:
        return None
    operations = member.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    fitting = [algorithm for algorithm in algorithms if _fits(algorithm, member)]
    declared = member.get("alg")
    if declared is not None:
        fitting = [algorithm for algorithm in fitting if algorithm == declared]
    if not fitting:
        return None
    try:
        key = jwt.PyJWK(member, fitting[0])
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if member.get("kty") == "RSA" and key.key.key_size < _RSA_BITS:
        return None  # RFC 8725 §3.5
    # Only a key that several algorithms may use stays unbound; PyJWT then takes the one of the caller's list.
    return key if len(fitting) == 1 else key.key


def _fits(algorithm: str, member: dict[str, Any]) -> bool:
    match member.get("kty"):
        case "RSA":
            return algorithm[:2] in ("RS", "PS")
        case "EC" | "OKP":
            return algorithm == _BY_CURVE.get(str(member.get("crv")))
        case _:
            return False
