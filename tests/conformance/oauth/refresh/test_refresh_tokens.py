"""Refresh tokens: RFC 6749 §6 and §10.4, RFC 9700 §4.14."""

import jwt
import msgspec
import pytest
import sqlalchemy as sa

from catalog.credentials.revoking import Done, Target
from catalog.oauth.grants.consent import LIFE
from catalog.oauth.grants.grants import IDLE
from catalog.oauth.grants.refresh import GRACE
from catalog.storage.tables.oauth import grants
from contracts.estate_files import TeamsFile
from tests.catalog.admin import TEAMS
from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import (
    APPLICATIONS,
    ASKING,
    NOTES,
    ON_DEVICE,
    compilation,
    redeem,
    refresh,
)
from tests.conformance.oauth.tokens import Answer


async def first(people: World, browser: Browser, **more: str) -> Answer:
    """What a public client gets by a code."""
    answer = await redeem(people, await ON_DEVICE.code(browser, **more), asking=ON_DEVICE)
    assert answer.status == 200
    return answer


async def ended(people: World) -> str:
    """Why the one grant ended, or nothing."""
    row = await people.store.one(sa.select(grants))
    assert row is not None
    return str(row.ended_reason)


def claims(answer: Answer) -> dict[str, object]:
    decoded: dict[str, object] = jwt.decode(answer.body["access_token"], options={"verify_signature": False})
    return decoded


async def test_6_a_refresh_token_gives_another_access_token_of_the_same_grant(
    people: World, browser: Browser
) -> None:
    given = await first(people, browser)
    people.now += 600
    answer = await refresh(people, given.body["refresh_token"])
    assert answer.status == 200
    before, after = claims(given), claims(answer)
    for name in ("sub", "client_id", "scope", "aud", "grant_id", "auth_time"):
        assert before[name] == after[name]
    assert before["jti"] != after["jti"]
    assert after["iat"] == int(people.now)


async def test_9700_4_14_2_a_public_clients_token_is_exchanged_at_each_use(
    people: World, browser: Browser
) -> None:
    text = (await first(people, browser)).body["refresh_token"]
    seen = {text}
    for _ in range(3):
        people.now += GRACE + 1
        text = (await refresh(people, text)).body["refresh_token"]
        assert text not in seen
        seen.add(text)


async def test_9700_4_14_2_a_token_that_was_exchanged_ends_its_family(people: World, browser: Browser) -> None:
    old = (await first(people, browser)).body["refresh_token"]
    new = (await refresh(people, old)).body["refresh_token"]
    people.now += GRACE + 1
    reused = await refresh(people, old)
    assert (reused.status, reused.error) == (400, "invalid_grant")
    assert "had been exchanged" in await ended(people)
    assert (await refresh(people, new)).error == "invalid_grant"
    current = people.publisher.current
    assert current is not None
    assert current.revoked is not None, "gateways still take the access tokens"


async def test_a_lost_answer_can_be_asked_for_once_more(people: World, browser: Browser) -> None:
    old = (await first(people, browser)).body["refresh_token"]
    lost = await refresh(people, old)
    people.now += GRACE
    again = await refresh(people, old)
    assert (lost.status, again.status) == (200, 200)
    assert lost.body["refresh_token"] != again.body["refresh_token"]
    assert await ended(people) == ""
    people.now += 600
    assert (await refresh(people, again.body["refresh_token"])).status == 200


async def test_of_two_successors_the_one_that_is_used_second_ends_the_family(
    people: World, browser: Browser
) -> None:
    """A thief who is quick enough for the second answer is found out at the next use."""
    old = (await first(people, browser)).body["refresh_token"]
    clients = (await refresh(people, old)).body["refresh_token"]
    thiefs = (await refresh(people, old)).body["refresh_token"]
    assert (await refresh(people, thiefs)).status == 200
    assert (await refresh(people, clients)).error == "invalid_grant"
    assert "had been exchanged" in await ended(people)


async def test_once_a_successor_was_used_the_old_token_is_no_lost_answer(people: World, browser: Browser) -> None:
    old = (await first(people, browser)).body["refresh_token"]
    new = (await refresh(people, old)).body["refresh_token"]
    assert (await refresh(people, new)).status == 200
    assert (await refresh(people, old)).error == "invalid_grant"
    assert await ended(people) != ""


async def test_a_confidential_client_keeps_its_token_and_proves_who_it_is(
    people: World, browser: Browser, secret: str
) -> None:
    given = await redeem(people, await ASKING.code(browser), secret)
    text = given.body["refresh_token"]
    for _ in range(2):
        answer = await refresh(people, text, secret, client_id="planner")
        assert answer.status == 200
        assert "refresh_token" not in answer.body
    assert (await refresh(people, text, client_id="planner")).error == "invalid_client"


