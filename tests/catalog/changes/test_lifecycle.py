"""A version's life: a draft, published, deprecated, taken back, and retired only when the calendar lets it."""

from datetime import UTC, datetime

from catalog.changes.proposing import Proposed
from catalog.changes.records import ChangeView
from catalog.refusal import Refusal
from tests.catalog.changes.office import BOOKS_API, ESTATE, Office
from tests.support.two_apis import BOOKS

DAY = 86_400
CALENDAR = "state: deprecated\n    deprecation: 2026-12-01\n    sunset: 2027-06-01\n    successor: v2 #"
V2 = "apis/books/v2.openapi.yaml"


async def with_draft(desk: Office) -> Proposed:
    """Books get a second version, which nobody can call yet."""
    text = (desk.root / BOOKS).read_text().replace("/books/v1", "/books/v2")
    (desk.root / V2).write_text(text)
    return await desk.pushed("ada", (BOOKS_API, "versions:\n", "versions:\n  v2: { state: draft }\n"))


def state(desk: Office, version: str) -> str | None:
    current = desk.catalog.publisher.current
    assert current is not None
    found = (each for each in current.contracts.versions if (each.api, each.version) == ("books", version))
    return next((each.lifecycle.state for each in found), None)


async def approved(desk: Office, found: Proposed) -> None:
    assert await desk.unmet(found.change) == {"approvals:architect"}
    view = await desk.approve("omar", found.change)
    assert isinstance(view, ChangeView)
    assert view.change.state == "published"


async def test_a_draft_is_changed_at_will_and_published_when_it_is_ready(desk: Office) -> None:
    assert (await with_draft(desk)).outcome == "published"
    assert state(desk, "v2") is None
    narrowed = await desk.pushed("ada", (V2, "maximum: 100, default: 20", "maximum: 10, default: 10"))
    assert narrowed.outcome == "published"
    assert narrowed.assessment is not None
    assert narrowed.assessment.changes == ()
    ready = await desk.pushed("ada", (BOOKS_API, "v2: { state: draft }", "v2: { state: published }"))
    assert (ready.outcome, state(desk, "v2")) == ("published", "published")
    assert ready.assessment is not None
    assert ready.assessment.touches == ("new-version",)
    breaks = await desk.pushed("ada", (V2, "maximum: 10, default: 10", "maximum: 9, default: 9"))
    assert (await desk.unmet(breaks.change)) == {"waived:breaking"}


async def test_a_deprecation_is_decided_and_taken_back_by_a_decision(desk: Office) -> None:
    await with_draft(desk)
    await desk.pushed("ada", (BOOKS_API, "v2: { state: draft }", "v2: { state: published }"))
    ends = await desk.pushed("ada", (BOOKS_API, "state: published #", CALENDAR))
    await approved(desk, ends)
    assert state(desk, "v1") == "deprecated"
    back = await desk.pushed("ada", (BOOKS_API, CALENDAR, "state: published #"))
    assert back.assessment is not None
    assert back.assessment.touches == ("reinstatement",)
    await approved(desk, back)
    assert state(desk, "v1") == "published"


async def test_a_version_that_is_served_becomes_no_draft(desk: Office) -> None:
    found = await desk.pushed("ada", (BOOKS_API, "state: published #", "state: draft #"))
    assert "withdrawal" in await desk.unmet(found.change)
    refused = await desk.room.decisions.publish(await desk.who("omar"), found.change)
    assert isinstance(refused, Refusal)
    assert refused.id == "conditions-unmet"
    assert state(desk, "v1") == "published"


async def test_a_version_is_retired_only_after_its_end_and_silence(desk: Office) -> None:
    await with_draft(desk)
    await desk.pushed("ada", (BOOKS_API, "v2: { state: draft }", "v2: { state: published }"))
    await approved(desk, await desk.pushed("ada", (BOOKS_API, "state: published #", CALENDAR)))
    found = await desk.pushed("ada", (BOOKS_API, "state: deprecated", "state: retired"))
    assert await desk.unmet(found.change) == {"approvals:architect", "sunset:books/v1", "quiet:books/v1"}
    view = await desk.approve("omar", found.change)
    assert isinstance(view, ChangeView)
    assert view.change.state == "approved"
    desk.now += 200 * DAY
    # Past the end; but nobody listened, and silence before anybody listens is no evidence.
    assert await desk.unmet(found.change) == {"quiet:books/v1"}
    assert state(desk, "v1") == "deprecated"


async def test_a_policy_announces_its_brown_outs_in_time_as_an_api_does(desk: Office) -> None:
    await with_draft(desk)
    await desk.pushed("ada", (BOOKS_API, "v2: { state: draft }", "v2: { state: published }"))
    await approved(desk, await desk.pushed("ada", (BOOKS_API, "state: published #", CALENDAR)))
    desk.now = datetime(2026, 12, 2, 10, 0, 1, tzinfo=UTC).timestamp()
    policy = "deprecation-policy: { notice-days: 90, brown-outs: [{ days-before: 180, minutes: 60 }] }"
    with (desk.root / ESTATE).open("a") as estate:
        estate.write(f"{policy}\n")
    tomorrow = await desk.pushed("omar")
    [condition] = [each for each in tomorrow.conditions if each.id.startswith("brown-out:")]
    assert (condition.id, condition.met) == ("brown-out:books/v1", False)
    assert condition.text.startswith("books v1 refuses every call from 3 December 2026, 10:00 UTC")
    later = await desk.pushed("omar", (ESTATE, "days-before: 180", "days-before: 179"))
    assert [each.met for each in later.conditions if each.id == "brown-out:books/v1"] == [True]
    # Only windows are judged: a policy without them asks nothing of any version.
    none = await desk.pushed("omar", (ESTATE, ", brown-outs: [{ days-before: 179, minutes: 60 }]", ""))
    assert not [each for each in none.conditions if each.id.startswith("brown-out:")]
