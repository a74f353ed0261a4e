"""Drift in the store, on SQLite and on PostgreSQL: what opens, what closes, and what is under way."""

from collections.abc import AsyncIterator

import pytest

from catalog.odoo.drift import kept, looks
from catalog.odoo.drift.comparing import Drift
from catalog.odoo.drift.finding import Found
from catalog.odoo.drift.kept import KeptDrift, Settled
from catalog.odoo.drift.looks import Look
from catalog.storage.engine import Store
from contracts.findings import Place


def found(
    subject: str = "tax_id", *, line: int = 7, api: str = "orders", rule: str = "odoo-field-missing"
) -> Found:
    drift = Drift(
        rule=rule,
        operation="listOrders",
        pointer=f"/paths/{subject}",
        model="sale.order",
        subject=subject,
        message=f"no {subject}",
        fix="map another",
    )
    return Found(
        api=api,
        version="v1",
        upstream="erp",
        drift=drift,
        place=Place("orders.yaml", line, 3, drift.pointer),
    )


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    store = Store.open(store_url)
    await store.migrate()
    yield store
    await store.close()


async def settle(store: Store, now: int, *every: Found, upstream: str = "erp") -> Settled:
    async with store.write() as connection:
        return await kept.settle(connection, upstream, every, now)


def subjects(every: tuple[KeptDrift, ...]) -> list[str]:
    return [each.subject for each in every]


async def test_each_opens_and_closes_once(store: Store) -> None:
    first = await settle(store, 100, found("a"), found("b"))
    assert (subjects(first.opened), first.closed) == (["a", "b"], ())
    again = await settle(store, 200, found("a", line=9))
    assert (again.opened, subjects(again.closed)) == ((), ["b"])
    (open_one,) = await kept.listed(store, "open")
    assert (open_one.first_seen, open_one.last_seen, open_one.line) == (100, 200, 9)
    (gone,) = await kept.listed(store, "gone")
    assert (gone.subject, gone.gone_at) == ("b", 200)
    back = await settle(store, 300, found("a"), found("b"))
    assert subjects(back.opened) == ["b"]
    assert {each.subject: each.first_seen for each in await kept.listed(store, "all")} == {"a": 100, "b": 300}


async def test_a_look_closes_only_what_it_could_have_found(store: Store) -> None:
    async with store.write() as connection:
        told = found("mobile", rule=kept.RUNTIME)
        assert await kept.put_told(connection, told, 100) is not None
        assert await kept.put_told(connection, told, 150) is None, "it is open already"
    await settle(store, 200, found("a"))
    assert (await settle(store, 300, upstream="another")).closed == ()
    assert subjects((await settle(store, 300)).closed) == ["a"]
    async with store.write() as connection:
        assert await kept.close_silent(connection, 150, 400) == ()
        assert subjects(await kept.close_silent(connection, 151, 400)) == ["mobile"]


async def test_what_is_served_no_more_closes_and_what_is_long_gone_goes(store: Store) -> None:
    await settle(store, 100, found("a"), found("b", api="other"))
    async with store.write() as connection:
        over = await kept.close_others(connection, {("orders", "v1", "erp")}, 200)
        assert subjects(over) == ["b"]
        assert await kept.forget_gone(connection, 200) == 0
        assert await kept.forget_gone(connection, 201) == 1
    assert subjects(tuple(await kept.listed(store, "all"))) == ["a"]
    assert await kept.listed(store, "all", "orders", "v2") == []


async def test_one_process_makes_a_look_that_is_due(store: Store) -> None:
    async def begin(digest: str, now: int) -> bool:
        async with store.write() as connection:
            return await looks.begin(connection, "erp", digest, now, 1_000)

    assert [await begin("a", 100), await begin("a", 101)] == [True, False]
    async with store.write() as connection:
        ended = Look(upstream="erp", digest="a", begun_at=100, looked_at=110, odoo=19, error="slow")
        assert await looks.end(connection, ended) == ""
    assert await looks.looks(store) == [ended]
    assert [await begin("a", 999), await begin("a", 1_000)] == [False, True], "an error is looked at again sooner"
    async with store.write() as connection:
        await looks.forget_others(connection, ["crm"])
    assert await looks.looks(store) == []
