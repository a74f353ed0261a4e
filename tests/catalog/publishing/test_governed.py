"""The store decides: revisions in force are compiled, and move in one transaction with what belongs to it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.publishing import compilation
from catalog.publishing.published import Published
from catalog.refusal import Refusal
from catalog.revisions.acts import Act
from catalog.storage.snapshots import add_snapshot
from catalog.storage.tables.revisions import approvals, publications
from catalog.storage.tables.snapshots import parts
from contracts.approvals import Basis
from contracts.estate.rules import RULES
from contracts.findings import Finding, Place
from contracts.snapshot import AccessPart, ContractsPart, encode_part, entry_digest, sign
from tests.catalog.publishing.governed import ACT, Governed, governed
from tests.support.two_apis import FILMS, SHARED

BOOKS_FILE, FILMS_FILE = "apis/books/api.yaml", "apis/films/api.yaml"


@pytest.fixture
async def world(tmp_path: Path, store_url: str) -> AsyncIterator[Governed]:
    async with governed(tmp_path, store_url) as world:
        yield world


async def renamed(world: Governed, api: str, new: str, **changes: Any) -> Published | Refusal:
    """Puts the API in force under another title."""
    path = f"apis/{api}/api.yaml"
    digest = await world.put(api, (path, f"title: {world.title(api)}", f"title: {new}"))
    return await world.publisher.advance({api: digest}, ACT, **changes)


async def count(world: Governed, table: sa.Table) -> int:
    row = await world.store.one(sa.select(sa.func.count().label("n")).select_from(table))
    assert row is not None
    return row.n


async def test_a_catalog_without_its_directory_goes_on_as_it_was(world: Governed) -> None:
    before = world.published
    assert {each.basis for each in before.contracts.approvals} == {"directory"}
    publisher = await world.start()
    assert publisher.current == before
    assert publisher.estate is not None
    assert sorted(publisher.estate.apis) == ["books", "films"]


async def test_a_move_is_a_snapshot_a_record_an_approval_and_an_entry_in_the_log(world: Governed) -> None:
    before, was = world.published, world.publisher.pointers["books"]
    world.now += 5
    done = await renamed(world, "books", "Tomes")
    assert done is world.published
    assert world.title("books") == "Tomes"
    assert world.published.manifest.serial > before.manifest.serial
    pointer = world.publisher.pointers["books"]
    assert (pointer.version, pointer.change, pointer.since) == (was.version + 1, "7", int(world.now))
    approval = world.approval("books")
    assert approval is not None
    assert (approval.basis, approval.change, approval.approvers) == ("change", "7", ("bob",))
    assert approval.revision == pointer.revision
    assert world.approval("films") == next(each for each in before.contracts.approvals if each.api == "films")
    [record, *_] = await world.publisher.planner.revisions.history("books")
    assert (record.kind, record.change, record.actor, record.reason) == ("change", "7", "ada", "as was decided")
    assert record.serial == world.published.manifest.serial
    last = (await world.events("unit"))[-1]
    assert (last.action, last.object, last.actor, last.before, last.after) == (
        *("published", "books", "ada"),
        *(was.revision, pointer.revision),
    )
    after = world.published
    await world.start()
    assert world.published == after


async def test_a_new_state_of_a_shared_file_is_that_of_one_api_alone(world: Governed) -> None:
    digest = await world.put("films", (SHARED, "maxLength: 13", "maxLength: 14"))
    before = {each.api: entry_digest(each) for each in world.published.contracts.versions}
    assert isinstance(await world.publisher.advance({"films": digest}, ACT), Published)
    after = {each.api: entry_digest(each) for each in world.published.contracts.versions}
    assert {api for api in after if after[api] != before[api]} == {"films"}


async def test_the_estates_own_files_approve_anew_what_they_change(world: Governed) -> None:
    digest = await world.put("estate", ("ostiary.yaml", "unknown-query: refuse", "unknown-query: ignore"))
    act = Act("change", "omar", change="9", approvers=("otto", "sara"))
    assert isinstance(await world.publisher.advance({"estate": digest}, act), Published)
    for api in ("books", "films"):
        approval = world.approval(api)
        assert approval is not None
        assert (approval.basis, approval.change, approval.approvers) == ("change", "9", ("otto", "sara"))
        assert approval.revision == world.publisher.pointers[api].revision


async def test_an_api_is_removed_and_comes_back(world: Governed) -> None:
    was = world.publisher.pointers["films"].revision
    assert isinstance(await world.publisher.advance({"films": None}, ACT), Published)
    assert {each.api for each in world.published.contracts.versions} == {"books"}
    await world.start()
    assert {each.api for each in world.published.contracts.versions} == {"books"}
    assert isinstance(await world.publisher.advance({"films": was}, ACT), Published)
    assert {each.api for each in world.published.contracts.versions} == {"books", "films"}


async def test_what_does_not_compile_with_the_rest_is_refused_with_its_findings(world: Governed) -> None:
    before, pointers = world.published, world.publisher.pointers
    bad = await world.put("films", (FILMS_FILE, "upstream: bookshop", "upstream: nowhere"))
    refusal = await world.publisher.advance({"films": bad}, ACT)
    assert isinstance(refusal, Refusal)
    assert (refusal.id, refusal.problem().status) == ("estate-invalid", 422)
    [finding] = refusal.members["findings"]
    assert (finding["file"], finding["rule"], finding["pointer"]) == (FILMS_FILE, "unknown-upstream", "/upstream")
    assert finding["line"] > 1
    claimed = await world.put(
        "films", (FILMS, "url: /films/v1", "url: /books/v1"), (FILMS, "  /films:", "  /books:")
    )
    refusal = await world.publisher.advance({"films": claimed}, ACT)
    assert isinstance(refusal, Refusal)
    assert "path-claimed-twice" in {each["rule"] for each in refusal.members["findings"]}
    assert (world.published, world.publisher.pointers) == (before, pointers)
    assert len(await world.publisher.planner.revisions.history("films")) == 1


async def test_a_revision_that_nobody_has_or_that_is_anothers_is_refused(world: Governed) -> None:
    refusal = await world.publisher.advance({"films": "sha256:" + "0" * 64}, ACT)
    assert isinstance(refusal, Refusal)
    assert refusal.id == "resource-not-found"
    refusal = await world.publisher.advance({"films": world.publisher.pointers["books"].revision}, ACT)
    assert isinstance(refusal, Refusal)
    assert refusal.id == "resource-not-found"


async def test_what_else_is_written_is_written_with_it(world: Governed) -> None:
    async def also(connection: AsyncConnection) -> None:
        event = Event(subject="change", action="approved", object="7", actor="bob")
        await world.publisher.audit.append(connection, event)

    assert isinstance(await renamed(world, "books", "Tomes", also=also), Published)
    assert [each.action for each in await world.events("change")] == ["approved"]


@pytest.mark.parametrize("fault", [Refusal("state-conflict", "somebody was first"), RuntimeError("a fault")])
async def test_a_refusal_or_a_fault_in_the_transaction_undoes_all_of_it(
    world: Governed, fault: Refusal | Exception
) -> None:
    async def also(connection: AsyncConnection) -> Refusal:
        event = Event(subject="change", action="approved", object="7", actor="bob")
        await world.publisher.audit.append(connection, event)
        if isinstance(fault, Exception):
            raise fault
        return fault

    before, rows = world.published, await count(world, publications)
    if isinstance(fault, Refusal):
        assert await renamed(world, "books", "Tomes", also=also) == fault
    else:
        with pytest.raises(RuntimeError):
            await renamed(world, "books", "Tomes", also=also)
    assert world.published is before
    assert (await count(world, publications), await world.events("change")) == (rows, [])
    await world.start()
    assert world.published == before


async def test_who_waits_is_woken_only_once_it_is_done(world: Governed) -> None:
    waiter = asyncio.create_task(world.publisher.wait(world.published.digest, 30))

    async def also(_connection: AsyncConnection) -> None:
        await asyncio.sleep(0)
        assert not waiter.done()

    await renamed(world, "books", "Tomes", also=also)
    assert await asyncio.wait_for(waiter, 10) is world.published


async def test_two_processes_that_publish_at_once_both_get_what_they_did(world: Governed) -> None:
    """Each has decided about a unit of its own, and neither undoes the other's."""
    other = Governed(world.root, world.store, world.keys)
    await other.start()
    outcomes = await asyncio.gather(renamed(world, "books", "Tomes"), renamed(other, "films", "Movies"))
    assert all(isinstance(each, Published) for each in outcomes)
    await world.start()
    assert (world.title("books"), world.title("films")) == ("Tomes", "Movies")
    assert set(world.publisher.held) == set()


