"""The guide's example for each provider opens the gateway to a token as that provider writes it, and to no other.

The tokens have the shape that the providers document: Keycloak's server administration guide, Entra's access token
claims reference, Auth0's access token profiles, and Okta's guide to access tokens of custom authorization servers.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from contracts.estate.estate import access_applications, load_estate
from contracts.estate.issuers import external_issuers
from contracts.public_keys import public_key
from policies import authentication
from policies.credentials.trusted_issuer import TrustedIssuer
from policies.exchange import Principal
from policies.verdict import ALLOW
from tests.support.estates import write_estate
from tests.support.policy_world import NOW, World, compact, exchange, operation, rsa_jwk, rsa_key, version

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "issuers.md"
KEY = rsa_key()
TITLE = "        title: Reading Club mobile app\n"
TIMES = {"iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 3590}
ENTRA_CLIENT = "11112222-bbbb-3333-cccc-4444dddd5555"

Token = tuple[dict[str, Any], dict[str, Any]]
PROVIDERS: dict[str, tuple[str, Token, set[str]]] = {
    "Keycloak": (
        "acme-web-shop",
        (
            {"alg": "RS256", "typ": "JWT"},
            {
                "exp": NOW + 290,
                "iat": NOW - 10,
                "jti": "trrtcc:f73a4a37-9550-4f88-97ef-3b45abee06f1",
                "iss": "https://sso.acme.example/realms/partners",
                "aud": ["https://api.acme.example", "account"],
                "sub": "7ddaf89f-69eb-4eca-a9ca-aca112119860",
                "typ": "Bearer",
                "azp": "acme-web-shop",
                "acr": "1",
                "allowed-origins": ["/*"],
                "realm_access": {"roles": ["offline_access", "uma_authorization"]},
                "resource_access": {"account": {"roles": ["manage-account", "view-profile"]}},
                "scope": "orders:read profile email",
                "clientHost": "192.0.2.7",
                "email_verified": False,
                "preferred_username": "service-account-acme-web-shop",
                "clientAddress": "192.0.2.7",
                "client_id": "acme-web-shop",
            },
        ),
        {"orders:read", "profile", "email"},
    ),
    "Entra ID": (
        ENTRA_CLIENT,
        (
            {"typ": "JWT", "alg": "RS256"},
            {
                "aud": "7c9d2a44-0000-4000-8000-1b2c3d4e5f60",
                "iss": "https://login.microsoftonline.com/3f2b8c1e-0000-4000-8000-5d0c6a7e9f10/v2.0",
                **TIMES,
                "aio": "k2ZgYJj4Lb1rt9ThRTMq7v4bAA==",
                "azp": ENTRA_CLIENT,
                "azpacr": "1",
                "oid": "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb",
                "rh": "0.AXkAHowrPwAAAEAA.",
                "roles": ["Orders.ReadWrite", "Orders.Unknown"],
                "sub": "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb",
                "tid": "3f2b8c1e-0000-4000-8000-5d0c6a7e9f10",
                "uti": "fqiBqXLPj0eQa82S-IYFAA",
                "ver": "2.0",
            },
        ),
        {"orders:read", "orders:write"},
    ),
    "Auth0": (
        "my_client_id",
        (
            {"alg": "RS256", "typ": "at+jwt"},
            {
                "iss": "https://acme.eu.auth0.com/",
                "sub": "my_client_id@clients",
                "aud": ["https://api.acme.example", "https://acme.eu.auth0.com/userinfo"],
                "client_id": "my_client_id",
                **TIMES,
                "jti": "73WakrfVbNJBaAmhQtEeDv",
                "scope": "orders:read orders:write",
            },
        ),
        {"orders:read", "orders:write"},
    ),
    "Okta": (
        "0oabskvc6442nkvQO0h7",
        (
            {"alg": "RS256"},
            {
                "ver": 1,
                "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
                "iss": "https://acme.okta.com/oauth2/default",
                "aud": "api://default",
                "iat": NOW - 10,
                "exp": NOW + 3590,
                "cid": "0oabskvc6442nkvQO0h7",
                "scp": ["orders:read"],
                "sub": "0oabskvc6442nkvQO0h7",
            },
        ),
        {"orders:read"},
    ),
}


def example(provider: str) -> Mapping[str, Any]:
    """The `issuers` of the guide's section."""
    section = GUIDE.read_text().split(f"\n## {provider}\n")[1].split("\n## ")[0]
    (text,) = re.findall(r'^```yaml title="ostiary.yaml"\n(.*?)^```$', section, re.S | re.M)
    issuers: Mapping[str, Any] = yaml.safe_load(text)["issuers"]
    return issuers


