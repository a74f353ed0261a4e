"""RFC 8414, authorization server metadata, and RFC 7517, its keys."""

from pathlib import Path

from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from joserfc.jwk import KeySet

from tests.catalog.serving import World, serving


async def test_2_and_3_2_the_metadata_is_complete_and_valid(world: World) -> None:
    async with world.session.get(world.url + "/.well-known/oauth-authorization-server") as response:
        assert response.status == 200
        assert response.headers["content-type"] == "application/json"
        metadata = AuthorizationServerMetadata(await response.json())
    metadata.validate()
    assert metadata["issuer"] == world.url
    assert metadata["token_endpoint"] == world.token_url
    assert metadata["authorization_endpoint"] == world.url + "/oauth/authorize"
    assert metadata["grant_types_supported"] == [
        "client_credentials",
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ]
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["token_endpoint_auth_methods_supported"] == [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "none",
    ]
    # No certificate reaches this catalog, and so it promises nothing about one.
    assert metadata["tls_client_certificate_bound_access_tokens"] is False
    assert metadata["scopes_supported"] == ["orders:read", "orders:write", "partners:read"]


async def test_3_1_an_issuer_with_a_path_has_it_after_the_well_known_part(tmp_path: Path) -> None:
    issuer = "https://catalog.example/tenants/one"
    async with serving(tmp_path, url=issuer) as world:
        path = get_well_known_url(issuer)
        assert path == "/.well-known/oauth-authorization-server/tenants/one"
        async with world.session.get(world.url + path) as response:
            assert (await response.json())["issuer"] == issuer


async def test_jwks_uri_has_the_signing_key_by_its_rfc_7638_thumbprint(world: World) -> None:
    async with world.session.get(world.url + "/.well-known/oauth-authorization-server") as response:
        uri = (await response.json())["jwks_uri"]
    async with world.session.get(uri) as response:
        published = await response.json(content_type=None)
    [key] = KeySet.import_key_set(published).keys
    assert key.kid == key.thumbprint() == world.keys.oauth.kid
    assert not key.is_private


async def test_2_what_it_names_is_there(world: World) -> None:
    """Every endpoint answers its own method, and no grant that is named is an unsupported one."""
    async with world.session.get(world.url + "/.well-known/oauth-authorization-server") as response:
        metadata = await response.json()
    endpoints = {name: url for name, url in metadata.items() if name.endswith(("_endpoint", "_uri"))}
    assert {name.removesuffix("_endpoint") for name in endpoints} == {
        "authorization",
        "introspection",
        "jwks_uri",
        "pushed_authorization_request",
        "registration",
        "revocation",
        "token",
    }
    for name, url in endpoints.items():
        method = "GET" if name in ("authorization_endpoint", "jwks_uri") else "POST"
        async with world.session.request(method, url, allow_redirects=False) as response:
            assert response.status in (200, 303, 400, 401), name
        other = "POST" if method == "GET" else "GET"
        async with world.session.request(other, url, allow_redirects=False) as response:
            assert response.status == 405, name
    secret = (await world.ledger.issue("web-shop", actor="test")).secret
    for grant in metadata["grant_types_supported"]:
        data = {"grant_type": grant, "client_id": "web-shop", "client_secret": secret}
        async with world.session.post(world.token_url, data=data) as response:
            assert (await response.json()).get("error") != "unsupported_grant_type", grant
