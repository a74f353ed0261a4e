"""A directory that goes against the calendar: it is in force, and everybody is told."""

from catalog.calendar.overruled import Overruled
from catalog.notices.outbox import Outbox
from tests.catalog.changes.office import BOOKS_API, Office


async def test_a_version_that_a_directory_retires_under_its_callers_is_told_of(desk: Office) -> None:
    await desk.start(directory=True)
    room = desk.catalog.calendar
    overruled = Overruled(desk.store, room.gate, room.view, desk.catalog.audit, desk.clock)
    before = desk.published
    desk.edit((BOOKS_API, "title: Books", "title: Good books"))
    await desk.catalog.publisher.publish()
    assert await overruled.look(before, desk.published) == 0

    before = desk.published
    desk.edit((BOOKS_API, "state: published", "state: retired"))
    await desk.catalog.publisher.publish()
    assert desk.published is not before
    assert await overruled.look(before, desk.published) == 2
    events = await desk.events("calendar")
    assert [(each.action, each.object, each.actor) for each in events] == [
        ("overruled", "books/v1", "catalog")
    ] * 2
    assert events[0].reason == "books v1 has no sunset: nobody was told that it ends"
    told = await Outbox(desk.store).list(about="books/v1")
    assert {each.notice.kind for each in told} == {"calendar-overruled"}
    assert {each.notice.recipients for each in told} == {
        ("omar@example.com", "otto@example.com"),
        ("books@example.com", "ada@example.com", "bea@example.com"),
    }
    assert await overruled.look(desk.published, desk.published) == 0
