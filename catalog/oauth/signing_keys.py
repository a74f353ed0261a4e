"""The keys of one issuer: those that are published, and the one that signs."""

from collections.abc import Mapping
from typing import Any

from catalog.oauth.signing import SigningKey


class SigningKeys:
    """Implements `catalog.oauth.signing.Signer`."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def sign(self, claims: Mapping[str, Any], kind: str, /) -> str:
        return self._key.sign(claims, kind)

    def jwks(self) -> dict[str, Any]:
        """The JWK set (RFC 7517 §5) with which our tokens are verified: the public halves alone."""
        return {"keys": [self._key.public_jwk]}

    def algorithms(self) -> tuple[str, ...]:
        """Those of the published keys."""
        return (self._key.algorithm,)
