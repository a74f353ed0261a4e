"""Work in slices: the loop has its turns, and what breaks off is left tidy."""

import asyncio
from types import SimpleNamespace

import pytest

from contracts.packed import Steps
from gateway import slices
from gateway.slices import in_slices


def counting(steps: int, done: list[int]) -> Steps[str]:
    try:
        for number in range(steps):
            done.append(number)
            yield
        return "result"
    finally:
        done.append(-1)


async def test_others_have_their_turn_between_two_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock of the test's own, on which each step takes as long as half a slice."""
    done: list[int] = []
    monkeypatch.setattr(slices, "time", SimpleNamespace(perf_counter=lambda: len(done) * slices.SLICE / 2))
    monkeypatch.setattr(slices, "REST", 0.0)
    turns: list[int] = []

    async def other() -> None:
        while -1 not in done:
            turns.append(len(done))
            await asyncio.sleep(0)

    watching = asyncio.create_task(other())
    await asyncio.sleep(0)
    assert await in_slices(counting(10, done)) == "result"
    await watching
    assert sorted(set(turns)) == [0, 2, 4, 6, 8, 10]


async def test_a_slice_is_put_off_while_somebody_waits_but_not_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    done: list[int] = []
    monkeypatch.setattr(slices, "time", SimpleNamespace(perf_counter=lambda: len(done) * slices.SLICE))
    monkeypatch.setattr(slices, "asyncio", SimpleNamespace(sleep=rest))
    states = iter([1, 1, 0, *[1] * 100])
    assert await in_slices(counting(2, done), lambda: next(states)) == "result"
    # Put off twice, a slice; a rest; put off for as long as it can be, a slice; and so on.
    assert rests == [slices.REST] * 2 + ([0] + [slices.REST] * (1 + slices.PATIENCE)) * 2


async def test_the_result_and_the_fault_of_the_work_are_the_callers() -> None:
    done: list[int] = []
    assert await in_slices(counting(5, done)) == "result"
    assert done == [0, 1, 2, 3, 4, -1]

    def faulty() -> Steps[None]:
        yield
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await in_slices(faulty())


async def test_work_that_is_cancelled_ends() -> None:
    def endless() -> Steps[None]:
        try:
            while True:
                yield
        finally:
            ended.append(True)

    ended: list[bool] = []
    work = asyncio.create_task(in_slices(endless()))
    await asyncio.sleep(0.01)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert ended == [True]
