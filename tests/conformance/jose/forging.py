"""What an attacker needs: keys of every kind, signatures that are none, and tokens bent in one place."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.support.policy_world import EC_KEY, ISSUER, b64, compact, ec_jwk, es256, header, rsa_jwk, rsa_key
from tests.support.policy_world import claims as own_claims

RSA = rsa_key()
WEAK = rsa_key(1024)
STRANGER = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256's group."""
PEM = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
EC_PEM = EC_KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
JWK_BYTES = json.dumps(rsa_jwk(RSA, "rsa")).encode()
PUBLISHED = [
    ec_jwk(EC_KEY, "k1", alg="ES256"),
    rsa_jwk(RSA, "rsa", alg="RS256"),
    rsa_jwk(WEAK, "weak"),
    rsa_jwk(RSA, "one", e="AQ"),
    {"kty": "oct", "k": b64(b"x" * 32), "kid": "oct", "alg": "HS256"},
    ec_jwk(EC_KEY, "enc", use="enc"),
    ec_jwk(P384, "p384", "P-384"),
]
"""An issuer's keys, good and bad."""


def rs256(data: bytes, key: Any = RSA) -> bytes:
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def pss(data: bytes) -> bytes:
    return RSA.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def by_exponent_one(data: bytes) -> bytes:
    """What RSA verifies under a public exponent of 1: the padded digest itself (RFC 8017 §9.2)."""
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(data).digest()
    return b"\x00\x01" + b"\xff" * (256 - 3 - len(digest)) + b"\x00" + digest


def hs(name: str, secret: bytes) -> Callable[[bytes], bytes]:
    return lambda data: hmac.new(secret, data, name).digest()


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    return hs("sha256", secret)


def unsigned(data: bytes) -> bytes:
    return b""


def by_stranger(data: bytes) -> bytes:
    return es256(data, STRANGER)


def raw(r: int, s: int) -> Callable[[bytes], bytes]:
    return lambda data: r.to_bytes(32, "big") + s.to_bytes(32, "big")


def constant(signature: bytes) -> Callable[[bytes], bytes]:
    return lambda data: signature


def der(data: bytes) -> bytes:
    return EC_KEY.sign(data, ec.ECDSA(hashes.SHA256()))


def by_p384(data: bytes) -> bytes:
    r, s = decode_dss_signature(P384.sign(data, ec.ECDSA(hashes.SHA384())))
    return r.to_bytes(48, "big") + s.to_bytes(48, "big")


def of_sha384(data: bytes) -> bytes:
    """Our key's, over another digest than ES256 has."""
    r, s = decode_dss_signature(EC_KEY.sign(data, ec.ECDSA(hashes.SHA384())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def twin(data: bytes) -> bytes:
    """The other signature that ECDSA has for every signature: (r, n − s)."""
    signature = es256(data)
    return signature[:32] + (ORDER - int.from_bytes(signature[32:])).to_bytes(32, "big")


def high_bits(token: str) -> str:
    """The same signature octets, with a spare bit set in the last base64url character."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def doubled(mapping: dict[str, Any], name: str, value: Any, *, last: bool, written: str | None = None) -> str:
    """JSON text with `name` twice: a second value before or after the true one, `written` otherwise perhaps."""
    text, extra = json.dumps(mapping), f"{written or json.dumps(name)}: {json.dumps(value)}"
    return f"{text[:-1]}, {extra}}}" if last else f"{{{extra}, {text[1:]}"


def flipped(token: str, segment: int) -> str:
    parts = token.split(".")
    first = "A" if parts[segment][4] != "A" else "B"
    parts[segment] = parts[segment][:4] + first + parts[segment][5:]
    return ".".join(parts)


class Forger:
    """Makes the tokens of one issuer. A known key of it is `k1` (ES256), another `rsa` (RS256); its client
    `acme-shop` is an application, and their audience the gateway's."""

    def __init__(self, issuer: str = ISSUER) -> None:
        self.issuer = issuer
        self.good = compact(header(), self.claims())
        self.head, self.body, self.signature = self.good.split(".")

    def claims(self, **changes: Any) -> dict[str, Any]:
        return own_claims(**{"iss": self.issuer, **changes})

    def head_of(self, **changes: Any) -> str:
        """The good token under another header."""
        return compact(header(**changes), self.claims())

    def body_of(self, **changes: Any) -> str:
        """Another token that the issuer did sign."""
        return compact(header(), self.claims(**changes))
