"""RFC 8693, token exchange: a company's own identity provider says for whom a client acts."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from joserfc.jwk import ECKey

from contracts.access import ExternalIssuer, Issuer
from contracts.oauth_client import TOKEN_EXCHANGE, ExchangeRule
from tests.catalog.serving import AUDIENCE, World
from tests.conformance.oauth.clients import ORDERS, claims_of, client, served, signed
from tests.conformance.oauth.tokens import Answer, post, secret_of

GRANT = f"grant_type={TOKEN_EXCHANGE}"
JWT = "urn:ietf:params:oauth:token-type:jwt"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
IDP_KEY = ECKey.generate_key("P-256", {"kid": "idp-1"})


@dataclass
class Provider:
    """A company's identity provider: its keys over HTTP, and tokens as it writes them."""

    url: str = ""
    status: int = 200
    issuer: str | None = None
    asked: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path.endswith("openid-configuration"):
            metadata = {"issuer": self.issuer or self.url, "jwks_uri": f"{self.url}/jwks"}
            return web.json_response(metadata, status=self.status)
        return web.json_response({"keys": [IDP_KEY.as_dict(private=False)]}, status=self.status)

    def token(
        self, world: World, claims: dict[str, Any] | None = None, header: dict[str, Any] | None = None, **more: Any
    ) -> str:
        """A good one but for what is given."""
        good = {
            "iss": self.url,
            "sub": "ida",
            "aud": "ostiary",
            "azp": "intranet",
            "exp": int(world.now) + 300,
            "iat": int(world.now),
        }
        head = {"alg": "ES256", "kid": "idp-1", "typ": "JWT", **(header or {})}
        return signed(head, {**good, **(claims or {})}, more.get("key", IDP_KEY))


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    app = web.Application()
    app.router.add_get("/{path:.*}", provider.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield provider
    await runner.cleanup()


@pytest.fixture
async def world(tmp_path: Path, provider: Provider) -> AsyncIterator[World]:
    issuer = Issuer(provider.url, f"{provider.url}/jwks", ("ES256",), {}, ExternalIssuer(client_claim="azp"))

    def exchanger(client_id: str, **rule: Any) -> Any:
        wanted = ExchangeRule(provider.url, "ostiary", **rule)
        return client(client_id, grants=(TOKEN_EXCHANGE,), exchange=(wanted,))

    applications = (
        exchanger("web-shop"),
        exchanger("narrow", clients=("intranet",), subjects=("ida",), scopes=("orders:read",)),
        exchanger("with-actor", actor="required"),
        exchanger("no-actor", actor="refused"),
        client("plain"),
        client("without-rule", grants=(TOKEN_EXCHANGE,)),
    )
    async with served(tmp_path, *applications, issuers=(issuer,)) as world:
        yield world


async def ask(world: World, token: str, more: str = "", client_id: str = "web-shop", kind: str = JWT) -> Answer:
    body = f"{GRANT}&subject_token={token}&subject_token_type={kind}{more}"
    return await post(world, body, basic=(client_id, await secret_of(world, client_id)))


async def test_2_2_1_a_token_of_the_provider_gives_one_of_ours_that_names_who_acts(
    world: World, provider: Provider
) -> None:
    answer = await ask(world, provider.token(world))
    claims = claims_of(answer)
    assert answer.body["issued_token_type"] == ACCESS_TOKEN
    assert answer.body["token_type"] == "Bearer"
    assert claims["iss"] == world.url
    assert claims["sub"] == f"{provider.url}|ida"
    assert claims["client_id"] == "web-shop"
    assert claims["act"] == {"sub": "web-shop"}
    assert claims["aud"] == AUDIENCE


async def test_the_new_token_ends_with_the_one_that_was_exchanged(world: World, provider: Provider) -> None:
    token = provider.token(world, {"exp": int(world.now) + 45})
    answer = await ask(world, token)
    assert answer.body["expires_in"] == 45
    assert claims_of(answer)["exp"] == int(world.now) + 45


async def test_2_1_resource_scope_and_audience_narrow_it(world: World, provider: Provider) -> None:
    claims = claims_of(await ask(world, provider.token(world), f"&resource={ORDERS}&scope=orders:read"))
    assert (claims["aud"], claims["scope"]) == (ORDERS, "orders:read")
    claims = claims_of(await ask(world, provider.token(world), f"&audience={ORDERS}"))
    assert claims["aud"] == ORDERS
    answer = await ask(world, provider.token(world), "&audience=https://elsewhere.example")
    assert (answer.status, answer.error) == (400, "invalid_target")
    answer = await ask(world, provider.token(world), "&scope=secrets:read")
    assert (answer.status, answer.error) == (400, "invalid_scope")


async def test_the_estate_says_whose_tokens_and_for_what(world: World, provider: Provider) -> None:
    claims = claims_of(await ask(world, provider.token(world), client_id="narrow"))
    assert claims["scope"] == "orders:read"
    answer = await ask(world, provider.token(world), "&scope=orders:write", client_id="narrow")
    assert (answer.status, answer.error) == (400, "invalid_scope")
    for other in ({"sub": "otto"}, {"azp": "elsewhere"}, {"azp": None}, {"azp": 7}):
        answer = await ask(world, provider.token(world, other), client_id="narrow")
        assert (answer.status, answer.error) == (400, "invalid_request")


BAD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an_unknown_issuer": ({"iss": "https://other.example"}, {}),
    "no_subject": ({"sub": None}, {}),
    "an_empty_subject": ({"sub": ""}, {}),
    "a_subject_that_is_no_text": ({"sub": 7}, {}),
    "another_audience": ({"aud": "another"}, {}),
    "an_audience_that_only_begins_so": ({"aud": "ostiary.evil"}, {}),
    "no_audience": ({"aud": None}, {}),
    "no_end": ({"exp": None}, {}),
    "it_has_ended": ({"exp": 1_794_999_999}, {}),
    "an_end_that_is_no_date": ({"exp": 10**20}, {}),
    "not_yet": ({"nbf": 1_795_000_100}, {}),
    "from_the_future": ({"iat": 1_795_000_100}, {}),
    "bound_to_a_key": ({"cnf": {"jkt": "x"}}, {}),
    "alg_none": ({}, {"alg": "none"}),
    "alg_hs256": ({}, {"alg": "HS256"}),
    "an_alg_that_the_issuer_does_not_use": ({}, {"alg": "ES384"}),
    "an_unknown_key": ({}, {"kid": "idp-2"}),
    "a_logout_token": ({}, {"typ": "logout+jwt"}),
    "a_proof": ({}, {"typ": "dpop+jwt"}),
    "critical": ({}, {"crit": ["exp"]}),
}


