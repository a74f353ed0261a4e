"""Two catalogs over one database: what one of them decides, the other cannot decide again."""

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa

from catalog.changes.proposing import PushResult
from catalog.changes.records import ChangeView
from catalog.publishing.transaction import nothing_else
from catalog.refusal import Refusal
from catalog.storage.tables.snapshots import snapshots
from tests.catalog.changes.office import BOOKS_API, BREAKING, COMPATIBLE, FILMS_API, TEAMS, Office


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
    # By then it has looked, and knows what is in force.
    assert second.maximum() == desk.maximum() == 200


async def test_what_another_process_publishes_is_taken_up_with_its_people_and_rules(desk: Office) -> None:
    second = await another(desk)
    assert not await second.catalog.publisher.follow()
    gateway = asyncio.create_task(second.catalog.publisher.wait(second.published.digest, 30))
    await desk.pushed("ada", COMPATIBLE)
    assert await second.catalog.publisher.follow()
    assert not await second.catalog.publisher.follow()
    assert await gateway == second.published
    assert second.published.digest == desk.published.digest
    assert second.maximum() == 200

    proposed = await desk.pushed("omar", (TEAMS, "Books team", "Team of books"))
    for member in ("otto", "sara"):
        await desk.approve(member, proposed.change)
    assert await second.catalog.publisher.follow()
    estate = second.catalog.publisher.estate
    assert estate is not None
    assert estate.teams.teams["books"].title == "Team of books"
    assert (await second.pushed("ada", (BOOKS_API, "title: Books", "title: Good books"))).outcome == "published"


async def test_a_process_that_has_not_heard_of_a_publication_publishes_on_top_of_it(desk: Office) -> None:
    second = await another(desk)
    await desk.pushed("ada", COMPATIBLE)
    await second.catalog.publisher.republish(nothing_else)
    assert second.maximum() == 200
    await desk.pushed("ada", (BOOKS_API, "title: Books", "title: Good books"))
    done = await second.pushed("bea", (FILMS_API, "title: Films", "title: Good films"), only=["films"])
    assert done.outcome == "published"
    await desk.catalog.publisher.follow()
    titles = {each.title for each in desk.published.contracts.versions}
    assert titles == {"Good books", "Good films"}
    assert second.published.digest == desk.published.digest


async def test_a_snapshot_that_is_not_ours_is_told_once_and_hinders_nothing(
    desk: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    before = desk.published
    values = {"serial": before.manifest.serial + 9, "manifest": before.signed.manifest, "signature": b"forged"}
    async with desk.store.write() as connection:
        row = (await connection.execute(sa.select(snapshots))).first()
        assert row is not None
        await connection.execute(sa.insert(snapshots).values({**row._mapping, **values}))
    await desk.catalog.publisher.follow()
    await desk.catalog.publisher.follow()
    assert capsys.readouterr().out.count("not usable") == 1
    assert desk.published is before
    assert (await desk.pushed("ada", COMPATIBLE)).outcome == "published"
    assert desk.published.manifest.serial == before.manifest.serial + 10
