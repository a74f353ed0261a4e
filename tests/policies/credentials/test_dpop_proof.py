"""RFC 9449 §4.3: what makes a proof, and each thing that unmakes it."""

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from contracts.public_keys import public_key
from policies.credentials.dpop_proof import AGE, SKEW, Proof, ProofFault, read_proof

NOW = 1_795_000_000.0
URI = "https://api.example/orders/v1"
KEY = ECKey.generate_key("P-256")
HEADER = {"typ": "dpop+jwt", "alg": "ES256", "jwk": KEY.as_dict(private=False)}
CLAIMS = {"jti": "proof-1", "htm": "GET", "htu": URI, "iat": int(NOW)}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def made(header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None, key: Any = KEY) -> bytes:
    header = {**HEADER, **(header or {})}
    payload = json.dumps({k: v for k, v in {**CLAIMS, **(claims or {})}.items() if v is not None}).encode()
    header = {k: v for k, v in header.items() if v is not None}
    signed = f"{b64(json.dumps(header).encode())}.{b64(payload)}".encode()
    raw = key.raw_value if isinstance(key, ECKey) else key
    r, s = decode_dss_signature(raw.sign(signed, ec.ECDSA(hashes.SHA256())))
    return signed + b"." + b64(r.to_bytes(32) + s.to_bytes(32)).encode()


def read(text: bytes, **given: Any) -> Proof:
    return read_proof(text, given.pop("method", b"GET"), given.pop("uri", URI), given.pop("now", NOW), **given)


def test_a_good_proof_tells_its_key_and_what_it_may_be_used_for_once() -> None:
    proof = read(made(claims={"nonce": "n-1"}))
    assert proof.thumbprint == KEY.thumbprint()
    assert (proof.jti, proof.issued_at, proof.nonce) == ("proof-1", NOW, "n-1")
    assert proof.forgettable == NOW + AGE
    assert "proof-1" not in repr(proof)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ECKey.generate_key("P-384"), "ES384"),
        (ECKey.generate_key("P-521"), "ES512"),
        (OKPKey.generate_key("Ed25519"), "Ed25519"),
        (RSAKey.generate_key(2048), "PS256"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.key_type,
)
def test_proofs_of_another_implementation_are_read(key: Any, algorithm: str) -> None:
    header = {"typ": "dpop+jwt", "alg": algorithm, "jwk": key.as_dict(private=False)}
    text = jws.serialize_compact(header, json.dumps(CLAIMS), key, algorithms=[algorithm])
    assert read(text.encode()).thumbprint == key.thumbprint()


def test_the_thumbprint_is_the_one_of_rfc_7638_section_3_1() -> None:
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiF"
        "V4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9"
        "c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1"
        "jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    key = public_key({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"})
    assert key.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert key.algorithms == {"RS256"}


ATH = b64(hashlib.sha256(b"token").digest())


def test_7_a_proof_for_an_access_token_names_its_hash() -> None:
    assert read(made(claims={"ath": ATH}), access_token=b"token").jti == "proof-1"
    for ath in (None, b64(hashlib.sha256(b"tokem").digest()), ATH + "=", ATH[:-1], ""):
        with pytest.raises(ProofFault, match="access token"):
            read(made(claims={"ath": ath}), access_token=b"token")


@pytest.mark.parametrize(
    "htu",
    [
        "HTTPS://API.example/orders/v1",
        "https://api.example:443/orders/v1",
        "https://api.example/orders/v1?limit=3",
        "https://api.example/orders/v1#part",
        "https://api.example/%6Frders/v1",
    ],
)
def test_4_3_item_9_uris_are_compared_in_their_normal_form(htu: str) -> None:
    assert read(made(claims={"htu": htu})).jti == "proof-1"


@pytest.mark.parametrize(
    "htu",
    [
        "http://api.example/orders/v1",
        "https://api.example.evil/orders/v1",
        "https://api.example:8443/orders/v1",
        "https://someone@api.example/orders/v1",
        "https://api.example/orders/v1/",
        "https://api.example/Orders/v1",
        "https://api.example/orders%2Fv1",
        "https://api.example/orders/x/../v1",
        "/orders/v1",
        "https://[api.example/orders/v1",
        "https://api.example:port/orders/v1",
        "https://аpi.example/orders/v1",
        "",
    ],
)
def test_4_3_item_9_another_uri_is_refused(htu: str) -> None:
    with pytest.raises(ProofFault, match="another URI"):
        read(made(claims={"htu": htu}))


def private(name: str, value: Any) -> dict[str, Any]:
    return {"jwk": {**KEY.as_dict(private=False), name: value}}


OFF_CURVE = {**KEY.as_dict(private=False), "y": b64(bytes(32))}
WEAK = {
    "kty": "RSA",
    "n": b64(rsa.generate_private_key(65537, 1024).public_key().public_numbers().n.to_bytes(128)),
    "e": "AQAB",
}


