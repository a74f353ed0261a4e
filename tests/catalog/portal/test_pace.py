"""The pace of pages and forms: a burst, a rate, and a session for itself."""

from catalog.portal.pace import Pace


class Hand:
    """A clock."""

    now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_one_at_a_time() -> None:
    clock = Hand()
    pace = Pace(clock, burst=3, each_minute=60)
    assert [pace.refusal("s") is None for _ in range(5)] == [True, True, True, False, False]
    refused = pace.refusal("s")
    assert refused is not None
    assert (refused.status, dict(refused.headers)) == (429, {"Retry-After": "1"})
    clock.now += 1
    assert [pace.refusal("s") is None for _ in range(2)] == [True, False]
    clock.now += 3600
    assert [pace.refusal("s") is None for _ in range(4)] == [True, True, True, False]


def test_sessions_do_not_slow_each_other_down() -> None:
    pace = Pace(Hand(), burst=1, each_minute=60)
    assert pace.refusal("one") is None
    assert pace.refusal("one") is not None
    assert pace.refusal("another") is None


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    clock = Hand()
    pace = Pace(clock, burst=2, each_minute=60)
    assert pace.refusal("s") is None
    clock.now -= 86_400
    assert [pace.refusal("s") is None for _ in range(3)] == [True, True, False]
