"""Which issuer is asked about a token, and what its answer comes to (RFC 7662)."""

from typing import Any

import pytest

from policies.credentials.opaque_tokens import issuer_by_prefix, read_answer
from policies.credentials.token_claims import TokenFault
from policies.credentials.trusted_issuer import TrustedIssuer
from tests.support.policy_world import AUDIENCE, ISSUER, NOW

ISSUER_READ = TrustedIssuer(ISSUER, (), external=True)
NOT_YET = "it is not valid yet, or its times are none"
LACKING = "it lacks a claim that an access token must have, or one has the wrong type"
JWT = b"eyJh.eyJi.c2ln"


@pytest.mark.parametrize(
    ("token", "prefixes", "asked"),
    [
        (b"abc", {}, None),
        (b"abc", {"": "one"}, "one"),
        (JWT, {"": "one"}, None),
        (b"a.b", {"": "one"}, "one"),
        (b"a.b.c.d.e", {"": "one"}, "one"),
        (b"x_abc", {"x_": "one"}, "one"),
        (b"abc", {"x_": "one"}, None),
        (b"x_abc", {"": "two", "x_": "one"}, "one"),
        (b"X_abc", {"": "two", "x_": "one"}, "two"),
        (b"y_abc", {"x_": "one", "y_": "two"}, "two"),
        (b"x_", {"x_": "one"}, "one"),
        (b"x_a.b.c", {"x_": "one"}, "one"),
    ],
)
def test_who_is_asked(token: bytes, prefixes: dict[str, str], asked: str | None) -> None:
    assert issuer_by_prefix(token, prefixes) == asked


def answer(**changes: Any) -> dict[str, Any]:
    base = {
        "active": True,
        "client_id": "shop",
        "sub": "ann",
        "jti": "t-1",
        "aud": AUDIENCE,
        "iss": ISSUER,
        "iat": NOW - 10,
        "exp": NOW + 600,
        "scope": "orders:read orders:write",
    }
    return {name: value for name, value in {**base, **changes}.items() if value is not ...}


def refused(**changes: Any) -> str:
    with pytest.raises(TokenFault) as fault:
        read_answer(answer(**changes), ISSUER_READ, float(NOW), 60)
    return str(fault.value)


def test_what_an_answer_says() -> None:
    found = read_answer(answer(), ISSUER_READ, float(NOW), 60)
    assert (found.client, found.subject, found.token_id) == ("shop", "ann", "t-1")
    assert (found.audiences, found.issued_at, found.bound) == ((AUDIENCE,), NOW - 10, False)
    assert found.scopes == {"orders:read", "orders:write"}


@pytest.mark.parametrize(
    ("expiry", "longest", "until"), [(NOW + 600, 60, 60), (NOW + 20, 60, 20), (..., 60, 60), (NOW + 0.5, 1, 0.5)]
)
def test_it_is_believed_no_longer_than_the_token_lives_and_than_it_may(
    expiry: Any, longest: float, until: float
) -> None:
    assert read_answer(answer(exp=expiry), ISSUER_READ, float(NOW), longest).expires == NOW + until


def test_what_it_need_not_say() -> None:
    bare = {"active": True, "client_id": "shop"}
    found = read_answer(bare, ISSUER_READ, float(NOW), 60)
    assert (found.subject, found.token_id, found.audiences, found.scopes) == ("shop", "-", (), frozenset())
    assert found.issued_at == 0, "any revocation by age ends it"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"active": False}, "its issuer says that it is not good"),
        ({"active": ...}, "what its issuer says of it is malformed"),
        ({"active": "true"}, "what its issuer says of it is malformed"),
        ({"active": 1}, "what its issuer says of it is malformed"),
        ({"iss": ISSUER + "/"}, "it is of another issuer"),
        ({"iss": 7}, "what its issuer says of it is malformed"),
        ({"client_id": ...}, "its issuer does not say which client it is of"),
        ({"client_id": ""}, LACKING),
        ({"client_id": "\ud800"}, LACKING),
        ({"sub": "\ud800"}, LACKING),
        ({"jti": "x" * 513}, LACKING),
        ({"scope": 7}, LACKING),
        ({"client_id": 7}, "what its issuer says of it is malformed"),
        ({"exp": NOW}, "it has expired"),
        ({"exp": "soon"}, "what its issuer says of it is malformed"),
        ({"exp": True}, "what its issuer says of it is malformed"),
        ({"nbf": NOW + 31}, NOT_YET),
        ({"nbf": NOW + 31, "exp": ...}, NOT_YET),
        ({"iat": NOW + 31}, NOT_YET),
        ({"aud": 7}, "what its issuer says of it is malformed"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert refused(**changes) == reason


def test_an_answer_that_says_no_says_nothing_else() -> None:
    """RFC 7662 §2.2: of a token that is not active there should be nothing more, and nothing more is believed."""
    assert refused(active=False, exp=NOW + 600) == "its issuer says that it is not good"


def test_a_token_that_is_bound_says_so() -> None:
    assert read_answer(answer(cnf={"jkt": "x"}), ISSUER_READ, float(NOW), 60).bound


def test_scopes_are_mapped() -> None:
    issuer = TrustedIssuer(ISSUER, (), scope_map={"orders:read": ("read",)}, external=True)
    assert read_answer(answer(), issuer, float(NOW), 60).scopes == {"read"}
