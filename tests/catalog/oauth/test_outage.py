"""A store that fails, at each statement in turn: an outage, and nothing half done."""

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from catalog.storage.tables import oauth
from catalog.storage.tables.audit import audit_entries
from catalog.storage.tables.credentials import credentials
from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import ASKING, ON_DEVICE, push, redeem, refresh
from tests.conformance.oauth.registering import approve, call, member_token, register

TABLES = (
    oauth.authorization_codes,
    oauth.pushed_requests,
    oauth.grants,
    oauth.refresh_tokens,
    oauth.consents,
    oauth.registrations,
    oauth.initial_access_tokens,
    credentials,
    audit_entries,
)
OURS = {"Sec-Fetch-Site": "same-origin"}

Try = Callable[[], Awaitable[tuple[int, str]]]
"""Makes a request; the status, and all that came back."""


async def rows(world: World) -> str:
    """All that the store has of these matters."""
    return json.dumps([[repr(tuple(row)) for row in await world.store.all(sa.select(table))] for table in TABLES])


@contextmanager
def failing(world: World, statements: int) -> Iterator[list[str]]:
    """The store fails at the n-th statement from now on, or at a commit in its place; what came before it."""
    seen: list[str] = []

    def count(what: str) -> None:
        seen.append(what)
        if len(seen) >= statements:
            raise OperationalError(what, {}, Exception("the database is gone"))

    def on_statement(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        count(statement)

    def on_commit(_connection: Any) -> None:
        count("COMMIT")

    engine = world.store._engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", on_statement)
    sa.event.listen(engine, "commit", on_commit)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", on_statement)
        sa.event.remove(engine, "commit", on_commit)


async def hold(world: World, attempt: Try, good: int, secrets: tuple[str, ...] = ()) -> int:
    """Fails the request at each of its statements, and lets it succeed in the end. How many there were."""
    before = await rows(world)
    for statements in range(1, 60):
        # To draw each traceback for a terminal that is none takes longer than all the rest.
        with failing(world, statements) as seen, capture_logs() as logged:
            status, text = await attempt()
        if len(seen) < statements:
            assert status == good, text
            return statements - 1
        assert status == 503, (statements, seen[-1], text)
        assert "store unavailable" in [each["event"] for each in logged]
        assert await rows(world) == before, seen[-1]
        assert not any(each in text for each in ("the database is gone", "SELECT", *secrets))
    pytest.fail("it never succeeds")


async def test_redeeming_a_code(people: World, browser: Browser, secret: str) -> None:
    code = await ASKING.code(browser)

    async def attempt() -> tuple[int, str]:
        answer = await redeem(people, code, secret)
        return answer.status, json.dumps(answer.body)

    assert await hold(people, attempt, 200, ("access_token", "refresh_token")) >= 6


async def test_refreshing(people: World, browser: Browser) -> None:
    given = await redeem(people, await ON_DEVICE.code(browser), asking=ON_DEVICE)

    async def attempt() -> tuple[int, str]:
        answer = await refresh(people, given.body["refresh_token"])
        return answer.status, json.dumps(answer.body)

    assert await hold(people, attempt, 200, ("access_token", "refresh_token")) >= 5


async def test_a_code_that_comes_twice_ends_its_grant_with_the_word_to_gateways(
    people: World, browser: Browser, secret: str
) -> None:
    code = await ASKING.code(browser)
    await redeem(people, code, secret)

    async def attempt() -> tuple[int, str]:
        answer = await redeem(people, code, secret)
        return answer.status, json.dumps(answer.body)

    assert await hold(people, attempt, 400) >= 6


async def test_deciding(people: World, browser: Browser) -> None:
    page = await ASKING.go(browser)
    fields = page.form("/oauth/authorize/decision").fields | {"decision": "allow"}

    async def attempt() -> tuple[int, str]:
        answered = await browser.post("/oauth/authorize/decision", fields, OURS)
        return answered.status, answered.html + answered.headers.get("location", "")

    assert await hold(people, attempt, 303, ("code=",)) >= 5


async def test_deciding_about_a_pushed_request(people: World, browser: Browser, secret: str) -> None:
    uri = (await push(people, secret)).body["request_uri"]
    page = await browser.get(f"/oauth/authorize?client_id=planner&request_uri={uri}", follow=False)
    fields = page.form("/oauth/authorize/decision").fields | {"decision": "allow"}

    async def attempt() -> tuple[int, str]:
        answered = await browser.post("/oauth/authorize/decision", fields, OURS)
        return answered.status, answered.html + answered.headers.get("location", "")

    assert await hold(people, attempt, 303, ("code=",)) >= 7


async def test_being_let_through_by_what_was_allowed_before(people: World, browser: Browser) -> None:
    await ASKING.allowed(browser)

    async def attempt() -> tuple[int, str]:
        answered = await ASKING.go(browser)
        return answered.status, answered.html + answered.headers.get("location", "")

    assert await hold(people, attempt, 303, ("code=",)) >= 3


async def test_pushing(people: World, secret: str) -> None:
    async def attempt() -> tuple[int, str]:
        answer = await push(people, secret)
        return answer.status, json.dumps(answer.body)

    assert await hold(people, attempt, 201, ("request_uri",)) >= 2


async def test_registering(people: World) -> None:
    token = await member_token(people)

    async def attempt() -> tuple[int, str]:
        told = await register(people, token)
        return told.status, json.dumps(told.body)

    assert await hold(people, attempt, 201, ("client_secret", "registration_access_token")) >= 6


async def test_deleting_a_registration(people: World) -> None:
    made = (await register(people, await member_token(people))).body
    await approve(people, made["client_id"])

    async def attempt() -> tuple[int, str]:
        told = await call(people, "DELETE", made["registration_client_uri"], made["registration_access_token"])
        return told.status, json.dumps(told.body)

    assert await hold(people, attempt, 204) >= 8
