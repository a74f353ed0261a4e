"""RFC 7591, dynamic client registration: somebody answers for each, and somebody else approves it."""

from typing import Any

import pytest
import sqlalchemy as sa

from catalog.oauth.registration.admission import AN_HOUR, WINDOW
from catalog.oauth.registration.initial_access import IssuedInitialAccess, WantedInitialAccess
from catalog.oauth.registration.registrar import PENDING_DAYS
from catalog.storage.tables.credentials import credentials
from catalog.storage.tables.oauth import registrations
from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import Asking, redeem
from tests.conformance.oauth.registering import METADATA, approve, call, member_token, register
from tests.conformance.oauth.tokens import post

DAY = 86_400
EC_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}  # RFC 7517 appendix A.1


async def initial(world: World, uses: int = 1, days: int = 14) -> IssuedInitialAccess:
    """An initial access token for Dora of sales, by Sara of security."""
    principal = await world.catalog.directory.principal("sara")
    assert principal is not None
    wanted = WantedInitialAccess(team="sales", owner="dora", purpose="test", expires_days=days, uses=uses)
    made = await world.catalog.registration.initial.issue(principal, world.catalog.directory.members, wanted)
    assert isinstance(made, IssuedInitialAccess)
    return made


async def count(world: World) -> int:
    return len(await world.store.all(sa.select(registrations.c.client_id)))


async def test_3_2_1_the_client_gets_its_id_secret_and_what_was_registered(people: World) -> None:
    told = await register(people, await member_token(people), software_id="x-1", logo_colour="blue")
    assert told.status == 201
    assert (told.headers["cache-control"], told.headers["pragma"]) == ("no-store", "no-cache")
    body = told.body
    assert body["client_id"].startswith("reg-")
    assert body["client_id_issued_at"] == int(people.now)
    assert body["client_secret_expires_at"] == int(people.now) + 90 * DAY
    assert body["token_endpoint_auth_method"] == "client_secret_basic"
    assert body["response_types"] == ["code"]
    for name, value in {**METADATA, "software_id": "x-1"}.items():
        assert body[name] == value
    assert "logo_colour" not in body, "§2: what is not understood is ignored"
    assert body["registration_client_uri"] == f"{people.url}/oauth/register/{body['client_id']}"
    row = await people.store.one(sa.select(registrations))
    assert row is not None
    assert (row.team, row.owner, row.state) == ("platform", "dora", "pending")
    stored = str([tuple(row), [tuple(each) for each in await people.store.all(sa.select(credentials))]])
    assert body["client_secret"] not in stored
    assert body["registration_access_token"] not in stored


async def test_until_it_is_approved_it_opens_nothing(people: World, browser: Browser) -> None:
    body = (await register(people, await member_token(people))).body
    asking = Asking(body["client_id"], "https://diary.example/callback")
    assert (await asking.go(browser)).status == 400
    given = (body["client_id"], body["client_secret"])
    answer = await post(people, "grant_type=client_credentials", basic=given)
    assert (answer.status, answer.error) == (401, "invalid_client")
    await approve(people, body["client_id"])
    code = await asking.code(browser)
    answer = await redeem(people, code, body["client_secret"], asking=asking)
    assert (answer.status, answer.body["scope"]) == (200, "orders:read")
    current = people.publisher.current
    assert current is not None
    assert current.applications[body["client_id"]].consumer == "acme"


@pytest.mark.parametrize("token", [None, "", "x", "ost_test_AAAAAAAAAAAA_" + "A" * 49])
async def test_3_nobody_registers_without_a_token(people: World, token: str | None) -> None:
    told = await register(people, token)
    assert told.status == 401
    assert told.headers["www-authenticate"].startswith("Bearer ")
    assert await count(people) == 0


async def test_1_2_an_initial_access_token_is_good_so_often_and_so_long(people: World) -> None:
    token = await initial(people, uses=2)
    first = await register(people, token.text)
    assert (first.status, (await register(people, token.text, client_name="Two")).status) == (201, 201)
    assert (await register(people, token.text, client_name="Three")).status == 401
    row = await people.store.one(
        sa.select(registrations).where(registrations.c.client_id == first.body["client_id"])
    )
    assert row is not None
    assert (row.team, row.owner) == ("sales", "dora")
    token = await initial(people, days=1)
    people.now += DAY
    assert (await register(people, token.text, client_name="Four")).status == 401


async def test_1_2_a_revoked_one_is_good_no_more_and_a_refused_request_spends_none(people: World) -> None:
    token = await initial(people)
    assert (await register(people, token.text, client_name=None)).status == 400
    assert (await register(people, token.text)).status == 201
    token = await initial(people)
    principal = await people.catalog.directory.principal("sara")
    assert principal is not None
    await people.catalog.registration.initial.revoke(principal, token.token.key_id, "lost")
    assert (await register(people, token.text, client_name="Other")).status == 401


async def test_client_secrets_and_refused_members_register_nothing(people: World) -> None:
    secret = (await people.ledger.issue("planner", actor="test")).secret
    assert (await register(people, secret)).status == 401
    stranger = (await people.catalog.tokens.issue("stranger", 30, "test", actor="test")).text
    assert (await register(people, stranger)).status == 401


