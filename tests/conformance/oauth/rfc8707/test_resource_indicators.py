"""RFC 8707, resource indicators: a token is for the APIs that it was asked for, and for no others."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.catalog.serving import AUDIENCE, World
from tests.conformance.oauth.clients import GRANT, ORDERS, PARTNERS, claims_of, client, served
from tests.conformance.oauth.tokens import Answer, post, secret_of


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with served(tmp_path, client()) as world:
        yield world


async def ask(world: World, *resources: str, scope: str = "") -> Answer:
    named = "".join(f"&resource={quote(each, safe='')}" for each in resources)
    wanted = f"&scope={quote(scope)}" if scope else ""
    return await post(world, GRANT + named + wanted, basic=("web-shop", await secret_of(world)))


async def test_2_2_a_token_for_one_resource_has_its_audience_and_its_scopes(world: World) -> None:
    claims = claims_of(await ask(world, PARTNERS))
    assert (claims["aud"], claims["scope"]) == (PARTNERS, "partners:read")


async def test_2_a_token_for_several_resources_names_them_all(world: World) -> None:
    claims = claims_of(await ask(world, PARTNERS, ORDERS))
    assert claims["aud"] == [ORDERS, PARTNERS]
    assert claims["scope"] == "orders:read orders:write partners:read"


@pytest.mark.parametrize("resources", [(), (AUDIENCE,), (AUDIENCE, ORDERS)])
async def test_without_a_resource_or_for_the_gateway_it_is_for_all(
    world: World, resources: tuple[str, ...]
) -> None:
    assert claims_of(await ask(world, *resources))["aud"] == AUDIENCE


async def test_2_2_scopes_are_those_of_the_resource(world: World) -> None:
    assert claims_of(await ask(world, ORDERS, scope="orders:read"))["scope"] == "orders:read"
    answer = await ask(world, ORDERS, scope="partners:read")
    assert (answer.status, answer.error) == (400, "invalid_scope")


@pytest.mark.parametrize(
    "resource",
    [
        "https://api.example/orders/v1",
        "https://api.example/secrets/v1",  # an API, but not one that the client may call
        "https://api.example/orders/v2/",
        "https://api.example/Orders/v2",
        "https://API.example/orders/v2",
        "https://api.example/orders/v2?x=1",
        "https://api.example/orders/v2#part",
        "http://api.example/orders/v2",
        "https://api.example.evil/orders/v2",
        "/orders/v2",
        "orders",
    ],
)
async def test_2_an_unknown_resource_is_an_invalid_target(world: World, resource: str) -> None:
    for resources in ((resource,), (ORDERS, resource), (AUDIENCE, resource)):
        answer = await ask(world, *resources)
        if resource.endswith("secrets/v1") and AUDIENCE in resources:
            continue  # all of them were asked for, and that API is one
        assert (answer.status, answer.error) == (400, "invalid_target"), resources
