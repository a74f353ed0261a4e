"""APIs that lose their owner: shown by the change that leaves them alone, and told to those who can mend it."""

from catalog.notices.outbox import Outbox
from catalog.ownership.orphan_notices import OrphanRounds
from tests.catalog.changes.office import TEAMS, Office

DAY = 86_400
OWNERS = (
    "      ada: { name: Ada Example, email: ada@example.com, roles: [api-owner] }\n"
    "      bea: { name: Bea Example, email: bea@example.com, roles: [api-owner] }\n"
)
HEIR = "      ada: { name: Ada Example, email: ada@example.com, roles: [partner-developer] }\n"


async def test_the_change_that_leaves_an_api_alone_says_so(desk: Office) -> None:
    left = await desk.pushed("omar", (TEAMS, OWNERS, HEIR))
    assert left.assessment is not None
    found = {(each.rule, each.file, each.new) for each in left.assessment.lint if each.new}
    assert found == {("owner-role-missing", f"apis/{name}/api.yaml", True) for name in ("books", "films")}
    assert await desk.unmet(left.change) == {"approvals:architect+operator", "approvals:security"}
    renamed = await desk.pushed("omar", (TEAMS, "title: Platform", "title: Platforms"))
    assert renamed.assessment is not None
    assert [each.rule for each in renamed.assessment.lint if each.new] == ["owner-role-missing"] * 2


async def test_an_orphan_is_told_when_it_is_found_and_once_a_month(desk: Office) -> None:
    rounds = OrphanRounds(desk.store, lambda: desk.catalog.publisher.estate, desk.clock)
    assert await rounds.make() == 0
    left = await desk.pushed("omar", (TEAMS, OWNERS, HEIR))
    for member in ("otto", "sara"):
        await desk.approve(member, left.change)
    assert [await rounds.make() for _ in range(2)] == [2, 0]
    [posted] = await Outbox(desk.store).list(about="api/books")
    assert posted.notice.subject == "Nobody answers for books"
    assert posted.notice.body.startswith(
        "Team 'books' owns API 'books' and has no member with the role 'api-owner'."
    )
    assert posted.notice.recipients == ("omar@example.com", "otto@example.com")
    desk.now += 31 * DAY
    assert [await rounds.make() for _ in range(2)] == [2, 0]
