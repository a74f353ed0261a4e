"""RFC 6749 §4.4, client credentials grant, and §5.1, successful response."""

from tests.catalog.serving import World
from tests.conformance.oauth.tokens import post, secret_of

REQUEST = "grant_type=client_credentials"


async def test_4_4_2_and_5_1_a_confidential_client_gets_a_token(world: World) -> None:
    answer = await post(world, REQUEST, basic=("web-shop", await secret_of(world)))
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.body["token_type"].lower() == "bearer"
    assert answer.body["access_token"].count(".") == 2
    assert answer.body["expires_in"] == 600


async def test_5_1_the_response_is_never_stored(world: World) -> None:
    secret = await secret_of(world)
    for answer in (
        await post(world, REQUEST, basic=("web-shop", secret)),
        await post(world, REQUEST, basic=("web-shop", "wrong")),
        await post(world, "", basic=("web-shop", secret)),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["pragma"] == "no-cache"


async def test_4_4_3_no_refresh_token_comes_with_it(world: World) -> None:
    answer = await post(world, REQUEST, basic=("web-shop", await secret_of(world)))
    assert "refresh_token" not in answer.body


async def test_4_4_2_the_client_must_authenticate(world: World) -> None:
    for body in (REQUEST, f"{REQUEST}&client_id=web-shop"):
        answer = await post(world, body)
        assert (answer.status, answer.error) == (401, "invalid_client")


async def test_3_3_the_scope_asked_for_is_the_scope_of_the_token(world: World) -> None:
    secret = await secret_of(world)
    answer = await post(world, f"{REQUEST}&scope=orders%3Aread+partners%3Aread", basic=("web-shop", secret))
    assert answer.body["scope"] == "orders:read partners:read"


async def test_3_3_order_and_repetition_of_scopes_mean_nothing(world: World) -> None:
    secret = await secret_of(world)
    body = f"{REQUEST}&scope=partners:read+orders:read+orders:read"
    assert (await post(world, body, basic=("web-shop", secret))).body["scope"] == "orders:read partners:read"


async def test_3_3_without_a_scope_the_default_is_all_that_was_granted_and_it_is_said(world: World) -> None:
    answer = await post(world, REQUEST, basic=("web-shop", await secret_of(world)))
    assert answer.body["scope"] == "orders:read orders:write partners:read"


async def test_5_2_a_scope_that_is_unknown_not_granted_or_malformed_is_invalid_scope(world: World) -> None:
    secret = await secret_of(world, "analyst")
    for scope in (
        "nothing:known",
        "orders:write",  # another application's
        "orders:read+orders:write",  # one granted, one not: no silent narrowing
        "orders:read++orders:read",  # an empty scope-token
        "orders%3Aread%22",
        "ORDERS:READ",  # §3.3: case-sensitive
        "orders:read%0A",
    ):
        answer = await post(world, f"{REQUEST}&scope={scope}", basic=("analyst", secret))
        assert (answer.status, answer.error) == (400, "invalid_scope"), scope
