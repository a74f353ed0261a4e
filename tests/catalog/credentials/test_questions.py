"""The ledger asked: every question together with every other, in any order, page by page, and as quick with a
hundred thousand credentials as with ten."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from catalog.credentials.desk import COUNTED, Sorting
from catalog.credentials.questions import Chosen, Sort, chosen_by
from catalog.storage.engine import Store
from catalog.storage.tables.credentials import credential_uses, credentials, granted_scopes
from tests.catalog.admin import AdminClient
from tests.catalog.api.admin.test_admin_credentials import DAY, GUARD, issued


def row(number: int, **changes: Any) -> dict[str, Any]:
    """One of a hundred thousand: ten of each of ten thousand applications."""
    values = {
        "key_id": f"{number:012d}",
        "kind": ("client-secret", "api-key")[number % 2],
        "application": f"app-{number // 10}",
        "digest": number.to_bytes(32),
        "environment": "test",
        "team": "sales",
        "owner": "anna",
        "purpose": "one of many",
        "scopes": "[]",
        "networks": "[]",
        "created_at": number,
        "created_by": GUARD,
        "expires_at": 4_000_000_000 + number,
        "ends_at": 4_000_000_000 + number,
        "predecessor": "",
        "successor": "",
        "revoked_by": "",
        "revoked_reason": "",
    }
    return values | changes


async def fill(store: Store, rows: Iterator[dict[str, Any]]) -> None:
    async with store.write() as connection:
        await connection.execute(sa.insert(credentials), list(rows))


async def ids(admin: AdminClient, query: str, member: str = GUARD) -> list[str]:
    """All pages of an answer, small ones."""
    found: list[str] = []
    after = ""
    while True:
        answer = await admin(member, "GET", f"/credentials?limit=2&{query}{after}")
        assert answer.status == 200, answer.body
        found += [each["key_id"] for each in answer.body["items"] if each["application"] is not None]
        if answer.body["next"] is None:
            return found
        after = f"&after={answer.body['next']}"


@pytest.fixture
async def five(admin: AdminClient) -> dict[str, str]:
    """By a word for each: how it stands."""
    made = {
        "used": await issued(admin),
        "idle": await issued(admin, kind="api-key"),
        "narrow": await issued(admin, scopes=["orders:read"]),
        "lost": await issued(admin, purpose="Nobody's, 100%"),
        "other": await issued(admin, application="analyst", team="platform", owner="omar"),
    }
    found = {word: str(each["credential"]["key_id"]) for word, each in made.items()}
    now = int(admin.world.now)
    async with admin.world.store.write() as connection:
        await connection.execute(
            sa.update(credentials).where(credentials.c.key_id == found["lost"]).values(owner="gone", team="sales")
        )
        await connection.execute(sa.delete(granted_scopes))
        for application, scope in (("web-shop", "orders:read"), ("web-shop", "orders_write")):
            values = {"application": application, "api": "orders", "version": "v2", "scope": scope, "since": now}
            await connection.execute(sa.insert(granted_scopes).values(**values))
        for word, scope in (("used", "orders:read"), ("used", "orders_write"), ("narrow", "orders:read")):
            used = {"key_id": found[word], "api": "orders", "version": "v2", "scope": scope}
            late = now + 60 * DAY
            await connection.execute(
                sa.insert(credential_uses).values(**used, first_used_at=late, last_used_at=late)
            )
            await connection.execute(
                sa.update(credentials).where(credentials.c.key_id == found[word]).values(last_used_at=late)
            )
    admin.world.now += 80 * DAY
    admin.tokens.clear()  # they do not live as long
    return found


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("unused_days=30", "idle lost other"),
        ("spare_days=30", "idle lost"),
        ("spare_days=30&kind=api-key", "idle"),
        ("orphaned=true", "lost"),
        ("owner=omar", "other"),
        ("consumer=acme", "used idle narrow lost"),
        ("consumer=acme&unused_days=30", "idle lost"),
        ("api=partners", "used idle narrow lost"),
        ("scope=orders:read&application=web-shop", "used idle narrow lost"),
        ("scope=orders_write", "used idle lost"),
        ("scope=ordersxwrite", ""),
        ("ending_days=30", "used idle narrow lost other"),
        ("ending_days=5", ""),
        ("text=100%25", "lost"),
        ("text=%25", "lost"),
        ("text=ANALY", "other"),
        ("consumer=nobody", ""),
        ("orphaned=true&owner=omar", ""),
    ],
)
async def test_each_question_finds_what_is_so(
    admin: AdminClient, five: dict[str, str], query: str, words: str
) -> None:
    assert set(await ids(admin, query)) == {five[word] for word in words.split()}


async def test_others_see_of_an_answer_what_is_their_own(admin: AdminClient, five: dict[str, str]) -> None:
    assert set(await ids(admin, "unused_days=30", "anna")) == {five["idle"], five["lost"]}
    assert await ids(admin, "owner=omar", "anna") == []
    counted = await admin("anna", "GET", "/credential-questions")
    assert counted.body["orphaned"] == {"credentials": 1, "more": False}
    mine = await admin("dora", "GET", "/recent-calls?application=analyst&application=web-shop")
    assert mine.body == {"items": [], "next": None}


@pytest.mark.parametrize("order", ["ends", "created", "last-used", "application", "owner"])
async def test_every_order_goes_both_ways_without_a_gap(
    admin: AdminClient, five: dict[str, str], order: str
) -> None:
    there, back = await ids(admin, f"order={order}"), await ids(admin, f"order=-{order}")
    assert set(there) == set(five.values())
    assert there == back[::-1]
    if order == "last-used":
        assert set(there[3:]) == {five["used"], five["narrow"]}, "what was never used comes first"


class Reading:
    """What a store was asked: its statements, and how many rows came of them."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.rows = 0


