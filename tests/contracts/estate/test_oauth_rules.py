"""`oauth` of applications: what passes, what does not, and what it becomes in a snapshot."""

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from contracts.client_certificates import thumbprint
from contracts.estate.estate import access_applications, load_estate
from contracts.estate.oauth_rules import redirect_fault
from contracts.oauth_client import CertificateSubject, ExchangeRule, OAuthSettings
from tests.contracts.estate.issuer_cases import SSO, URL
from tests.contracts.estate.oauth_cases import APP
from tests.contracts.estate.test_estate import changed
from tests.support.certificates import make

KEY = ECKey.generate_key("P-256", {"kid": "one"}).as_dict(private=False)
SELF = make("CN=self")
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


def loaded(folder: Path, oauth: dict[str, Any]) -> tuple[OAuthSettings | None, list[str]]:
    """The settings of the application, and the rules that found something."""
    text = f"{APP}        oauth: {json.dumps(oauth)}\n"
    sso = (SSO % (URL, "ES256")) + "upstreams:\n"
    estate, findings = load_estate(
        changed(folder / "estate", [("consumers.yaml", APP, text), ("ostiary.yaml", "upstreams:\n", sso)])
    )
    rules = [each.rule for each in findings if each.rule.startswith(("oauth", "unknown"))]
    if estate is None:
        return None, rules
    [app] = [each for each in access_applications(estate) if each.client_id == "reading-club-app"]
    return app.oauth, rules


def test_without_the_mapping_or_with_the_defaults_nothing_is_carried(tmp_path: Path) -> None:
    assert loaded(tmp_path, {"grants": ["client_credentials"]}) == (None, [])


@pytest.mark.parametrize(
    ("oauth", "method"),
    [
        ({"jwks": {"keys": [KEY]}}, "private_key_jwt"),
        ({"jwks-uri": "https://a.example/k"}, "private_key_jwt"),
        ({"tls-client-auth": {"san-dns": "a.example"}}, "tls_client_auth"),
        ({"certificates": [SELF.pem]}, "self_signed_tls_client_auth"),
        ({"certificates": [thumbprint(SELF.der)]}, "self_signed_tls_client_auth"),
        ({"public": True, "grants": ["authorization_code"], "redirect-uris": ["com.acme.app:/cb"]}, "none"),
    ],
)
def test_the_method_follows_from_what_is_given(tmp_path: Path, oauth: dict[str, Any], method: str) -> None:
    settings, rules = loaded(tmp_path, oauth)
    assert rules == []
    assert settings is not None
    assert settings.auth_methods == (method,)


def test_everything_that_a_snapshot_carries(tmp_path: Path) -> None:
    rule = {"issuer": "sso", "audience": "ostiary", "scopes": ["books:read"], "actor": "required"}
    settings, rules = loaded(
        tmp_path,
        {
            "tls-client-auth": {"subject-dn": "CN=a,O=Acme"},
            "grants": ["client_credentials", EXCHANGE],
            "token-binding": "mtls",
            "exchange": [rule],
        },
    )
    assert rules == []
    assert settings == OAuthSettings(
        auth_methods=("tls_client_auth",),
        grants=("client_credentials", EXCHANGE),  # type: ignore[arg-type]
        subject=CertificateSubject("subject-dn", "CN=a,O=Acme"),
        constraint="mtls",
        exchange=(ExchangeRule(URL, "ostiary", scopes=("books:read",), actor="required"),),
    )


def test_a_certificate_is_known_by_its_thumbprint_and_trusted_where_it_is_whole(tmp_path: Path) -> None:
    settings, _ = loaded(tmp_path, {"certificates": [SELF.pem, "A" * 43]})
    assert settings is not None
    assert set(settings.certificates) == {thumbprint(SELF.der), "A" * 43}
    assert settings.trusted == (SELF.der,)


def test_the_strict_profile_binds_tokens_by_either_key(tmp_path: Path) -> None:
    settings, rules = loaded(tmp_path, {"profile": "fapi-2", "jwks": {"keys": [KEY]}})
    assert rules == []
    assert settings is not None
    assert settings.constraint == "any"


