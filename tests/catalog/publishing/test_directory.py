"""A directory decides: each good state of it is recorded, and what it compiles to is approved."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from catalog.key_files import load_keys
from catalog.publishing.published import Published
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from contracts.snapshot import entry_digest
from tests.catalog.publishing.governed import ACT, Governed
from tests.support.two_apis import write_two_apis


@pytest.fixture
async def world(tmp_path: Path, store_url: str) -> AsyncIterator[Governed]:
    store = Store.open(store_url)
    await store.migrate()
    world = Governed(write_two_apis(tmp_path / "estate"), store, load_keys(tmp_path / "keys"))
    await world.start(directory=True)
    yield world
    await store.close()


def rename(world: Governed, api: str, old: str, new: str) -> None:
    file = world.root / "apis" / api / "api.yaml"
    file.write_text(file.read_text().replace(f"title: {old}", f"title: {new}"))


async def test_the_first_publication_records_every_unit_and_approves_every_entry(world: Governed) -> None:
    assert sorted(world.publisher.pointers) == ["books", "estate", "films"]
    assert await world.files("books") == {
        name: (world.root / name).read_bytes() for name in ("apis/books/api.yaml", "apis/books/v1.openapi.yaml")
    }
    for version in world.published.contracts.versions:
        approval = world.approval(version.api)
        assert approval is not None
        assert approval.is_signed(world.keys.snapshot.public_key())
        assert (approval.entry, approval.basis) == (entry_digest(version), "directory")
        assert approval.revision == world.publisher.pointers[version.api].revision
    assert {(each.action, each.object, each.actor) for each in await world.events("unit")} == {
        ("recorded", unit, "catalog") for unit in ("books", "estate", "films")
    }


async def test_nothing_new_is_nothing_new(world: Governed) -> None:
    before, events = world.published, len(await world.events("unit"))
    for _ in range(2):
        await world.start(directory=True)
        assert world.published == before
    assert len(await world.events("unit")) == events


async def test_a_change_moves_its_unit_alone(world: Governed) -> None:
    before = dict(world.publisher.pointers)
    world.now += 10
    rename(world, "books", "Books", "Tomes")
    assert (await world.publisher.publish()).changed
    after = world.publisher.pointers
    assert {unit for unit in after if after[unit] != before[unit]} == {"books"}
    [last, first] = await world.publisher.planner.revisions.history("books")
    assert (last.previous, last.revision) == (before["books"].revision, after["books"].revision)
    assert (last.kind, last.serial, last.at) == ("directory", world.published.manifest.serial, int(world.now))
    assert first.previous is None


async def test_an_api_that_is_gone_is_recorded_as_removed_and_can_come_back(world: Governed) -> None:
    folder, away = world.root / "apis" / "films", world.root.parent / "films"
    was = world.publisher.pointers["films"].revision
    folder.rename(away)
    await world.publisher.publish()
    assert world.publisher.pointers["films"].revision is None
    assert {each.api for each in world.published.contracts.versions} == {"books"}
    assert (await world.events("unit"))[-1].action == "removed"
    await world.publisher.publish()
    away.rename(folder)
    await world.publisher.publish()
    assert world.publisher.pointers["films"].revision == was
    assert world.publisher.pointers["films"].version == 3


async def test_a_broken_directory_records_nothing_and_who_may_act_is_still_known(world: Governed) -> None:
    before = world.published
    teams = world.publisher.estate
    (world.root / "apis" / "books" / "api.yaml").write_text("title: Books\n")
    publisher = await world.start(directory=True)
    assert publisher.last is not None
    assert not publisher.last.ok
    assert publisher.current == before
    assert teams is not None
    assert publisher.estate is not None
    assert publisher.estate.teams == teams.teams


async def test_what_cannot_be_recorded_is_not_published(world: Governed) -> None:
    before = world.published
    shared = world.root / "common" / "isbn.yaml"
    shared.rename(shared.with_name(".isbn.yaml"))
    contract = world.root / "apis" / "films" / "v1.openapi.yaml"
    contract.write_text(contract.read_text().replace("isbn.yaml", ".isbn.yaml"))
    outcome = await world.publisher.publish()
    assert not outcome.ok
    assert "cannot be recorded: the path 'common/.isbn.yaml'" in outcome.reason
    assert world.published is before


async def test_nobody_else_moves_a_unit_while_a_directory_decides(world: Governed) -> None:
    before = world.published
    refusal = await world.publisher.advance({"films": None}, ACT)
    assert isinstance(refusal, Refusal)
    assert refusal.id == "directory-governs"
    assert refusal.problem().status == 409
    assert world.published is before


async def test_a_store_that_was_altered_is_put_right_by_the_directory(world: Governed) -> None:
    async with world.store.write() as connection:
        await connection.exec_driver_sql("UPDATE current_revisions SET version = 7 WHERE unit = 'books'")
        await connection.exec_driver_sql("UPDATE approvals SET change = 'x' WHERE api = 'films'")
    await world.start(directory=True)
    key = world.keys.snapshot.public_key()
    assert world.publisher.pointers["books"].is_signed(key)
    approval = world.approval("films")
    assert approval is not None
    assert approval.is_signed(key)
    started: Published = world.published
    await world.start()
    assert world.published == started
    assert world.publisher.held == {}
