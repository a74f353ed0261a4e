"""A unit that was altered in the store is no hindrance to the others, and a decision about it puts it right."""

import pytest
import sqlalchemy as sa

from catalog.changes.proposing import PushResult
from catalog.changes.records import ChangeView
from catalog.changes.rollback import Rollback, Rollbacks
from catalog.storage.tables.revisions import current_revisions, revision_blobs
from tests.catalog.changes.office import COMPATIBLE, CONSUMERS, FILMS_API, Office

FILMS = current_revisions.c.unit == "films"


async def altered(desk: Office, what: str) -> None:
    """Films is not what was approved any more; the catalog is started anew."""
    publisher = desk.catalog.publisher
    digest = publisher.pointers["films"].revision
    assert digest is not None
    stored = await publisher.planner.revisions.find(digest)
    assert stored is not None
    blob = revision_blobs.c.digest == dict(stored.revision.files)[FILMS_API]
    statement: sa.Update = {
        "file": sa.update(revision_blobs).where(blob).values(data=b"title: Evil\n"),
        "pointer": sa.update(current_revisions).where(FILMS).values(since=1),
    }[what]
    async with desk.store.write() as connection:
        await connection.execute(statement)
    await desk.start()
    assert set(desk.catalog.publisher.held) == {"films"}


def subscribe(desk: Office) -> None:
    """Somebody is subscribed to films, and so it has to be there."""
    file = desk.root / CONSUMERS
    text = file.read_text()
    assert "api: books" in text
    file.write_text(text.replace("api: books", "api: films"))


@pytest.fixture
async def subscribed(desk: Office) -> Office:
    subscribe(desk)
    await desk.start(directory=True)
    await desk.start()
    return desk


@pytest.mark.parametrize("what", ["file", "pointer"])
async def test_others_are_pushed_and_published(subscribed: Office, what: str) -> None:
    desk = subscribed
    await altered(desk, what)
    desk.edit(COMPATIBLE)
    result = await desk.push("ada", only=("books",))
    assert [(each.unit, each.outcome) for each in result.units] == [("books", "published")]  # type: ignore[union-attr]
    assert desk.maximum() == 200
    assert set(desk.catalog.publisher.held) == {"films"}


@pytest.mark.parametrize("what", ["file", "pointer"])
@pytest.mark.parametrize("title", ["Films", "Movies"])
async def test_a_push_puts_it_right_once_it_is_decided(subscribed: Office, what: str, title: str) -> None:
    """Of the same files or of others; as nothing can be compared with what was altered, it is as a new API."""
    desk = subscribed
    await altered(desk, what)
    desk.edit((FILMS_API, "title: Films", f"title: {title}"))
    result = await desk.push("bea")
    assert isinstance(result, PushResult)
    [change] = [each.change for each in result.units if each.outcome == "proposed"]
    assert change is not None
    assert await desk.unmet(change) == {"approvals:architect", "waived:lint"}
    omar = await desk.who("omar")
    view = await desk.view(change)
    done = await desk.room.emergencies.publish(omar, change, view.etag, "it was altered in the store")
    assert isinstance(done, ChangeView)
    assert desk.catalog.publisher.held == {}
    await desk.start()
    assert desk.catalog.publisher.held == {}


async def test_a_rollback_to_what_was_approved_signs_it_again(subscribed: Office) -> None:
    desk = subscribed
    digest = desk.catalog.publisher.pointers["films"].revision
    assert digest is not None
    await altered(desk, "pointer")
    rollbacks = Rollbacks(desk.catalog.publisher, desk.room.examiner, desk.room.reaches)
    done = await rollbacks.roll_back(await desk.who("omar"), "films", digest, "as it was approved")
    assert isinstance(done, Rollback)
    await desk.start()
    assert desk.catalog.publisher.held == {}
