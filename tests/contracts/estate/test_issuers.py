"""External issuers: what of them is carried where, and mistakes that the table of cases has no room for."""

from pathlib import Path

import pytest

from contracts.access import ExternalIssuer, Identity, Introspection, Issuer
from contracts.estate.estate import Estate, access_applications, check, load_estate
from contracts.estate.issuers import external_issuers
from contracts.snapshot import AccessPart, encode_part
from tests.contracts.estate.issuer_cases import APP, LAB, OTHER, SSO, URL, issuer, known_as
from tests.support.estates import write_estate

SANDBOX = (SSO % (URL, "ES256")).replace("issuers:\n  sso:", "  trial:").replace("production", "sandbox")


def estate_of(root: Path, *changes: tuple[str, str, str]) -> Estate:
    estate, findings = load_estate(write_estate(root, *changes))
    assert estate is not None, findings
    return estate


def rules_of(root: Path, *changes: tuple[str, str, str]) -> list[str]:
    return [each.rule for each in check(write_estate(root, *changes))]


def test_an_estate_without_issuers_keeps_its_bytes(tmp_path: Path) -> None:
    estate = estate_of(tmp_path)
    assert external_issuers(estate.file, "production") == ()
    own = Issuer("https://catalog.example", "https://catalog.example/jwks", ("ES256",), {"keys": []})
    part = encode_part(AccessPart((own,), access_applications(estate, "production")))[1]
    assert b"external" not in part
    assert b"identities" not in part


def test_a_snapshot_of_one_environment_has_nothing_of_another(tmp_path: Path) -> None:
    """The same URL in both: the claim's value is another application in each."""
    estate = estate_of(
        tmp_path,
        *issuer(SSO % (URL, "ES256") + SANDBOX),
        *known_as((APP, "{ sso: [shop] }"), (LAB, "{ trial: [shop] }")),
    )
    for environment, known in {"production": "reading-club-app", "sandbox": "reading-club-lab"}.items():
        assert external_issuers(estate.file, environment) == (
            Issuer(URL, "", ("ES256",), {"keys": []}, ExternalIssuer()),
        )
        applications = access_applications(estate, environment)
        assert {each.client_id: each.identities for each in applications if each.identities} == {
            known: (Identity(URL, "shop"),)
        }
    assert external_issuers(estate.file, "local") == ()
    assert not any(each.identities for each in access_applications(estate, "local"))


def test_all_that_can_be_said_of_an_issuer(tmp_path: Path) -> None:
    text = """\
issuers:
  entra:
    issuer: https://login.microsoftonline.com/3f2b/v2.0
    environment: production
    algorithms: [RS256]
    jwks-uri: https://login.microsoftonline.com/3f2b/discovery/v2.0/keys
    audiences: [c0ffee00-0000-4000-8000-000000000001]
    token-types: [JWT]
    client-claim: azp
    scope-claims: [scp, roles]
    scope-map: { Books.Read: [books:read], Books.All: [books:read, books:write] }
    introspection:
      { client-id: g w, credential: sso-secret, endpoint: 'https://x.example/i', prefix: o_, max-cache: 5 }
"""
    (made,) = external_issuers(estate_of(tmp_path, *issuer(text)).file, "production")
    assert made == Issuer(
        "https://login.microsoftonline.com/3f2b/v2.0",
        "https://login.microsoftonline.com/3f2b/discovery/v2.0/keys",
        ("RS256",),
        {"keys": []},
        ExternalIssuer(
            ("c0ffee00-0000-4000-8000-000000000001",),
            ("JWT",),
            "azp",
            ("scp", "roles"),
            {"Books.Read": ("books:read",), "Books.All": ("books:read", "books:write")},
            Introspection("g w", "sso-secret", "https://x.example/i", "o_", 5),
        ),
    )


def test_identities_stand_in_order_whatever_the_files_order(tmp_path: Path) -> None:
    estate = estate_of(
        tmp_path,
        *issuer(SSO % (URL, "ES256") + OTHER % ("login", "")),
        *known_as((APP, "{ sso: [b, a], login: [z] }")),
    )
    found = {each.client_id: each.identities for each in access_applications(estate, "production")}
    assert found["reading-club-app"] == (
        Identity("https://login.example", "z"),
        Identity(URL, "a"),
        Identity(URL, "b"),
    )


@pytest.mark.parametrize(
    "algorithms", ["HS256", "none", "ES256K", "es256"], ids=["symmetric", "none", "no such", "case"]
)
def test_an_algorithm_without_a_public_key_is_refused(tmp_path: Path, algorithms: str) -> None:
    assert "invalid-value" in rules_of(tmp_path, *issuer(SSO % (URL, algorithms)))


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://127.0.0.1:8080/realm", None),
        ("http://[::1]:8080", None),
        ("http://127.0.0.1.evil.example", "issuer-unsafe"),
        ("https://user:secret@sso.example", "issuer-unsafe"),
        ("https://sso.example:port", "issuer-unsafe"),
        ("https://sso.example/é", "issuer-unsafe"),
        ("https://sso.example/?a=b", "invalid-value"),
        ("ftp://sso.example", "invalid-value"),
    ],
)
def test_where_an_issuer_may_be(tmp_path: Path, url: str, rule: str | None) -> None:
    found = rules_of(tmp_path, *issuer(SSO % (url, "ES256")), *known_as((APP, "{ sso: [shop] }")))
    assert found == ([] if rule is None else [rule])


@pytest.mark.parametrize("key", ["jwks-uri", "introspection"])
def test_its_other_addresses_are_looked_at_too(tmp_path: Path, key: str) -> None:
    value = "http://sso.example/x"
    if key == "introspection":
        value = f"{{ client-id: g, credential: s, endpoint: '{value}' }}"
    text = SSO % (URL, "ES256") + f"    {key}: {value}\n"
    assert rules_of(tmp_path, *issuer(text), *known_as((APP, "{ sso: [shop] }"))) == ["issuer-unsafe"]


@pytest.mark.parametrize(
    ("first", "second", "told_apart"),
    [
        ("a_", "b_", True),
        ("", "b_", True),
        ("", "", False),
        ("a_", "a_", False),
        ("a_b", "a_", False),
        ("eyJ", "b_", False),
    ],
)
def test_opaque_tokens_are_told_apart(tmp_path: Path, first: str, second: str, told_apart: bool) -> None:
    other = OTHER.replace("login.example", "other.example")
    text = "issuers:\n" + OTHER % ("one", first) + other % ("two", second)
    found = rules_of(tmp_path, *issuer(text), *known_as((APP, "{ one: [a], two: [a] }")))
    assert found == ([] if told_apart else ["introspection-ambiguous"])
