"""Decisions: separation of duties, what they are bound to, and two who decide at once."""

import asyncio

import pytest

from catalog.changes.records import ChangeView
from catalog.refusal import Refusal
from tests.catalog.changes.office import (
    BOOKS_API,
    BREAKING,
    COMPATIBLE,
    ESTATE,
    FILMS_API,
    TEAMS,
    Office,
)
from tests.support.two_apis import BOOKS

CRITICAL = (BOOKS_API, "criticality: 3", "criticality: 1")
RESTRICTED = (BOOKS_API, "classification: internal", "classification: restricted")


def refused(answer: object) -> Refusal:
    assert isinstance(answer, Refusal), answer
    return answer


async def critical(desk: Office) -> int:
    """A change that wants two architects."""
    found = await desk.pushed("ada", CRITICAL)
    assert await desk.unmet(found.change) == {"approvals:architect"}
    return found.change


async def test_the_last_approval_that_is_wanted_publishes(desk: Office) -> None:
    number = await critical(desk)
    first = await desk.approve("omar", number)
    assert isinstance(first, ChangeView)
    assert first.change.state == "proposed"
    second = await desk.approve("otto", number)
    assert isinstance(second, ChangeView)
    assert second.change.state == "published"
    approval = next(each for each in desk.catalog.publisher.current.contracts.approvals if each.api == "books")  # type: ignore[union-attr]
    assert approval.approvers == ("omar", "otto")
    told = [(each.action, each.actor, each.reason) for each in await desk.events("change")]
    assert told[1:] == [
        ("approved", "omar", "looks right"),
        ("approved", "otto", "looks right"),
        ("published", "otto", ""),
    ]
    assert [(each.kind, each.actor, each.role) for each in second.events] == [
        ("proposed", "ada", ""),
        ("approved", "omar", "architect"),
        ("approved", "otto", "architect"),
        ("published", "otto", ""),
    ]


async def test_nobody_approves_their_own_change_whatever_their_roles(desk: Office) -> None:
    found = await desk.pushed("omar", CRITICAL)
    answer = refused(await desk.approve("omar", found.change))
    assert (answer.id, answer.members["authors"]) == ("own-change", ["omar"])
    assert refused(await desk.approve("ada", found.change)).id == "role-missing"
    assert (await desk.view(found.change)).change.version == 1


async def test_a_change_that_too_few_can_approve_says_so(desk: Office) -> None:
    found = await desk.pushed("omar", CRITICAL)
    [condition] = [each for each in found.conditions if not each.met]
    assert condition.text == (
        "2 people with the role architect have to approve (rules bar, critical); "
        "of all who are not its authors only otto has it, which is too few"
    )
    desk.edit((BOOKS_API, CRITICAL[2], CRITICAL[1]))
    enough = await desk.pushed("ada", RESTRICTED)
    assert not any("too few" in each.text for each in enough.conditions)


async def test_a_later_author_has_no_part_in_the_approval_either(desk: Office) -> None:
    number = await critical(desk)
    assert isinstance(await desk.approve("omar", number), ChangeView)
    again = await desk.pushed("omar", (BOOKS, "summary: List books", "summary: List some books"))
    assert (again.change, again.outcome) == (number, "replaced")
    assert refused(await desk.approve("omar", number)).id == "own-change"
    assert isinstance(await desk.approve("otto", number), ChangeView)
    assert await desk.unmet(number) == {"approvals:architect"}


async def test_a_delegate_of_an_author_does_not_approve_either(desk: Office) -> None:
    until = int(desk.now) + 86_400
    grant = desk.catalog.delegations.grant
    members = desk.catalog.directory.members
    await grant(await desk.who("omar"), members, "ada", "architect", until, "on leave")
    found = await desk.pushed("omar", CRITICAL)
    answer = refused(await desk.approve("ada", found.change))
    assert (answer.id, answer.members["authors"]) == ("own-change", ["omar"])
    await grant(await desk.who("otto"), members, "ada", "architect", until, "on leave")
    view = await desk.approve("ada", found.change)
    assert isinstance(view, ChangeView)
    assert [(each.actor, each.role, each.giver) for each in view.events if each.kind == "approved"] == [
        ("ada", "architect", "otto")
    ]
    # The two are one right: with otto's own there is still one missing.
    assert isinstance(await desk.approve("otto", found.change), ChangeView)
    assert await desk.unmet(found.change) == {"approvals:architect"}


async def test_who_lacks_the_role_is_told_which_it_is(desk: Office) -> None:
    number = await critical(desk)
    answer = refused(await desk.approve("sara", number))
    assert (answer.id, answer.members["roles"]) == ("role-missing", ["architect"])
    assert "sara" in answer.detail