@contextmanager
def reading(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reading]:
    seen = Reading()
    plain = store.all

    async def counted(query: Any) -> Any:
        rows = await plain(query)
        seen.rows += len(rows)
        return rows

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.statements.append(statement)

    engine = store._engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    monkeypatch.setattr(store, "all", counted)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
        monkeypatch.setattr(store, "all", plain)


async def test_a_hundred_thousand_credentials_are_asked_in_few_statements_and_read_as_few_rows(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, desk = admin.world.store, admin.world.catalog.credentials.desk
    await fill(store, (row(number) for number in range(100_000)))
    sara = await admin.world.catalog.directory.principal(GUARD)
    assert sara is not None
    questions = [Chosen(), Chosen(application="app-9000"), Chosen(owner="anna", kind="api-key")]
    questions += [chosen_by(name, admin.world.now) for name in ("unused", "over-privileged", "orphaned")]
    for chosen in questions:
        for sort in ("ends", "owner"):
            with reading(store, monkeypatch) as seen:
                found = await desk.page(sara, chosen, 51, None, Sorting(sort))  # type: ignore[arg-type]
            assert found is not None
            assert len(seen.statements) == 1
            assert seen.rows == len(found) <= 51
    with reading(store, monkeypatch) as seen:
        last = await desk.page(sara, Chosen(), 51, f"{99_990:012d}", Sorting("created"))
        assert last is not None
        assert [each.key_id for each in last] == [f"{number:012d}" for number in range(99_991, 100_000)]
    assert len(seen.statements) == 2, "the place, and what is behind it"
    assert await desk.count(sara, chosen_by("orphaned", admin.world.now)) == COUNTED


@pytest.mark.parametrize("sort", ["ends", "created", "owner", "application"])
async def test_a_page_is_read_in_the_order_of_an_index(admin: AdminClient, sort: Sort) -> None:
    """Nothing is sorted: a page of a hundred thousand costs what a page costs."""
    store = admin.world.store
    async with store.snapshot() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("PostgreSQL plans by what it knows of the rows")
    desk, asked = admin.world.catalog.credentials.desk, list[Any]()
    sara = await admin.world.catalog.directory.principal(GUARD)
    assert sara is not None

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    await fill(store, (row(number) for number in range(3)))
    engine = store._engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        await desk.page(sara, Chosen(), 51, f"{1:012d}", Sorting(sort))
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    statement, parameters = asked[-1]
    async with store.snapshot() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all()
    assert "ix_credentials_order" in str(plan)
    assert "TEMP B-TREE" not in str(plan)
