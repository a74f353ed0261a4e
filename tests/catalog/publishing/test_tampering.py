"""Whoever writes to the database changes nothing that a gateway enforces, and is found."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import aiohttp
import pytest
import sqlalchemy as sa

from catalog.publishing.published import Published
from catalog.revisions.units import ESTATE_UNIT
from catalog.storage.snapshots import SnapshotTable
from catalog.storage.tables.revisions import approvals, current_revisions, revision_blobs, revisions
from contracts.packed import at_once
from contracts.snapshot import PackedSnapshot
from gateway.access import AccessView
from gateway.adapters.keys import IssuerKeys
from gateway.adapters.limiter import InProcessLimiter
from gateway.runtime import Runtime, RuntimeBuilder
from gateway.secrets import UpstreamSecrets
from tests.catalog.publishing.governed import ACT, Governed, governed

Tamper: TypeAlias = Callable[[Governed], Awaitable[sa.Executable]]


@pytest.fixture
async def world(tmp_path: Path, store_url: str) -> AsyncIterator[Governed]:
    async with governed(tmp_path, store_url) as world:
        yield world


@pytest.fixture
async def builder(world: Governed, tmp_path: Path) -> AsyncIterator[RuntimeBuilder]:
    """What builds a gateway's runtimes, told to trust the catalog's key."""
    async with aiohttp.ClientSession() as session:
        yield RuntimeBuilder(
            clock=world.clock,
            limiter=InProcessLimiter(),
            keys=IssuerKeys(session),
            access=AccessView(),
            secrets=UpstreamSecrets(tmp_path),
            session=session,
            approved_by=world.keys.snapshot.public_key(),
        )


async def take_up(world: Governed, builder: RuntimeBuilder, current: Runtime | None) -> Runtime:
    """What a gateway makes of the snapshot that the store has now."""
    manifest, table = world.published.manifest, SnapshotTable(world.store)
    contracts, access = await table.part(manifest.contracts), await table.part(manifest.access)
    return at_once(builder.steps(PackedSnapshot(manifest, contracts, access), current))


def title_in(runtime: Runtime, api: str) -> str:
    return runtime.versions[api, "v1"].version.title


async def evil(world: Governed) -> str:
    """A revision of films that was pushed, and that nobody approved."""
    return await world.put("films", ("apis/films/api.yaml", "title: Films", "title: Evil"))


async def blob(world: Governed) -> sa.Executable:
    """The file of the approved revision is another one."""
    files = await world.files("films")
    [name] = [
        digest
        for unit in await world.publisher.planner.revisions.of_unit("films")
        for path, digest in unit.revision.files
        if path == "apis/films/api.yaml"
    ]
    data = files["apis/films/api.yaml"].replace(b"title: Films", b"title: Evil")
    return sa.update(revision_blobs).where(revision_blobs.c.digest == name).values(data=data)


async def listing(world: Governed) -> sa.Executable:
    """The approved revision is made of other files."""
    other = await world.publisher.planner.revisions.find(await evil(world))
    assert other is not None
    now = revisions.c.digest == world.publisher.pointers["films"].revision
    return sa.update(revisions).where(now).values(listing=other.revision.listing)


async def no_listing(world: Governed) -> sa.Executable:
    now = revisions.c.digest == world.publisher.pointers["films"].revision
    return sa.update(revisions).where(now).values(listing=b"no JSON")


async def pointer(world: Governed) -> sa.Executable:
    """Another revision than the approved one is said to be in force."""
    films = current_revisions.c.unit == "films"
    return sa.update(current_revisions).where(films).values(revision=await evil(world))


async def pointer_gone(world: Governed) -> sa.Executable:
    return sa.delete(current_revisions).where(current_revisions.c.unit == "films")


async def pointer_removed(world: Governed) -> sa.Executable:
    films = current_revisions.c.unit == "films"
    return sa.update(current_revisions).where(films).values(revision=None)


@pytest.mark.parametrize("tamper", [blob, listing, no_listing, pointer, pointer_gone, pointer_removed])
async def test_a_unit_that_was_altered_stays_as_it_was_approved_and_the_others_go_on(
    world: Governed, builder: RuntimeBuilder, tamper: Tamper
) -> None:
    good = await take_up(world, builder, None)
    before = world.approval("films")
    statement = await tamper(world)
    async with world.store.write() as connection:
        await connection.execute(statement)
    publisher = await world.start()
    assert set(publisher.held) == {"films"}
    assert publisher.last is not None
    assert set(publisher.last.summary()["held"]) == {"films"}
    digest = await world.put("books", ("apis/books/api.yaml", "title: Books", "title: Tomes"))
    assert isinstance(await publisher.advance({"books": digest}, ACT), Published)
    assert (world.title("films"), world.title("books")) == ("Films", "Tomes")
    assert world.approval("films") == before
    now = await take_up(world, builder, good)
    assert (title_in(now, "films"), title_in(now, "books")) == ("Films", "Tomes")
    assert now.versions["films", "v1"] is good.versions["films", "v1"]


async def entry_of_another(_world: Governed) -> sa.Executable:
    return sa.update(approvals).where(approvals.c.api == "films").values(entry="sha256:" + "0" * 64)


async def approvers(_world: Governed) -> sa.Executable:
    return sa.update(approvals).where(approvals.c.api == "films").values(approvers='["mallory"]')


async def no_json(_world: Governed) -> sa.Executable:
    return sa.update(approvals).where(approvals.c.api == "films").values(approvers="mallory")


async def gone(_world: Governed) -> sa.Executable:
    return sa.delete(approvals).where(approvals.c.api == "films")


@pytest.mark.parametrize("tamper", [entry_of_another, approvers, no_json, gone])
async def test_without_its_approval_a_gateway_refuses_an_entry_and_says_so(
    world: Governed, builder: RuntimeBuilder, tamper: Tamper
) -> None:
    """The catalog makes no new one: nobody has decided anything."""
    good = await take_up(world, builder, None)
    async with world.store.write() as connection:
        await connection.execute(await tamper(world))
    publisher = await world.start()
    assert publisher.held == {"films/v1": "it has no good approval"}
    assert world.approval("films") is None
    digest = await world.put("books", ("apis/books/api.yaml", "title: Books", "title: Tomes"))
    assert isinstance(await publisher.advance({"books": digest}, ACT), Published)
    now = await take_up(world, builder, good)
    assert now.unapproved == {"films/v1"}
    assert now.rejected == {"films/v1": "NotApprovedError: it has no approval"}
    assert (title_in(now, "films"), title_in(now, "books")) == ("Films", "Tomes")
    # A decision puts it right.
    films = await world.put("films", ("apis/films/api.yaml", "title: Films", "title: Movies"))
    assert isinstance(await publisher.advance({"films": films}, ACT), Published)
    assert publisher.held == {}
    now = await take_up(world, builder, now)
    assert (now.rejected, title_in(now, "films")) == ({}, "Movies")


@pytest.mark.parametrize("what", ["blob", "pointer"])
async def test_where_the_estates_own_files_were_altered_all_stays_as_it_was(world: Governed, what: str) -> None:
    before = world.published
    digest = dict((await world.publisher.planner.revisions.of_unit(ESTATE_UNIT))[0].revision.files)["teams.yaml"]
    async with world.store.write() as connection:
        if what == "blob":
            altered = sa.update(revision_blobs).where(revision_blobs.c.digest == digest)
            await connection.execute(altered.values(data=b"teams: {}\n"))
        else:
            altered = sa.update(current_revisions).where(current_revisions.c.unit == ESTATE_UNIT)
            await connection.execute(altered.values(since=1))
    publisher = await world.start()
    assert publisher.last is not None
    assert not publisher.last.ok
    assert "the estate's own files" in publisher.last.reason
    assert publisher.current == before
    assert publisher.estate is None, "nobody's roles are taken from what was altered"
