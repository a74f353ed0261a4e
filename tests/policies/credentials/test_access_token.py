"""Each check of a token by itself and by its reason, so that none is carried by another one further on."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from contracts.public_keys import KeyFault, PublicKey, public_key
from policies.credentials.access_token import MAXIMUM_BYTES, UnverifiedToken, read, verify
from policies.credentials.token_claims import TokenFault
from policies.credentials.trusted_issuer import TrustedIssuer
from tests.support.policy_world import (
    EC_PUBLIC,
    ISSUER,
    NOW,
    b64,
    claims,
    compact,
    header,
    rsa_jwk,
    rsa_key,
)

NOT_YET = "it is not valid yet, or its times are none"


def reading(token: str) -> str:
    with pytest.raises(TokenFault) as fault:
        read(token.encode())
    return str(fault.value)


def verifying(token: str, key: PublicKey = EC_PUBLIC, algorithms: tuple[str, ...] = ("ES256",)) -> str:
    with pytest.raises(TokenFault) as fault:
        verify(read(token.encode()), key, TrustedIssuer(ISSUER, algorithms), float(NOW))
    return str(fault.value)


def test_what_is_read() -> None:
    token = read(compact(header(), claims(partner=7)).encode())
    assert (token.issuer, token.key_id, token.algorithm) == (ISSUER, "k1", "ES256")
    claimed = verify(token, EC_PUBLIC, TrustedIssuer(ISSUER, ("ES256",)), float(NOW))
    assert claimed.raw["partner"] == 7
    assert (claimed.client, claimed.subject, claimed.token_id) == ("acme-shop", "acme-shop", "t-1")
    assert (claimed.issued_at, claimed.expires, claimed.bound) == (NOW - 10, NOW + 600, False)
    assert claimed.scopes == {"orders.read", "orders.write"}


def test_a_repr_shows_nothing() -> None:
    text = compact(header(), claims())
    assert not any(part in repr(read(text.encode())) for part in text.split("."))
    assert "repr" not in UnverifiedToken.__dict__


def test_a_token_has_three_segments() -> None:
    good = compact(header(), claims())
    for text in (good + ".AAAA", good.rpartition(".")[0], "", "a"):
        assert reading(text) == "it is not a signed JWT in compact form"


def test_a_token_has_an_end() -> None:
    assert reading("a" * MAXIMUM_BYTES) == "it is not a signed JWT in compact form"
    assert reading("a" * (MAXIMUM_BYTES + 1)) == "it is too long"


@pytest.mark.parametrize("changes", [{"crit": ["exp"]}, {"crit": []}, {"b64": True}, {"b64": False}])
def test_no_extension_is_supported(changes: dict[str, Any]) -> None:
    assert reading(compact(header(**changes), claims())) == "its header demands an extension that is not supported"


@pytest.mark.parametrize("segment", [0, 1, 2])
def test_every_segment_has_one_spelling(segment: int) -> None:
    parts = compact(header(), claims()).split(".")
    for change in ("=", "+", "*", "\n"):
        changed = [part + change if index == segment else part for index, part in enumerate(parts)]
        assert reading(".".join(changed)) in ("it is not base64url", "it is not base64url in canonical form")


@pytest.mark.parametrize(
    "text", ["", "{", "{} {}", '{"a": NaN}', '{"a": 1, "a": 1}', "\ufeff{}", '{"a": 1' + "0" * 5000 + "}"]
)
def test_what_is_not_json(text: str) -> None:
    assert reading(compact(text, claims())) == "it is not JSON"
    assert reading(compact(header(), text)) == "it is not JSON"


@pytest.mark.parametrize("text", ["5", "[]", '"crit"', "null"])
def test_what_is_no_object(text: str) -> None:
    assert reading(compact(text, claims())) == "it is not a JSON object"


def test_a_library_never_speaks_for_us() -> None:
    """Its messages could quote a value."""
    for text in (compact(header(), claims(sub=["canary"])), compact(header(), claims(exp="canary"))):
        assert "canary" not in verifying(text)
    assert "canary" not in reading(compact(header(kid=["canary"]), claims()))


@pytest.mark.parametrize(
    ("algorithms", "algorithm"),
    [(("ES256",), "RS256"), (("RS256",), "PS256"), ((), "ES256"), (("RS256",), "HS256")],
)
def test_the_algorithm_is_the_issuers(algorithms: tuple[str, ...], algorithm: str) -> None:
    token = compact(header(alg=algorithm), claims())
    assert verifying(token, algorithms=algorithms) == "its algorithm is not one that its issuer uses"


def test_a_shared_secret_verifies_nothing_even_where_an_issuer_is_configured_so() -> None:
    secret = b"s" * 32
    token = compact(header(alg="HS256"), claims(), lambda data: hmac.new(secret, data, hashlib.sha256).digest())
    assert verifying(token, algorithms=("HS256",)) == "its algorithm is not one that its issuer uses"
    unsigned = compact(header(alg="none"), claims(), lambda data: b"")
    assert verifying(unsigned, algorithms=("none",)) == "its algorithm is not one that its issuer uses"


def test_a_weak_key_is_no_key() -> None:
    with pytest.raises(KeyFault, match="fewer than 2048 bits"):
        public_key(rsa_jwk(rsa_key(1024), "weak"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": NOW}, "it has expired"),
        ({"exp": 10**12}, "it has expired"),
        ({"iat": NOW + 30.5}, NOT_YET),
        ({"nbf": NOW + 30.5}, NOT_YET),
    ],
)
def test_what_a_token_claims(changes: dict[str, Any], reason: str) -> None:
    assert verifying(compact(header(), claims(**changes))) == reason


def test_a_signature_counts() -> None:
    head, body, signature = compact(header(), claims()).split(".")
    other = b64(json.dumps(claims(scope="admin")).encode())
    assert verifying(f"{head}.{other}.{signature}") == "its signature does not verify"
    assert body != other
