"""Waivers: asked for by one, granted by another, for a time."""

import asyncio
from datetime import date, timedelta

import pytest

from catalog.changes.rollback import Rollback, Rollbacks
from catalog.changes.waiver_table import Waiver
from catalog.changes.waivers import WaiverRequest
from catalog.people.delegated_decisions import DelegatedDecisions
from catalog.refusal import Refusal
from tests.catalog.changes.office import BREAKING, COMPATIBLE, Office
from tests.support.two_apis import BOOKS

TODAY = date(2026, 11, 18)
DAY = 86_400
MISLEADING = (BOOKS, 'isbn: "9783161484100", title', 'isbn: "unknown", title')
CRITICAL = ("apis/books/api.yaml", "criticality: 3", "criticality: 1")


async def asked(desk: Office, fingerprint: str, *, member: str = "ada", days: int = 30, **more: object) -> object:
    wanted = {"reason": "nobody sends that", "expires": TODAY + timedelta(days=days), **more}
    request = WaiverRequest("books", fingerprint, **wanted)  # type: ignore[arg-type]
    return await desk.room.waivers.request(await desk.who(member), request)


async def breaking(desk: Office) -> tuple[int, str]:
    """A change with one finding that wants a waiver, and its fingerprint."""
    found = await desk.pushed("ada", BREAKING)
    [fingerprint] = next(each.needs for each in found.conditions if each.id == "waived:breaking")
    return found.change, fingerprint


async def grant(desk: Office, member: str, waiver: Waiver) -> Waiver | Refusal:
    return await desk.room.waivers.grant(await desk.who(member), waiver.number, waiver.etag, "agreed")


async def back_again(desk: Office) -> None:
    """What change 1 published is rolled back; its waiver holds on."""
    base = (await desk.view(1)).assessment.base
    assert base is not None
    rollbacks = Rollbacks(desk.catalog.publisher, desk.room.examiner, desk.room.reaches)
    done = await rollbacks.roll_back(await desk.who("ada"), "books", base, "it broke them")
    assert isinstance(done, Rollback)


async def test_a_granted_waiver_publishes_what_it_alone_held_back(desk: Office) -> None:
    number, fingerprint = await breaking(desk)
    waiver = await asked(desk, fingerprint, consumers=("reading-club",))
    assert isinstance(waiver, Waiver)
    assert (waiver.state, waiver.rule, waiver.consumers) == (
        "requested",
        "request-maximum-narrowed",
        ("reading-club",),
    )
    granted = await grant(desk, "omar", waiver)
    assert isinstance(granted, Waiver)
    assert (granted.state, granted.decided_by, granted.decision) == ("granted", "omar", "agreed")
    view = await desk.view(number)
    assert (view.change.state, desk.maximum()) == ("published", 50)
    assert [each.waived for each in view.assessment.changes] == [waiver.number]
    told = [(each.action, each.actor) for each in await desk.events("waiver")]
    assert told == [("requested", "ada"), ("granted", "omar")]


async def test_nobody_grants_what_they_asked_for_or_what_lets_their_own_change_pass(desk: Office) -> None:
    _, fingerprint = await breaking(desk)
    own = await asked(desk, fingerprint, member="omar")
    assert isinstance(own, Waiver)
    refused = await grant(desk, "omar", own)
    assert isinstance(refused, Refusal)
    assert refused.id == "own-change"
    await desk.pushed("otto", (BOOKS, "summary: List books", "summary: List some books"))
    refused = await grant(desk, "otto", own)
    assert isinstance(refused, Refusal)
    assert (refused.id, refused.members["authors"]) == ("own-change", ["ada", "omar", "otto"])
    assert desk.maximum() == 100