@pytest.mark.parametrize(
    "uris",
    [
        [],
        ["http://diary.example/callback"],
        ["https://diary.example/callback#x"],
        ["https://diary.example/*"],
        ["https://user@diary.example/"],
        ["diary"],
        ["javascript:alert(1)"],
        ["com.example.diary:/callback"],  # of a confidential client
        ["https://diary.example/ä"],
        ["https://diary.example/", "https://diary.example/"],
        [f"https://diary.example/{number}" for number in range(11)],
    ],
)
async def test_3_2_2_redirect_uris_are_held_to_what_is_safe(people: World, uris: list[str]) -> None:
    told = await register(people, await member_token(people), redirect_uris=uris)
    assert (told.status, told.error) == (400, "invalid_redirect_uri")
    assert await count(people) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"client_name": None},
        {"client_name": ""},
        {"client_name": "x" * 81},
        {"client_name": " Diary"},
        {"client_name": "Diary\u202eyraid"},  # turns the direction of what follows
        {"client_name": "Di\u200bary"},  # a space without width
        {"client_name": "Dıary\u0000"},
        {"client_name": "ﬁle"},  # a ligature, which looks like two letters
        {"client_name": "PLANNER"},  # another application's
        {"client_name": 7},
        {"grant_types": []},
        {"grant_types": ["password"]},
        {"grant_types": ["implicit"]},
        {"grant_types": ["refresh_token"]},
        {"grant_types": ["authorization_code", "authorization_code"]},
        {"response_types": ["token"]},
        {"response_types": ["code", "token"]},
        {"response_types": []},
        {"grant_types": ["client_credentials"], "response_types": ["code"]},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "client_credentials"]},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [{**EC_KEY, "d": "AAAA"}]}},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://diary.example/jwks"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://127.0.0.1/jwks"},
        {
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": "https://diary.example/jwks",
            "jwks": {"keys": [EC_KEY]},
        },
        {"jwks": {"keys": [EC_KEY]}},  # with a secret
        {"token_endpoint_auth_method": "tls_client_auth"},
        {
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_san_dns": "a.example",
            "tls_client_auth_san_ip": "192.0.2.1",
        },
        {"tls_client_auth_san_dns": "a.example"},
        {"token_endpoint_auth_method": "self_signed_tls_client_auth"},
        {"dpop_bound_access_tokens": True, "tls_client_certificate_bound_access_tokens": True},
        {"client_uri": "javascript:alert(1)"},
        {"tos_uri": "http://diary.example/"},
        {"contacts": ["nobody"]},
        {"scope": "a\nb"},
    ],
)
async def test_3_2_2_metadata_that_is_no_good_is_refused(people: World, changes: dict[str, Any]) -> None:
    told = await register(people, await member_token(people), **changes)
    assert (told.status, told.error) == (400, "invalid_client_metadata")
    assert told.body["error_description"].isascii()
    assert await count(people) == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'"x"', b"{" + b" " * 70_000 + b"}"])
async def test_3_1_a_body_that_is_no_json_object_is_refused(people: World, body: bytes) -> None:
    told = await call(people, "POST", people.url + "/oauth/register", await member_token(people), body)
    assert (told.status, told.error) == (400, "invalid_client_metadata")


@pytest.mark.parametrize(
    "changes",
    [
        {"token_endpoint_auth_method": "none", "redirect_uris": ["com.example.diary:/cb", "http://127.0.0.1/cb"]},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [EC_KEY]}},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://diary.example/jwks"},
        {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "diary.example"},
        {"grant_types": ["client_credentials"], "redirect_uris": None},
    ],
)
async def test_2_a_client_without_a_secret_gets_none(people: World, changes: dict[str, Any]) -> None:
    told = await register(people, await member_token(people), **changes)
    assert told.status == 201
    assert ("client_secret" in told.body) is ("client_credentials" in told.body["grant_types"])


async def test_two_clients_do_not_have_one_name(people: World) -> None:
    token = await member_token(people)
    assert (await register(people, token)).status == 201
    assert (await register(people, token, client_name="DIARY")).error == "invalid_client_metadata"


async def test_a_member_who_asks_for_too_many_has_to_wait(people: World) -> None:
    token = await member_token(people)
    for number in range(AN_HOUR):
        assert (await register(people, token, client_name=f"Diary {number}")).status == 201
    told = await register(people, token, client_name="One more")
    assert (told.status, told.headers["retry-after"]) == (429, str(WINDOW))
    people.now += WINDOW
    assert (await register(people, token, client_name="One more")).status == 201


async def test_what_nobody_decides_about_is_over_after_a_month(people: World) -> None:
    body = (await register(people, await member_token(people))).body
    people.now += PENDING_DAYS * DAY
    assert await people.catalog.registration.ending.expire() == 1
    told = await call(people, "GET", body["registration_client_uri"], body["registration_access_token"])
    assert told.status == 401
    row = await people.store.one(sa.select(credentials))
    assert row is not None
    assert row.revoked_reason == "its time was over"


async def test_an_approved_one_ends_in_its_time_with_all_that_it_has(people: World) -> None:
    body = (await register(people, await member_token(people), grant_types=["client_credentials"])).body
    await approve(people, body["client_id"], expires_days=1)
    given = (body["client_id"], body["client_secret"])
    assert (await post(people, "grant_type=client_credentials", basic=given)).status == 200
    people.now += DAY
    assert await people.catalog.registration.ending.expire() == 1
    assert (await post(people, "grant_type=client_credentials", basic=given)).error == "invalid_client"
    current = people.publisher.current
    assert current is not None
    assert body["client_id"] not in current.applications


async def test_5_the_metadata_names_the_endpoint(people: World) -> None:
    async with people.session.get(people.url + "/.well-known/oauth-authorization-server") as response:
        assert (await response.json())["registration_endpoint"] == people.url + "/oauth/register"
