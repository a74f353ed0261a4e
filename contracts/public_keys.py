"""Public keys as strangers present them (JWK, RFC 7517): taken only when they are public, strong and unambiguous.

A key is known by its thumbprint (RFC 7638), which is over its required members alone: what else a JWK says of the
key (`kid`, `use`, …) neither changes nor proves it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import jwt
from jwt.algorithms import Algorithm, get_default_algorithms

from contracts.base64url import NotCanonical, base64url, canonical_base64url

RSA_BITS: Final = (2048, 8192)
"""The lower bound is RFC 8725 §3.5's; past the upper one a verification costs more than a request may."""
_SMALLEST_EXPONENT: Final = 65_537  # FIPS 186-5 §5.1
_LARGEST_MEMBER: Final = 2048
"""Characters of base64url in one member: those of an RSA modulus of the largest size fit."""

# RFC 7518 §6: the members that hold private parts, of every key type, and `k` of a symmetric one.
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
    "RSA": ("e", "kty", "n"),
}  # in lexicographic order, as RFC 7638 §3.3 hashes them
_BY_CURVE: Final = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}
# Ed25519's points of small order, without the sign bit: under such a key one signature fits many messages. (The
# list is libsodium's, ge25519_has_small_order.)
_SMALL_ORDER: Final = frozenset(
    bytes.fromhex(text)
    for text in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)
_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_ED25519: Final = frozenset({"EdDSA", "Ed25519"})
_DEFAULT: Final[Mapping[str, Algorithm]] = get_default_algorithms()
_VERIFIERS: Final[Mapping[str, Algorithm]] = {
    **{name: _DEFAULT[name] for name in (*sorted(_RSA), "ES256", "ES384", "ES512", "EdDSA")},
    # RFC 9864 gives `EdDSA` with this curve a name of its own, and some clients write that already.
    "Ed25519": _DEFAULT["EdDSA"],
}
ALGORITHMS: Final = frozenset(_VERIFIERS)
"""With which what strangers sign can be verified."""


class KeyFault(Exception):
    """The key is not acceptable; the message says why and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that may verify, by any of `algorithms`."""

    thumbprint: str
    """RFC 7638, SHA-256, base64url."""
    algorithms: frozenset[str]
    _key: Any

    def verifies(self, signed: bytes, signature: bytes, algorithm: str) -> bool:
        """Whether the signature over `signed` is this key's, by this algorithm."""
        if algorithm not in self.algorithms:
            return False
        try:
            return bool(_VERIFIERS[algorithm].verify(signed, self._key, signature))
        except (jwt.PyJWTError, ValueError, TypeError):
            return False


def public_key(jwk: Mapping[str, Any]) -> PublicKey:
    """The key of a JWK. Raises KeyFault for one that is private, symmetric, weak, off its curve or malformed."""
    if not _PRIVATE.isdisjoint(jwk):
        raise KeyFault("its key is not a public one")
    kind = jwk.get("kty")
    names = _REQUIRED.get(kind) if isinstance(kind, str) else None
    if names is None:
        raise KeyFault("its key is of a type that is not supported")
    members = {name: jwk.get(name) for name in names}
    if not all(isinstance(value, str) and 0 < len(value) <= _LARGEST_MEMBER for value in members.values()):
        raise KeyFault("its key lacks a member, or one is malformed")
    if jwk.get("use", "sig") != "sig":
        raise KeyFault("its key is not one for signatures")
    key = _key_of(json.dumps(members, separators=(",", ":")))
    declared = jwk.get("alg")
    if declared is None:
        return key
    if not isinstance(declared, str) or declared not in key.algorithms:
        raise KeyFault("its key is not one for the algorithm that it names")
    return PublicKey(key.thumbprint, frozenset({declared}), key._key)


@lru_cache(maxsize=4096)  # whoever proves possession of a key does so with each request
def _key_of(members: str) -> PublicKey:
    """From the JSON that the thumbprint is made of."""
    jwk: dict[str, str] = json.loads(members)
    numbers = {name: _number(value) for name, value in jwk.items() if name not in ("kty", "crv")}
    if jwk["kty"] == "RSA":
        _check_rsa(numbers["n"], numbers["e"])
        algorithms = _RSA
    else:
        algorithm = _BY_CURVE.get(jwk["crv"])
        if algorithm is None or (algorithm == "EdDSA") != (jwk["kty"] == "OKP"):
            raise KeyFault("its key is on a curve that is not supported, or that its type does not have")
        if algorithm == "EdDSA" and _is_small(numbers["x"]):
            raise KeyFault("its key is a point of small order")
        algorithms = _ED25519 if algorithm == "EdDSA" else frozenset({algorithm})
    try:
        # A point that is not on its curve is refused here.
        key = jwt.PyJWK(jwk, "EdDSA" if algorithms is _ED25519 else min(algorithms)).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        raise KeyFault("its key is malformed") from None
    return PublicKey(base64url(hashlib.sha256(members.encode()).digest()), algorithms, key)


def _number(text: str) -> bytes:
    try:
        return canonical_base64url(text.encode("utf-8", "replace"))
    except NotCanonical as fault:
        raise KeyFault(f"a member of its key is refused: {fault}") from None


def _is_small(point: bytes) -> bool:
    return bool(point) and point[:-1] + bytes((point[-1] & 0x7F,)) in _SMALL_ORDER


def _check_rsa(modulus: bytes, exponent: bytes) -> None:
    # RFC 7518 §2: no leading zero octets; with them one key would have many thumbprints.
    if modulus[0] == 0 or exponent[0] == 0:
        raise KeyFault("its key is not in its shortest form")
    bits = int.from_bytes(modulus).bit_length()
    if not RSA_BITS[0] <= bits <= RSA_BITS[1]:
        raise KeyFault(f"its RSA key has fewer than {RSA_BITS[0]} bits or more than {RSA_BITS[1]}")
    value = int.from_bytes(exponent)
    if value < _SMALLEST_EXPONENT or value % 2 == 0 or value.bit_length() > 256:
        raise KeyFault("its RSA key has an exponent that is not safe")
