"""The outbox on both databases: told once, with what it tells of, and until it has arrived."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from catalog.audit.log import AuditLog
from catalog.notices.notice import Notice
from catalog.notices.outbox import Delivery, Outbox, post
from catalog.storage.engine import Store

NOW = 1_800_000_000


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    store = Store.open(store_url)
    await store.migrate()
    yield store
    await store.close()


def notice(key: str = "k", due_at: int = NOW, about: str = "orders/v1") -> Notice:
    return Notice(
        kind="version-deprecated",
        key=key,
        about=about,
        recipients=("a@x.example", "b@x.example"),
        subject="Orders v1 ends",
        body="It does.\n",
        due_at=due_at,
        useless_at=NOW + 1000,
    )


async def put(store: Store, *wanted: Notice) -> int:
    async with store.write() as connection:
        return await post(connection, wanted, NOW + 0.5)


async def test_what_was_told_is_not_told_again(store: Store) -> None:
    assert await put(store, notice("a"), notice("a"), notice("b")) == 2
    assert await put(store, notice("a", due_at=NOW + 5), notice("c")) == 1
    outbox = Outbox(store)
    due = await outbox.due("file", NOW, since=0)
    assert sorted(each.notice.key for each in due) == ["a", "b", "c"]
    assert next(each.notice for each in due if each.notice.key == "a") == notice("a")
    assert await outbox.told(["orders/v1", "nothing/v1"]) == {"a": NOW, "b": NOW, "c": NOW}


async def test_nobody_to_tell_is_nothing_to_send(store: Store) -> None:
    assert await put(store, msgspec.structs.replace(notice(), recipients=())) == 0


async def test_a_notice_is_there_if_what_it_tells_of_is(store: Store) -> None:
    async def half() -> None:
        async with store.write() as connection:
            await post(connection, [notice()], NOW)
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        await half()
    assert await Outbox(store).list() == ()


async def test_what_was_there_and_due_long_ago_is_left(store: Store) -> None:
    async with store.write() as connection:
        await post(connection, [notice("old", NOW - 100)], NOW - 100)
    # It was due as long ago, and is there only now: a reminder of a catalog that was down.
    await put(store, notice("late", NOW - 100))
    found = await Outbox(store).due("smtp", NOW, since=NOW - 99)
    assert [each.notice.key for each in found] == ["late"]


async def test_what_is_due_is_neither_ahead_nor_ended(store: Store) -> None:
    outbox = Outbox(store)
    await put(store, notice("now"), notice("ahead", NOW + 1))
    found = await outbox.due("file", NOW, since=NOW)
    assert [each.notice.key for each in found] == ["now"]
    (posted,) = found
    assert await outbox.begin(posted, "file", NOW + 60) == 1
    assert await outbox.due("file", NOW, since=NOW) == ()
    assert await outbox.due("smtp", NOW, since=NOW) == (posted,)
    assert await outbox.begin(posted, "file", NOW + 120) == 2
    sent = Delivery(channel="file", attempts=2, next_at=NOW, ended_at=NOW, outcome="sent", error="")
    audit = AuditLog(store, lambda: NOW)
    await outbox.settle(posted, sent, audit)
    events = [each.event async for each in audit.entries()]
    assert [(each.subject, each.action, each.reason) for each in events] == [
        ("notice", "sent", "Orders v1 ends (by file, to 2)")
    ]
    assert [each.notice.key for each in await outbox.due("file", NOW + 999, since=NOW)] == ["ahead"]
    listed = await outbox.list(about="orders/v1")
    assert {each.notice.key: each.deliveries for each in listed} == {"now": (sent,), "ahead": ()}


async def test_an_attempt_that_never_came_back_is_made_again(store: Store) -> None:
    outbox = Outbox(store)
    await put(store, notice())
    (posted,) = await outbox.due("smtp", NOW, since=0)
    await outbox.begin(posted, "smtp", NOW + 60)
    assert await outbox.due("smtp", NOW + 59, since=0) == ()
    assert await outbox.due("smtp", NOW + 60, since=0) == (posted,)


async def test_many_keys_are_asked_for_in_pieces(store: Store) -> None:
    wanted = [notice(f"k{number}", about=f"api-{number}/v1") for number in range(1201)]
    assert await put(store, *wanted) == 1201
    assert await put(store, *wanted) == 0
    told = await Outbox(store).told([each.about for each in wanted])
    assert len(told) == 1201
    assert len(await Outbox(store).list()) == 1201
