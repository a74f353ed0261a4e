"""JSON Web Key Sets (RFC 7517) of issuers, made into keys that may verify access tokens, and no others."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from contracts.public_keys import KeyFault, PublicKey, public_key

_KEYS: Final = 64
"""More in one set are not looked at."""
_KEY_ID_LENGTH: Final = 512


def verification_keys(jwks: Mapping[str, Any], algorithms: Collection[str]) -> dict[str, PublicKey]:
    """Keys by key id. What is unusable, weak or not meant for this is left out.

    Of two keys with one id the first counts. A key is bound to its own `alg`; without one, to those of the
    issuer's `algorithms` which its type admits.
    """
    members = jwks.get("keys")
    keys: dict[str, PublicKey] = {}
    if not isinstance(members, list):
        return keys
    for member in members[:_KEYS]:
        if not isinstance(member, dict):
            continue
        key_id = member.get("kid")
        if not isinstance(key_id, str) or not 0 < len(key_id) <= _KEY_ID_LENGTH or key_id in keys:
            continue
        key = _key(member)
        if key is not None and not key.algorithms.isdisjoint(algorithms):
            keys[key_id] = key
    return keys


def _key(member: dict[str, Any]) -> PublicKey | None:
    operations = member.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    try:
        return public_key(member)
    except KeyFault:
        return None
