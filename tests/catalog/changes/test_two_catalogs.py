"""Two catalogs over one database: what one of them decides, the other cannot decide again."""

import asyncio
from dataclasses import replace

from catalog.changes.proposing import PushResult
from catalog.changes.records import ChangeView
from catalog.refusal import Refusal
from tests.catalog.changes.office import BOOKS_API, BREAKING, COMPATIBLE, Office


async def another(office: Office) -> Office:
    """A second process, as far as the database can tell: it shares the store, and nothing in memory."""
    second = replace(office)
    await second.start()
    return second


async def test_two_processes_that_decide_at_once_never_both_win(desk: Office) -> None:
    found = await desk.pushed("ada", (BOOKS_API, "owner: books", "owner: platform"))
    second = await another(desk)
    seen = (await desk.view(found.change)).etag
    assert (await second.view(found.change)).etag == seen
    omar, otto = await desk.who("omar"), await second.who("otto")
    answers = await asyncio.gather(
        desk.room.decisions.approve(omar, found.change, seen, "yes"),
        second.room.decisions.reject(otto, found.change, seen, "no"),
    )
    assert sorted(type(each).__name__ for each in answers) == ["ChangeView", "Refusal"]
    refused = next(each for each in answers if isinstance(each, Refusal))
    won = next(each for each in answers if isinstance(each, ChangeView))
    assert refused.id == "state-conflict"
    assert refused.members["current"]["change"]["state"] == won.change.state
    ends = [each.action for each in await desk.events("change") if each.action in ("published", "rejected")]
    assert ends == [won.change.state]


async def test_two_processes_that_push_the_same_unit_open_one_change(desk: Office) -> None:
    desk.edit(BREAKING)
    second = await another(desk)
    results = await asyncio.gather(desk.push("ada"), second.push("bea"))
    stored = [each for each in await desk.room.table.list() if each.unit == "books"]
    assert len(stored) == 1
    refused = [each for each in results if isinstance(each, Refusal)]
    assert [each.id for each in refused] in ([], ["state-conflict"])
    opened = [each.action for each in await desk.events("change")]
    assert opened.count("proposed") == 1


async def test_a_process_that_has_not_heard_of_a_publication_undoes_nothing(desk: Office) -> None:
    """It compares with what it took up last, so that what it proposes is held back when it would be published."""
    second = await another(desk)
    await desk.pushed("ada", COMPATIBLE)
    moved = await desk.catalog.publisher.planner.revisions.pointers()
    late = await second.push("bea", only=["books"])
    assert isinstance(late, PushResult)
    assert [each.outcome for each in late.units] == ["proposed"]
    assert await second.catalog.publisher.planner.revisions.pointers() == moved
    assert [each.action for each in await desk.events("unit")].count("published") == 1
    await second.start()
    assert second.maximum() == desk.maximum() == 200
