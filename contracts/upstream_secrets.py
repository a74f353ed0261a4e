"""Upstream secrets on their way from the catalog to a gateway: each sealed to that gateway's key, all signed.

The catalog seals by HPKE (RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM), so that neither a proxy
that ends TLS nor a copy on a disk shows a value. HPKE's base mode does not say who sealed, and so the bundle has
the signature of the key that signs snapshots. Its `serial` grows with every change: an older one is a replay.
"""

import base64
import hashlib
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

MAXIMUM_SECRET: Final = 65_536
"""Bytes of one secret: a chain of certificates with its key fits."""

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_PURPOSE: Final = b"ostiary upstream secrets\n"
"""Signed along: the same key signs snapshots and approvals, and no signature may pass for another."""


class BundleError(Exception):
    """A bundle that cannot be believed or opened; the message says why and holds nothing of it."""


class SealedSecret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One secret: its name in the estate, the number of the value, and the value sealed to the recipient."""

    name: str
    version: int
    sealed: bytes


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The secrets of one `environment` for the gateway whose public key has the digest `recipient`. `state` is
    what the gateway says it has when it asks again."""

    environment: str
    recipient: str
    serial: int
    state: str
    secrets: tuple[SealedSecret, ...]


class SignedBundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is sent: the encoded bundle, and the signature over it."""

    bundle: bytes
    signature: bytes


class SecretsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a gateway asks: all for its public key (the 32 bytes), unless it has that: `known` says what."""

    public_key: bytes
    known: str = ""


def recipient_of(key: X25519PublicKey) -> str:
    """By which name a gateway's key is known: the SHA-256 of its 32 bytes, in base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(key.public_bytes_raw()).digest()).rstrip(b"=").decode()


def sealed_secret(value: bytes, key: X25519PublicKey, environment: str, name: str, version: int) -> SealedSecret:
    """A value that only the gateway with that key can read, and only under this name."""
    return SealedSecret(name, version, _SUITE.encrypt(value, key, info=_info(environment, name, version)))


def opened_secret(secret: SealedSecret, key: X25519PrivateKey, environment: str) -> bytes:
    """The value. Raises BundleError where it was sealed to another key, or under another name."""
    try:
        return _SUITE.decrypt(secret.sealed, key, info=_info(environment, secret.name, secret.version))
    except (InvalidTag, ValueError):
        raise BundleError(f"the secret {secret.name!r} is not sealed to this gateway's key") from None


def signed_bundle(bundle: Bundle, key: Ed25519PrivateKey) -> SignedBundle:
    """The bundle with the catalog's signature."""
    data = msgspec.json.encode(bundle, order="deterministic")
    return SignedBundle(data, key.sign(_PURPOSE + data))


def verified_bundle(signed: SignedBundle, key: Ed25519PublicKey, recipient: str) -> Bundle:
    """Raises BundleError for what the catalog did not sign, or not for this recipient."""
    try:
        key.verify(signed.signature, _PURPOSE + signed.bundle)
    except InvalidSignature:
        raise BundleError("it is not signed by the catalog whose key this gateway trusts") from None
    try:
        bundle = msgspec.json.decode(signed.bundle, type=Bundle)
    except msgspec.DecodeError:
        raise BundleError("it is no bundle of secrets") from None
    if bundle.recipient != recipient:
        raise BundleError("it is for another gateway's key")
    return bundle


def _info(environment: str, name: str, version: int) -> bytes:
    return _PURPOSE + msgspec.json.encode((environment, name, version))
