"""What keys are remembered by: in the process, and on a real server. Both have to say the same."""

import asyncio
import contextlib
import inspect
import random
from collections.abc import AsyncIterator, Awaitable, Iterator
from itertools import count
from typing import Any

import pytest
import redis.asyncio

from gateway.adapters.shared_idempotency import SCRIPT, SharedIdempotency
from gateway.adapters.shared_store import SharedStore
from policies.idempotency_keys.memory import MemoryIdempotency
from policies.idempotency_keys.records import (
    Claim,
    Found,
    IdempotencyStore,
    StoreUnavailableError,
    packed,
    unpacked,
)
from tests.gateway.adapters.patient_store import patient_store
from tests.support.valkey import Valkey, valkey

_numbers = count()


@pytest.fixture(scope="module")
def server() -> Iterator[Valkey]:
    with valkey() as running:
        yield running


@pytest.fixture(params=["memory", "shared"])
async def store(request: pytest.FixtureRequest, server: Valkey) -> AsyncIterator[IdempotencyStore]:
    if request.param == "memory":
        yield MemoryIdempotency()
        return
    shared = SharedIdempotency(patient_store(server.url, SCRIPT))
    yield shared
    await shared.close()


def claim(
    owner: str = "one", key: str = "", fingerprint: bytes = b"\xff\x00", lease: int = 60, caller: str = "acme"
) -> Claim:
    return Claim(key or f"key-{next(_numbers)}", caller, owner, fingerprint, lease, 600)


async def settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def met(store: IdempotencyStore, made: Claim) -> Found:
    found: Found | Awaitable[Found] = store.claim(made)
    result: Found = await settled(found)
    return result


async def test_the_first_has_it_and_the_others_are_told(store: IdempotencyStore) -> None:
    first = claim()
    other = claim("two", first.key)
    assert (await met(store, first)).state == "claimed"
    assert (await met(store, other)).state == "in-flight"
    assert (await met(store, claim("two", first.key, b"other"))).state == "other-payload"
    answer = packed(201, [(b"x", b"\xe9\x00")], b"\x00\xff body", 1000)
    assert await settled(store.answered(first, answer)) is True
    found = await met(store, other)
    assert found.state == "answered"
    kept = unpacked(found.answer)
    assert (kept.status, kept.headers, kept.body) == (201, [(b"x", b"\xe9\x00")], b"\x00\xff body")
    assert (await met(store, claim("two", first.key, b"other"))).state == "other-payload"


async def test_of_many_at_once_one_has_it(store: IdempotencyStore) -> None:
    first = claim()
    claims = [claim(f"owner-{number}", first.key) for number in range(50)]
    found = await asyncio.gather(*(met(store, each) for each in claims))
    assert sorted(each.state for each in found) == ["claimed", *["in-flight"] * 49]


async def test_a_key_that_is_released_is_as_new(store: IdempotencyStore) -> None:
    first = claim()
    await met(store, first)
    store.release(first)
    assert (await met(store, claim("two", first.key, b"other"))).state == "claimed"


async def test_what_was_lost_stays_unknown(store: IdempotencyStore) -> None:
    first = claim()
    await met(store, first)
    store.lost(first)
    assert (await met(store, claim("two", first.key))).state == "unknown"
    assert (await met(store, claim("two", first.key, b"other"))).state == "other-payload"


async def test_only_the_owner_says_what_became_of_it(store: IdempotencyStore) -> None:
    first = claim()
    other = claim("two", first.key)
    await met(store, first)
    store.release(other)
    store.lost(other)
    assert await settled(store.answered(other, b"not theirs")) is False
    assert (await met(store, other)).state == "in-flight"


async def test_a_lease_that_ends_without_a_word_leaves_it_unknown_until_there_is_one(server: Valkey) -> None:
    first, now = claim(lease=1), [0.0]
    memory = MemoryIdempotency(lambda: now[0])
    assert memory.claim(first).state == "claimed"
    now[0] = 1.0
    assert memory.claim(first).state == "unknown"
    assert memory.answered(first, b"late")
    assert memory.claim(claim("two", first.key)).state == "answered"
    # On the server, whose clock nobody turns, a lease of no time at all has ended with the next call.
    shared, ended = SharedIdempotency(patient_store(server.url, SCRIPT)), claim(lease=0)
    assert (await shared.claim(ended)).state == "claimed"
    assert (await shared.claim(claim("two", ended.key))).state == "unknown"
    assert await shared.answered(ended, b"late")
    assert (await shared.claim(claim("two", ended.key))).state == "answered"
    await shared.close()


