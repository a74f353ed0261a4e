"""The limits that workers share, against a real Valkey server."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.limits import RateLimit, WindowKind
from gateway.adapters.limiting.script import SCRIPT
from gateway.adapters.shared_limiter import SharedLimiter
from gateway.adapters.shared_store import SharedStore, StateUnavailableError
from policies.limits.meter import meter_of
from policies.ports import Allowance
from tests.gateway.adapters.patient_store import patient_store
from tests.gateway.http_harness import PATIENCE
from tests.support.valkey import Valkey, valkey

HOUR = 3600


@pytest.fixture(scope="module")
def server() -> Iterator[Valkey]:
    with valkey() as running:
        yield running


@pytest.fixture
async def store(server: Valkey) -> AsyncIterator[SharedStore]:
    made = patient_store(server.url, SCRIPT)
    yield made
    await made.close()


async def take(limiter: SharedLimiter, key: str, limits: tuple[RateLimit, ...], cost: int = 1) -> Allowance:
    taken = limiter.take(meter_of(limits, [key] * len(limits)), cost)
    return taken if isinstance(taken, Allowance) else await taken


async def test_two_workers_count_together_to_the_last_unit(store: SharedStore) -> None:
    limits = (RateLimit("exact", 10, HOUR),)
    workers = [SharedLimiter(store, share=2, exact=True) for _ in range(2)]
    decisions = [await take(workers[n % 2], "two", limits) for n in range(12)]
    assert [decision.states[0].remaining for decision in decisions[:10]] == list(range(9, -1, -1))
    assert [decision.violated for decision in decisions[10:]] == [("exact",), ("exact",)]
    assert all(HOUR - PATIENCE <= decision.states[0].reset <= HOUR for decision in decisions)
    assert [worker.locally for worker in workers] == [0, 0]


async def test_a_block_needs_one_round_trip_and_the_headers_count_down(store: SharedStore) -> None:
    limits = (RateLimit("block", 1000, HOUR),)
    limiter = SharedLimiter(store, share=2)
    first = limiter.take(meter_of(limits, ["block"]), 1)
    assert not isinstance(first, Allowance)
    assert (await first).states[0].remaining == 999
    for remaining in range(998, 989, -1):
        taken = limiter.take(meter_of(limits, ["block"]), 1)
        assert isinstance(taken, Allowance)
        assert taken.states[0].remaining == remaining
    assert not isinstance(pending := limiter.take(meter_of(limits, ["block"]), 1), Allowance)
    assert (await pending).states[0].remaining == 989


async def test_all_limits_hold_at_once_or_nothing_is_taken(store: SharedStore) -> None:
    small, large = RateLimit("small", 3, HOUR), RateLimit("large", 100, HOUR)
    limiter = SharedLimiter(store, share=2)
    for _ in range(3):
        assert not (await take(limiter, "all", (small, large))).violated
    refused = await take(limiter, "all", (small, large))
    assert refused.violated == ("small",)
    assert [state.remaining for state in refused.states] == [0, 97]


async def test_what_costs_less_than_what_was_refused_may_still_pass(store: SharedStore) -> None:
    limits = (RateLimit("costs", 10, HOUR),)
    limiter = SharedLimiter(store, share=1)
    assert not (await take(limiter, "costs", limits, 8)).violated
    assert (await take(limiter, "costs", limits, 5)).violated == ("costs",)
    allowed = await take(limiter, "costs", limits, 2)
    assert not allowed.violated
    assert allowed.states[0].remaining == 0


async def test_what_was_not_spent_of_a_block_goes_back_to_the_windows_that_go_on(store: SharedStore) -> None:
    second, hour = RateLimit("second", 1000, 1), RateLimit("hour", 1000, HOUR)
    limiter = SharedLimiter(store, share=1)
    assert not (await take(limiter, "back", (second, hour))).violated  # takes ten, spends one
    await asyncio.sleep(1.1)  # the shorter window is over, and the block with it
    again = await take(limiter, "back", (second, hour))
    assert [state.remaining for state in again.states] == [999, 998]


async def test_many_who_ask_at_once_are_all_answered_and_none_too_many_allowed(store: SharedStore) -> None:
    limits = (RateLimit("many", 50, HOUR),)
    workers = [SharedLimiter(store, share=4) for _ in range(4)]
    decisions = await asyncio.gather(*(take(workers[n % 4], "many", limits) for n in range(200)))
    assert sum(not decision.violated for decision in decisions) == 50


async def test_a_client_that_goes_away_takes_nobody_else_with_it(store: SharedStore) -> None:
    limits = (RateLimit("gone", 10, HOUR),)
    limiter = SharedLimiter(store, share=1)
    impatient, patient = (asyncio.ensure_future(take(limiter, "gone", limits)) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    assert not (await patient).violated


async def test_a_changed_quota_keeps_what_was_used(store: SharedStore) -> None:
    limiter = SharedLimiter(store, share=1)
    for _ in range(5):
        await take(limiter, "quota", (RateLimit("plan", 10, HOUR),))
    more = await take(limiter, "quota", (RateLimit("plan", 20, HOUR),))
    assert more.states[0].remaining == 14


Step = tuple[int, int, bool]


LEASED = ("fixed", "sliding", "calendar")


@given(
    quotas=st.lists(st.tuples(st.integers(1, 400), st.sampled_from(LEASED)), min_size=1, max_size=3),
    steps=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 7), st.booleans()), max_size=120),
)
@settings(max_examples=60)
def test_never_over_a_limit_and_at_most_a_block_each_unspent(
    server: Valkey, quotas: list[tuple[int, WindowKind]], steps: list[Step]
) -> None:
    limits = tuple(
        RateLimit(f"l{index}", quota, HOUR, kind, period="month" if kind == "calendar" else "")
        for index, (quota, kind) in enumerate(quotas)
    )
    key = f"property-{id(steps)}-{hash((tuple(quotas), tuple(steps)))}"
    smallest = min(quota for quota, _ in quotas)

    async def run() -> int:
        stores = [patient_store(server.url, SCRIPT) for _ in range(3)]
        workers = [SharedLimiter(store, share=3) for store in stores]
        spent = 0
        batch: list[tuple[int, asyncio.Future[Allowance]]] = []
        try:
            for index, cost, together in steps:
                batch.append((cost, asyncio.ensure_future(take(workers[index], key, limits, cost))))
                if not together:
                    spent += await settled(batch)
            spent += await settled(batch)
            # One unit at a time until each of them is refused: what nobody can have any more was not spent.
            for worker in workers:
                while not (await take(worker, key, limits, 1)).violated:
                    spent += 1
        finally:
            for store in stores:
                await store.close()
        assert not any(worker.locally for worker in workers)
        return spent

    spent = asyncio.run(run())
    assert spent <= smallest
    assert smallest - spent <= 3 * max(7, smallest // 100)


async def settled(batch: list[tuple[int, asyncio.Future[Allowance]]]) -> int:
    spent = 0
    for cost, future in batch:
        if not (await future).violated:
            spent += cost
    batch.clear()
    return spent


async def test_permits_at_hand_are_put_back_where_another_limit_refuses(store: SharedStore) -> None:
    daily, burst = RateLimit("daily", 1000, HOUR), RateLimit("burst", 2, HOUR, "gcra", burst=2)
    limiter = SharedLimiter(store, share=2)
    for _ in range(2):
        assert not (await take(limiter, "put-back", (daily, burst))).violated
    for _ in range(3):
        refused = await take(limiter, "put-back", (daily, burst))
        assert refused.violated == ("burst",)
        assert refused.left == [998, refused.left[1], 0, refused.left[3]]
    assert (await take(limiter, "put-back", (daily,))).left[0] == 997


async def test_a_counter_that_many_share_is_one_lease_and_one_limit(store: SharedStore) -> None:
    own, shared = RateLimit("own", 1000, HOUR), RateLimit("shared", 400, HOUR, by=("api",))
    workers = [SharedLimiter(store, share=2) for _ in range(2)]

    async def ask(number: int) -> bool:
        meter = meter_of((own, shared), [f"client-{number % 20}", "api"])
        taken = workers[number % 2].take(meter, 1)
        return not (taken if isinstance(taken, Allowance) else await taken).violated

    assert sum(await asyncio.gather(*(ask(number) for number in range(600)))) == 400


async def test_several_limits_of_one_call_are_asked_about_together(server: Valkey) -> None:
    store = patient_store(server.url, SCRIPT)
    limiter = SharedLimiter(store, share=2, exact=True)
    limits = (RateLimit("one", 3, HOUR), RateLimit("two", 5, HOUR, "log"), RateLimit("three", 9, HOUR, "sliding"))
    decisions = await asyncio.gather(*(take(limiter, "together", limits) for _ in range(6)))
    # The third unit of `one` was the last; what came after it has taken of no limit.
    assert [decision.violated for decision in decisions] == [()] * 3 + [("one",)] * 3
    assert [decision.left[0::2] for decision in decisions[2:]] == [[0, 2, 6]] * 4
    await store.close()


@pytest.mark.parametrize("exact", [False, True])
async def test_without_the_server_each_limit_does_as_it_says(exact: bool) -> None:
    local, strict = RateLimit("local", 4, HOUR), RateLimit("strict", 4, HOUR, on_unavailable="closed")
    lenient = RateLimit("lenient", 4, HOUR, on_unavailable="open")
    with valkey() as server:
        store = patient_store(server.url, SCRIPT)
        limiter = SharedLimiter(store, share=2, exact=exact)
        assert not (await take(limiter, "k", (local, strict, lenient))).violated
        server.kill()
        for _ in range(5):
            refused = await take(limiter, "k", (local, strict, lenient))
            assert refused.undecided == ("strict",)
        decisions = [await take(limiter, "k", (local, lenient)) for _ in range(3)]
        assert [decision.violated for decision in decisions] == [(), ("local",), ("local",)]
        assert [[limit.name for limit in decision.limits] for decision in decisions] == [["local"]] * 3
        for _ in range(9):
            assert not (await take(limiter, "k", (lenient,))).violated
        await store.close()


async def test_a_server_that_comes_back_empty_lets_nobody_have_twice_what_was_theirs() -> None:
    now = 0.0
    limits = (RateLimit("daily", 12, HOUR), RateLimit("burst", 12, HOUR, "gcra", burst=12))
    with valkey() as server:
        stores = [patient_store(server.url, SCRIPT, clock=lambda: now) for _ in range(2)]
        workers = [SharedLimiter(store, share=2, exact=True, clock=lambda: now) for store in stores]
        allowed = 0

        async def ask(times: int) -> None:
            nonlocal allowed
            for number in range(times):
                allowed += not (await take(workers[number % 2], "back", limits)).violated

        await ask(4)
        server.kill()
        await ask(4)  # two in each worker, of a share of six
        server.start()
        now += 60
        await ask(20)
        assert allowed == 12
        for store in stores:
            await store.close()


async def test_of_all_who_wait_for_a_server_that_was_lost_one_looks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    limits = (RateLimit("herd", 1000, HOUR),)
    with valkey() as server:
        store = patient_store(server.url, SCRIPT, clock=lambda: now)
        limiter = SharedLimiter(store, share=1, exact=True, clock=lambda: now)
        await take(limiter, "herd", limits)
        server.kill()
        await take(limiter, "herd", limits)
        now += 60
        asked: list[int] = []
        run = store._server.run
        monkeypatch.setattr(store._server, "run", lambda name, calls: asked.append(len(calls)) or run(name, calls))
        decisions = await asyncio.gather(*(take(limiter, f"client-{number}", limits) for number in range(500)))
        assert asked == [1]
        assert not any(decision.violated for decision in decisions)
        await store.close()


async def test_without_the_server_each_worker_enforces_its_share_and_afterwards_they_share_again() -> None:
    now = 0.0
    limits = (RateLimit("outage", 10, HOUR),)
    with valkey() as server:
        store = patient_store(server.url, SCRIPT, clock=lambda: now)
        limiter = SharedLimiter(store, share=2, exact=True, clock=lambda: now)
        assert (await take(limiter, "outage", limits)).states[0].remaining == 9
        server.kill()
        decisions = [await take(limiter, "outage", limits) for _ in range(7)]
        # Of the nine that were left four are its share.
        assert [bool(decision.violated) for decision in decisions] == [False] * 4 + [True] * 3
        assert [state.quota for state in decisions[0].states] == [5]
        assert [decision.left[0] for decision in decisions] == [3, 2, 1, 0, 0, 0, 0]
        assert not store.available
        assert (store.outages, limiter.locally) == (1, 7)
        # As long as it is not time to look again nobody waits for a server that is down.
        assert isinstance(limiter.take(meter_of(limits, ["outage"]), 1), Allowance)
        now += 60
        attempt = asyncio.ensure_future(take(limiter, "outage", limits))
        await asyncio.sleep(0)
        assert isinstance(
            limiter.take(meter_of(limits, ["outage"]), 1), Allowance
        )  # one looks, the others do not wait
        assert (await attempt).violated
        server.start()
        now += 60
        # It has forgotten everything, the script too. It is told of what it had granted, and what was meanwhile.
        assert (await take(limiter, "outage", limits)).states[0].remaining == 10 - 1 - 4 - 1
        assert store.available
        assert store.outages == 1
        await store.close()


async def test_whoever_waits_when_the_store_is_closed_is_told() -> None:
    with valkey() as server:
        store = patient_store(server.url, SCRIPT)
        waiting = store.run("k", 1, 1, "l", 10, 1000, 0, 0)
        await store.close()
        with pytest.raises(StateUnavailableError):
            await waiting


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="scheme"):
        SharedStore("http://nowhere", SCRIPT)
