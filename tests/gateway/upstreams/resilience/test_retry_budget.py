from hypothesis import given
from hypothesis import strategies as st

from gateway.upstreams.resilience.retry_budget import SAVED, RetryBudget


@given(ratio=st.floats(0.0, 1.0), steps=st.lists(st.booleans(), max_size=400))
def test_retries_are_a_share_of_the_requests(ratio: float, steps: list[bool]) -> None:
    budget, requests = RetryBudget(ratio), 0
    for wants_retry in steps:
        if wants_retry:
            budget.take()
        else:
            budget.request()
            requests += 1
        assert budget.taken <= ratio * requests + SAVED
    assert budget.taken + budget.denied == sum(steps)


def test_calm_traffic_may_retry_and_a_storm_may_not() -> None:
    budget = RetryBudget(0.2)
    assert all(budget.take() for _ in range(int(SAVED)))
    assert not budget.take()
    for _ in range(5):
        budget.request()
    assert budget.take()
    assert not budget.take()


def test_no_more_is_saved_than_the_bound() -> None:
    budget = RetryBudget(1.0)
    for _ in range(1000):
        budget.request()
    assert sum(budget.take() for _ in range(1000)) == SAVED


def test_a_budget_of_nothing_has_nothing() -> None:
    budget = RetryBudget(0.0)
    budget.request()
    assert not budget.take()