async def test_a_waiver_lets_nothing_of_a_later_change_pass_of_whoever_granted_it(desk: Office) -> None:
    _, fingerprint = await breaking(desk)
    waiver = await asked(desk, fingerprint)
    assert isinstance(waiver, Waiver)
    assert isinstance(await grant(desk, "omar", waiver), Waiver)
    await back_again(desk)
    assert desk.maximum() == 100
    own = await desk.pushed("omar")
    assert (own.outcome, desk.maximum()) == ("proposed", 100)
    [condition] = [each for each in own.conditions if not each.met]
    assert (condition.id, condition.needs) == ("waived:breaking", (fingerprint,))
    assert condition.text.endswith("; waiver 1 of an author does not count for their own change")
    again = await asked(desk, fingerprint)
    assert isinstance(again, Waiver)
    assert isinstance(await grant(desk, "otto", again), Waiver)
    assert desk.maximum() == 50


async def test_the_same_waiver_holds_for_the_next_change_of_somebody_else(desk: Office) -> None:
    _, fingerprint = await breaking(desk)
    waiver = await asked(desk, fingerprint)
    assert isinstance(waiver, Waiver)
    assert isinstance(await grant(desk, "omar", waiver), Waiver)
    await back_again(desk)
    assert (await desk.pushed("bea")).outcome == "published"


async def test_a_waiver_lets_nothing_else_pass_that_happens_at_the_same_place_later(desk: Office) -> None:
    _, fingerprint = await breaking(desk)
    waiver = await asked(desk, fingerprint)
    assert isinstance(waiver, Waiver)
    assert isinstance(await grant(desk, "omar", waiver), Waiver)
    assert desk.maximum() == 50
    further = await desk.pushed("bea", (BOOKS, "maximum: 50, default: 20", "maximum: 20, default: 20"))
    assert (further.outcome, desk.maximum()) == ("proposed", 50)
    [condition] = [each for each in further.conditions if not each.met]
    assert (condition.id, condition.needs) == ("waived:breaking", (fingerprint,))
    assert condition.text.endswith("; waiver 1 is of another change at the same place")
    again = await asked(desk, fingerprint)
    assert isinstance(again, Waiver)
    assert isinstance(await grant(desk, "omar", again), Waiver)
    assert desk.maximum() == 20


async def test_a_request_from_before_another_push_is_not_granted(desk: Office) -> None:
    number, fingerprint = await breaking(desk)
    before = await asked(desk, fingerprint)
    assert isinstance(before, Waiver)
    await desk.pushed("ada", (BOOKS, "maximum: 50, default: 20", "maximum: 20, default: 20"))
    changed = await grant(desk, "omar", before)
    assert isinstance(changed, Refusal)
    assert changed.id == "state-conflict"
    before_and_now = changed.detail.partition(" Now it is another, which needs a waiver of its own: ")
    assert before_and_now[0].startswith("The waiver was asked for what the change was before: `maximum` went")
    assert "from `100` to `50`" in before_and_now[0]
    assert "from `100` to `20`" in before_and_now[2]
    assert (await desk.unmet(number), desk.maximum()) == ({"waived:breaking"}, 100)
    assert [each.action for each in await desk.events("waiver")] == ["requested"]


async def test_a_request_whose_finding_is_gone_is_refused_and_not_granted(desk: Office) -> None:
    _, fingerprint = await breaking(desk)
    waiver = await asked(desk, fingerprint)
    assert isinstance(waiver, Waiver)
    assert (await desk.pushed("ada", (BOOKS, BREAKING[2], COMPATIBLE[2]))).outcome == "published"
    gone = await grant(desk, "omar", waiver)
    assert isinstance(gone, Refusal)
    assert (gone.id, gone.detail) == (
        "state-conflict",
        "The finding is gone since the waiver was asked for: there is nothing that it would let pass.",
    )
    refused = await desk.room.waivers.refuse(await desk.who("omar"), waiver.number, waiver.etag, "it is mended")
    assert isinstance(refused, Waiver)
    assert refused.state == "refused"