@pytest.mark.parametrize(
    ("oauth", "rule"),
    [
        ({"public": True, "auth-methods": ["client_secret_basic"]}, "oauth-method-conflict"),
        ({"auth-methods": ["none"]}, "oauth-method-conflict"),
        ({"public": True}, "oauth-grant-unusable"),
        ({"grants": []}, "oauth-grant-unusable"),
        ({"grants": [EXCHANGE]}, "oauth-grant-unusable"),
        ({"grants": ["authorization_code"]}, "oauth-redirect-unusable"),
        ({"auth-methods": ["tls_client_auth"]}, "oauth-key-missing"),
        ({"auth-methods": ["self_signed_tls_client_auth"]}, "oauth-key-missing"),
        ({"tls-client-auth": {}}, "oauth-key-unusable"),
        ({"tls-client-auth": {"san-dns": "a", "san-uri": "b:c"}}, "oauth-key-unusable"),
        ({"tls-client-auth": {"san-ip": "no address"}}, "oauth-key-unusable"),
        ({"tls-client-auth": {"subject-dn": "shop at Acme"}}, "oauth-key-unusable"),
        ({"jwks": {}}, "oauth-key-unusable"),
        ({"jwks": {"keys": []}}, "oauth-key-unusable"),
        ({"jwks": {"keys": [{**KEY, "d": "AAAA"}]}}, "oauth-key-unusable"),
        ({"jwks": {"keys": [{**KEY, "y": KEY["x"]}]}}, "oauth-key-unusable"),
        ({"certificates": ["short"]}, "oauth-key-unusable"),
        ({"certificates": [make("CN=a", authority=True).pem]}, "oauth-key-unusable"),
        ({"certificates": [make("CN=a", issuer=SELF).pem]}, "oauth-key-unusable"),
        ({"exchange": [{"issuer": "sso", "audience": "x"}]}, "oauth-key-unused"),
        ({"grants": [EXCHANGE], "exchange": [{"issuer": "soo", "audience": "x"}]}, "unknown-issuer"),
        (
            {"grants": [EXCHANGE], "exchange": [{"issuer": "sso", "audience": "x", "scopes": ["y"]}]},
            "oauth-key-unused",
        ),
        (
            {
                "profile": "fapi-2",
                "jwks": {"keys": [KEY]},
                "grants": ["authorization_code"],
                "redirect-uris": ["http://127.0.0.1/cb"],
            },
            "oauth-profile-broken",
        ),
    ],
)
def test_what_is_found(tmp_path: Path, oauth: dict[str, Any], rule: str) -> None:
    assert rule in loaded(tmp_path, oauth)[1]


@pytest.mark.parametrize(
    ("uri", "public", "good"),
    [
        ("https://app.example/cb", False, True),
        ("https://app.example/cb?x=1", False, True),
        ("http://127.0.0.1:8000/cb", False, True),
        ("http://[::1]/cb", True, True),
        ("com.acme.app:/cb", True, True),
        ("com.acme.app:/cb", False, False),
        ("acme:/cb", True, False),
        ("javascript:alert(1)", True, False),
        ("https://app.example/cb#x", False, False),
        ("https://*.example/cb", False, False),
        ("https://me@app.example/cb", False, False),
        ("https:///cb", False, False),
        ("http://app.example/cb", False, False),
        ("https://app.example:port/cb", False, False),
    ],
)
def test_where_codes_may_go(uri: str, public: bool, good: bool) -> None:
    assert (redirect_fault(uri, public=public) is None) is good


def test_a_key_that_is_refused_is_not_shown(tmp_path: Path) -> None:
    text = f"{APP}        oauth: {json.dumps({'jwks': {'keys': [{'kty': 'oct', 'k': 'canary-19'}]}})}\n"
    _, findings = load_estate(changed(tmp_path / "estate", [("consumers.yaml", APP, text)]))
    assert any(each.rule == "oauth-key-unusable" for each in findings)
    assert not any("canary-19" in str(each) for each in findings)