async def called_by(folder: Path, issuers: Mapping[str, Any], client: str, token: Token) -> Principal | None:
    """Who calls by the token, where an estate has these issuers and says that the client is its application."""
    (name,) = issuers
    text = yaml.safe_dump({"issuers": issuers})
    root = write_estate(
        folder,
        ("ostiary.yaml", "upstreams:\n", text + "upstreams:\n"),
        ("consumers.yaml", TITLE, f"{TITLE}        identities: {{ {name}: ['{client}'] }}\n"),
    )
    estate, findings = load_estate(root)
    assert estate is not None, findings
    assert findings == []
    world = World()
    (issuer,) = external_issuers(estate.file, "production")
    world.keys.issuers[issuer.issuer] = TrustedIssuer.of(issuer)
    world.keys.known[issuer.issuer, "theirs"] = public_key(rsa_jwk(KEY, "theirs", use="sig"))
    world.access.identities = {
        (identity.issuer, identity.client): application
        for application in access_applications(estate, "production")
        for identity in application.identities
    }
    head, claims = token
    signed = compact(
        {**head, "kid": "theirs"}, claims, lambda data: KEY.sign(data, padding.PKCS1v15(), hashes.SHA256())
    )
    request = exchange(signed)
    stage = authentication.bind(version(), operation(), world.ports())
    assert stage is not None
    assert (stage(request) is ALLOW) is (request.principal is not None)
    return request.principal


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_its_token_is_a_call_of_the_application(tmp_path: Path, provider: str) -> None:
    client, token, scopes = PROVIDERS[provider]
    principal = await called_by(tmp_path, example(provider), client, token)
    assert principal is not None
    assert (principal.client_id, principal.scopes) == ("reading-club-app", scopes)
    assert (principal.issuer, principal.subject) == (token[1]["iss"], token[1]["sub"])


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_another_tenant_of_it_is_a_stranger(tmp_path: Path, provider: str) -> None:
    """Tenants of one provider may share keys; what parts them is `iss`, and whom the token is for."""
    client, (head, claims), _ = PROVIDERS[provider]
    for name, value in {"iss": claims["iss"].replace("a", "b", 1), "aud": "another"}.items():
        folder = tmp_path / name
        assert await called_by(folder, example(provider), client, (head, {**claims, name: value})) is None


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_another_client_of_it_is_a_stranger(tmp_path: Path, provider: str) -> None:
    _, token, _ = PROVIDERS[provider]
    assert await called_by(tmp_path, example(provider), "somebody-else", token) is None


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_its_id_token_is_none(tmp_path: Path, provider: str) -> None:
    """Also where a registration is its own audience, as one in Entra may be."""
    client, (head, claims), _ = PROVIDERS[provider]
    kind = {name: value for name, value in head.items() if value != "at+jwt"}
    token = (kind, {**claims, "at_hash": "fPlsvVszI29LU2UhDyJ9vg"})
    assert await called_by(tmp_path, example(provider), client, token) is None


async def test_auth0s_own_profile(tmp_path: Path) -> None:
    """As the guide says: `token-types: [JWT]` and `client-claim: azp`."""
    (entry,) = example("Auth0").values()
    client, (head, claims), scopes = PROVIDERS["Auth0"]
    old = {name: value for name, value in claims.items() if name not in ("client_id", "jti")}
    token = ({**head, "typ": "JWT"}, {**old, "azp": client, "gty": "client-credentials"})
    plain = {"auth0": {**entry, "token-types": ["JWT"], "client-claim": "azp"}}
    principal = await called_by(tmp_path / "plain", plain, client, token)
    assert principal is not None
    assert principal.scopes == scopes
    assert await called_by(tmp_path / "rfc9068", {"auth0": entry}, client, token) is None


async def test_entras_first_version(tmp_path: Path) -> None:
    (entry,) = example("Entra ID").values()
    client, (head, claims), scopes = PROVIDERS["Entra ID"]
    tenant = "https://sts.windows.net/3f2b8c1e-0000-4000-8000-5d0c6a7e9f10/"
    old = {name: value for name, value in claims.items() if name not in ("azp", "azpacr")}
    token = ({**head, "x5t": "theirs"}, {**old, "iss": tenant, "appid": client, "appidacr": "1", "ver": "1.0"})
    first = {"entra": {**entry, "issuer": tenant, "client-claim": "appid"}}
    principal = await called_by(tmp_path, first, client, token)
    assert principal is not None
    assert principal.scopes == scopes
