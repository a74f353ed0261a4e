from hypothesis import given
from hypothesis import strategies as st

from contracts.limits import RateLimit
from gateway.adapters.limiter import InProcessLimiter
from policies.limits.meter import Meter, meter_of


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def meter(scope: str, limits: tuple[RateLimit, ...]) -> Meter:
    return meter_of(limits, [scope] * len(limits))


BURST = RateLimit("burst", 2, 10)
DAILY = RateLimit("daily", 3, 100)


def test_a_window_starts_with_its_first_request_and_ends_after_its_length() -> None:
    clock = Clock()
    limiter = InProcessLimiter(clock)
    assert not limiter.take(meter("k", (BURST,)), 1).violated
    clock.now += 9.5
    state = limiter.take(meter("k", (BURST,)), 1).states[0]
    assert (state.remaining, state.reset) == (0, 1)
    assert limiter.take(meter("k", (BURST,)), 1).violated == ("burst",)
    clock.now += 0.5
    state = limiter.take(meter("k", (BURST,)), 1).states[0]
    assert (state.remaining, state.reset) == (1, 10)


def test_all_or_nothing() -> None:
    clock = Clock()
    limiter = InProcessLimiter(clock)
    limits = (DAILY, BURST)
    limiter.take(meter("k", limits), 1)
    limiter.take(meter("k", limits), 1)
    for _ in range(5):
        refused = limiter.take(meter("k", limits), 1)
        assert refused.violated == ("burst",)
        assert [state.remaining for state in refused.states] == [1, 0]
    clock.now += 10
    allowed = limiter.take(meter("k", limits), 1)
    assert not allowed.violated
    assert [state.remaining for state in allowed.states] == [0, 1]


def test_all_that_are_full_are_named() -> None:
    limiter = InProcessLimiter(Clock())
    assert limiter.take(meter("k", (BURST, DAILY)), 9).violated == ("burst", "daily")


def test_a_cost_above_the_quota_is_never_paid_and_takes_nothing() -> None:
    limiter = InProcessLimiter(Clock())
    refused = limiter.take(meter("k", (BURST,)), 3)
    assert refused.violated == ("burst",)
    assert refused.states[0].remaining == 2
    assert not limiter.take(meter("k", (BURST,)), 2).violated


def test_keys_do_not_share() -> None:
    limiter = InProcessLimiter(Clock())
    limiter.take(meter("a", (BURST,)), 2)
    assert not limiter.take(meter("b", (BURST,)), 2).violated


def test_a_raised_quota_counts_on() -> None:
    limiter = InProcessLimiter(Clock())
    limiter.take(meter("k", (BURST, DAILY)), 2)
    raised = (RateLimit("burst", 5, 10),)
    assert limiter.take(meter("k", raised), 1).states[0].remaining == 2


def test_a_lowered_quota_never_shows_less_than_nothing() -> None:
    limiter = InProcessLimiter(Clock())
    limiter.take(meter("k", (DAILY,)), 3)
    refused = limiter.take(meter("k", (RateLimit("daily", 1, 100),)), 1)
    assert refused.violated == ("daily",)
    assert refused.states[0].remaining == 0


def test_another_window_length_starts_anew() -> None:
    limiter = InProcessLimiter(Clock())
    limiter.take(meter("k", (BURST,)), 2)
    assert not limiter.take(meter("k", (RateLimit("burst", 2, 60),)), 2).violated


def test_keys_whose_windows_are_over_are_dropped() -> None:
    clock = Clock()
    limiter = InProcessLimiter(clock)
    for number in range(1024):
        limiter.take(meter(f"old-{number}", (BURST,)), 1)
    clock.now += 10
    limiter.take(meter("new", (BURST,)), 1)
    assert len(limiter) == 1


def test_a_key_with_one_open_window_is_kept() -> None:
    clock = Clock()
    limiter = InProcessLimiter(clock)
    for number in range(1024):
        limiter.take(meter(f"k-{number}", (BURST, DAILY)), 2)
    clock.now += 10
    limiter.take(meter("new", (BURST,)), 1)
    assert len(limiter) == 1025
    assert limiter.take(meter("k-0", (BURST, DAILY)), 2).violated == ("daily",)


def test_keys_whose_windows_are_open_are_kept() -> None:
    limiter = InProcessLimiter(Clock())
    for number in range(3000):
        limiter.take(meter(f"k-{number}", (BURST,)), 2)
    assert len(limiter) == 3000
    assert limiter.take(meter("k-0", (BURST,)), 1).violated


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 3)), max_size=60))
def test_no_window_ever_gives_more_than_its_quota(steps: list[tuple[float, int]]) -> None:
    clock = Clock()
    limiter = InProcessLimiter(clock)
    limits = (RateLimit("short", 4, 10), RateLimit("long", 7, 45))
    taken: dict[str, list[tuple[float, int]]] = {"short": [], "long": []}
    ends = {"short": 0.0, "long": 0.0}
    for wait, cost in steps:
        clock.now += wait
        allowance = limiter.take(meter("k", limits), cost)
        for limit, state in zip(limits, allowance.states, strict=True):
            if clock.now >= ends[limit.name]:
                ends[limit.name] = clock.now + limit.window
                taken[limit.name] = []
            if not allowance.violated:
                taken[limit.name].append((clock.now, cost))
            used = sum(cost for _, cost in taken[limit.name])
            assert used <= limit.quota
            assert state.remaining == limit.quota - used
            assert 0 < state.reset <= limit.window
