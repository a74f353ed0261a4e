"""RFC 9111 §4.4: what a write may have changed is not given again."""

import asyncio
from pathlib import Path

import pytest

from tests.conformance.rfc9111.caching_world import LIST, Caching, Origin, caching

FILE = "/orders/v1/orders/7"


async def is_kept(world: Caching, path: str = LIST) -> bool:
    hits = world.origin.hits
    await world.get(path)
    return world.origin.hits == hits


@pytest.mark.parametrize(
    ("status", "dropped"), [(200, True), (204, True), (303, True), (404, False), (500, False)]
)
async def test_a_write_that_was_answered_well_drops_its_path(tmp_path: Path, status: int, dropped: bool) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        for path in (LIST, LIST + "?limit=2", FILE):
            await world.get(path)
        await world.get(subject="person-2")
        world.origin.status = status
        await world.write()
        world.origin.status = 200
        assert await is_kept(world, FILE), "another path stays"
        assert await is_kept(world) is not dropped
        assert await is_kept(world, LIST + "?limit=2") is not dropped
        hits = world.origin.hits
        await world.get(subject="person-2")
        assert (world.origin.hits == hits) is not dropped, "it is another caller's too that has changed"


@pytest.mark.parametrize(
    ("field", "dropped"),
    [
        (f"Location: {FILE}", True),
        (f"Content-Location: {FILE}", True),
        (f"Location: http://api.example{FILE}", True),
        (f"Location: http://API.EXAMPLE{FILE}?x=1", True),
        (f"Location: https://other.example{FILE}", False),
        ("Location: 7", False),
        ("Location: http://[", False),
    ],
)
async def test_and_what_its_answer_names(tmp_path: Path, field: str, dropped: bool) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        await world.get(FILE)
        world.origin.fields = ("Cache-Control: max-age=60", field)
        await world.write()
        assert await is_kept(world, FILE) is not dropped


async def test_a_tag_is_dropped_by_writes_with_it(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60"), tags=["orders"]) as world:
        await world.get(FILE)
        await world.write()
        assert not await is_kept(world, FILE)


async def test_what_was_asked_for_before_a_write_is_not_kept_after_it(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        world.origin.may_answer.clear()
        reading = asyncio.create_task(world.get())
        await world.origin.asked.acquire()
        world.cache.drop({f"path {LIST}"})
        world.origin.may_answer.set()
        assert (await reading).body == b"answer 1"
        assert not await is_kept(world)
        assert await is_kept(world)