@pytest.mark.parametrize(
    ("header", "claims", "reason"),
    [
        ({"typ": "jwt"}, {}, "type"),
        ({"typ": "DPOP+JWT"}, {}, "type"),
        ({"typ": "at+jwt"}, {}, "type"),
        ({"typ": None}, {}, "lacks"),
        ({"alg": "none"}, {}, "algorithm"),
        ({"alg": "None"}, {}, "algorithm"),
        ({"alg": "HS256"}, {}, "algorithm"),
        ({"alg": "ES384"}, {}, "signature"),
        ({"alg": "RS256"}, {}, "signature"),
        ({"alg": "EdDSA"}, {}, "signature"),
        ({"alg": None}, {}, "lacks"),
        ({"jwk": None}, {}, "lacks"),
        ({"jwk": "key"}, {}, "lacks"),
        ({"jwk": {}}, {}, "type"),
        ({"jwk": {"kty": "oct", "x": "AAAA"}}, {}, "type"),
        ({"jwk": {"kty": ["EC"]}}, {}, "type"),
        ({"jwk": {"kty": "oct", "k": "AAAA"}}, {}, "public"),
        (private("d", "AAAA"), {}, "public"),
        (private("d", None), {}, "public"),
        (private("k", "AAAA"), {}, "public"),
        (private("oth", []), {}, "public"),
        (private("x", "A" * 5000), {}, "malformed"),
        (private("x", 7), {}, "malformed"),
        (private("x", KEY.as_dict()["x"] + "="), {}, "base64url"),
        (private("crv", "P-384"), {}, "malformed"),
        (private("crv", "Ed25519"), {}, "curve"),
        (private("crv", "secp256k1"), {}, "curve"),
        (private("use", "enc"), {}, "signatures"),
        (private("alg", "ES384"), {}, "algorithm"),
        (private("alg", ["ES256"]), {}, "algorithm"),
        ({"jwk": OFF_CURVE}, {}, "malformed"),
        ({"alg": "RS256", "jwk": WEAK}, {}, "bits"),
        ({"crit": ["exp"]}, {}, "extension"),
        ({"b64": False}, {}, "extension"),
        ({"jwk": ECKey.generate_key("P-256").as_dict(private=False)}, {}, "signature"),
        ({}, {"jti": None}, "lacks"),
        ({}, {"jti": 7}, "lacks"),
        ({}, {"jti": ""}, "jti"),
        ({}, {"jti": "x" * 257}, "jti"),
        ({}, {"jti": "\ud800"}, "lacks"),
        ({}, {"htm": None}, "lacks"),
        ({}, {"htm": "POST"}, "method"),
        ({}, {"htm": "get"}, "method"),
        ({}, {"htu": None}, "lacks"),
        ({}, {"iat": None}, "lacks"),
        ({}, {"iat": "now"}, "lacks"),
        ({}, {"iat": True}, "lacks"),
        ({}, {"iat": NOW - AGE - 1}, "long ago"),
        ({}, {"iat": NOW + SKEW + 1}, "future"),
        ({}, {"iat": 10**300}, "future"),
    ],
)
def test_4_3_what_a_proof_must_not_be(header: dict[str, Any], claims: dict[str, Any], reason: str) -> None:
    with pytest.raises(ProofFault, match=reason) as fault:
        read(made(header, claims))
    assert "proof-1" not in str(fault.value)


@pytest.mark.parametrize(
    ("exponent", "reason"), [(1, "exponent"), (3, "exponent"), (65536, "exponent"), (2**300 + 1, "exponent")]
)
def test_an_rsa_key_with_an_unsafe_exponent_is_refused(exponent: int, reason: str) -> None:
    jwk = RSAKey.generate_key(2048).as_dict(private=False)
    data = exponent.to_bytes((exponent.bit_length() + 7) // 8)
    with pytest.raises(ProofFault, match=reason):
        read(made({"alg": "RS256", "jwk": {**jwk, "e": b64(data)}}))


def test_one_rsa_key_has_one_thumbprint() -> None:
    jwk = RSAKey.generate_key(2048).as_dict(private=False)
    padded = b64(b"\0" + base64.urlsafe_b64decode(jwk["n"] + "=="))
    with pytest.raises(ProofFault, match="shortest"):
        read(made({"alg": "RS256", "jwk": {**jwk, "n": padded}}))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b".",
        b"..",
        b"a.b",
        b"a.b.c.d",
        b"x" * 9000,
        made() + b"=",
        made()[:-1],
        made() + b".",
        b" " + made(),
        made() + b"\n",
        made().replace(b".", b",", 1),
        made() + b"," + made(),
    ],
    ids=[f"text-{number}" for number in range(13)],  # the keys are others in each worker
)
def test_4_3_item_2_what_is_no_well_formed_jwt_is_refused(text: bytes) -> None:
    with pytest.raises(ProofFault):
        read(text)


def test_a_member_that_appears_twice_is_refused() -> None:
    header, _, signature = made().split(b".")
    twice = json.dumps(CLAIMS)[:-1] + ', "htm": "GET"}'
    with pytest.raises(ProofFault, match="not JSON"):
        read(header + b"." + b64(twice.encode()).encode() + b"." + signature)


def test_ecdsa_signatures_of_zero_and_of_the_order_are_refused() -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    signed = made().rpartition(b".")[0]
    for r, s in ((0, 0), (0, 1), (1, 0), (order, 1), (1, order)):
        with pytest.raises(ProofFault, match="signature"):
            read(signed + b"." + b64(r.to_bytes(32) + s.to_bytes(32)).encode())


def test_a_list_of_algorithms_narrows_what_is_accepted() -> None:
    with pytest.raises(ProofFault, match="algorithm"):
        read(made(), algorithms=("PS256", "EdDSA"))
    # and never widens it
    with pytest.raises(ProofFault, match="algorithm"):
        read(made({"alg": "HS256"}), algorithms=("HS256",))


def test_an_ed25519_key_of_small_order_proves_nothing() -> None:
    """With the neutral element as the key, one signature would fit every message."""
    neutral = (1).to_bytes(32, "little")
    header = {"typ": "dpop+jwt", "alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": b64(neutral)}}
    forged = neutral + bytes(32)  # R = neutral, S = 0
    signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(CLAIMS).encode())}"
    key = ed25519.Ed25519PublicKey.from_public_bytes(neutral)
    key.verify(forged, signed.encode())  # the library takes it
    with pytest.raises(ProofFault, match="small order"):
        read(f"{signed}.{b64(forged)}".encode())
