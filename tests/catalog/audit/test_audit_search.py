"""Searches of the audit log: complete, page by page, and each page bounded in what it looks at."""

from collections.abc import AsyncIterator

import pytest

from catalog.audit import log as module
from catalog.audit.chain import Event
from catalog.audit.log import AuditLog, Filter
from catalog.clock import DAY
from catalog.storage.engine import Store

BEGIN = 1_795_000_000
FEW = 10
"""What a page looks at here."""


@pytest.fixture
async def log(store_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AuditLog]:
    """A hundred entries, one every half a day: every tenth is a revocation. Of one the clock had been set back."""
    monkeypatch.setattr(module, "LOOKED_AT", FEW)
    store = Store.open(store_url)
    await store.migrate()
    now = [BEGIN]
    log = AuditLog(store, lambda: float(now[0]))
    async with store.write() as connection:
        for number in range(1, 101):
            now[0] = BEGIN + number * DAY // 2 - (number == 51) * DAY * 3 // 4
            action = "revoked" if number % 10 == 0 else "issued"
            await log.append(connection, Event(subject="key", action=action, object=f"app/{number}", actor="ada"))
    yield log
    await store.close()


async def every(log: AuditLog, wanted: Filter, *, limit: int, newest_first: bool) -> tuple[list[int], int]:
    """The numbers that are found, and in how many pages."""
    numbers: list[int] = []
    after, pages = None, 0
    while True:
        found = await log.search(wanted, after=after, limit=limit, newest_first=newest_first)
        assert len(found.entries) <= limit
        numbers += [each.number for each in found.entries]
        after, pages = found.next, pages + 1
        if after is None:
            return numbers, pages


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 200])
async def test_pages_together_have_each_entry_once_and_in_order(
    log: AuditLog, limit: int, newest_first: bool
) -> None:
    for wanted, right in (
        (Filter(), list(range(1, 101))),
        (Filter(action="revoked"), list(range(10, 101, 10))),
        (Filter(text="PP/9"), [9, *range(90, 100)]),
        (Filter(object="app/77"), [77]),
        (Filter(actor="nobody"), []),
    ):
        numbers, _ = await every(log, wanted, limit=limit, newest_first=newest_first)
        assert numbers == (right[::-1] if newest_first else right), wanted


async def test_a_page_looks_at_so_many_entries_and_leads_on(log: AuditLog) -> None:
    found = await log.search(Filter(text="app/1"), limit=50, newest_first=True)
    assert ([each.number for each in found.entries], found.next) == ([100], 91)
    found = await log.search(Filter(text="nothing like it"), after=91, limit=50, newest_first=True)
    assert (found.entries, found.next) == ((), 81)
    found = await log.search(Filter(action="revoked"), limit=50)
    assert ([each.number for each in found.entries], found.next) == ([10], 10)


async def test_what_an_index_leads_to_is_found_at_once(log: AuditLog) -> None:
    for wanted in (Filter(), Filter(object="app/3"), Filter(actor="ada", text="app/3")):
        assert (await log.search(wanted, limit=200, newest_first=True)).next is None


@pytest.mark.parametrize("newest_first", [False, True])
async def test_of_a_time_only_that_part_of_the_log_is_looked_at(log: AuditLog, newest_first: bool) -> None:
    wanted = Filter(action="issued", since=BEGIN + DAY * 246 // 10, until=BEGIN + DAY * 251 // 10)
    numbers, pages = await every(log, wanted, limit=50, newest_first=newest_first)
    assert sorted(numbers) == [51], "50 is a revocation; of 51 the clock had been set back"
    assert pages == 1
    assert await every(log, Filter(text="x", since=BEGIN + 500 * DAY), limit=5, newest_first=True) == ([], 1)


async def test_an_empty_log_has_nothing(store_url: str) -> None:
    store = Store.open(store_url)
    await store.migrate()
    assert (await AuditLog(store, lambda: 0.0).search(Filter(text="x"), limit=5)).entries == ()
    await store.close()
