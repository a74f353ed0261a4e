"""RFC 6749 §2.3, client authentication, and its errors in §5.2."""

import base64
from urllib.parse import quote_plus

import pytest

from catalog.credentials import secrets
from tests.catalog.serving import World
from tests.conformance.oauth.tokens import Answer, post, secret_of

REQUEST = "grant_type=client_credentials"


async def test_2_3_1_basic_and_body_are_both_accepted(world: World) -> None:
    secret = await secret_of(world)
    assert (await post(world, REQUEST, basic=("web-shop", secret))).status == 200
    assert (await post(world, f"{REQUEST}&client_id=web-shop&client_secret={secret}")).status == 200


async def test_2_3_1_basic_credentials_are_form_encoded_first(world: World) -> None:
    secret = await secret_of(world)
    encoded = "".join(f"%{ord(character):02x}" for character in "web-shop")
    assert (await post(world, REQUEST, basic=(encoded, quote_plus(secret)))).status == 200


async def test_rfc_7617_the_scheme_is_case_insensitive(world: World) -> None:
    token = base64.b64encode(f"web-shop:{await secret_of(world)}".encode()).decode()
    assert (await post(world, REQUEST, headers=[("Authorization", f"bAsIc {token}")])).status == 200


async def test_2_3_more_than_one_method_is_refused(world: World) -> None:
    secret = await secret_of(world)
    body = f"{REQUEST}&client_id=web-shop&client_secret={secret}"
    answer = await post(world, body, basic=("web-shop", secret))
    assert (answer.status, answer.error) == (400, "invalid_request")
    answer = await post(world, f"{REQUEST}&client_secret={secret}", basic=("web-shop", secret))
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_2_3_two_authorization_fields_are_refused(world: World) -> None:
    token = base64.b64encode(f"web-shop:{await secret_of(world)}".encode()).decode()
    answer = await post(world, REQUEST, headers=[("Authorization", f"Basic {token}")] * 2)
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_a_client_id_in_the_body_may_repeat_but_not_contradict_basic(world: World) -> None:
    secret = await secret_of(world)
    assert (await post(world, f"{REQUEST}&client_id=web-shop", basic=("web-shop", secret))).status == 200
    answer = await post(world, f"{REQUEST}&client_id=analyst", basic=("web-shop", secret))
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_2_3_1_credentials_must_not_be_in_the_uri(world: World) -> None:
    secret = await secret_of(world)
    answer = await post(world, REQUEST, query=f"?client_id=web-shop&client_secret={secret}")
    assert (answer.status, answer.error) == (400, "invalid_request")
    answer = await post(world, f"{REQUEST}&client_id=web-shop&client_secret={secret}", query="?client_id=web-shop")
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_5_2_a_failed_authorization_header_is_401_with_the_scheme(world: World) -> None:
    answer = await post(world, REQUEST, basic=("web-shop", "wrong"))
    assert (answer.status, answer.error) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith('Basic realm="')


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic d2ViLXNob3A=",  # no colon
        "Basic /w==",
        "Basic " + base64.b64encode(b"%zz:x").decode(),
        "Basic " + base64.b64encode(b"a\x00:b").decode(),
        "Bearer abc",
        "Digest username=web-shop",
    ],
)
async def test_5_2_a_malformed_or_unknown_authorization_is_invalid_client(
    world: World, authorization: str
) -> None:
    answer = await post(world, REQUEST, headers=[("Authorization", authorization)])
    assert (answer.status, answer.error) == (401, "invalid_client")


async def test_no_answer_tells_whether_a_client_exists(world: World) -> None:
    """Unknown client, known client, another client's secret, expired, mistyped: one and the same answer."""
    mine, other = await secret_of(world), await secret_of(world, "analyst")
    elsewhere = secrets.generate("production").text
    never_issued = secrets.generate("test").text
    expired = (await world.ledger.issue("web-shop", 1, actor="test")).secret
    world.now += 86_401
    answers: list[Answer] = []
    for client_id, secret in (
        ("web-shop", "wrong"),
        ("nobody", "wrong"),
        ("nobody", mine),
        ("web-shop", other),
        ("web-shop", never_issued),
        ("nobody", never_issued),
        ("web-shop", elsewhere),
        ("web-shop", expired),
        ("web-shop", mine[:-1] + ("A" if mine[-1] != "A" else "B")),
        ("web-shop", mine.swapcase()),
        ("WEB-SHOP", mine),
        ("", mine),
        ("web-shop", ""),
    ):
        answers.append(await post(world, REQUEST, basic=(client_id, secret)))
        in_body = await post(world, f"{REQUEST}&client_id={client_id}&client_secret={secret}")
        assert (in_body.status, in_body.body) == (answers[-1].status, answers[-1].body)
    assert {answer.status for answer in answers} == {401}
    assert {str(answer.body) for answer in answers} == {str(answers[0].body)}
    varying = {"date", "x-request-id"}
    headers = [
        {name: value for name, value in answer.headers.items() if name not in varying} for answer in answers
    ]
    assert all(each == headers[0] for each in headers)
    assert (await post(world, REQUEST, basic=("web-shop", mine))).status == 200


async def test_the_secret_ends_at_its_expiry(world: World) -> None:
    secret = (await world.ledger.issue("web-shop", 2, actor="test")).secret
    world.now += 2 * 86_400 - 1
    assert (await post(world, REQUEST, basic=("web-shop", secret))).status == 200
    world.now += 1
    assert (await post(world, REQUEST, basic=("web-shop", secret))).status == 401
