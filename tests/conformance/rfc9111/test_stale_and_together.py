"""RFC 5861 and what goes with it: stale answers while the upstream is asked or fails, and many that ask once."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from tests.conformance.rfc9111.caching_world import LIST, Caching, Origin, caching, said
from tests.gateway.gateway_world import token
from tests.gateway.http_harness import raw_client
from tests.support.policy_world import NOW


async def until_asked(world: Caching, times: int) -> None:
    for _ in range(times):
        await asyncio.wait_for(world.origin.asked.acquire(), 10)


async def until_landed(world: Caching) -> None:
    async with asyncio.timeout(10):
        while len(world.cache.flights):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("by", ["contract", "answer"])
async def test_a_stale_answer_is_given_while_the_upstream_is_asked_once(tmp_path: Path, by: str) -> None:
    word = ", stale-while-revalidate=30" if by == "answer" else ""
    config = {"stale_while_revalidate": 30} if by == "contract" else {}
    async with caching(tmp_path, Origin(f"Cache-Control: max-age=60{word}"), **config) as world:
        await world.get()
        await until_asked(world, 1)
        world.later(80)
        world.origin.may_answer.clear()
        for _ in range(3):
            answer = await world.get()
            assert (answer.body, said(answer)) == (b"answer 1", "ostiary; hit; ttl=-20")
            assert answer.fields[b"age"] == b"80"
        await until_asked(world, 1)
        world.origin.may_answer.set()
        await until_landed(world)
        assert (await world.get()).body == b"answer 2"
        assert world.origin.hits == 2
        lines = await world.gateway.logged(5)
        assert len(lines) == 5, "what the gateway asks for itself is no partner's call"
        world.later(91)
        assert said(await world.get()) == "ostiary; fwd=stale; fwd-status=200; stored", (
            "beyond that it is asked first"
        )


async def test_a_refresh_that_fails_leaves_what_is_there(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60"), stale_while_revalidate=30) as world:
        await world.get()
        world.later(70)
        world.origin.broken = True
        assert (await world.get()).body == b"answer 1"
        await until_landed(world)
        world.origin.broken = False
        assert (await world.get()).body == b"answer 1"
        await until_landed(world)
        assert said(await world.get()) == "ostiary; hit; ttl=60"


@pytest.mark.parametrize("failure", ["500", "503", "hang-up"])
async def test_a_stale_answer_is_given_where_the_upstream_fails(tmp_path: Path, failure: str) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60"), stale_if_error=100) as world:
        await world.get()
        world.later(159)
        if failure == "hang-up":
            world.origin.broken = True
        else:
            world.origin.status = int(failure)
        answer = await world.get()
        assert (answer.status, answer.body) == (200, b"answer 1")
        assert said(answer).startswith(
            "ostiary; hit; ttl=-99; fwd=stale" if failure == "hang-up" else "ostiary; fwd=stale; fwd-status=50"
        )
        assert answer.fields[b"age"] == b"159"
        world.later(1)
        assert (await world.get()).status == (502 if failure == "hang-up" else int(failure)), "its time is over"


@pytest.mark.parametrize("word", ["must-revalidate", "no-cache", "proxy-revalidate", "s-maxage=60"])
async def test_but_not_what_must_be_validated(tmp_path: Path, word: str) -> None:
    origin = Origin(f"Cache-Control: public, max-age=60, {word}", 'ETag: "1"')
    async with caching(tmp_path, origin, shared=True, stale_if_error=100, stale_while_revalidate=100) as world:
        await world.get()
        world.later(61)
        origin.status = 500
        assert (await world.get()).status == 500


async def test_nor_to_who_wants_it_validated(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60"), stale_if_error=100) as world:
        await world.get()
        world.later(61)
        world.origin.status = 500
        assert (await world.get(Cache_Control="no-cache")).status == 500
        world.origin.broken = True
        assert (await world.get(Cache_Control="no-cache")).status == 502
        assert (await world.get()).status == 200


async def test_404_is_an_answer(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60"), stale_if_error=100) as world:
        await world.get()
        world.later(61)
        world.origin.status = 404
        assert (await world.get()).status == 404


async def test_many_that_want_the_same_ask_once(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        world.origin.may_answer.clear()
        asking = [asyncio.create_task(world.get()) for _ in range(12)]
        await until_asked(world, 1)
        async with asyncio.timeout(10):
            while world.gateway.pipeline.open < 12:
                await asyncio.sleep(0.01)
        world.origin.may_answer.set()
        answers = await asyncio.gather(*asking)
        assert {answer.body for answer in answers} == {b"answer 1"}
        assert sorted(said(answer) for answer in answers) == [
            *["ostiary; fwd=uri-miss; collapsed"] * 11,
            "ostiary; fwd=uri-miss; fwd-status=200; stored",
        ]
        assert world.origin.hits == 1


async def test_what_may_not_be_stored_keeps_nobody_waiting(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: no-store")) as world:
        world.origin.may_answer.clear()
        asking = [asyncio.create_task(world.get()) for _ in range(4)]
        await until_asked(world, 1)
        world.origin.may_answer.set()
        assert {answer.status for answer in await asyncio.gather(*asking)} == {200}
        assert world.origin.hits == 4


async def test_one_failure_is_one_clients(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        world.origin.may_answer.clear()
        world.origin.broken = True
        first = asyncio.create_task(world.get())
        await until_asked(world, 1)
        others = [asyncio.create_task(world.get()) for _ in range(5)]
        async with asyncio.timeout(10):
            while world.gateway.pipeline.open < 6:
                await asyncio.sleep(0.01)
        world.origin.may_answer.set()
        world.origin.may_answer.clear()
        assert (await first).status == 502
        await until_asked(world, 1)
        world.origin.broken = False
        world.origin.may_answer.set()
        assert {answer.body for answer in await asyncio.gather(*others)} == {b"answer 2"}
        assert world.origin.hits == 2, "the next in line has asked for the rest"


async def test_who_waits_too_long_asks_too(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60"), wait=0.01) as world:
        world.origin.may_answer.clear()
        asking = [asyncio.create_task(world.get()) for _ in range(3)]
        await until_asked(world, 3)
        world.origin.may_answer.set()
        assert {answer.status for answer in await asyncio.gather(*asking)} == {200}


async def test_others_get_the_answer_of_who_went_away(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        world.origin.may_answer.clear()
        async with raw_client(world.gateway.port) as leaving:
            bearer = token(exp=NOW + 10_000_000)
            await leaving.send(
                f"GET {LIST} HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer {bearer}\r\n\r\n".encode()
            )
            await until_asked(world, 1)
            staying = asyncio.create_task(world.get())
            async with asyncio.timeout(10):
                while world.gateway.pipeline.open < 2:
                    await asyncio.sleep(0.01)
        world.origin.may_answer.set()
        assert (await staying).body == b"answer 1"
        assert world.origin.hits == 1


async def test_different_languages_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60", "Vary: Accept-Language")) as world:
        await world.get(Accept_Language="it")
        await until_asked(world, 1)
        world.origin.may_answer.clear()
        asking = [
            asyncio.create_task(world.get(Accept_Language=language)) for language in ("de", "fr", "de", "fr")
        ]
        await until_asked(world, 2)
        world.origin.may_answer.set()
        answers = await asyncio.gather(*asking)
        assert answers[0].body == answers[2].body != answers[1].body == answers[3].body
        assert world.origin.hits == 3
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(world.origin.asked.acquire(), 0)
