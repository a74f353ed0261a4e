"""Rolling back, in one step, to what was in force before; and looking at it before."""

import pytest

from catalog.changes.rollback import Rollback, Rollbacks
from catalog.refusal import Refusal
from tests.catalog.changes.office import BOOKS, BOOKS_API, COMPATIBLE, FILMS_API, TEAMS, Office

WIDER = 200
FIRST = 100


@pytest.fixture
def rollbacks(desk: Office) -> Rollbacks:
    room = desk.room
    return Rollbacks(desk.catalog.publisher, room.examiner, room.reaches)


async def widened(desk: Office) -> tuple[str, str]:
    """Publishes a compatible change of books; the revision before, and the one in force."""
    before = desk.catalog.publisher.pointers["books"].revision
    pushed = await desk.pushed("ada", COMPATIBLE)
    assert pushed.outcome == "published"
    assert desk.maximum() == WIDER
    after = desk.catalog.publisher.pointers["books"].revision
    assert before is not None
    assert after is not None
    return before, after


async def test_what_it_breaks_for_whom_is_shown_and_nothing_is_done(desk: Office, rollbacks: Rollbacks) -> None:
    first, now = await widened(desk)
    looked = await rollbacks.look("books", first)
    assert isinstance(looked, Rollback)
    assert (looked.current, looked.revision, looked.done, looked.serial) == (now, first, False, None)
    assert looked.assessment.verdict == "breaking"
    assert {each.rule for each in looked.assessment.changes} == {"request-maximum-narrowed"}
    [report] = looked.impact.versions
    touched = {one.application for each in report.impacts for one in each.touched}
    assert touched == {"reading-club-app", "reading-club-lab"}
    assert desk.maximum() == WIDER


@pytest.mark.parametrize("member", ["bea", "omar", "otto"])
async def test_one_step_puts_it_in_force_with_its_approval_and_a_record(
    desk: Office, rollbacks: Rollbacks, member: str
) -> None:
    first, now = await widened(desk)
    done = await rollbacks.roll_back(await desk.who(member), "books", first, "partners cannot", current=now)
    assert isinstance(done, Rollback)
    assert done.done
    publisher = desk.catalog.publisher
    assert publisher.current is not None
    assert done.serial == publisher.current.manifest.serial
    assert desk.maximum() == FIRST
    approval = next(each for each in publisher.current.contracts.approvals if each.api == "books")
    assert (approval.revision, approval.basis) == (first, "directory"), "it was approved when it first came"
    [record, *_] = await publisher.planner.revisions.history("books")
    assert (record.kind, record.revision, record.previous, record.actor, record.reason) == (
        *("rollback", first, now),
        *(member, "partners cannot"),
    )
    told = (await desk.events("unit"))[-1]
    assert (told.action, told.object, told.actor, told.before, told.after) == (
        *("rolled-back", "books", member),
        *(now, first),
    )
    await desk.start()
    assert desk.maximum() == FIRST
    assert desk.catalog.publisher.held == {}


async def test_and_forth_again(desk: Office, rollbacks: Rollbacks) -> None:
    first, now = await widened(desk)
    omar = await desk.who("omar")
    assert isinstance(await rollbacks.roll_back(omar, "books", first, "back"), Rollback)
    assert isinstance(await rollbacks.roll_back(omar, "books", now, "and forth"), Rollback)
    assert desk.maximum() == WIDER
    assert [each.kind for each in await desk.catalog.publisher.planner.revisions.history("books")] == [
        *("rollback", "rollback", "change", "directory")
    ]


@pytest.mark.parametrize("member", ["sara", "paul"])
async def test_who_may_not_is_told_which_roles_may(desk: Office, rollbacks: Rollbacks, member: str) -> None:
    first, _ = await widened(desk)
    refusal = await rollbacks.roll_back(await desk.who(member), "books", first, "no")
    assert isinstance(refusal, Refusal)
    assert (refusal.id, refusal.members["roles"]) == ("role-missing", ["api-owner", "architect", "operator"])
    assert "API owners of books" in refusal.detail
    assert desk.maximum() == WIDER


async def test_the_estates_own_files_are_rolled_back_by_architects_and_operators_alone(
    desk: Office, rollbacks: Rollbacks
) -> None:
    first = desk.catalog.publisher.pointers["estate"].revision
    assert first is not None
    refusal = await rollbacks.roll_back(await desk.who("ada"), "estate", first, "no")
    assert isinstance(refusal, Refusal)
    assert refusal.members["roles"] == ["architect", "operator", "security"]


async def refused(desk: Office, rollbacks: Rollbacks, member: str, unit: str, revision: str | None) -> Refusal:
    """Nothing came of the member's rollback."""
    assert revision is not None
    before = desk.published
    refusal = await rollbacks.roll_back(await desk.who(member), unit, revision, "back")
    assert isinstance(refusal, Refusal), refusal
    assert desk.published is before
    return refusal


