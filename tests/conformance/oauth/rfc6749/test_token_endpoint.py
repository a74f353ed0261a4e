"""RFC 6749 §3.2, token endpoint, and §5.2, error response."""

import re

import pytest

from tests.catalog.serving import World
from tests.conformance.oauth.tokens import FORM, post, secret_of

REQUEST = "grant_type=client_credentials"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_3_2_the_client_must_use_post(world: World, method: str) -> None:
    async with world.session.request(
        method, world.token_url, params={"grant_type": "client_credentials"}
    ) as response:
        assert response.status == 405
        assert response.headers["allow"] == "POST"
        if method != "HEAD":
            assert response.headers["content-type"] == "application/problem+json"
            assert (await response.json(content_type=None))["status"] == 405


async def test_3_2_a_parameter_must_not_be_repeated(world: World) -> None:
    secret = await secret_of(world)
    for body in (
        f"{REQUEST}&{REQUEST}",
        f"{REQUEST}&scope=orders:read&scope=orders:read",
        f"{REQUEST}&scope=orders:read&sc%6Fpe=partners:read",
        f"{REQUEST}&unknown=1&unknown=2",
    ):
        answer = await post(world, body, basic=("web-shop", secret))
        assert (answer.status, answer.error) == (400, "invalid_request"), body


async def test_3_2_a_parameter_without_a_value_is_as_if_omitted(world: World) -> None:
    secret = await secret_of(world)
    answer = await post(world, f"{REQUEST}&scope=&client_secret", basic=("web-shop", secret))
    assert answer.status == 200
    assert answer.body["scope"] == "orders:read orders:write partners:read"
    answer = await post(world, "grant_type=", basic=("web-shop", secret))
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_3_2_unrecognised_parameters_are_ignored(world: World) -> None:
    secret = await secret_of(world)
    assert (await post(world, f"{REQUEST}&favourite=blue", basic=("web-shop", secret))).status == 200


async def test_5_2_a_missing_grant_type_is_invalid_request(world: World) -> None:
    answer = await post(world, "scope=orders:read", basic=("web-shop", await secret_of(world)))
    assert (answer.status, answer.error) == (400, "invalid_request")


@pytest.mark.parametrize("grant", ["password", "implicit", "Client_Credentials", "%22%C3%A9%5C"])
async def test_5_2_another_grant_type_is_unsupported(world: World, grant: str) -> None:
    answer = await post(world, f"grant_type={grant}", basic=("web-shop", await secret_of(world)))
    assert (answer.status, answer.error) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("grant", ["authorization_code&code=x&code_verifier=y", "refresh_token&refresh_token=x"])
async def test_5_2_a_grant_that_the_client_is_not_registered_for_is_unauthorized(world: World, grant: str) -> None:
    answer = await post(world, f"grant_type={grant}", basic=("web-shop", await secret_of(world)))
    assert (answer.status, answer.error) == (400, "unauthorized_client")


@pytest.mark.parametrize(
    "content_type", [None, "application/json", "text/plain", "multipart/form-data; boundary=x", f"x{FORM}"]
)
async def test_4_4_2_any_other_content_type_is_invalid_request(world: World, content_type: str | None) -> None:
    secret = await secret_of(world)
    answer = await post(world, REQUEST, basic=("web-shop", secret), content_type=content_type)
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_a_charset_on_the_content_type_is_accepted(world: World) -> None:
    secret = await secret_of(world)
    content_type = "Application/X-WWW-Form-URLencoded; charset=UTF-8"
    assert (await post(world, REQUEST, basic=("web-shop", secret), content_type=content_type)).status == 200


@pytest.mark.parametrize("body", [b"grant_type=%zz", b"grant_type=%ff", b"\xff=1&grant_type=x", b"a=%4"])
async def test_appendix_b_a_body_that_is_no_utf_8_form_is_invalid_request(world: World, body: bytes) -> None:
    answer = await post(world, body, basic=("web-shop", await secret_of(world)))
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_a_body_that_is_too_large_is_invalid_request(world: World) -> None:
    secret = await secret_of(world)
    for body in (f"{REQUEST}&scope={'a' * 20_000}", REQUEST + "".join(f"&p{n}=1" for n in range(200))):
        answer = await post(world, body, basic=("web-shop", secret))
        assert (answer.status, answer.error) == (400, "invalid_request")


async def test_5_2_errors_repeat_nothing_from_the_request_and_keep_to_the_allowed_characters(world: World) -> None:
    secret = await secret_of(world)
    mark = "ZQX"
    for body, basic in (
        (f"grant_type={mark}", ("web-shop", secret)),
        (f"{REQUEST}&scope={mark}", ("web-shop", secret)),
        (REQUEST, (mark, secret)),
        (REQUEST, ("web-shop", mark)),
        (f"{REQUEST}&{mark}=1&{mark}=2", ("web-shop", secret)),
    ):
        answer = await post(world, body, basic=basic)
        assert answer.status in (400, 401)
        assert mark not in str(answer)
        assert secret not in str(answer)
        assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", answer.body["error_description"])
        assert set(answer.body) == {"error", "error_description"}


async def test_two_content_type_fields_are_refused(world: World) -> None:
    fields = [("Content-Type", FORM), ("Content-Type", FORM)]
    answer = await post(
        world, REQUEST, headers=fields, content_type=None, basic=("web-shop", await secret_of(world))
    )
    assert (answer.status, answer.error) == (400, "invalid_request")