async def test_keys_are_forgotten_when_their_time_is_over(server: Valkey) -> None:
    now = [0.0]
    memory = MemoryIdempotency(lambda: now[0])
    first = claim()
    memory.claim(first)
    memory.answered(first, b"x" * 10)
    now[0] = 599.0
    assert memory.claim(claim("two", first.key)).state == "answered"
    now[0] = 700.0
    assert memory.claim(claim("two", first.key)).state == "claimed"
    assert len(memory) == 1
    shared = SharedIdempotency(patient_store(server.url, SCRIPT))
    await shared.claim(first)
    await shared.answered(first, b"x")
    async with contextlib.aclosing(redis.asyncio.Redis.from_url(server.url)) as client:
        assert 599_000 < await client.pttl(f"ostiary:idempotency:{first.key}") <= 600_000
    await shared.close()


def test_in_the_process_there_is_so_much_room_and_nothing_is_forgotten_for_more() -> None:
    memory = MemoryIdempotency(keys=2)
    one, two = claim(caller="one"), claim(caller="two")
    assert [memory.claim(each).state for each in (one, two)] == ["claimed", "claimed"]
    with pytest.raises(StoreUnavailableError):
        memory.claim(claim(caller="three"))
    assert memory.claim(claim("other", one.key)).state == "in-flight"
    memory.release(two)
    assert memory.claim(claim(caller="three")).state == "claimed"


def test_in_the_process_no_application_takes_the_room_of_the_others() -> None:
    now = [0.0]
    memory = MemoryIdempotency(lambda: now[0], keys=30)
    greedy = [claim(caller="greedy") for _ in range(3)]
    assert {memory.claim(each).state for each in greedy} == {"claimed"}
    with pytest.raises(StoreUnavailableError):
        memory.claim(claim(caller="greedy"))
    assert memory.claim(claim(caller="other")).state == "claimed"
    memory.release(greedy[0])
    assert memory.claim(claim(caller="greedy")).state == "claimed"
    now[0] = 700.0
    assert memory.claim(claim(caller="greedy")).state == "claimed"
    assert len(memory) == 1


def test_in_the_process_an_answer_without_room_is_remembered_by_its_status() -> None:
    memory = MemoryIdempotency(size=50)
    one, two = claim(), claim()
    for each in (one, two):
        memory.claim(each)
        assert memory.answered(each, packed(201, [], b"x" * 40, 1_000))
    assert unpacked(memory.claim(one).answer).body == b"x" * 40
    short = unpacked(memory.claim(two).answer)
    assert (short.status, short.body) == (201, None)


async def test_without_the_server_nobody_is_told_anything() -> None:
    shared = SharedIdempotency(SharedStore("redis://127.0.0.1:9", SCRIPT))
    first = claim()
    with pytest.raises(StoreUnavailableError):
        await shared.claim(first)
    assert await shared.answered(first, b"x") is False
    shared.lost(first)
    await shared.close()


async def test_what_was_claimed_outlives_the_server_s_loss_of_its_scripts(server: Valkey) -> None:
    shared = SharedIdempotency(patient_store(server.url, SCRIPT))
    first = claim()
    await shared.claim(first)
    async with contextlib.aclosing(redis.asyncio.Redis.from_url(server.url)) as client:
        await client.script_flush()
    assert await shared.answered(first, b"x")
    assert (await shared.claim(claim("two", first.key))).state == "answered"
    await shared.close()


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_said_both_say_the_same(server: Valkey, seed: int) -> None:
    chance = random.Random(seed)
    memory, shared = MemoryIdempotency(lambda: 0.0), SharedIdempotency(patient_store(server.url, SCRIPT))
    keys = [f"both-{seed}-{number}" for number in range(4)]
    made = [
        claim(owner, key, fingerprint, lease)
        for owner in ("one", "two")
        for key in keys
        for fingerprint in (b"a", b"b")
        for lease in (0, 600)
    ]
    said: set[str] = set()
    for step in range(400):
        one = chance.choice(made)
        word = chance.choice(("claim", "claim", "claim", "answered", "release", "lost"))
        if word == "claim":
            here, there = memory.claim(one), await shared.claim(one)
            assert here == there, f"step {step}"
            said.add(here.state)
        elif word == "answered":
            text = packed(200, [], b"%d" % step, 100)
            assert memory.answered(one, text) == await shared.answered(one, text), f"step {step}"
        else:
            getattr(memory, word)(one)
            getattr(shared, word)(one)
    assert said == {"claimed", "in-flight", "other-payload", "answered", "unknown"}
    await shared.close()