async def test_who_has_lost_a_role_does_not_get_it_back_by_a_rollback(desk: Office, rollbacks: Rollbacks) -> None:
    first = desk.catalog.publisher.pointers["estate"].revision
    await agreed(desk, (TEAMS, "roles: [api-owner] }\n      bea", "roles: [] }\n      bea"))
    await agreed(desk, (TEAMS, "roles: [architect, operator]", "roles: [operator]"))
    own = await refused(desk, rollbacks, "omar", "estate", first)
    assert own.id == "own-change"
    refusal = await refused(desk, rollbacks, "otto", "estate", first)
    assert (refusal.id, refusal.members["roles"]) == ("role-missing", ["security"])
    assert "ada is api-owner of books, omar is architect of platform again" in refusal.detail
    sara = await desk.who("sara")
    assert first is not None
    done = await rollbacks.roll_back(sara, "estate", first, "they are back")
    assert isinstance(done, Rollback)
    assert desk.catalog.publisher.estate is not None
    assert desk.catalog.publisher.estate.teams.teams["platform"].members["omar"].roles == ("architect", "operator")


async def test_rules_that_were_made_stricter_do_not_come_back_by_a_rollback_of_anybody(
    desk: Office, rollbacks: Rollbacks
) -> None:
    first = desk.catalog.publisher.pointers["estate"].revision
    stricter = "name: test-estate", "name: test-estate\ngovernance: centralised\nchanges: { waiver-max-days: 9 }"
    await agreed(desk, ("ostiary.yaml", *stricter))
    refusal = await refused(desk, rollbacks, "otto", "estate", first)
    assert "another state of: rules." in refusal.detail


async def test_a_bar_that_was_raised_is_lowered_by_those_alone_who_raised_it(
    desk: Office, rollbacks: Rollbacks
) -> None:
    first = desk.catalog.publisher.pointers["books"].revision
    await agreed(desk, (BOOKS_API, "classification: internal", "classification: internal\ngovernance: federated"))
    refusal = await refused(desk, rollbacks, "ada", "books", first)
    assert refusal.members["roles"] == ["architect"]
    assert "another state of: governance." in refusal.detail
    assert first is not None
    assert isinstance(await rollbacks.roll_back(await desk.who("otto"), "books", first, "back"), Rollback)


async def test_only_to_what_was_in_force(desk: Office, rollbacks: Rollbacks) -> None:
    first, now = await widened(desk)
    omar = await desk.who("omar")
    proposed = await desk.pushed("ada", (BOOKS, "maximum: 200, default: 20", "maximum: 50, default: 20"))
    assert proposed.outcome == "proposed"
    assert proposed.revision is not None
    for unit, revision, wanted in (
        ("books", proposed.revision, "resource-not-found"),
        ("books", "sha256:" + "0" * 64, "resource-not-found"),
        ("films", first, "resource-not-found"),
        ("songs", first, "resource-not-found"),
        ("books", now, "state-conflict"),
    ):
        for refusal in (
            await rollbacks.look(unit, revision),
            await rollbacks.roll_back(omar, unit, revision, "no"),
        ):
            assert isinstance(refusal, Refusal)
            assert refusal.id == wanted
    assert desk.maximum() == WIDER


async def test_who_decided_about_something_else_is_told_what_is_in_force(
    desk: Office, rollbacks: Rollbacks
) -> None:
    first, now = await widened(desk)
    refusal = await rollbacks.roll_back(await desk.who("omar"), "books", first, "no", current=first)
    assert isinstance(refusal, Refusal)
    assert (refusal.id, refusal.members["current"]) == ("state-conflict", {"revision": now})
    assert desk.maximum() == WIDER


async def agreed(desk: Office, *changes: tuple[str, str, str]) -> None:
    """Pushes changes, which everybody approves."""
    desk.edit(*changes)
    await desk.push("omar")
    for each in await desk.room.table.list():
        for name in ("otto", "sara"):
            if each.is_open:
                await desk.approve(name, each.number)


async def test_what_does_not_fit_the_rest_any_more_is_refused(desk: Office, rollbacks: Rollbacks) -> None:
    """The revision was good when it was approved; what it needs of the estate is gone."""
    publisher = desk.catalog.publisher
    first = publisher.pointers["books"].revision
    assert first is not None
    archive = "  archive: { url: 'http://127.0.0.1:9001' }\n"
    await agreed(desk, ("ostiary.yaml", "upstreams:\n", f"upstreams:\n{archive}"))
    moved = "upstream: bookshop", "upstream: archive"
    await agreed(desk, (BOOKS_API, *moved), (FILMS_API, *moved))
    text = (desk.root / "ostiary.yaml").read_text()
    bookshop = text[text.index("  bookshop:\n") : text.index("  # An Odoo")]
    await agreed(desk, ("ostiary.yaml", bookshop, ""))
    assert publisher.estate is not None
    assert set(publisher.estate.file.upstreams) == {"archive"}, "all of that is in force"
    before = publisher.current
    refusal = await rollbacks.roll_back(await desk.who("omar"), "books", first, "back")
    assert isinstance(refusal, Refusal)
    assert refusal.id == "estate-invalid"
    errors = [each for each in refusal.members["findings"] if each["severity"] == "error"]
    assert {each["rule"] for each in errors} == {"unknown-upstream"}
    assert publisher.current is before


async def test_nothing_is_rolled_back_where_a_directory_decides(desk: Office) -> None:
    first, _ = await widened(desk)
    await desk.start(directory=True)
    room = desk.room
    rollbacks = Rollbacks(desk.catalog.publisher, room.examiner, room.reaches)
    refusal = await rollbacks.roll_back(await desk.who("omar"), "books", first, "no")
    assert isinstance(refusal, Refusal)
    assert refusal.id == "directory-governs"
