"""Slots that workers share, against a real Valkey server."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from contracts.limits import OnUnavailable
from gateway.adapters.shared_slots import SCRIPT, SharedSlots
from policies.limits.slots import TAKEN, SlotLimit, SlotMeter, Taken
from tests.gateway.adapters.patient_store import patient_store
from tests.support.valkey import Valkey, valkey


@pytest.fixture(scope="module")
def server() -> Iterator[Valkey]:
    with valkey() as running:
        yield running


@pytest.fixture
async def workers(server: Valkey) -> AsyncIterator[list[SharedSlots]]:
    made = [SharedSlots(patient_store(server.url, SCRIPT), share=2) for _ in range(2)]
    yield made
    for each in made:
        await each.close()


def meter(*keys: str, most: int = 3, otherwise: OnUnavailable = "local") -> SlotMeter:
    return SlotMeter(tuple(SlotLimit(key, most, ("api",), otherwise) for key in keys), keys)


async def take(slots: SharedSlots, what: SlotMeter) -> Taken:
    taken = slots.take(what)
    return taken if isinstance(taken, Taken) else await taken


async def until_free(slots: SharedSlots, what: SlotMeter) -> None:
    """What is given back is said without waiting; the next question may be there before."""
    async with asyncio.timeout(10):
        while await take(slots, what) is not TAKEN:
            await asyncio.sleep(0.005)


async def test_workers_share_them_and_give_them_back(workers: list[SharedSlots]) -> None:
    one, other = workers
    assert [await take(each, meter("a")) for each in (one, other, one)] == [TAKEN] * 3
    for each in workers:
        assert (await take(each, meter("a"))).full == ("a",)
    one.release(meter("a"))
    await until_free(other, meter("a"))
    assert (await take(one, meter("a"))).full == ("a",)


async def test_of_many_who_ask_at_once_as_many_get_one_as_there_are(workers: list[SharedSlots]) -> None:
    taken = await asyncio.gather(*(take(workers[number % 2], meter("many", most=7)) for number in range(60)))
    assert taken.count(TAKEN) == 7
    assert sum(each.full == ("many",) for each in taken) == 53


async def test_of_several_limits_all_or_none(workers: list[SharedSlots]) -> None:
    one, other = workers
    assert [await take(one, meter("b", "c")) for _ in range(3)] == [TAKEN] * 3
    assert (await take(other, meter("d", "c"))).full == ("c",)
    assert [await take(other, meter("d")) for _ in range(3)] == [TAKEN] * 3  # it holds none of `d`


async def test_a_client_that_goes_away_while_it_waits_holds_nothing(workers: list[SharedSlots]) -> None:
    one, other = workers
    waiting = [asyncio.ensure_future(take(one, meter("gone"))) for _ in range(3)]
    await asyncio.sleep(0)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert len(one) == 0
    for _ in range(3):
        await until_free(other, meter("gone"))


async def test_slots_of_a_worker_that_died_are_free_when_its_lease_is_over(server: Valkey) -> None:
    dead = SharedSlots(patient_store(server.url, SCRIPT), share=2, lease=0.3)
    living = SharedSlots(patient_store(server.url, SCRIPT), share=2, lease=0.3)
    assert [await take(dead, meter("died")) for _ in range(2)] == [TAKEN] * 2
    assert await take(living, meter("died")) is TAKEN
    assert (await take(living, meter("died"))).full == ("died",)
    await dead.close()
    for _ in range(2):
        await until_free(living, meter("died"))
    assert (await take(living, meter("died"))).full == ("died",)  # which has kept its own meanwhile
    await living.close()


@pytest.mark.parametrize("otherwise", ["local", "open", "closed"])
async def test_without_the_server_and_when_it_is_back_empty(otherwise: OnUnavailable) -> None:
    now = 0.0
    what = meter("outage", most=4, otherwise=otherwise)
    with valkey() as server:
        slots = SharedSlots(patient_store(server.url, SCRIPT, clock=lambda: now), share=2)
        assert await take(slots, what) is TAKEN
        server.kill()
        taken = [await take(slots, what) for _ in range(5)]
        assert slots.locally == 5
        if otherwise == "closed":
            assert taken == [Taken(undecided=("outage",))] * 5
        elif otherwise == "open":
            assert taken == [TAKEN] * 5
        else:  # its share is two, and it holds one
            assert taken == [TAKEN] + [Taken(("outage",))] * 4
        server.start()
        now += 60
        other = SharedSlots(patient_store(server.url, SCRIPT), share=2)
        held = {"closed": 1, "local": 2, "open": 6}[otherwise]
        # Whoever asks says what it holds.
        assert (await take(slots, what) is TAKEN) == (held < 4)
        left = max(0, 4 - held - 1)
        assert [await take(other, what) is TAKEN for _ in range(left + 1)] == [True] * left + [False]
        await slots.close()
        await other.close()
