"""Limits and slots on a real Cluster, of which each counter may be at another node."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Iterator

import pytest

from contracts.limits import RateLimit
from gateway.adapters import shared_slots
from gateway.adapters.limiting.script import SCRIPT
from gateway.adapters.shared_limiter import SharedLimiter
from gateway.adapters.shared_slots import SharedSlots
from gateway.adapters.shared_state import open_shared_state
from gateway.adapters.shared_store import SharedStore
from policies.exchange import Allowance
from policies.limits.meter import meter_of
from policies.limits.slots import TAKEN, SlotLimit, SlotMeter, Taken
from tests.gateway.adapters.patient_store import patient_store
from tests.support.valkey import Cluster, valkey_cluster

HOUR = 3600
LIMITS = (
    RateLimit("own", 40, HOUR),
    RateLimit("log", 30, HOUR, "log"),
    RateLimit("even", 20, HOUR, "gcra", burst=20),
    RateLimit("large", 1000, HOUR, "sliding"),
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with valkey_cluster() as running:
        yield running


@pytest.fixture
async def store(cluster: Cluster) -> AsyncIterator[SharedStore]:
    made = patient_store(cluster.url, SCRIPT)
    yield made
    await made.close()


async def take(limiter: SharedLimiter, scope: str, limits: tuple[RateLimit, ...]) -> Allowance:
    taken = limiter.take(meter_of(limits, [scope] * len(limits)), 1)
    return taken if isinstance(taken, Allowance) else await taken


@pytest.mark.parametrize("exact", [False, True])
async def test_counters_at_different_nodes_decide_together(store: SharedStore, exact: bool) -> None:
    assert store.spread
    workers = [SharedLimiter(store, share=2, exact=exact) for _ in range(2)]
    decisions = [await take(workers[number % 2], f"together-{exact}", LIMITS) for number in range(25)]
    assert [worker.locally for worker in workers] == [0, 0]
    assert [decision.violated for decision in decisions] == [()] * 20 + [("even",)] * 5
    # What the others granted went back.
    after = await take(workers[0], f"together-{exact}", LIMITS[:2])
    assert after.left[0::2] == [19, 9]


async def test_of_many_who_ask_at_once_none_too_many_pass(store: SharedStore) -> None:
    workers = [SharedLimiter(store, share=4, exact=True) for _ in range(4)]
    decisions = await asyncio.gather(*(take(workers[number % 4], "many", LIMITS) for number in range(120)))
    passed = sum(not decision.violated for decision in decisions)
    assert 0 < passed <= 20
    # Whoever was refused while another's unit was on its way back may come again.
    while not (await take(workers[0], "many", LIMITS)).violated:
        passed += 1
    assert passed == 20
    assert [worker.locally for worker in workers] == [0, 0, 0, 0]


async def test_slots_at_different_nodes_are_taken_together(cluster: Cluster) -> None:
    one, other = (SharedSlots(patient_store(cluster.url, shared_slots.SCRIPT), share=2) for _ in range(2))
    names = ("first", "second", "third")
    meter = SlotMeter(tuple(SlotLimit(name, 2, ("api",)) for name in names), names)
    alone = SlotMeter(meter.limits[:1], names[:1])

    async def ask(slots: SharedSlots, what: SlotMeter) -> Taken:
        taken = slots.take(what)
        return taken if isinstance(taken, Taken) else await taken

    assert await ask(one, alone) is TAKEN
    assert await ask(other, meter) is TAKEN
    assert (await ask(one, meter)).full == ("first",)
    one.release(alone)
    async with asyncio.timeout(10):
        while await ask(one, meter) is not TAKEN:
            await asyncio.sleep(0.005)
    assert (await ask(other, meter)).full == names
    await one.close()
    await other.close()


async def test_all_that_is_shared_can_be_on_a_cluster(cluster: Cluster) -> None:
    state = open_shared_state(cluster.url, workers=2, exact=True)
    proof = state.proofs.use(b"\x01" * 32, time.time() + 60)
    assert isinstance(proof, Awaitable)
    assert await proof
    first = await take(state.limiter, "state", LIMITS[:1])
    assert first.left[0] == 39
    assert state.store.available
    await state.close()
