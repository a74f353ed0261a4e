"""Sessions: what they are bound to, and when they end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.requests import Request

from catalog.login import cookies
from catalog.login.sessions import Begun, Sessions
from contracts.estate_files import TeamsFile
from tests.catalog.admin import TEAMS, company, compiled
from tests.catalog.serving import World, serving

HOURS = 3600


def request(cookie: str = "") -> Request:
    headers = [(b"user-agent", b"Test/1")]
    if cookie:
        headers.append((b"cookie", f"{cookies.SESSION}={cookie}".encode()))
    return Request({"type": "http", "method": "GET", "headers": headers, "state": {"request_id": "r-1"}})


@pytest.fixture
async def world(tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    async with serving(tmp_path, store_url=store_url, compiled=compiled(company())) as world:
        yield world


async def begin(world: World, member: str, *methods: str, cookie: str = "") -> Begun:
    async with world.store.write() as connection:
        begun = await world.catalog.login.sessions.begin(connection, member, methods, request(cookie), "192.0.2.1")
    assert begun is not None
    return begun


def sessions(world: World) -> Sessions:
    return world.catalog.login.sessions


async def test_a_session_is_found_by_its_cookie_and_by_nothing_else(world: World) -> None:
    begun = await begin(world, "anna", "pwd")
    found = await sessions(world).of(request(begun.cookie))
    assert found is not None
    assert (found.member, found.methods, found.reference) == ("anna", ("pwd",), begun.reference)
    assert found.principal.roles == {"api-owner"}
    assert found.csrf_token not in (begun.cookie, "")
    for other in ("", begun.reference, begun.cookie[:-1], begun.cookie + "A", found.csrf_token, "x" * 5000):
        assert await sessions(world).of(request(other)) is None
    assert begun.cookie not in repr(begun)
    assert found.csrf_token not in repr(found)


async def test_it_ends_when_nothing_comes_from_it(world: World) -> None:
    begun = await begin(world, "anna", "pwd")
    for _ in range(3):
        world.now += 1799
        assert await sessions(world).of(request(begun.cookie)) is not None
    world.now += 1800
    assert await sessions(world).of(request(begun.cookie)) is None
    assert await sessions(world).list("anna") == ()


async def test_it_ends_eight_hours_after_the_log_in_however_busy_it_is(world: World) -> None:
    begun = await begin(world, "anna", "pwd")
    for _ in range(31):
        world.now += 900
        assert await sessions(world).of(request(begun.cookie)) is not None
    world.now += 900
    assert await sessions(world).of(request(begun.cookie)) is None


async def test_a_member_who_loses_a_role_or_leaves_loses_it_in_every_session(world: World) -> None:
    begun = await begin(world, "omar", "pwd", "otp")
    found = await sessions(world).of(request(begun.cookie))
    assert found is not None
    assert found.principal.right("architect")
    teams = {"sales": TEAMS.teams["sales"]}
    world.compiled = compiled(company(TeamsFile(teams)))
    await world.publisher.publish()
    assert await sessions(world).of(request(begun.cookie)) is None


async def test_whoever_is_given_a_guarded_role_needs_a_second_factor_from_then_on(world: World) -> None:
    begun = await begin(world, "anna", "pwd")
    assert await sessions(world).of(request(begun.cookie)) is not None
    giver = await world.catalog.directory.principal("omar")
    assert giver is not None
    until = int(world.now) + 24 * HOURS
    members = world.catalog.directory.members
    await world.catalog.delegations.grant(giver, members, "anna", "architect", until, "On leave.")
    assert await sessions(world).of(request(begun.cookie)) is None


async def test_one_that_has_become_too_weak_ends_by_logging_out_too(world: World) -> None:
    begun = await begin(world, "anna", "pwd")
    giver = await world.catalog.directory.principal("omar")
    assert giver is not None
    members = world.catalog.directory.members
    until = int(world.now) + 600
    await world.catalog.delegations.grant(giver, members, "anna", "architect", until, "On leave.")
    values = {"Cookie": f"{cookies.SESSION}={begun.cookie}", "Sec-Fetch-Site": "same-origin"}
    async with world.session.post(f"{world.url}/logout", headers=values) as answer:
        assert answer.status == 200
    world.now += 600
    assert await sessions(world).of(request(begun.cookie)) is None


async def test_the_session_of_before_ends_with_a_new_log_in(world: World) -> None:
    first = await begin(world, "anna", "pwd")
    second = await begin(world, "ben", "pwd", "otp", cookie=first.cookie)
    assert first.cookie != second.cookie
    assert await sessions(world).of(request(first.cookie)) is None
    found = await sessions(world).of(request(second.cookie))
    assert found is not None
    assert found.member == "ben"


async def test_a_value_that_a_stranger_planted_never_becomes_a_session(world: World) -> None:
    planted = "A" * 43
    begun = await begin(world, "anna", "pwd", cookie=planted)
    assert begun.cookie != planted
    assert await sessions(world).of(request(planted)) is None


async def test_a_renewed_session_has_another_value_and_the_old_one_opens_nothing(world: World) -> None:
    begun = await begin(world, "anna", "pwd")
    session = await sessions(world).of(request(begun.cookie))
    assert session is not None
    world.now += 60
    async with world.store.write() as connection:
        renewed = await sessions(world).renew(connection, session, request(begun.cookie), ("otp",))
    assert renewed is not None
    assert await sessions(world).of(request(begun.cookie)) is None
    found = await sessions(world).of(request(renewed.cookie))
    assert found is not None
    assert found.methods == ("pwd", "otp")
    assert found.authenticated_at == session.authenticated_at + 60
    assert found.csrf_token != session.csrf_token
    assert found.reference == session.reference


async def test_all_end_at_once_but_one(world: World) -> None:
    kept = await begin(world, "anna", "pwd")
    gone = await begin(world, "anna", "pwd")
    other = await begin(world, "ben", "pwd", "otp")
    async with world.store.write() as connection:
        ended = await sessions(world).end_all(connection, "anna", "sara", "lost", "r-2", but=kept.reference)
    assert ended == 1
    assert await sessions(world).of(request(gone.cookie)) is None
    assert await sessions(world).of(request(kept.cookie)) is not None
    assert await sessions(world).of(request(other.cookie)) is not None


async def test_the_audit_log_has_each_session_and_no_cookie(world: World) -> None:
    begun = await begin(world, "anna", "pwd")
    session = await sessions(world).of(request(begun.cookie))
    assert session is not None
    await sessions(world).end(session, request(begun.cookie))
    entries = [entry.event async for entry in world.audit.entries()]
    told = [(each.action, each.object, each.actor) for each in entries if each.subject == "session"]
    assert told == [
        ("begun", f"anna/{begun.reference}", "anna"),
        ("ended", f"anna/{begun.reference}", "anna"),
    ]
    assert begun.cookie not in repr(entries)
