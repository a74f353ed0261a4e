"""Pushes: what becomes of an estate's files, and of files that are none."""

from pathlib import Path

import pytest

from catalog.changes.proposing import PushResult
from catalog.refusal import Refusal
from tests.catalog.changes.office import (
    BOOKS_API,
    BREAKING,
    BROKEN,
    COMPATIBLE,
    CONSUMERS,
    ESTATE,
    FILMS_API,
    TEAMS,
    Office,
    office,
)
from tests.support.two_apis import BOOKS, FILMS, SHARED


def outcomes(result: PushResult | Refusal) -> dict[str, str]:
    assert isinstance(result, PushResult), result
    return {each.unit: each.outcome for each in result.units}


async def test_a_push_of_what_is_in_force_changes_nothing(desk: Office) -> None:
    before = desk.catalog.publisher.current
    assert outcomes(await desk.push("ada")) == {"books": "unchanged", "estate": "unchanged", "films": "unchanged"}
    assert desk.catalog.publisher.current is before
    assert await desk.events("change") == []


async def test_a_compatible_change_is_published_at_once_and_the_same_push_again_is_nothing(desk: Office) -> None:
    found = await desk.pushed("ada", COMPATIBLE)
    assert (found.outcome, desk.maximum()) == ("published", 200)
    change = (await desk.view(found.change)).change
    assert (change.state, change.authors, change.revision) == ("published", ("ada",), found.revision)
    assert outcomes(await desk.push("ada"))["books"] == "unchanged"
    told = [(each.action, each.object, each.actor, each.after) for each in await desk.events("change")]
    assert told == [
        ("proposed", "1", "ada", found.revision),
        ("published", "1", "ada", found.revision),
    ]
    approval = next(each for each in _approvals(desk) if each.api == "books")
    assert (approval.basis, approval.change, approval.revision) == ("change", "1", found.revision)


async def test_a_breaking_change_waits_and_the_same_push_again_is_nothing(desk: Office) -> None:
    found = await desk.pushed("ada", BREAKING)
    assert (found.outcome, desk.maximum()) == ("proposed", 100)
    assert await desk.unmet(found.change) == {"waived:breaking"}
    assert outcomes(await desk.push("bea"))["books"] == "known"
    assert (await desk.view(found.change)).change.authors == ("ada",)
    assert len(await desk.events("change")) == 1


async def test_another_push_to_the_same_unit_replaces_the_revision_and_has_two_authors(desk: Office) -> None:
    first = await desk.pushed("ada", BREAKING)
    second = await desk.pushed("bea", (BOOKS, "summary: List books", "summary: List some books"))
    assert (second.outcome, second.change) == ("replaced", first.change)
    change = (await desk.view(first.change)).change
    assert (change.authors, change.revision) == (("ada", "bea"), second.revision)
    assert [each.action for each in await desk.events("change")] == ["proposed", "replaced"]


async def test_what_is_undone_by_a_push_leaves_the_open_change_to_be_withdrawn(desk: Office) -> None:
    first = await desk.pushed("ada", BREAKING)
    desk.edit((BOOKS, "maximum: 50", "maximum: 100"))
    result = await desk.push("ada")
    assert isinstance(result, PushResult)
    books = next(each for each in result.units if each.unit == "books")
    assert (books.outcome, books.change) == ("unchanged", first.change)


async def test_a_dry_run_says_what_would_be_and_stores_nothing(desk: Office) -> None:
    desk.edit(COMPATIBLE, (TEAMS, "roles: [security]", "roles: [security, architect]"))
    result = await desk.push("omar", dry_run=True)
    assert outcomes(result) == {"books": "published", "estate": "proposed", "films": "unchanged"}
    assert await desk.room.table.list() == ()
    assert await desk.events("change") == []
    assert desk.maximum() == 100


async def test_each_unit_of_a_push_is_a_change_of_its_own(desk: Office) -> None:
    desk.edit(COMPATIBLE, (FILMS, "maximum: 100, default: 20", "maximum: 50, default: 20"))
    result = await desk.push("omar")
    assert outcomes(result) == {"books": "published", "estate": "unchanged", "films": "proposed"}