async def test_restricted_data_wants_security_too_and_one_person_is_one_role(desk: Office) -> None:
    desk.edit((TEAMS, "roles: [security]", "roles: [security, architect]"))
    people = await desk.pushed("omar")
    for member in ("otto", "sara"):
        await desk.approve(member, people.change)
    assert (await desk.view(people.change)).change.state == "published"
    number = (await desk.pushed("ada", RESTRICTED, CRITICAL)).change
    assert await desk.unmet(number) == {"approvals:architect", "approvals:security", "waived:breaking"}
    # Of her two roles the one counts that nobody else has.
    await desk.approve("sara", number)
    assert await desk.unmet(number) == {"approvals:architect", "waived:breaking"}
    assert refused(await desk.approve("sara", number)).id == "state-conflict"
    for member in ("otto", "omar"):
        await desk.approve(member, number)
    assert await desk.unmet(number) == {"waived:breaking"}
    # Unless she says which.
    number = (await desk.pushed("ada", (BOOKS_API, "title: Books", "title: Tomes"))).change
    approve = desk.room.decisions.approve
    seen = (await desk.view(number)).etag
    assert isinstance(await approve(await desk.who("sara"), number, seen, "yes", role="architect"), ChangeView)
    await desk.approve("otto", number)
    assert await desk.unmet(number) == {"approvals:security", "waived:breaking"}


async def test_a_new_push_voids_approvals(desk: Office) -> None:
    number = await critical(desk)
    await desk.approve("omar", number)
    await desk.pushed("ada", (BOOKS, "summary: List books", "summary: List some books"))
    view = await desk.approve("otto", number)
    assert isinstance(view, ChangeView)
    assert view.change.state == "proposed"
    assert isinstance(await desk.approve("omar", number), ChangeView)
    assert (await desk.view(number)).change.state == "published"


async def test_what_was_not_looked_at_cannot_be_approved(desk: Office) -> None:
    number = await critical(desk)
    seen = (await desk.view(number)).etag
    await desk.room.decisions.comment(await desk.who("paul"), number, "Are you sure?")
    answer = refused(await desk.approve("omar", number, seen))
    assert answer.id == "state-conflict"
    assert answer.members["current"]["change"]["version"] == 2
    assert answer.members["current"]["events"][-1]["text"] == "Are you sure?"
    assert isinstance(await desk.approve("omar", number), ChangeView)


async def test_an_assessment_that_became_stale_cannot_be_approved(desk: Office) -> None:
    """The rules change after the change was looked at: what was seen is not what would be decided."""
    number = await critical(desk)
    seen = (await desk.view(number)).etag
    await desk.approve("otto", number)
    rules = "changes: { approval: [{ name: two, require: { approvals: [{ roles: [architect], count: 2 }] } }] }\n"
    found = await desk.pushed("omar", (ESTATE, "plans:\n", f"{rules}plans:\n"), only=["estate"])
    for member in ("otto", "sara"):
        await desk.approve(member, found.change)
    assert (await desk.view(found.change)).change.state == "published"
    answer = refused(await desk.approve("omar", number, seen))
    assert answer.id == "state-conflict"
    # And otto's approval, given under other rules, counts no more.
    assert isinstance(await desk.approve("omar", number), ChangeView)
    assert await desk.unmet(number) == {"approvals:architect"}


async def test_another_api_that_moved_makes_no_other_assessment(desk: Office) -> None:
    number = await critical(desk)
    seen = await desk.view(number)
    first = desk.catalog.publisher.pointers["books"].revision
    other = await desk.pushed("omar", (FILMS_API, "title: Films", "title: Pictures"), only=["films"])
    assert other.outcome == "published"
    # Another API moved: nothing of this decision did.
    assert (await desk.view(number)).etag == seen.etag
    assert desk.catalog.publisher.pointers["books"].revision == first


async def test_two_who_decide_at_once_never_both_win(desk: Office) -> None:
    number = await critical(desk)
    seen = (await desk.view(number)).etag
    omar, otto = await desk.who("omar"), await desk.who("otto")
    answers = await asyncio.gather(
        desk.room.decisions.approve(omar, number, seen, "yes"),
        desk.room.decisions.reject(otto, number, seen, "no"),
        desk.room.decisions.approve(otto, number, seen, "yes"),
        desk.room.decisions.withdraw(omar, number, seen, "no"),
    )
    won = [each for each in answers if isinstance(each, ChangeView)]
    lost = [each for each in answers if isinstance(each, Refusal)]
    assert (len(won), len(lost)) == (1, 3)
    assert {each.id for each in lost} == {"state-conflict"}
    view = await desk.view(number)
    assert view.change.version == 2
    assert len(view.events) == 2
    assert all(each.members["current"]["change"]["version"] == 2 for each in lost)


