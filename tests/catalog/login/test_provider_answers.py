"""Answers that no provider should give, by one that gives whatever a test wants: none of them is good."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey

from catalog.login.provider.client import ProviderClient, Told, Unproven
from catalog.login.provider.fetching import ProviderFault
from catalog.login.provider.settings import ProviderSettings
from catalog.login.steps import Memory

SECRET = "a-client-secret-that-is-long-enough"
KEY = ECKey.generate_key("P-256", {"kid": "one"}, private=True)
OTHER = ECKey.generate_key("P-256", {"kid": "one"}, private=True)
MEMORY = Memory(state="s", nonce="the nonce", verifier="v" * 43)


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class Provider:
    """What it says. `claims` and `header` change the ID token."""

    issuer: str = ""
    key: Any = field(default_factory=lambda: KEY)
    metadata: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=lambda: {"sub": "4711", "email": "anna@example.com"})
    token_status: int = 200
    tokens: dict[str, Any] | None = None
    asked: list[str] = field(default_factory=list)

    def id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "4711",
            "aud": "ostiary",
            "iat": now,
            "exp": now + 300,
            "nonce": MEMORY.nonce,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "ES256", "kid": "one", **self.header}
        return jwt.encode(header, claims, self.key, algorithms=[str(header["alg"])])

    async def discovery(self, _request: web.Request) -> web.Response:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/me",
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }
        return web.json_response({name: value for name, value in found.items() if value is not None})

    async def keys(self, _request: web.Request) -> web.Response:
        self.asked.append("jwks")
        odd = {"kty": "unknown", "kid": "odd"}
        return web.json_response({"keys": [odd, {**KEY.as_dict(private=False), "kid": "one"}]})

    async def token(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers.get("Authorization", "") or (await request.text()))
        tokens = self.tokens or {"id_token": self.id_token(), "access_token": "at", "token_type": "Bearer"}
        return web.json_response(tokens, status=self.token_status)

    async def me(self, _request: web.Request) -> web.Response:
        return web.json_response(self.userinfo)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", made.discovery)
    app.router.add_get("/jwks", made.keys)
    app.router.add_post("/token", made.token)
    app.router.add_get("/me", made.me)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def client(provider: Provider, clock: Any = time.time, **changes: Any) -> ProviderClient:
    settings = replace(ProviderSettings(provider.issuer, "ostiary", SECRET), **changes)
    return ProviderClient(settings, "https://catalog.example", clock)


async def told(provider: Provider, **changes: Any) -> Told:
    return await client(provider, **changes).told("code", provider.issuer, MEMORY)


async def test_a_good_answer_tells_who_it_is(provider: Provider) -> None:
    found = await told(provider)
    assert (found.claims["sub"], found.claims["email"], found.two_factors) == ("4711", "anna@example.com", False)
    assert "4711" not in repr(found)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": ["ostiary", "another"]},
        {"aud": ["ostiary", "another"], "azp": "another"},
        {"aud": None},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"iat": None},
        {"nbf": 4_000_000_000},
        {"sub": None},
        {"sub": 7},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"amr": "mfa"},
    ],
    ids=lambda claims: json.dumps(claims),
)
async def test_a_token_with_a_wrong_claim_is_none(provider: Provider, claims: dict[str, Any]) -> None:
    provider.claims = claims
    with pytest.raises(Unproven):
        await told(provider)


async def test_a_token_that_another_key_signed_is_none(provider: Provider) -> None:
    provider.key = OTHER
    with pytest.raises(Unproven):
        await told(provider)


async def test_the_client_secret_and_the_public_key_sign_nothing(provider: Provider) -> None:
    """Both are known to others than the provider (RFC 8725 §2.1)."""
    body = provider.id_token().split(".")[1]
    head = text(b'{"alg":"HS256","kid":"one"}')
    for secret in (SECRET.encode(), KEY.as_pem(private=False)):
        signature = text(hmac.digest(secret, f"{head}.{body}".encode(), "sha256"))
        provider.tokens = {"id_token": f"{head}.{body}.{signature}", "access_token": "at"}
        with pytest.raises(Unproven):
            await told(provider)


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
async def test_an_unsigned_token_is_none(provider: Provider, alg: str) -> None:
    body = provider.id_token().split(".")[1]

    head = text(json.dumps({"alg": alg, "kid": "one"}).encode())
    provider.tokens = {"id_token": f"{head}.{body}.", "access_token": "at"}
    with pytest.raises(Unproven):
        await told(provider)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "é.b.c", 7, None, {}, "e30.e30.e30"])
async def test_what_is_no_token_is_none(provider: Provider, token: Any) -> None:
    provider.tokens = {"id_token": token, "access_token": "at"}
    with pytest.raises(Unproven):
        await told(provider)


async def test_a_code_that_is_refused_and_a_provider_that_fails_are_told_apart(provider: Provider) -> None:
    provider.token_status = 400
    with pytest.raises(Unproven, match="does not take its own code"):
        await told(provider)
    provider.token_status = 502
    with pytest.raises(ProviderFault, match="answered with 502"):
        await told(provider)


async def test_anothers_userinfo_is_not_used(provider: Provider) -> None:
    provider.userinfo = {"sub": "4712", "email": "omar@example.com", "email_verified": True}
    with pytest.raises(Unproven):
        await told(provider)


async def test_what_the_signed_token_says_wins_over_userinfo(provider: Provider) -> None:
    provider.claims = {"acr": "silver"}
    provider.userinfo = {"sub": "4711", "email": "anna@example.com", "acr": "gold"}
    assert (await told(provider, acr=("gold",))).two_factors is False


@pytest.mark.parametrize(
    ("claims", "two"),
    [
        ({"acr": "gold"}, True),
        ({"acr": "silver"}, False),
        ({"amr": ["pwd", "mfa"]}, True),
        ({"amr": ["pwd"]}, False),
    ],
)
async def test_two_factors_are_those_that_the_settings_name(
    provider: Provider, claims: dict[str, Any], two: bool
) -> None:
    provider.claims = claims
    assert (await told(provider, acr=("gold",), amr=("mfa",))).two_factors is two
    assert (await told(provider)).two_factors is False


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"authorization_endpoint": "http://evil.example/auth"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": 7},
        {"userinfo_endpoint": "ftp://x"},
        {"id_token_signing_alg_values_supported": ["none", "HS256"]},
        {"id_token_signing_alg_values_supported": "ES256"},
    ],
    ids=lambda changes: json.dumps(changes),
)
async def test_metadata_that_cannot_be_trusted_is_refused(provider: Provider, metadata: dict[str, Any]) -> None:
    provider.metadata = metadata
    with pytest.raises(ProviderFault):
        await client(provider).request(again=False)


@pytest.mark.parametrize("issuer", ["https://evil.example", None, ""])
async def test_an_answer_of_another_issuer_never_gets_to_the_token_endpoint(
    provider: Provider, issuer: str | None
) -> None:
    with pytest.raises(Unproven):
        await client(provider).told("code", issuer, MEMORY)
    assert provider.asked == []


async def test_an_issuer_that_never_names_itself_need_not(provider: Provider) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": None}
    assert (await client(provider).told("code", None, MEMORY)).claims["sub"] == "4711"


async def test_the_secret_goes_by_the_way_that_the_provider_takes(provider: Provider) -> None:
    await told(provider)
    assert provider.asked[0].startswith("Basic ")
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    await told(provider)
    assert f"client_secret={SECRET}" in provider.asked[2]


async def test_made_up_keys_do_not_make_us_ask_again_and_again(provider: Provider) -> None:
    now = time.time()
    one = client(provider, lambda: now)
    provider.header = {"kid": "made up"}
    for _ in range(5):
        with pytest.raises(Unproven):
            await one.told("code", provider.issuer, MEMORY)
    assert provider.asked.count("jwks") == 1
    now += 10
    with pytest.raises(Unproven):
        await one.told("code", provider.issuer, MEMORY)
    assert provider.asked.count("jwks") == 2


async def test_what_is_known_goes_on_while_the_provider_tells_nothing(provider: Provider) -> None:
    now = time.time()
    one = client(provider, lambda: now)
    await one.told("code", provider.issuer, MEMORY)
    provider.metadata = {"issuer": "https://broken.example"}
    now += 240
    assert (await one.told("code", provider.issuer, MEMORY)).claims["sub"] == "4711"


async def test_an_answer_without_an_end_is_cut_off(provider: Provider) -> None:
    provider.userinfo = {"sub": "4711", "filling": "x" * 2_000_000}
    with pytest.raises(ProviderFault, match="too large"):
        await told(provider)
