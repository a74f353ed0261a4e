import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from contracts.resilience import EjectionSettings, HealthCheck
from gateway.upstreams.resilience.balancing import Balancer, Target


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Busy:
    """A server of which only the load is known."""

    in_use = 0


def balancer(count: int, seed: int = 7, **settings: float) -> tuple[Balancer[Busy], Clock]:
    clock = Clock()
    targets = [Target(f"http://10.0.0.{number}", Busy()) for number in range(count)]
    made = EjectionSettings(**{"failures": 2, "base": 10.0, "longest": 35.0, **settings})  # type: ignore[arg-type]
    return Balancer(targets, made, clock=clock, chance=random.Random(seed).random), clock


def fail(made: Balancer[Busy], target: Target[Busy], times: int = 2) -> None:
    for _ in range(times):
        made.failed(target)


def picked(made: Balancer[Busy]) -> set[str]:
    return {made.pick().url for _ in range(200)}


def test_the_least_busy_of_two_is_taken() -> None:
    made, _ = balancer(2)
    made.targets[0].server.in_use = 3
    assert picked(made) == {made.targets[1].url}


def test_equal_targets_share_the_calls() -> None:
    made, _ = balancer(4)
    calls = Counter[str]()
    for _ in range(4000):
        target = made.pick()
        target.server.in_use += 1
        calls[target.url] += 1
    assert max(calls.values()) - min(calls.values()) < 10


def test_another_target_for_another_try() -> None:
    made, _ = balancer(3)
    first = made.targets[0]
    assert all(made.pick(first) is not first for _ in range(100))
    alone, _ = balancer(1)
    assert alone.pick(alone.targets[0]) is alone.targets[0]


def test_a_target_that_fails_is_left_out_for_a_time() -> None:
    made, clock = balancer(3)
    bad = made.targets[1]
    fail(made, bad, 1)
    assert bad.url in picked(made)
    fail(made, bad, 1)
    assert made.ejected(bad)
    assert picked(made) == {made.targets[0].url, made.targets[2].url}
    clock.now += 10.0
    assert bad.url in picked(made)


def test_back_it_is_on_probation_and_away_for_longer_up_to_a_cap() -> None:
    made, clock = balancer(2)
    bad = made.targets[0]
    fail(made, bad)
    for length in (20.0, 35.0, 35.0):
        clock.now = bad.ejected_until
        fail(made, bad, 1)
        assert bad.ejected_until - clock.now == length
    assert bad.ejections == 4


def test_a_target_that_kept_well_starts_afresh() -> None:
    made, clock = balancer(2)
    bad = made.targets[0]
    fail(made, bad)
    clock.now = bad.ejected_until
    fail(made, bad, 1)
    bad.consecutive = 0
    clock.now = bad.ejected_until + 21.0
    fail(made, bad)
    assert bad.ejected_until - clock.now == 10.0


@given(count=st.integers(1, 8), failing=st.lists(st.integers(0, 7), max_size=60), share=st.floats(0.0, 1.0))
def test_no_more_than_the_share_is_left_out(count: int, failing: list[int], share: float) -> None:
    made, clock = balancer(count, share=share)
    for number in failing:
        made.failed(made.targets[number % count])
        clock.now += 0.5
        assert sum(map(made.ejected, made.targets)) <= int(count * share)
        assert made.pick() in made.targets


def test_a_single_target_is_never_left_out() -> None:
    made, _ = balancer(1)
    fail(made, made.targets[0], 50)
    assert not made.ejected(made.targets[0])


def test_health_takes_thresholds_both_ways() -> None:
    made, _ = balancer(2)
    target, check = made.targets[0], HealthCheck("/up", unhealthy_after=2, healthy_after=2)
    assert not target.checked(False, check)
    assert not target.checked(True, check)
    assert not target.checked(False, check)
    assert target.checked(False, check)
    made.refresh()
    assert picked(made) == {made.targets[1].url}
    assert not target.checked(True, check)
    assert target.checked(True, check)
    made.refresh()
    assert target.url in picked(made)


def test_where_all_are_unhealthy_none_is_left_out() -> None:
    made, _ = balancer(2)
    for target in made.targets:
        target.healthy = False
    made.refresh()
    assert picked(made) == {target.url for target in made.targets}