async def test_a_shared_file_is_changed_for_each_api_by_itself(desk: Office) -> None:
    desk.edit((SHARED, "maxLength: 13", "maxLength: 17"))
    assert outcomes(await desk.push("ada"))["films"] == "published"
    before = desk.catalog.publisher.pointers["books"]
    desk.edit((SHARED, "maxLength: 17", "maxLength: 12"))
    assert outcomes(await desk.push("ada"))["films"] == "proposed"
    assert desk.catalog.publisher.pointers["books"] == before


async def test_a_push_of_one_api_alone_leaves_the_others(desk: Office) -> None:
    desk.edit(COMPATIBLE, (FILMS_API, "title: Films", "title: Pictures"))
    assert outcomes(await desk.push("ada", only=["books"])) == {"books": "published"}
    files = {path: data for path, data in desk.files().items() if path.startswith("apis/films/")}
    assert outcomes(await desk.push("ada", files=files)) == {"films": "published"}


async def test_an_api_is_taken_away_only_with_prune_and_when_nobody_is_subscribed(desk: Office) -> None:
    files = {path: data for path, data in desk.files().items() if not path.startswith("apis/films/")}
    assert outcomes(await desk.push("omar", files=files)) == {"books": "unchanged", "estate": "unchanged"}
    result = await desk.push("omar", files=files, prune=True)
    assert outcomes(result) == {"books": "unchanged", "estate": "unchanged", "films": "proposed"}
    change = next(each.change for each in result.units if each.unit == "films")
    wanted = {"waived:breaking", "approvals:architect", "sunset:films/v1", "quiet:films/v1"}
    assert await desk.unmet(change) == wanted
    view = await desk.view(change)
    assert [each.rule for each in view.assessment.changes] == ["api-version-removed"]
    assert view.change.revision is None


async def test_an_api_that_needs_a_new_upstream_waits_for_the_estate(desk: Office) -> None:
    desk.edit(
        (ESTATE, "upstreams:\n", "upstreams:\n  archive: { url: 'http://127.0.0.1:9001' }\n"),
        (FILMS_API, "upstream: bookshop", "upstream: archive"),
    )
    result = await desk.push("omar")
    assert outcomes(result) == {"books": "unchanged", "estate": "proposed", "films": "proposed"}
    numbers = {each.unit: each.change for each in result.units}
    assert await desk.unmet(numbers["films"]) == {"sound"}
    view = await desk.approve("otto", numbers["estate"])
    assert not isinstance(view, Refusal)
    await desk.room.keeper.round()
    assert {(await desk.view(each)).change.state for each in numbers.values() if each} == {"published"}


async def test_a_push_that_does_not_compile_is_refused_with_all_that_is_wrong(desk: Office) -> None:
    desk.edit(BROKEN, (FILMS_API, "upstream: bookshop", "upstream: nowhere"), COMPATIBLE)
    refused = await desk.push("ada")
    assert isinstance(refused, Refusal)
    assert refused.id == "estate-invalid"
    found = {(each["file"], each["rule"]) for each in refused.members["findings"]}
    assert found == {("apis/films/api.yaml", "unknown-upstream"), (BOOKS, "operation-id-duplicate")}
    assert all(each["line"] and each["column"] and each["pointer"] for each in refused.members["findings"])
    assert await desk.room.table.list() == ()
    assert desk.maximum() == 100


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("../evil.yaml", "begins with a dot"),
        ("/etc/passwd", "not relative"),
        ("apis/../../x.yaml", "begins with a dot"),
        ("apis/books/.git/config", "begins with a dot"),
        ("a\\b.yaml", "has a character"),
        ("x" * 256, "longer than"),
    ],
)
async def test_a_path_that_leads_elsewhere_is_refused(desk: Office, path: str, said: str) -> None:
    refused = await desk.push("ada", files={**desk.files(), path: b"x: 1\n"})
    assert isinstance(refused, Refusal)
    assert refused.id == "schema-violation"
    [violation] = refused.members["violations"]
    assert said in violation["message"]