async def test_two_last_approvals_at_once_publish_once(desk: Office) -> None:
    found = await desk.pushed("ada", (BOOKS_API, "owner: books", "owner: platform"))
    assert await desk.unmet(found.change) == {"approvals:architect"}
    seen = (await desk.view(found.change)).etag
    architects = [await desk.who(member) for member in ("omar", "otto")]
    approve = desk.room.decisions.approve
    answers = await asyncio.gather(*(approve(each, found.change, seen, "yes") for each in architects))
    assert sorted(type(each).__name__ for each in answers) == ["ChangeView", "Refusal"]
    assert [each.action for each in await desk.events("change")].count("published") == 1
    assert [each.action for each in await desk.events("unit")].count("published") == 1


async def test_a_rejected_change_is_over_and_the_next_push_opens_another(desk: Office) -> None:
    number = await critical(desk)
    etag = (await desk.view(number)).etag
    own = await desk.room.decisions.reject(await desk.who("ada"), number, etag, "no")
    assert refused(own).id == "own-change"
    view = await desk.room.decisions.reject(await desk.who("bea"), number, etag, "not now")
    assert isinstance(view, ChangeView)
    assert (view.change.state, view.conditions) == ("rejected", ())
    assert refused(await desk.approve("omar", number)).id == "state-conflict"
    again = await desk.pushed("ada")
    assert (again.change, again.outcome) == (number + 1, "proposed")


async def test_an_author_withdraws_and_a_stranger_does_not(desk: Office) -> None:
    number = await critical(desk)
    etag = (await desk.view(number)).etag
    strange = await desk.room.decisions.withdraw(await desk.who("bea"), number, etag, "no")
    assert refused(strange).id == "role-missing"
    view = await desk.room.decisions.withdraw(await desk.who("ada"), number, etag, "a mistake")
    assert isinstance(view, ChangeView)
    assert view.change.state == "withdrawn"
    told = [(each.action, each.actor, each.reason) for each in await desk.events("change")]
    assert told[-1] == ("withdrawn", "ada", "a mistake")


async def test_a_comment_is_in_the_audit_log_and_told_to_those_who_take_part(desk: Office) -> None:
    number = await critical(desk)
    decisions = desk.room.decisions
    await decisions.comment(await desk.who("paul"), number, "We send 80 at most.", request_id="r-7")
    await decisions.comment(await desk.who("ada"), number, "Then nobody is hurt.")
    told = [each for each in await desk.events("change") if each.action == "commented"]
    assert [(each.actor, each.reason, each.object) for each in told] == [
        ("paul", "We send 80 at most.", str(number)),
        ("ada", "Then nobody is hurt.", str(number)),
    ]
    assert told[0].request_id == "r-7"
    # Ada has proposed it and Paul has spoken: each hears what the other says, and nothing of their own.
    assert await desk.notices(f"change/{number}") == [
        f"comment:{number}:2:member:ada",
        f"comment:{number}:3:member:paul",
    ]
    assert (await desk.view(number)).change.state == "proposed"


async def test_publishing_what_may_not_be_names_each_unmet_condition(desk: Office) -> None:
    found = await desk.pushed("ada", CRITICAL, BREAKING)
    answer = refused(await desk.room.decisions.publish(await desk.who("omar"), found.change))
    assert answer.id == "conditions-unmet"
    assert [each["id"] for each in answer.members["conditions"]] == ["waived:breaking", "approvals:architect"]
    assert answer.members["conditions"][0]["needs"]


async def test_a_change_goes_out_when_the_freeze_ends(desk: Office) -> None:
    window = "changes: { freeze-windows: [{ from: 2026-11-19, until: 2026-11-21, reason: Stock-taking }] }\n"
    frozen = await desk.pushed("omar", (ESTATE, "plans:\n", f"{window}plans:\n"))
    for member in ("otto", "sara"):
        await desk.approve(member, frozen.change)
    desk.now += 86_400
    found = await desk.pushed("ada", COMPATIBLE)
    assert await desk.unmet(found.change) == {"freeze"}
    assert (await desk.view(found.change)).change.state == "approved"
    await desk.room.keeper.round()
    assert desk.maximum() == 100
    desk.now += 2 * 86_400
    await desk.room.keeper.round()
    assert desk.maximum() == 200
    assert [(each.action, each.actor) for each in await desk.events("change")][-1] == ("published", "catalog")


@pytest.mark.parametrize("member", ["ada", "paul", "sara"])
async def test_there_is_no_such_change(desk: Office, member: str) -> None:
    for answer in (
        await desk.room.desk.view(7),
        await desk.room.decisions.comment(await desk.who(member), 7, "?"),
        await desk.room.decisions.publish(await desk.who(member), 7),
    ):
        assert refused(answer).id == "resource-not-found"


async def test_a_compatible_change_of_a_contract_is_enforced_after_a_restart(desk: Office) -> None:
    await desk.pushed("ada", COMPATIBLE)
    await desk.start()
    assert desk.maximum() == 200
    found = await desk.pushed("ada", (BOOKS, "maximum: 200", "maximum: 100"))
    assert found.outcome == "proposed"