async def test_6_a_refresh_token_is_its_clients_alone(people: World, browser: Browser, secret: str) -> None:
    text = (await first(people, browser)).body["refresh_token"]
    answer = await refresh(people, text, secret, client_id="planner")
    assert (answer.status, answer.error) == (400, "invalid_grant")
    assert (await refresh(people, text)).status == 200


@pytest.mark.parametrize("text", ["x", "ost_test_AAAAAAAAAAAA_" + "A" * 49, "a" * 4000])
async def test_5_2_what_is_no_refresh_token_is_an_invalid_grant(people: World, text: str) -> None:
    answer = await refresh(people, text)
    assert (answer.status, answer.error) == (400, "invalid_grant")


async def test_6_the_scope_narrows_the_token_and_not_the_grant(people: World, browser: Browser) -> None:
    given = await first(people, browser, scope="orders:read orders:write")
    answer = await refresh(people, given.body["refresh_token"], scope="orders:read")
    assert answer.body["scope"] == "orders:read"
    answer = await refresh(people, answer.body["refresh_token"])
    assert answer.body["scope"] == "orders:read orders:write"


@pytest.mark.parametrize("scope", ["partners:read", "orders:read partners:read", "orders:read  orders:read", "x"])
async def test_6_no_scope_goes_beyond_the_grant(people: World, browser: Browser, scope: str) -> None:
    text = (await first(people, browser)).body["refresh_token"]
    answer = await refresh(people, text, scope=scope)
    assert (answer.status, answer.error) == (400, "invalid_scope")
    assert (await refresh(people, text)).status == 200, "a refused request has used the token up"


async def test_what_the_client_lost_meanwhile_its_tokens_lose(people: World, browser: Browser) -> None:
    given = await first(people, browser, scope="orders:read orders:write")
    less = msgspec.structs.replace(
        NOTES,
        subscriptions=(msgspec.structs.replace(NOTES.subscriptions[0], scopes=("orders:read",)),),
    )
    others = tuple(less if each is NOTES else each for each in APPLICATIONS)
    people.compiled = compilation(*others)
    await people.publisher.publish()
    assert (await refresh(people, given.body["refresh_token"])).body["scope"] == "orders:read"


async def test_it_ends_when_nobody_uses_it(people: World, browser: Browser) -> None:
    text = (await first(people, browser)).body["refresh_token"]
    people.now += IDLE - 1
    text = (await refresh(people, text)).body["refresh_token"]
    people.now += IDLE
    assert (await refresh(people, text)).error == "invalid_grant"


async def test_it_ends_with_its_consent_however_busy_it_is(people: World, browser: Browser) -> None:
    text = (await first(people, browser)).body["refresh_token"]
    begun = people.now
    while people.now + IDLE // 2 < begun + LIFE:
        people.now += IDLE // 2
        text = (await refresh(people, text)).body["refresh_token"]
    people.now = begun + LIFE
    assert (await refresh(people, text)).error == "invalid_grant"


async def test_it_ends_with_its_members_place_in_the_teams(people: World, browser: Browser) -> None:
    text = (await first(people, browser)).body["refresh_token"]
    people.compiled = compilation(teams=TeamsFile({"platform": TEAMS.teams["platform"]}))
    await people.publisher.publish()
    assert (await refresh(people, text)).error == "invalid_grant"


async def test_it_is_worth_nothing_while_its_members_account_is_disabled(people: World, browser: Browser) -> None:
    text = (await first(people, browser)).body["refresh_token"]
    guard = await people.catalog.directory.principal("sara")
    assert guard is not None
    await people.catalog.login.administration.disable(guard, "anna", "on leave", request_id="r-1")
    assert (await refresh(people, text)).error == "invalid_grant"


async def test_what_ends_tokens_by_their_age_ends_codes_and_refresh_tokens_too(
    people: World, browser: Browser
) -> None:
    text = (await first(people, browser)).body["refresh_token"]
    code = await ON_DEVICE.code(browser)
    principal = await people.catalog.directory.principal("sara")
    assert principal is not None
    until = people.catalog.credentials.revoking.next_second()
    done = await people.catalog.credentials.revoking.revoke(principal, Target(issued_before=until), "theft")
    assert isinstance(done, Done)
    people.now += 1
    assert (await refresh(people, text)).error == "invalid_grant"
    assert (await redeem(people, code, asking=ON_DEVICE)).error == "invalid_grant"
    assert (await first(people, browser)).body["refresh_token"]


async def test_a_client_that_is_not_registered_for_them_gets_none(people: World, browser: Browser) -> None:
    assert NOTES.oauth is not None
    oauth = msgspec.structs.replace(NOTES.oauth, grants=("authorization_code",))
    others = tuple(msgspec.structs.replace(each, oauth=oauth) if each is NOTES else each for each in APPLICATIONS)
    people.compiled = compilation(*others)
    await people.publisher.publish()
    assert "refresh_token" not in (await first(people, browser)).body
