"""How claims are read: ours to the letter of RFC 9068, another issuer's as its entry says."""

from typing import Any

import pytest

from contracts.access import ExternalIssuer, Issuer
from policies.credentials.token_claims import TokenFault, accepted, read_claims
from policies.credentials.trusted_issuer import TrustedIssuer
from tests.support.policy_world import AUDIENCE, ISSUER, NOW, claims

NOT_YET = "it is not valid yet, or its times are none"
LACKING = "it lacks a claim that an access token must have, or one has the wrong type"
OWN = TrustedIssuer(ISSUER, ("ES256",))


def other(**entry: Any) -> TrustedIssuer:
    external = ExternalIssuer(**{"token_types": ("at+jwt", "JWT"), **entry})
    return TrustedIssuer.of(Issuer(ISSUER, "", ("ES256",), {"keys": []}, external))


def refused(raw: dict[str, Any], issuer: TrustedIssuer = OWN, kind: str = "at+jwt") -> str:
    with pytest.raises(TokenFault) as fault:
        read_claims(raw, kind, issuer, float(NOW))
    return str(fault.value)


def read(raw: dict[str, Any], issuer: TrustedIssuer = OWN, kind: str = "at+jwt") -> Any:
    return read_claims(raw, kind, issuer, float(NOW))


@pytest.mark.parametrize("name", ["aud", "exp", "iat", "sub", "jti", "client_id"])
@pytest.mark.parametrize("value", [..., None, True, [1], {"a": "b"}, ""])
def test_what_an_access_token_must_have(name: str, value: Any) -> None:
    """RFC 9068 §2.2, of another issuer's too where it says that its token is one."""
    if name == "aud" and value == "":
        return  # text like any other: it is the audience of nobody
    assert refused(claims(**{name: value})) == LACKING
    assert refused(claims(**{name: value}), other()) == LACKING


@pytest.mark.parametrize("name", ["sub", "jti"])
def test_a_plain_jwt_may_lack_what_only_rfc_9068_asks_for(name: str) -> None:
    found = read(claims(**{name: ...}), other(), "jwt")
    assert (found.subject, found.token_id) == (("acme-shop", "t-1") if name == "sub" else ("acme-shop", "-"))


@pytest.mark.parametrize("name", ["client_id", "sub", "jti"])
def test_names_have_an_end_and_can_be_stored(name: str) -> None:
    for value in ("x" * 513, "\ud800"):
        assert refused(claims(**{name: value})) == LACKING
        assert refused(claims(**{name: value}), other(), "jwt") == LACKING
    assert read(claims(**{name: "x" * 512})) is not None


@pytest.mark.parametrize("claim", ["azp", "appid", "cid", "https://acme.example/client"])
def test_the_claim_that_names_the_client_is_the_issuers(claim: str) -> None:
    issuer = other(client_claim=claim)
    assert read(claims(client_id="other", **{claim: "shop"}), issuer).client == "shop"
    assert refused(claims(), issuer) == LACKING, "no other claim stands in for it"


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ("a b", {"a", "b"}),
        (["a", "b"], {"a", "b"}),
        (["a b"], {"a b"}),
        ("", set()),
        ([], set()),
        ("  a   b ", {"a", "b"}),
        (..., set()),
    ],
)
def test_scopes_in_text_or_in_a_list(scope: Any, scopes: set[str]) -> None:
    assert read(claims(scope=scope), other()).scopes == scopes
    if isinstance(scope, list):
        assert refused(claims(scope=scope)) == LACKING, "RFC 9068 §2.2.3 has text"


@pytest.mark.parametrize("scope", [7, None, {"a": 1}, [1], ["a", None], ["\ud800"]])
def test_what_is_no_scope(scope: Any) -> None:
    assert refused(claims(scope=scope), other()) == LACKING


def test_scopes_of_several_claims_are_all_of_them() -> None:
    issuer = other(scope_claims=("scp", "roles"))
    found = read(claims(scp="a b", roles=["c"], scope="d"), issuer)
    assert found.scopes == {"a", "b", "c"}


def test_a_map_says_what_scopes_stand_for_and_nothing_else_counts() -> None:
    issuer = other(scope_map={"Orders.Read": ("orders:read",), "Orders.All": ("orders:read", "orders:write")})
    assert read(claims(scope="Orders.Read orders:write"), issuer).scopes == {"orders:read"}
    assert read(claims(scope="Orders.All"), issuer).scopes == {"orders:read", "orders:write"}
    assert read(claims(scope="orders:read"), issuer).scopes == frozenset()


