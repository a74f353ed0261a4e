"""Rotations under way: the old beside the new, and how far the client is."""

import sqlalchemy as sa

from catalog.storage.tables.credentials import credentials
from tests.catalog.admin import AdminClient
from tests.catalog.api.admin.test_admin_credentials import DAY, GUARD, issued, later


async def rotated(admin: AdminClient, key_id: str, days: float) -> str:
    answer = await admin(GUARD, "POST", f"/credentials/{key_id}/rotation", {"overlap_until": later(admin, days)})
    assert answer.status == 201, answer.body
    return str(answer.body["credential"]["key_id"])


async def use(admin: AdminClient, key_id: str) -> None:
    async with admin.world.store.write() as connection:
        mine = credentials.c.key_id == key_id
        await connection.execute(sa.update(credentials).where(mine).values(last_used_at=int(admin.world.now)))


async def progress(admin: AdminClient, query: str = "", member: str = GUARD) -> list[tuple[str, str, str]]:
    body = (await admin(member, "GET", f"/rotations?limit=50{query}")).body
    return [(each["old"]["key_id"], each["new"]["key_id"], each["progress"]) for each in body["items"]]


async def test_it_shows_whether_the_client_has_moved(admin: AdminClient) -> None:
    old = (await issued(admin))["credential"]["key_id"]
    await issued(admin)
    assert await progress(admin) == []
    new = await rotated(admin, old, 7)
    assert await progress(admin) == [(old, new, "waiting")]
    await use(admin, old)
    assert await progress(admin) == [(old, new, "waiting")]
    await use(admin, new)
    assert await progress(admin) == [(old, new, "both")]
    admin.world.now += 2 * DAY
    assert await progress(admin) == [(old, new, "moved")]
    await use(admin, old)
    assert await progress(admin) == [(old, new, "both")], "something calls with the old one again"
    admin.world.now += 6 * DAY
    assert await progress(admin) == [], "the overlap is over"


async def test_those_that_end_first_come_first_page_by_page_and_each_sees_their_own(admin: AdminClient) -> None:
    late, soon = [(await issued(admin))["credential"]["key_id"] for _ in range(2)]
    other = (await issued(admin, application="analyst", team="platform", owner="omar"))["credential"]["key_id"]
    for key_id, days in ((late, 9), (soon, 2), (other, 5)):
        await rotated(admin, key_id, days)
    assert [old for old, _, _ in await progress(admin)] == [soon, other, late]
    assert [old for old, _, _ in await progress(admin, "&application=web-shop")] == [soon, late]
    assert [old for old, _, _ in await progress(admin, member="anna")] == [soon, late]
    first = (await admin(GUARD, "GET", "/rotations?limit=2")).body
    assert first["next"] == other
    assert [old for old, _, _ in await progress(admin, f"&after={other}")] == [late]
    assert await progress(admin, "&after=nobodysonehe") == []