async def test_a_waiver_in_the_name_of_an_author_counts_no_more_than_their_own(desk: Office) -> None:
    _, fingerprint = await breaking(desk)
    waiver = await asked(desk, fingerprint)
    assert isinstance(waiver, Waiver)
    members, until = desk.catalog.directory.members, int(desk.now) + DAY
    await desk.catalog.delegations.grant(await desk.who("omar"), members, "sara", "architect", until, "on leave")
    granted = await grant(desk, "sara", waiver)
    assert isinstance(granted, Waiver)
    assert (granted.decided_by, granted.giver, desk.maximum()) == ("sara", "omar", 50)
    decided = DelegatedDecisions(desk.store)
    [decision] = await decided.list()
    assert (decision.giver, decision.receiver, decision.at) == ("omar", "sara", granted.decided_at)
    assert (decision.subject, decision.object, decision.action) == ("waiver", str(granted.number), "granted")
    assert await decided.list("omar") == (decision,)
    assert await decided.list("sara") == ()
    await back_again(desk)
    own = await desk.pushed("omar")
    assert (own.outcome, desk.maximum()) == ("proposed", 100)
    [condition] = [each for each in own.conditions if not each.met]
    assert condition.text.endswith("; waiver 1 of an author does not count for their own change")


async def test_an_approval_from_before_a_waiver_counts_no_more_and_the_condition_says_so(desk: Office) -> None:
    desk.edit(CRITICAL)
    number, fingerprint = await breaking(desk)
    waiver = await asked(desk, fingerprint)
    assert isinstance(waiver, Waiver)
    assert not isinstance(await desk.approve("otto", number), Refusal)
    assert isinstance(await grant(desk, "omar", waiver), Waiver)
    view = await desk.view(number)
    [condition] = [each for each in view.conditions if each.id == "approvals:architect"]
    assert not condition.met
    assert condition.text.endswith("; otto approved it as it was before, which does not count for what it is now")
    assert not isinstance(await desk.approve("otto", number), Refusal)
    [condition] = [each for each in (await desk.view(number)).conditions if each.id == "approvals:architect"]
    assert condition.text.endswith("; otto did")


async def test_who_may_not_grant(desk: Office) -> None:
    _, fingerprint = await breaking(desk)
    waiver = await asked(desk, fingerprint)
    assert isinstance(waiver, Waiver)
    for member in ("bea", "sara", "paul"):
        refused = await grant(desk, member, waiver)
        assert isinstance(refused, Refusal)
        assert (refused.id, refused.members["roles"]) == ("role-missing", ["architect"])
        said = "A waiver for 'books' is decided by members with the role architect."
        assert refused.detail == f"{said} {member} is none of them."


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, True), (180, True), (181, False)])
async def test_a_waiver_ends_within_what_the_estate_allows(desk: Office, days: int, fits: bool) -> None:
    _, fingerprint = await breaking(desk)
    answer = await asked(desk, fingerprint, days=days)
    assert isinstance(answer, Waiver) is fits
    if isinstance(answer, Refusal):
        assert answer.members["violations"][0]["pointer"] == "/expires"


async def test_a_waiver_is_of_a_finding_that_is_there_and_asked_for_once(desk: Office) -> None:
    _, fingerprint = await breaking(desk)
    nothing = await asked(desk, "a" + "0" * 15)
    assert isinstance(nothing, Refusal)
    assert nothing.id == "resource-not-found"
    unknown = await asked(desk, fingerprint, consumers=("nobody",))
    assert isinstance(unknown, Refusal)
    assert unknown.members["violations"][0]["pointer"] == "/consumers"
    assert isinstance(await asked(desk, fingerprint), Waiver)
    twice = await asked(desk, fingerprint)
    assert isinstance(twice, Refusal)
    assert twice.id == "state-conflict"


