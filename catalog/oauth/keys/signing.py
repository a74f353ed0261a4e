"""Signing JWTs with keys of ours: ES256, or EdDSA with Ed25519."""

from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey, OKPKey

from contracts.base64url import base64url

SigningAlgorithm = Literal["ES256", "EdDSA"]

_ES256: Final = ec.ECDSA(hashes.SHA256())


class Signer(Protocol):
    """Signs with the key that signs now."""

    def sign(self, claims: Mapping[str, Any], kind: str, /) -> str:
        """A compact JWT of a type (`typ`)."""
        ...


class SigningKey:
    """One private key. The JWS is put together here and not by joserfc, whose checks of a header and a key that
    are ours cost as much as the signature."""

    def __init__(self, key: ECKey | OKPKey) -> None:
        """The key has its `kid`, and `alg`."""
        assert key.kid is not None
        self.kid: Final[str] = key.kid
        self.algorithm: Final[SigningAlgorithm] = "ES256" if isinstance(key, ECKey) else "EdDSA"
        self.public_jwk: Final[dict[str, Any]] = dict(key.as_dict(private=False))
        self._private = key.private_key
        self._heads: dict[str, str] = {}

    def sign(self, claims: Mapping[str, Any], kind: str) -> str:
        """A compact JWT of a type."""
        head = self._heads.get(kind)
        if head is None:
            header = {"alg": self.algorithm, "typ": kind, "kid": self.kid}
            head = self._heads[kind] = base64url(msgspec.json.encode(header)) + "."
        signed = head + base64url(msgspec.json.encode(claims))
        return f"{signed}.{base64url(self._signature(signed.encode()))}"

    def _signature(self, data: bytes) -> bytes:
        if isinstance(self._private, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self._private.sign(data, _ES256))
            return r.to_bytes(32) + s.to_bytes(32)  # RFC 7518 §3.4
        assert isinstance(self._private, ed25519.Ed25519PrivateKey)
        return self._private.sign(data)

    def __repr__(self) -> str:
        return f"<SigningKey {self.kid} {self.algorithm}>"
