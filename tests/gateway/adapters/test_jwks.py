import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from jwt.algorithms import RSAAlgorithm

from contracts.base64url import canonical_base64url
from gateway.adapters.jwks import verification_keys
from tests.support.policy_world import b64, ec_jwk, rsa_jwk, rsa_key

RSA = rsa_key()
P256 = ec.generate_private_key(ec.SECP256R1())
ALL = ("RS256", "PS256", "ES256", "ES384", "EdDSA")


def keys_of(*members: Any, algorithms: tuple[str, ...] = ALL) -> dict[str, Any]:
    return verification_keys({"keys": list(members)}, algorithms)


def test_keys_of_every_kind() -> None:
    p384 = ec.generate_private_key(ec.SECP384R1())
    raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    found = keys_of(
        rsa_jwk(RSA, "rsa", alg="RS256", use="sig"),
        ec_jwk(P256, "p256"),
        ec_jwk(p384, "p384", "P-384"),
        {"kty": "OKP", "crv": "Ed25519", "x": b64(raw), "kid": "ed"},
    )
    assert {key_id: key.algorithms & set(ALL) for key_id, key in found.items()} == {
        "rsa": {"RS256"},
        "p256": {"ES256"},
        "p384": {"ES384"},
        "ed": {"EdDSA"},
    }


@pytest.mark.parametrize(
    "member",
    [
        pytest.param(rsa_jwk(rsa_key(1024), "weak"), id="rsa-1024"),
        pytest.param(rsa_jwk(RSA, "k", e="AQ"), id="exponent-1"),
        pytest.param(rsa_jwk(RSA, "k", e="Aw"), id="exponent-3"),
        pytest.param(rsa_jwk(RSA, "k", use="enc"), id="for-encryption"),
        pytest.param({**rsa_jwk(RSA, "k"), "key_ops": ["encrypt"]}, id="operations"),
        pytest.param({**rsa_jwk(RSA, "k"), "key_ops": "verify"}, id="operations-no-list"),
        pytest.param(rsa_jwk(RSA, "k", alg="RS512"), id="algorithm-not-the-issuers"),
        pytest.param(rsa_jwk(RSA, "k", alg="RSA-OAEP"), id="algorithm-for-encryption"),
        pytest.param(rsa_jwk(RSA, "k", alg="ES256"), id="algorithm-of-another-type"),
        pytest.param({**json.loads(RSAAlgorithm.to_jwk(RSA)), "kid": "k", "key_ops": ["verify"]}, id="private"),
        pytest.param({"kty": "oct", "k": b64(b"x" * 32), "kid": "k"}, id="symmetric"),
        pytest.param({"kty": "oct", "k": b64(b"x" * 32), "kid": "k", "alg": "HS256"}, id="symmetric-named"),
        pytest.param({**ec_jwk(P256, "k"), "crv": "secp256k1"}, id="curve"),
        pytest.param({**ec_jwk(P256, "k"), "crv": ["P-256"]}, id="curve-no-text"),
        pytest.param({**ec_jwk(P256, "k"), "y": b64(b"\x01" * 32)}, id="not-on-the-curve"),
        pytest.param({**ec_jwk(P256, "k"), "x": 7}, id="coordinate-no-text"),
        pytest.param({"kty": "RSA", "kid": "k"}, id="no-modulus"),
        pytest.param({name: value for name, value in ec_jwk(P256, "k").items() if name != "kid"}, id="no-kid"),
        pytest.param(ec_jwk(P256, ""), id="empty-kid"),
        pytest.param({**ec_jwk(P256, "k"), "kid": 1}, id="kid-no-text"),
        pytest.param("key", id="no-object"),
    ],
)
def test_what_must_not_verify_is_left_out(member: Any) -> None:
    assert list(keys_of(member, ec_jwk(P256, "good"), algorithms=(*ALL, "HS256"))) == ["good"]


def test_of_two_keys_with_one_id_the_first_counts() -> None:
    assert keys_of(ec_jwk(P256, "k"), rsa_jwk(RSA, "k", alg="RS256"))["k"].algorithms == {"ES256"}


def signed(algorithm: str) -> tuple[bytes, bytes]:
    """What the key signed, and the signature."""
    token = jwt.encode({"a": 1}, RSA, algorithm).encode()
    data, _, signature = token.rpartition(b".")
    return data, canonical_base64url(signature)


def test_a_key_without_algorithm_takes_any_of_its_type() -> None:
    key = keys_of(rsa_jwk(RSA, "k"))["k"]
    for algorithm in ("RS256", "PS256"):
        assert key.verifies(*signed(algorithm), algorithm)


def test_a_key_with_an_algorithm_takes_no_other() -> None:
    key = keys_of(rsa_jwk(RSA, "k", alg="RS256"))["k"]
    assert key.verifies(*signed("RS256"), "RS256")
    assert not key.verifies(*signed("PS256"), "PS256")


def test_a_set_has_an_end() -> None:
    assert len(keys_of(*[ec_jwk(P256, f"k{number}") for number in range(100)])) == 64