async def test_what_the_store_has_of_applications_is_asked_for_within_the_transaction(world: Governed) -> None:
    spared: list[int] = []

    async def amend(_connection: AsyncConnection, access: AccessPart) -> AccessPart:
        until = spared[-1] if spared else None
        applications = tuple(
            msgspec.structs.replace(
                each,
                subscriptions=tuple(
                    msgspec.structs.replace(one, extended_until=until) for one in each.subscriptions
                ),
            )
            for each in access.applications
        )
        return msgspec.structs.replace(access, applications=applications)

    async def extend(_connection: AsyncConnection) -> None:
        spared.append(1_900_000_000)

    world.publisher.amend = amend
    before = world.published
    assert isinstance(await world.publisher.republish(extend), Published)
    assert world.published.manifest.contracts == before.manifest.contracts
    assert world.published.manifest.access != before.manifest.access
    subscriptions = [one for each in world.published.applications.values() for one in each.subscriptions]
    assert {each.extended_until for each in subscriptions} == {1_900_000_000}
    assert isinstance(await renamed(world, "books", "Tomes"), Published)
    subscriptions = [one for each in world.published.applications.values() for one in each.subscriptions]
    assert {each.extended_until for each in subscriptions} == {1_900_000_000}


async def test_an_upgrade_that_compiles_to_something_else_is_attested_and_told(
    world: Governed, monkeypatch: pytest.MonkeyPatch
) -> None:
    await renamed(world, "books", "Tomes")
    before = world.approval("books")
    assert before is not None
    newer_compiler(monkeypatch)
    world.now += 100
    assert (await world.start()).last is not None
    after = world.approval("books")
    assert after is not None
    assert after.entry != before.entry
    assert (after.basis, after.change, after.approvers, after.at) == ("upgrade", "7", ("bob",), int(world.now))
    told = {(each.action, each.object): each for each in await world.events("approval")}
    assert set(told) == {("renewed", "books/v1"), ("renewed", "films/v1")}
    assert (told["renewed", "books/v1"].before, told["renewed", "books/v1"].after) == (before.entry, after.entry)
    assert world.publisher.held == {}
    bases: set[Basis] = {each.basis for each in world.published.contracts.approvals}
    assert bases == {"upgrade"}
    rows = await count(world, approvals)
    await world.start()
    assert await count(world, approvals) == rows