async def test_two_who_decide_about_a_waiver_at_once_never_both_win(desk: Office) -> None:
    _, fingerprint = await breaking(desk)
    waiver = await asked(desk, fingerprint)
    assert isinstance(waiver, Waiver)
    omar, otto = await desk.who("omar"), await desk.who("otto")
    answers = await asyncio.gather(
        desk.room.waivers.grant(omar, waiver.number, waiver.etag, "yes"),
        desk.room.waivers.refuse(otto, waiver.number, waiver.etag, "no"),
    )
    assert sorted(type(each).__name__ for each in answers) == ["Refusal", "Waiver"]
    assert len(await desk.events("waiver")) == 2


async def test_a_waiver_that_was_revoked_lets_nothing_pass(desk: Office) -> None:
    desk.edit(CRITICAL)
    number, fingerprint = await breaking(desk)
    waiver = await asked(desk, fingerprint)
    assert isinstance(waiver, Waiver)
    granted = await grant(desk, "omar", waiver)
    assert isinstance(granted, Waiver)
    assert await desk.unmet(number) == {"approvals:architect"}
    seen = (await desk.view(number)).etag
    revoke = desk.room.waivers.revoke
    refused = await revoke(await desk.who("bea"), waiver.number, granted.etag, "no")
    assert isinstance(refused, Refusal)
    assert refused.id == "role-missing"
    revoked = await revoke(await desk.who("sara"), waiver.number, granted.etag, "it was a mistake")
    assert isinstance(revoked, Waiver)
    assert revoked.state == "revoked"
    assert await desk.unmet(number) == {"waived:breaking", "approvals:architect"}
    stale = await desk.approve("otto", number, seen)
    assert isinstance(stale, Refusal)
    assert stale.id == "state-conflict"


async def test_an_ended_waiver_of_what_is_still_there_blocks_the_next_publication(desk: Office) -> None:
    found = await desk.pushed("ada", MISLEADING)
    fingerprint = await _lint_error(desk, found.change)
    waiver = await asked(desk, fingerprint, days=20)
    assert isinstance(waiver, Waiver)
    await grant(desk, "omar", waiver)
    assert (await desk.view(found.change)).change.state == "published"

    desk.now += 7 * DAY  # 13 days are left, and the estate announces an end 14 days before
    for _ in range(2):
        await desk.room.keeper.round()
    # Ada asked for it, and is told as the owner already.
    assert await desk.notices(f"waiver/{waiver.number}") == [f"waiver-ending:{waiver.number}:owner"]
    assert (await desk.pushed("ada", (BOOKS, "maximum: 100", "maximum: 110"))).outcome == "published"

    desk.now += 14 * DAY
    for _ in range(2):
        await desk.room.keeper.round()
    assert [(each.action, each.actor) for each in await desk.events("waiver")][2:] == [("expired", "catalog")]
    late = await desk.pushed("ada", (BOOKS, "maximum: 110", "maximum: 120"))
    assert await desk.unmet(late.change) == {"waivers-expired"}

    anew = await asked(desk, fingerprint, days=60)
    assert isinstance(anew, Waiver)
    await grant(desk, "otto", anew)
    assert (await desk.view(late.change)).change.state == "published"


async def test_what_was_mended_needs_no_waiver_any_more(desk: Office) -> None:
    found = await desk.pushed("ada", MISLEADING)
    fingerprint = await _lint_error(desk, found.change)
    waiver = await asked(desk, fingerprint, days=1)
    assert isinstance(waiver, Waiver)
    await grant(desk, "omar", waiver)
    desk.now += 3 * DAY
    mended = (BOOKS, MISLEADING[2], MISLEADING[1])
    assert (await desk.pushed("ada", mended, COMPATIBLE)).outcome == "published"


async def _lint_error(desk: Office, change: int) -> str:
    """The one new finding for which the change waits."""
    [needs] = [each.needs for each in (await desk.view(change)).conditions if not each.met]
    [fingerprint] = needs
    return fingerprint
