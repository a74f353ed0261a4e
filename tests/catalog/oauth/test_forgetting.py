"""What is over is forgotten in the end, and not before a second use of it could be told."""

import sqlalchemy as sa

from catalog.clock import DAY
from catalog.oauth.authorization.pushed_requests import LIFE
from catalog.storage.tables.oauth import authorization_codes, grants, pushed_requests, refresh_tokens
from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import ASKING, ON_DEVICE, push, redeem, refresh


async def counts(people: World) -> list[int]:
    return [
        len(await people.store.all(sa.select(table)))
        for table in (pushed_requests, authorization_codes, grants, refresh_tokens)
    ]


async def test_codes_pushed_requests_and_grants_go_in_their_time(
    people: World, browser: Browser, secret: str
) -> None:
    await push(people, secret)
    code = await ON_DEVICE.code(browser)
    given = await redeem(people, code, asking=ON_DEVICE)
    await refresh(people, given.body["refresh_token"])
    assert await counts(people) == [1, 1, 1, 2]
    people.now += LIFE
    assert await people.catalog.authorization.forget() == 0
    assert await counts(people) == [0, 1, 1, 2]
    assert (await redeem(people, code, asking=ON_DEVICE)).error == "invalid_grant"
    row = await people.store.one(sa.select(grants))
    assert row is not None
    assert "second time" in row.ended_reason
    people.now += 2 * DAY
    assert await people.catalog.authorization.forget() == 0
    assert await counts(people) == [0, 0, 1, 2]
    people.now += 89 * DAY
    assert await people.catalog.authorization.forget() == 1
    assert await counts(people) == [0, 0, 0, 0]


async def test_a_grant_that_is_used_stays(people: World, browser: Browser, secret: str) -> None:
    given = await redeem(people, await ASKING.code(browser), secret)
    for _ in range(8):
        people.now += 10 * DAY
        answer = await refresh(people, given.body["refresh_token"], secret, client_id="planner")
        assert answer.status == 200
        assert await people.catalog.authorization.forget() == 0
