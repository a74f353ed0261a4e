"""A DPoP proof (RFC 9449) for a token that must be bound to a key: the key lives as long as the call."""

import hashlib
import secrets
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from contracts.base64url import base64url
from contracts.public_keys import public_key


class ProofKey:
    """A new key, and proofs by it."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        members: dict[str, Any] = ECAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        self._jwk = {name: members[name] for name in ("kty", "crv", "x", "y")}
        self.thumbprint = public_key(self._jwk).thumbprint

    def proof(self, method: str, uri: str, token: str, now: float, nonce: str = "") -> str:
        """For one request with the token (§4.2). `uri` is without query, as the client knows it."""
        claims = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": uri,
            "iat": int(now),
            "ath": base64url(hashlib.sha256(token.encode()).digest()),
            **({"nonce": nonce} if nonce else {}),
        }
        return jwt.encode(claims, self._private, "ES256", {"typ": "dpop+jwt", "jwk": self._jwk})