@pytest.mark.parametrize(
    "changes",
    [
        {"at_hash": "x"},
        {"c_hash": "x"},
        {"s_hash": "x"},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"typ": "Logout"},
        {"typ": ["Bearer"]},
    ],
)
def test_another_kind_of_token_that_the_issuer_signed(changes: dict[str, Any]) -> None:
    assert refused(claims(**changes), other(), "jwt") == "it is not an access token"
    assert read(claims(**changes), other(), "at+jwt") is not None, "its type has told already"


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "DPoP"])
def test_what_keycloak_calls_an_access_token(kind: str) -> None:
    assert read(claims(typ=kind), other(), "jwt") is not None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": NOW}, "it has expired"),
        ({"exp": NOW - 1}, "it has expired"),
        ({"exp": -(10**30)}, "it has expired"),
        ({"exp": 253402300800}, "it has expired"),
        ({"exp": 1e308}, "it has expired"),
        ({"iat": NOW + 30.5}, NOT_YET),
        ({"iat": 10**30}, NOT_YET),
        ({"iat": -1}, NOT_YET),
        ({"nbf": -0.5}, NOT_YET),
        ({"nbf": NOW + 30.5}, NOT_YET),
    ],
)
def test_times(changes: dict[str, Any], reason: str) -> None:
    assert refused(claims(**changes)) == reason
    assert refused(claims(**changes), other(), "jwt") == reason


@pytest.mark.parametrize(
    ("audience", "resources"),
    [
        (AUDIENCE, None),
        (["https://x.example", AUDIENCE], None),
        ([AUDIENCE, AUDIENCE + "/orders/v1"], None),
        (AUDIENCE + "/orders/v1", {AUDIENCE + "/orders/v1"}),
        ([AUDIENCE + "/a", "https://x.example/b", AUDIENCE + "/c"], {AUDIENCE + "/a", AUDIENCE + "/c"}),
    ],
)
def test_for_which_resources_a_token_is(audience: Any, resources: set[str] | None) -> None:
    for issuer in (OWN, other()):
        assert accepted(read(claims(aud=audience), issuer), issuer, AUDIENCE) == resources


@pytest.mark.parametrize(
    "audience",
    [
        "",
        [],
        "https://other.example",
        AUDIENCE.upper(),
        AUDIENCE + ":443",
        AUDIENCE + ".evil.example",
        AUDIENCE + "@evil.example",
        AUDIENCE[:-1],
        " " + AUDIENCE,
        "http" + AUDIENCE.removeprefix("https"),
        f"{AUDIENCE} https://x.example",
    ],
)
def test_another_audience(audience: Any) -> None:
    for issuer in (OWN, other(), other(audiences=("api://orders",))):
        with pytest.raises(TokenFault, match="it was issued for another audience"):
            accepted(read(claims(aud=audience), issuer), issuer, AUDIENCE)


def test_an_audience_with_a_slash_more_is_that_of_no_version() -> None:
    """What it is a resource of, no version has: base paths do not end in a slash, nor is one empty."""
    found = accepted(read(claims(aud=AUDIENCE + "/")), OWN, AUDIENCE)
    assert found == {AUDIENCE + "/"}


def test_audiences_that_an_entry_names_are_all_there_are() -> None:
    issuer = other(audiences=("api://orders", "c0ffee"))
    for audience in ("api://orders", ["x", "c0ffee"]):
        assert accepted(read(claims(aud=audience), issuer), issuer, AUDIENCE) is None
    for audience in (AUDIENCE, AUDIENCE + "/orders/v1", "api://orders/", "api://order", "API://orders"):
        with pytest.raises(TokenFault, match="it was issued for another audience"):
            accepted(read(claims(aud=audience), issuer), issuer, AUDIENCE)


def test_a_token_that_is_bound_says_so() -> None:
    assert read(claims(cnf={"jkt": "x"})).bound
    assert read(claims(cnf=None)).bound
    assert not read(claims()).bound


def test_a_repr_shows_nothing() -> None:
    assert "acme-shop" not in repr(read(claims()))


def test_algorithms_without_a_public_key_never_count() -> None:
    made = TrustedIssuer.of(Issuer(ISSUER, "", ("HS256", "none", "ES256"), {}, ExternalIssuer()))
    assert made.algorithms == ("ES256",)
    assert made.external
