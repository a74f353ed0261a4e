"""The two sides of delivery together: the gateway's own client follows the catalog."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from contracts.packed import at_once, read_access
from contracts.snapshot import Application, PackedSnapshot, encode_part
from gateway.reload import SnapshotClient
from gateway.snapshot_store import SnapshotStore
from tests.catalog.serving import GATEWAY_TOKEN, GOOD, WEB_SHOP, World


@asynccontextmanager
async def following(
    world: World, directory: Path, token: str = GATEWAY_TOKEN
) -> AsyncIterator[asyncio.Queue[PackedSnapshot]]:
    adopted: asyncio.Queue[PackedSnapshot] = asyncio.Queue()
    store = SnapshotStore(directory, world.keys.snapshot.public_key())
    client = SnapshotClient(
        world.url,
        token,
        world.keys.snapshot.public_key(),
        store,
        adopted.put,
        session=world.session,
    )
    task = asyncio.create_task(client.run())
    try:
        yield adopted
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_gateway_gets_the_snapshot_and_then_each_new_one(world: World, tmp_path: Path) -> None:
    async with asyncio.timeout(60), following(world, tmp_path / "gateway") as adopted:
        first = await adopted.get()
        assert GOOD.contracts is not None
        assert first.contracts == encode_part(GOOD.contracts)[1]
        assert _applications(first) == GOOD.applications
        world.compiled = replace(GOOD, applications=(WEB_SHOP,))
        await world.publisher.publish()
        second = await adopted.get()
        assert second.contracts is None, "it is the part in force"
        assert _applications(second) == (WEB_SHOP,)
        assert second.manifest.serial > first.manifest.serial


async def test_of_an_access_part_a_gateway_is_sent_what_has_changed(world: World, tmp_path: Path) -> None:
    async with asyncio.timeout(60), following(world, tmp_path / "gateway") as adopted:
        first = await adopted.get()
        world.compiled = replace(GOOD, applications=(WEB_SHOP,))
        await world.publisher.publish()
        second = await adopted.get()
        assert second.change is not None
        gone = {each.client_id for each in GOOD.applications} - {WEB_SHOP.client_id}
        assert (second.change.base, second.change.gone) == (first.manifest.access, gone)
        assert _applications(second) == (WEB_SHOP,)


async def test_a_gateway_that_restarts_polls_from_what_it_has(world: World, tmp_path: Path) -> None:
    async with asyncio.timeout(60):
        async with following(world, tmp_path / "gateway") as adopted:
            first = await adopted.get()
            await asyncio.to_thread(_stored, tmp_path / "gateway", world, first.manifest.serial)
        store = SnapshotStore(tmp_path / "gateway", world.keys.snapshot.public_key())
        assert store.load() == first


def _applications(snapshot: PackedSnapshot) -> tuple[Application, ...]:
    assert snapshot.access is not None
    return tuple(at_once(read_access(snapshot.access))[1].values())


def _stored(directory: Path, world: World, serial: int) -> None:
    """Returns once the gateway has the snapshot on disk, which it writes after putting it in force."""
    while True:
        loaded = SnapshotStore(directory, world.keys.snapshot.public_key()).load()
        if loaded is not None and loaded.manifest.serial == serial:
            return