@pytest.mark.parametrize(("claims", "header"), BAD.values(), ids=BAD)
async def test_2_2_2_a_token_that_is_not_acceptable_is_an_invalid_request(
    world: World, provider: Provider, claims: dict[str, Any], header: dict[str, Any]
) -> None:
    answer = await ask(world, provider.token(world, claims, header))
    assert (answer.status, answer.error) == (400, "invalid_request")
    assert "access_token" not in answer.body


async def test_2_2_2_nor_is_one_that_another_signed(world: World, provider: Provider) -> None:
    forged = provider.token(world, key=ECKey.generate_key("P-256"))
    answer = await ask(world, forged)
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_only_clients_that_are_registered_for_it_exchange(world: World, provider: Provider) -> None:
    answer = await ask(world, provider.token(world), client_id="plain")
    assert (answer.status, answer.error) == (400, "unauthorized_client")
    answer = await ask(world, provider.token(world), client_id="without-rule")
    assert (answer.status, answer.error) == (400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        f"{GRANT}&subject_token_type={JWT}",
        f"{GRANT}&subject_token=TOKEN",
        f"{GRANT}&subject_token=TOKEN&subject_token_type=urn:ietf:params:oauth:token-type:saml2",
        f"{GRANT}&subject_token=TOKEN&subject_token_type={JWT}&actor_token=TOKEN",
        f"{GRANT}&subject_token=TOKEN&subject_token_type={JWT}&actor_token_type={JWT}",
        (
            f"{GRANT}&subject_token=TOKEN&subject_token_type={JWT}"
            "&requested_token_type=urn:ietf:params:oauth:token-type:refresh_token"
        ),
    ],
)
async def test_2_1_what_is_needed_and_what_goes_together(world: World, provider: Provider, body: str) -> None:
    secret = await secret_of(world)
    answer = await post(world, body.replace("TOKEN", provider.token(world)), basic=("web-shop", secret))
    assert (answer.status, answer.error) == (400, "invalid_request")


