"""An open change shown on top of what is in force: signed as a preview, approved by nobody, and stored nowhere."""

import msgspec
import pytest
import sqlalchemy as sa

from catalog.publishing.preview import Preview, Previews
from catalog.refusal import Refusal
from catalog.storage.tables.revisions import approvals
from contracts.snapshot import ContractsPart, SnapshotError, digest_of, verify
from tests.catalog.changes.office import BOOKS, BREAKING, Office

NARROWER, NARROWEST = 50, 40


@pytest.fixture
def previews(desk: Office) -> Previews:
    return Previews(desk.catalog.publisher, desk.room.table.proposed)


async def made(previews: Previews, change: int) -> Preview:
    preview = await previews.of(change)
    assert isinstance(preview, Preview), preview
    return preview


def contracts_of(preview: Preview, desk: Office) -> ContractsPart:
    manifest = verify(
        preview.signed, desk.keys.snapshot.public_key(), msgspec.json.decode(preview.signed.manifest)["preview"]
    )
    assert digest_of(preview.parts[manifest.contracts]) == manifest.contracts
    return msgspec.json.decode(preview.parts[manifest.contracts], type=ContractsPart)


def maximum(contracts: ContractsPart) -> int:
    books = next(each for each in contracts.versions if each.api == "books")
    listing = next(each for each in books.operations if each.id == "listBooks")
    schema = next(each.schema for each in listing.parameters if each.name == "limit")
    assert isinstance(schema, dict)
    return int(schema["maximum"])


async def rows(desk: Office) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await desk.store.all(sa.select(approvals))]


async def test_it_shows_the_change_without_an_approval_and_stores_nothing(
    desk: Office, previews: Previews
) -> None:
    proposed = await desk.pushed("ada", BREAKING)
    assert proposed.change is not None
    before, stored = desk.catalog.publisher.current, await rows(desk)
    preview = await made(previews, proposed.change)
    contracts = contracts_of(preview, desk)
    assert (maximum(contracts), desk.maximum()) == (NARROWER, 100)
    assert {each.api for each in contracts.approvals} == {"films"}
    assert desk.catalog.publisher.current is before
    assert await rows(desk) == stored
    assert await made(previews, proposed.change) is preview
    assert {previews.part(digest) for digest in preview.parts} == set(preview.parts.values())


async def test_no_other_gateway_takes_it_up(desk: Office, previews: Previews) -> None:
    proposed = await desk.pushed("ada", BREAKING)
    assert proposed.change is not None
    preview = await made(previews, proposed.change)
    key = desk.keys.snapshot.public_key()
    assert verify(preview.signed, key, str(proposed.change)).preview == str(proposed.change)
    with pytest.raises(SnapshotError, match="is a preview of change 1, and this gateway serves what is in force"):
        verify(preview.signed, key)
    with pytest.raises(SnapshotError, match="serves a preview of change 2"):
        verify(preview.signed, key, "2")
    assert desk.catalog.publisher.current is not None
    with pytest.raises(SnapshotError, match="is no preview"):
        verify(desk.catalog.publisher.current.signed, key, "1")


async def test_another_push_and_another_publication_are_another_preview(desk: Office, previews: Previews) -> None:
    proposed = await desk.pushed("ada", BREAKING)
    assert proposed.change is not None
    first = await made(previews, proposed.change)
    assert await previews.wait(proposed.change, first.digest, 0) is None
    await desk.pushed("ada", (BOOKS, "maximum: 50, default: 20", "maximum: 40, default: 20"))
    second = await previews.wait(proposed.change, first.digest, 0)
    assert isinstance(second, Preview)
    assert maximum(contracts_of(second, desk)) == NARROWEST
    serials = [msgspec.json.decode(each.signed.manifest)["serial"] for each in (first, second)]
    assert serials[0] < serials[1], "a gateway goes on to it"


async def test_a_change_of_the_estates_own_files_attests_nothing(desk: Office, previews: Previews) -> None:
    """Every entry is another one with it, and not one of them was approved."""
    proposed = await desk.pushed("omar", ("ostiary.yaml", "unknown-query: refuse", "unknown-query: ignore"))
    assert proposed.change is not None
    stored = await rows(desk)
    assert contracts_of(await made(previews, proposed.change), desk).approvals == ()
    assert await rows(desk) == stored


async def test_there_is_none_of_a_change_that_is_not_open(desk: Office, previews: Previews) -> None:
    proposed = await desk.pushed("ada", BREAKING)
    assert proposed.change is not None
    view = await desk.view(proposed.change)
    await desk.room.decisions.withdraw(await desk.who("ada"), proposed.change, view.etag, "not now")
    for number in (proposed.change, 99):
        refusal = await previews.of(number)
        assert isinstance(refusal, Refusal)
        assert refusal.id == "resource-not-found"
