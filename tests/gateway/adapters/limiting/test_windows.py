"""Each kind of window beside another account of the same: the `limits` package, the TAT form of the GCRA, sums."""

import threading
from fractions import Fraction
from types import SimpleNamespace

import limits.storage.memory
import limits.strategies
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.limits import RateLimit
from gateway.adapters.limiter import InProcessLimiter
from policies.limits.meter import Meter, meter_of

START = 1_800_000_000.0  # a multiple of the windows that are tried


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def limiter_of(clock: Clock) -> InProcessLimiter:
    return InProcessLimiter(clock, clock)


def meter(*each: RateLimit) -> Meter:
    return meter_of(each, ["k"] * len(each))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of `limits`, too, without the thread that sweeps there: it may take what is being counted."""
    made = Clock()
    timer = SimpleNamespace(start=lambda: None, is_alive=lambda: True)
    threads = SimpleNamespace(Timer=lambda *_: timer, RLock=threading.RLock)
    monkeypatch.setattr(limits.storage.memory, "threading", threads)
    for module in (limits.storage.memory, limits.strategies):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=made))
    return made


Steps = list[tuple[int, int]]
STEPS = st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 3)), max_size=80)  # ms before it, and units


def test_fixed_windows_are_those_of_limits(clock: Clock) -> None:
    @given(STEPS)
    def run(steps: Steps) -> None:
        clock.now = START
        theirs = limits.strategies.FixedWindowRateLimiter(limits.storage.memory.MemoryStorage())
        item, ours = limits.parse("5 per 10 second"), limiter_of(clock)
        for wait, _ in steps:
            clock.now += wait / 1000
            # A hit that `limits` refuses is counted there; with hits of one unit that changes no decision.
            assert bool(ours.take(meter(RateLimit("x", 5, 10)), 1).violated) is not theirs.hit(item)

    run()


def test_a_log_is_the_moving_window_of_limits(clock: Clock) -> None:
    @given(STEPS)
    def run(steps: Steps) -> None:
        clock.now = START
        theirs = limits.strategies.MovingWindowRateLimiter(limits.storage.memory.MemoryStorage())
        item, ours = limits.parse("7 per 10 second"), limiter_of(clock)
        taken: set[float] = set()
        for wait, cost in steps:
            clock.now = round(clock.now + wait / 1000, 3)
            if round(clock.now - 10, 3) in taken:
                clock.now = round(clock.now + 0.001, 3)  # what is just as old as the window is still in it, there
            allowance = ours.take(meter(RateLimit("x", 7, 10, "log")), cost)
            assert bool(allowance.violated) is not theirs.hit(item, cost=cost)
            assert allowance.left[0] == theirs.get_window_stats(item).remaining
            if not allowance.violated:
                taken.add(clock.now)

    run()


def test_a_sliding_window_is_that_of_limits_and_rounds_up(clock: Clock) -> None:
    @given(STEPS)
    def run(steps: Steps) -> None:
        clock.now = START
        theirs = limits.strategies.SlidingWindowCounterRateLimiter(limits.storage.memory.MemoryStorage())
        item, ours = limits.parse("9 per 10 second"), limiter_of(clock)
        ours.take(meter(RateLimit("x", 9, 10, "sliding")), 1)  # ours begin with a call, theirs with the minute
        theirs.hit(item)
        for wait, cost in steps:
            clock.now = round(clock.now + wait / 1000, 3)
            before, expires, _, _ = theirs.storage.get_sliding_window(item.key_for(), 10)
            refused = bool(ours.take(meter(RateLimit("x", 9, 10, "sliding")), cost).violated)
            weighed = before * expires / 10
            if refused is theirs.hit(item, cost=cost):
                # They round what is left of the window before down, and let a fraction of a unit more pass.
                assert refused
                assert weighed % 1 > 1e-6
                return

    run()


@given(
    st.integers(1, 50),
    st.integers(1, 10),
    st.integers(1, 30),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 5))),
)
@settings(max_examples=200)
def test_gcra_is_its_virtual_scheduling_form(quota: int, window: int, burst: int, steps: Steps) -> None:
    clock = Clock()
    ours = limiter_of(clock)
    interval, arrival = Fraction(window * 1000, quota), Fraction(0)
    now = int(START * 1000)
    for wait, cost in steps:
        now += wait
        clock.now = now / 1000
        theoretical = max(arrival, Fraction(now)) + cost * interval
        fits = theoretical - burst * interval <= now
        allowance = ours.take(meter(RateLimit("x", quota, window, "gcra", burst=burst)), cost)
        assert bool(allowance.violated) is not fits
        if fits:
            arrival = theoretical
        assert allowance.left[0] == burst - -(-max(Fraction(0), arrival - now) // interval)


KINDS = (
    RateLimit("x", 7, 10),
    RateLimit("x", 7, 10, "sliding"),
    RateLimit("x", 7, 10, "log"),
    RateLimit("x", 7, 10, "gcra", burst=3),
    RateLimit("x", 7, 86_400, "calendar", period="day", time_zone="Europe/Brussels"),
)


@pytest.mark.parametrize("limit", KINDS, ids=lambda limit: limit.kind)
def test_whoever_waits_as_long_as_told_gets_in_and_a_full_reset_is_full(limit: RateLimit) -> None:
    @given(STEPS)
    def run(steps: Steps) -> None:
        clock = Clock()
        ours = limiter_of(clock)
        for wait, cost in steps:
            clock.now += wait / 1000
            allowance = ours.take(meter(limit), cost)
            if allowance.violated:
                clock.now += allowance.left[1]
                assert not ours.take(meter(limit), cost).violated
        whole = ours.take(meter(limit), 0)
        clock.now += whole.left[1]
        assert ours.take(meter(limit), 0).left[0] == limit.most

    run()


@pytest.mark.parametrize("limit", KINDS, ids=lambda limit: limit.kind)
def test_a_cost_that_is_never_paid_takes_nothing(limit: RateLimit) -> None:
    ours = limiter_of(Clock())
    assert ours.take(meter(limit), 1).left[0] == limit.most - 1
    refused = ours.take(meter(limit), limit.most + 1)
    assert refused.violated == ("x",)
    assert refused.left[0] == limit.most - 1
    assert refused.left[1] == ours.take(meter(limit), 0).left[1]


@given(STEPS)
def test_no_ten_seconds_ever_hold_more_than_a_log_admits(steps: Steps) -> None:
    clock, taken = Clock(), []
    ours = limiter_of(clock)
    for wait, cost in steps:
        clock.now += wait / 1000
        if not ours.take(meter(RateLimit("x", 7, 10, "log")), cost).violated:
            taken.append((clock.now, cost))
    for at, _ in taken:
        assert sum(cost for other, cost in taken if at <= other < at + 10 - 0.002) <= 7


def test_a_day_of_brussels_ends_with_its_clocks() -> None:
    clock = Clock()
    clock.now = 1_774_738_800.0  # 2026-03-29T00:00 in Brussels, when clocks go forward at two
    limit = RateLimit("daily", 2, 86_400, "calendar", period="day", time_zone="Europe/Brussels")
    ours = limiter_of(clock)
    assert ours.take(meter(limit), 2).left == [0, 23 * 3600]
    clock.now += 23 * 3600 - 1
    assert ours.take(meter(limit), 1).left == [0, 1]
    clock.now += 1
    assert ours.take(meter(limit), 1).left == [1, 24 * 3600]


def test_kinds_decide_together_and_take_from_all_or_none() -> None:
    clock = Clock()
    ours = limiter_of(clock)
    every = meter(
        *(RateLimit(limit.kind, limit.quota, limit.window, limit.kind, burst=limit.burst) for limit in KINDS[:4])
    )
    for _ in range(3):
        assert not ours.take(every, 1).violated
    refused = ours.take(every, 1)
    assert refused.violated == ("gcra",)
    assert refused.left[0::2] == [4, 4, 4, 0]
    clock.now += 1.429
    assert ours.take(every, 1).left[0::2] == [3, 3, 3, 0]


def test_windows_that_are_over_are_dropped_whatever_their_kind() -> None:
    clock = Clock()
    ours = limiter_of(clock)
    for number in range(1024):
        limit = KINDS[number % 4]
        ours.take(meter_of((limit,), [str(number)]), 1)
    clock.now += 20
    ours.take(meter_of((KINDS[0],), ["new"]), 1)
    assert len(ours) == 1