def newer_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that makes more of every version than this one does."""
    make = compilation.contracts_part

    def contracts_part(*given: Any, **options: Any) -> Any:
        part = make(*given, **options)
        versions = tuple(msgspec.structs.replace(each, owner=f"the {each.owner}") for each in part.versions)
        return msgspec.structs.replace(part, versions=versions)

    monkeypatch.setattr(compilation, "contracts_part", contracts_part)


async def test_an_api_that_a_newer_compiler_refuses_stays_as_it_was_and_the_others_go_on(
    world: Governed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stricter(sources: Any) -> Any:
        if "films" in sources.apis and sources.apis["films"].file.value.title == "Films":
            yield Finding(Place(FILMS_FILE, 1, 1), "unknown-key", "no longer allowed")

    monkeypatch.setattr("contracts.estate.rules.RULES", (*RULES, stricter))
    before = world.published
    publisher = await world.start()
    assert publisher.current == before
    assert publisher.held == {"films": "it does not compile any more"}
    assert publisher.last is not None
    assert publisher.last.summary()["held"] == publisher.held
    assert isinstance(await renamed(world, "books", "Tomes"), Published)
    assert (world.title("books"), world.title("films")) == ("Tomes", "Films")
    assert world.approval("films") == next(each for each in before.contracts.approvals if each.api == "films")
    assert isinstance(await renamed(world, "films", "Movies"), Published)
    assert world.title("films") == "Movies"
    assert publisher.held == {}


async def test_what_an_earlier_catalog_published_without_approvals_gets_them(world: Governed) -> None:
    """Its store has no revisions either; the manifest that it signed proves what it published."""
    bare = msgspec.structs.replace(world.published.contracts, approvals=())
    async with world.store.write() as connection:
        for table in ("approvals", "publications", "current_revisions"):
            await connection.exec_driver_sql(f"DELETE FROM {table}")
        await published_before(connection, world, bare)
    await world.publisher.restore()
    assert world.published.contracts.approvals == ()
    outcome = await world.publisher.publish()
    assert (outcome.ok, outcome.changed) == (True, True)
    for version in world.published.contracts.versions:
        approval = world.approval(version.api)
        assert approval is not None
        assert approval.is_signed(world.keys.snapshot.public_key())
        assert (approval.entry, approval.basis) == (entry_digest(version), "upgrade")
    assert not (await world.publisher.publish()).changed


async def published_before(connection: AsyncConnection, world: Governed, part: ContractsPart) -> None:
    """As if that had been published last."""
    contracts, access = encode_part(part), world.published.manifest.access
    data = await connection.scalar(sa.select(parts.c.data).where(parts.c.digest == access))
    assert data is not None
    serial = world.published.manifest.serial + 1
    manifest = msgspec.structs.replace(world.published.manifest, contracts=contracts[0], serial=serial)
    await add_snapshot(connection, contracts, (access, data), manifest, sign(manifest, world.keys.snapshot))
