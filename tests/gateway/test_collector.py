"""The collector is slowed down for good, and otherwise only for a while."""

import gc
from collections.abc import Iterator

import pytest

from gateway.collector import collect_seldom, without_full_collections


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)  # a gateway that another test ran in this process may have changed it
    yield
    gc.set_threshold(*before)


def test_the_young_are_searched_seldom() -> None:
    _, second, third = gc.get_threshold()
    collect_seldom()
    assert gc.get_threshold() == (10_000, second, third)
    with without_full_collections():
        assert gc.get_threshold()[0] == 700  # what is made there stays, so that many at once would take long
    assert gc.get_threshold() == (10_000, second, third)


def test_the_collector_is_as_before_in_the_end() -> None:
    before = gc.get_threshold()

    def faulty() -> None:
        with without_full_collections():
            assert gc.get_threshold()[0] == before[0]
            assert gc.get_threshold()[2] > 1_000_000
            raise RuntimeError

    with pytest.raises(RuntimeError):
        faulty()
    assert gc.get_threshold() == before
