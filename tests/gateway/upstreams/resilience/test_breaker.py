"""The breaker by itself: a clock that the test turns, and every sequence that hypothesis finds."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.resilience import BreakerSettings
from gateway.upstreams.resilience.breaker import Breaker, State


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def breaker(**settings: float) -> tuple[Breaker, Clock, list[State]]:
    clock = Clock()
    states: list[State] = []
    return Breaker(BreakerSettings(**settings), clock, states.append), clock, states  # type: ignore[arg-type]


def fail(made: Breaker, times: int) -> None:
    for _ in range(times):
        made.failed(made.admit())


def test_failures_in_a_row_open_it() -> None:
    made, _, states = breaker(consecutive=3, minimum=100)
    fail(made, 2)
    made.succeeded(made.admit())
    fail(made, 2)
    assert made.state is State.CLOSED
    fail(made, 1)
    assert made.state is State.OPEN
    assert made.admit() == 0
    assert (made.opened, made.refused, states) == (1, 1, [State.OPEN])


def test_a_share_of_failures_opens_it_from_a_minimum_of_calls_on() -> None:
    made, _, _ = breaker(consecutive=100, minimum=10, rate=0.5)
    for _ in range(4):
        fail(made, 1)
        made.succeeded(made.admit())
    assert made.state is State.CLOSED  # half of 8 failed, of which no share is taken
    fail(made, 1)
    assert made.state is State.CLOSED
    fail(made, 1)
    assert made.state is State.OPEN


def test_what_is_out_of_the_window_is_forgotten() -> None:
    made, clock, _ = breaker(consecutive=100, minimum=10, rate=0.5, window=10.0)
    fail(made, 9)
    clock.now += 11.0
    for _ in range(8):
        made.succeeded(made.admit())
    fail(made, 5)
    assert made.state is State.CLOSED  # 5 of 13; with the old ones it were 14 of 22
    fail(made, 3)
    assert made.state is State.OPEN


def test_it_tells_when_another_try_is_worth_it() -> None:
    made, clock, _ = breaker(consecutive=1, open_for=5.0)
    fail(made, 1)
    assert made.retry_after == 5
    clock.now += 3.5
    assert made.retry_after == 2
    clock.now += 1.5
    assert made.state is State.HALF_OPEN
    assert made.retry_after == 1


def test_probes_are_few_and_close_it() -> None:
    made, clock, states = breaker(consecutive=1, open_for=5.0, probes=2)
    fail(made, 1)
    clock.now += 5.0
    first, second = made.admit(), made.admit()
    assert first
    assert second
    assert made.admit() == 0
    made.succeeded(first)
    assert made.state is State.HALF_OPEN
    made.succeeded(second)
    assert made.state is State.CLOSED
    assert states == [State.OPEN, State.HALF_OPEN, State.CLOSED]


def test_a_probe_that_fails_opens_it_for_the_whole_time() -> None:
    made, clock, _ = breaker(consecutive=1, open_for=5.0)
    fail(made, 1)
    clock.now += 5.0
    fail(made, 1)
    clock.now += 4.9
    assert made.admit() == 0
    clock.now += 0.1
    assert made.admit()


def test_a_probe_that_is_given_up_makes_room_for_another() -> None:
    made, clock, _ = breaker(consecutive=1, open_for=5.0, probes=1)
    fail(made, 1)
    clock.now += 5.0
    made.abandoned(made.admit())
    assert made.state is State.HALF_OPEN
    made.succeeded(made.admit())
    assert made.state is State.CLOSED


def test_a_call_from_before_it_opened_is_no_probe() -> None:
    made, clock, _ = breaker(consecutive=1, open_for=5.0, probes=1)
    early, late = made.admit(), made.admit()
    made.failed(made.admit())
    clock.now += 5.0
    probe = made.admit()
    made.succeeded(early)
    assert made.state is State.HALF_OPEN
    made.failed(late)
    assert made.state is State.HALF_OPEN
    made.succeeded(probe)
    assert made.state is State.CLOSED


SETTINGS = BreakerSettings(consecutive=4, rate=0.6, minimum=8, window=4.0, open_for=3.0, probes=2)


class Always(RuleBasedStateMachine):
    """Whatever happens in whatever order: what a breaker promises holds."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(SETTINGS, self.clock, self.changed)
        self.calls: list[tuple[int, State]] = []
        self.opened_at: float | None = None

    def changed(self, state: State) -> None:
        self.opened_at = self.clock.now if state is State.OPEN else None

    @rule(seconds=st.floats(0.0, 6.0))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def call(self) -> None:
        before = self.breaker.state
        era = self.breaker.admit()
        if before is State.CLOSED:
            assert era
        if before is State.OPEN:
            assert not era
        if era:
            self.calls.append((era, before))
        if self.opened_at is not None:
            assert self.clock.now - self.opened_at < SETTINGS.open_for

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), outcome=st.sampled_from(["succeeded", "failed", "failed", "abandoned"]))
    def settle(self, data: st.DataObject, outcome: str) -> None:
        era, _ = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
        getattr(self.breaker, outcome)(era)

    @invariant()
    def few_probes(self) -> None:
        if self.breaker.state is State.HALF_OPEN:
            newest = max((era for era, _ in self.calls), default=0)
            probes = [era for era, state in self.calls if state is State.HALF_OPEN and era == newest]
            assert len(probes) <= SETTINGS.probes

    @invariant()
    def never_shut_for_good(self) -> None:
        if self.breaker.state is State.OPEN:
            assert 1 <= self.breaker.retry_after <= SETTINGS.open_for


TestAlways = Always.TestCase
TestAlways.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