async def test_too_many_and_too_large_files_are_refused(desk: Office) -> None:
    many = await desk.push("ada", files={f"common/{number}.yaml": b"" for number in range(5001)})
    large = await desk.push("ada", files={"common/large.yaml": b" " * (10 * 1024 * 1024 + 1)})
    for refused in (many, large):
        assert isinstance(refused, Refusal)
        assert refused.id == "schema-violation"


async def test_a_path_that_an_api_in_force_has_is_not_claimed_again(desk: Office) -> None:
    """Only what a push changes is compiled anew; the claims of the others count all the same."""
    folder = desk.root / "apis" / "tomes"
    folder.mkdir()
    (folder / "api.yaml").write_text((desk.root / BOOKS_API).read_text().replace("[book]", "[tome]"))
    (folder / "v1.openapi.yaml").write_text((desk.root / BOOKS).read_text())
    for only in (None, ["tomes"]):
        refused = await desk.push("omar", only=only)
        assert isinstance(refused, Refusal)
        claimed = [each for each in refused.members["findings"] if each["rule"] == "path-claimed-twice"]
        assert {each["pointer"] for each in claimed} == {"/paths/~1books", "/paths/~1books~1{isbn}"}
        assert {each["file"] for each in claimed} == {"apis/tomes/v1.openapi.yaml"}
        assert all(each["line"] and each["column"] for each in claimed)


async def test_an_api_without_its_api_yaml_is_no_push(desk: Office) -> None:
    refused = await desk.push("ada", files={BOOKS: desk.files()[BOOKS]})
    assert isinstance(refused, Refusal)
    assert [each["file"] for each in refused.members["findings"]] == [BOOKS_API]


async def test_files_that_no_unit_refers_to_are_named(desk: Office) -> None:
    result = await desk.push("ada", files={**desk.files(), "common/leftover.yaml": b"x: 1\n"})
    assert isinstance(result, PushResult)
    assert result.unused == ("common/leftover.yaml",)


async def test_who_may_propose(desk: Office) -> None:
    desk.edit(COMPATIBLE)
    for member in ("paul", "sara"):
        refused = await desk.push(member)
        assert isinstance(refused, Refusal)
        assert refused.id == "role-missing"
        assert refused.members["roles"] == ["api-owner", "architect", "operator"]
    desk.edit((CONSUMERS, "The Reading Club", "A Reading Club"))
    refused = await desk.push("ada")
    assert isinstance(refused, Refusal)
    assert refused.members["roles"] == ["architect", "operator", "security"]
    assert await desk.room.table.list() == ()


async def test_a_new_api_wants_an_architect(desk: Office) -> None:
    folder = desk.root / "apis" / "games"
    folder.mkdir()
    (folder / "api.yaml").write_text(
        (desk.root / BOOKS_API).read_text().replace("Books", "Games").replace("[book]", "[game]")
    )
    (folder / "v1.openapi.yaml").write_text((desk.root / BOOKS).read_text().replace("/books", "/games"))
    found = await desk.pushed("ada")
    assert (found.unit, found.outcome) == ("games", "proposed")
    assert await desk.unmet(found.change) == {"approvals:architect"}
    view = await desk.approve("otto", found.change)
    assert not isinstance(view, Refusal)
    assert view.change.state == "published"
    assert desk.catalog.publisher.estate is not None
    assert sorted(desk.catalog.publisher.estate.apis) == ["books", "films", "games"]


async def test_a_catalog_that_publishes_a_directory_takes_no_push(tmp_path: Path, store_url: str) -> None:
    async with office(tmp_path, store_url) as made:
        await made.start(directory=True)
        refused = await made.push("ada")
        assert isinstance(refused, Refusal)
        assert refused.id == "directory-governs"


def _approvals(desk: Office) -> tuple[object, ...]:
    current = desk.catalog.publisher.current
    assert current is not None
    return current.contracts.approvals