def actor(world: World, provider: Provider, **claims: Any) -> str:
    return f"&actor_token={provider.token(world, {'sub': 'robot', **claims})}&actor_token_type={JWT}"


async def test_4_1_an_actor_that_is_proved_is_named(world: World, provider: Provider) -> None:
    answer = await ask(world, provider.token(world), actor(world, provider), "with-actor")
    assert claims_of(answer)["act"] == {"sub": "robot", "iss": provider.url}


async def test_4_1_who_acted_before_stays_in_the_chain(world: World, provider: Provider) -> None:
    before = {"sub": "desk", "act": {"sub": "phone"}}
    claims = claims_of(await ask(world, provider.token(world, {"act": before})))
    assert claims["act"] == {"sub": "web-shop", "act": before}
    deep: dict[str, Any] = {"sub": "one"}
    for _ in range(4):
        deep = {"sub": "more", "act": deep}
    answer = await ask(world, provider.token(world, {"act": deep}))
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_4_4_a_token_may_name_who_may_act(world: World, provider: Provider) -> None:
    token = provider.token(world, {"may_act": {"sub": "robot"}})
    assert (await ask(world, token, actor(world, provider), "with-actor")).status == 200
    other = await ask(world, token, actor(world, provider, sub="another"), "with-actor")
    assert (other.status, other.error) == (400, "invalid_request")


async def test_the_estate_demands_an_actor_or_refuses_one(world: World, provider: Provider) -> None:
    answer = await ask(world, provider.token(world), client_id="with-actor")
    assert (answer.status, answer.error) == (400, "invalid_request")
    answer = await ask(world, provider.token(world), actor(world, provider), "no-actor")
    assert (answer.status, answer.error) == (400, "invalid_request")
    answer = await ask(world, provider.token(world), actor(world, provider, exp=1), "with-actor")
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_a_provider_that_is_silent_is_an_outage(world: World, provider: Provider) -> None:
    provider.status = 500
    answer = await ask(world, provider.token(world))
    assert answer.status == 503
    assert answer.headers["retry-after"]


async def test_keys_are_found_by_the_providers_metadata(tmp_path: Path, provider: Provider) -> None:
    issuer = Issuer(provider.url, "", ("ES256",), {}, ExternalIssuer(client_claim="azp"))
    rule = ExchangeRule(provider.url, "ostiary")
    exchanger = client(grants=(TOKEN_EXCHANGE,), exchange=(rule,))
    async with served(tmp_path, exchanger, issuers=(issuer,)) as world:
        assert (await ask(world, provider.token(world))).status == 200
        assert provider.asked == ["/.well-known/openid-configuration", "/jwks"]


async def test_metadata_of_another_issuer_are_not_believed(tmp_path: Path, provider: Provider) -> None:
    provider.issuer = "https://other.example"
    issuer = Issuer(provider.url, "", ("ES256",), {}, ExternalIssuer(client_claim="azp"))
    exchanger = client(grants=(TOKEN_EXCHANGE,), exchange=(ExchangeRule(provider.url, "ostiary"),))
    async with served(tmp_path, exchanger, issuers=(issuer,)) as world:
        assert (await ask(world, provider.token(world))).status == 503
