"""Breaking the glass: allowed, loud, reviewed after."""

import pytest

from catalog.changes.records import ChangeView
from catalog.refusal import Refusal
from tests.catalog.changes.office import BREAKING, BROKEN, COMPATIBLE, Office
from tests.support.two_apis import BOOKS

DAY = 86_400


async def broken_glass(desk: Office, author: str = "omar") -> int:
    """An emergency change by an operator who wrote it."""
    found = await desk.pushed(author, BREAKING)
    seen = (await desk.view(found.change)).etag
    view = await desk.room.emergencies.publish(await desk.who("omar"), found.change, seen, "orders stand still")
    assert isinstance(view, ChangeView), view
    return found.change


async def test_an_emergency_is_in_force_at_once_and_everyone_is_told(desk: Office) -> None:
    number = await broken_glass(desk)
    assert desk.maximum() == 50
    change = (await desk.view(number)).change
    assert (change.state, change.emergency, change.reviewed_at) == ("published", True, None)
    assert change.review_due_at is not None
    assert change.review_due_at.timestamp() == desk.now + 3 * DAY
    told = [(each.action, each.actor, each.reason) for each in await desk.events("change")]
    assert told[-1] == ("emergency-published", "omar", "orders stand still")
    assert await desk.notices(f"change/{number}") == [
        f"emergency:{number}:architect+security",
        f"emergency:{number}:owner",
    ]
    approval = next(each for each in desk.catalog.publisher.current.contracts.approvals if each.api == "books")  # type: ignore[union-attr]
    assert (approval.basis, approval.approvers) == ("emergency", ())


@pytest.mark.parametrize("member", ["ada", "sara", "paul"])
async def test_who_may_not_break_the_glass(desk: Office, member: str) -> None:
    found = await desk.pushed("ada", BREAKING)
    seen = (await desk.view(found.change)).etag
    refused = await desk.room.emergencies.publish(await desk.who(member), found.change, seen, "I say so")
    assert isinstance(refused, Refusal)
    assert (refused.id, refused.members["roles"]) == ("role-missing", ["architect", "operator"])
    assert desk.maximum() == 100


async def test_an_emergency_too_is_about_what_was_seen(desk: Office) -> None:
    found = await desk.pushed("ada", BREAKING)
    seen = (await desk.view(found.change)).etag
    await desk.pushed("bea", (BOOKS, "summary: List books", "summary: List some books"))
    refused = await desk.room.emergencies.publish(await desk.who("omar"), found.change, seen, "now")
    assert isinstance(refused, Refusal)
    assert refused.id == "state-conflict"
    assert "is not as it was when you looked" in refused.detail


async def test_what_is_decided_is_no_emergency_any_more(desk: Office) -> None:
    number = await broken_glass(desk, author="otto")
    seen = (await desk.view(number)).etag
    refused = await desk.room.emergencies.publish(await desk.who("omar"), number, seen, "again")
    assert isinstance(refused, Refusal)
    assert (refused.id, refused.detail) == ("state-conflict", "The change was published already.")


async def test_nobody_reviews_an_emergency_of_their_own(desk: Office) -> None:
    number = await broken_glass(desk, author="otto")
    review = desk.room.emergencies.review
    for member in ("omar", "otto"):
        refused = await review(await desk.who(member), number, "all well")
        assert isinstance(refused, Refusal)
        assert (refused.id, refused.members["authors"]) == ("own-change", ["omar", "otto"])
    refused = await review(await desk.who("ada"), number, "all well")
    assert isinstance(refused, Refusal)
    assert refused.id == "role-missing"
    view = await review(await desk.who("sara"), number, "all well")
    assert isinstance(view, ChangeView)
    assert view.change.reviewed_at is not None
    again = await review(await desk.who("sara"), number, "all well")
    assert isinstance(again, Refusal)
    assert again.id == "state-conflict"


async def test_a_review_that_is_late_holds_the_unit_back_until_it_comes(desk: Office) -> None:
    number = await broken_glass(desk)
    found = await desk.pushed("ada", (BOOKS, "maximum: 50", "maximum: 60"))
    assert found.outcome == "published"  # in time nothing is held back
    desk.now += 3 * DAY + 1
    await desk.room.keeper.round()
    await desk.room.keeper.round()
    assert [key for key in await desk.notices(f"change/{number}") if key.startswith("review-overdue")] == [
        f"review-overdue:{number}:architect+security",
        f"review-overdue:{number}:owner",
    ]
    late = await desk.pushed("ada", (BOOKS, "maximum: 60", "maximum: 70"))
    assert await desk.unmet(late.change) == {f"review:{number}"}
    await desk.room.emergencies.review(await desk.who("otto"), number, "it was right")
    assert (await desk.view(late.change)).change.state == "published"


async def test_what_does_not_compile_is_no_emergency(desk: Office) -> None:
    desk.edit(BROKEN)
    assert isinstance(await desk.push("omar"), Refusal)
    assert await desk.room.table.list() == ()


async def test_a_published_change_is_no_emergency_to_review(desk: Office) -> None:
    found = await desk.pushed("ada", COMPATIBLE)
    refused = await desk.room.emergencies.review(await desk.who("sara"), found.change, "?")
    assert isinstance(refused, Refusal)
    assert refused.id == "state-conflict"
