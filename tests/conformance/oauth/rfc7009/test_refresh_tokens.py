"""RFC 7009 §2.1 for refresh tokens: the grant ends with them; and what RFC 7662 says of them before and after."""

from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from catalog.storage.tables.oauth import grants
from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import ASKING, ON_DEVICE, redeem, refresh
from tests.conformance.oauth.tokens import Answer, post_to


async def revoke(people: World, text: str, client_id: str = "notes", **more: Any) -> Answer:
    body = urlencode({"token": text, "client_id": client_id})
    return await post_to(people, people.url + "/oauth/revoke", body, **more)


async def is_over(people: World) -> bool:
    row = await people.store.one(sa.select(grants))
    assert row is not None
    return row.ended_at is not None


@pytest.mark.parametrize("hint", ["", "&token_type_hint=access_token", "&token_type_hint=refresh_token"])
async def test_2_1_the_grant_ends_with_its_refresh_token(people: World, browser: Browser, hint: str) -> None:
    text = (await redeem(people, await ON_DEVICE.code(browser), asking=ON_DEVICE)).body["refresh_token"]
    body = f"token={text}&client_id=notes{hint}"
    assert (await post_to(people, people.url + "/oauth/revoke", body)).status == 200
    assert (await refresh(people, text)).error == "invalid_grant"
    current = people.publisher.current
    assert current is not None
    assert current.revoked is not None, "gateways still take the access tokens"


async def test_2_1_one_that_was_exchanged_ends_it_too(people: World, browser: Browser) -> None:
    old = (await redeem(people, await ON_DEVICE.code(browser), asking=ON_DEVICE)).body["refresh_token"]
    new = (await refresh(people, old)).body["refresh_token"]
    assert (await revoke(people, old)).status == 200
    assert (await refresh(people, new)).error == "invalid_grant"


async def test_2_1_another_clients_is_left_alone_and_nothing_tells(
    people: World, browser: Browser, secret: str
) -> None:
    text = (await redeem(people, await ON_DEVICE.code(browser), asking=ON_DEVICE)).body["refresh_token"]
    answers = [
        await revoke(people, each, "planner", basic=("planner", secret)) for each in (text, "unknown", text[:-1])
    ]
    assert {each.status for each in answers} == {200}
    assert not await is_over(people)


async def test_7662_2_2_a_good_one_is_active_and_an_ended_one_is_not(
    people: World, browser: Browser, secret: str
) -> None:
    text = (await redeem(people, await ASKING.code(browser), secret)).body["refresh_token"]

    async def active() -> bool:
        body = urlencode({"token": text})
        answer = await post_to(people, people.url + "/oauth/introspect", body, basic=("planner", secret))
        return bool(answer.body["active"])

    assert await active()
    await revoke(people, text, "planner", basic=("planner", secret))
    assert not await active()
