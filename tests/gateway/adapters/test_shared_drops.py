"""What one worker drops the others drop too, on a real server; and what becomes of it when that is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import redis.asyncio

from gateway.adapters.shared_drops import CHANNEL, SCRIPT, SharedDrops
from policies.caching.memory import AnswerCache
from policies.caching.stored import Stored
from tests.gateway.adapters.patient_store import patient_store
from tests.support.valkey import Valkey, valkey

ANSWER = Stored(200, (), b"x", (), 0.0, 0.0, 60)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def keep(cache: AnswerCache, *labels: str) -> None:
    for label in labels:
        assert cache.keep(label, frozenset({label}), ANSWER, cache.mark())


@contextlib.asynccontextmanager
async def worker(server: Valkey) -> AsyncIterator[AnswerCache]:
    cache = AnswerCache()
    drops = SharedDrops(server.url, patient_store(server.url, SCRIPT))
    watching = asyncio.create_task(drops.watch(cache))
    try:
        yield cache
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await drops.close()


async def listeners(server: Valkey) -> int:
    async with contextlib.aclosing(redis.asyncio.Redis.from_url(server.url)) as client:
        [(_, number)] = await client.pubsub_numsub(CHANNEL)
        return int(number)


async def until_listening(server: Valkey, number: int) -> None:
    async with asyncio.timeout(20):
        while await listeners(server) != number:
            await asyncio.sleep(0.01)


async def test_what_one_drops_all_drop() -> None:
    with valkey() as server:
        async with worker(server) as one, worker(server) as other:
            await until_listening(server, 2)
            for cache in (one, other):
                keep(cache, "path /a", "path /b")
            assert one.drop({"path /a"}) == 1
            await until(lambda: len(other) == 1)
            assert other.find("path /b")
            assert other.drop({"path /b"}) == 1
            await until(lambda: len(one) == 0)
            mark = one.mark()
            other.drop({"path /c"})
            await until(lambda: one.mark() != mark)
            assert not one.keep("late", frozenset({"path /c"}), ANSWER, mark), "it was asked for before the write"


async def test_who_was_cut_off_drops_everything() -> None:
    with valkey() as server:
        async with worker(server) as cache:
            await until_listening(server, 1)
            keep(cache, "path /a")
            server.kill()
            assert cache.drop({"path /z"}) == 0, "nobody waits for the server"
            assert len(cache) == 1, "meanwhile what is kept is given"
            server.start()
            await until(lambda: len(cache) == 0)
            keep(cache, "path /a")
            await until_listening(server, 1)
            assert len(cache) == 1


async def test_what_is_not_understood_may_have_meant_anything() -> None:
    with valkey() as server:
        async with worker(server) as cache:
            await until_listening(server, 1)
            keep(cache, "path /a")
            async with contextlib.aclosing(redis.asyncio.Redis.from_url(server.url)) as client:
                await client.publish(CHANNEL, "{")
            await until(lambda: len(cache) == 0)
