"""Turns: in order, only so many at once, given up when they cannot come in time, and lost with nobody."""

import asyncio
from typing import Any

import pytest

from gateway.upstreams.odoo.flow import Flow
from gateway.upstreams.odoo.turns import NotInTime, Turns
from policies.limits.slots import TAKEN, OwnSlots, SlotMeter, Taken


def turns(most: int = 1, slots: Any = None, **changes: Any) -> Turns:
    members: dict[str, Any] = {"queue": 10, "wait": 60.0, "flow": Flow(most), **changes}
    return Turns(OwnSlots() if slots is None else slots, "erp", most, **members)


def later(seconds: float = 60.0) -> float:
    return asyncio.get_running_loop().time() + seconds


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_turns_come_in_order_and_no_more_than_may_go_at_once() -> None:
    line, done = turns(2), []

    async def go(name: int) -> None:
        assert await line.take(later()) is None
        done.append(name)

    everyone = [asyncio.create_task(go(name)) for name in range(6)]
    await settled()
    assert (done, line.waiting) == ([0, 1], 4)
    for expected in range(2, 6):
        line.give_back()
        await everyone[expected]
        assert done == list(range(expected + 1))
    assert line.waiting == 0


async def test_who_leaves_takes_no_turn_along() -> None:
    line = turns()
    assert await line.take(later()) is None
    leaving, staying = asyncio.create_task(line.take(later())), asyncio.create_task(line.take(later()))
    await settled()
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    assert line.waiting == 1
    line.give_back()
    assert await staying is None


async def test_a_turn_that_comes_as_its_caller_leaves_goes_to_the_next() -> None:
    line = turns()
    assert await line.take(later()) is None
    leaving, staying = asyncio.create_task(line.take(later())), asyncio.create_task(line.take(later()))
    await settled()
    line.give_back()
    while line.waiting > 1:
        await asyncio.sleep(0)
    leaving.cancel()  # it was handed its turn, and has not run since
    await asyncio.gather(leaving, return_exceptions=True)
    assert await staying is None


async def test_a_full_line_and_a_time_that_has_come_refuse() -> None:
    line = turns(queue=1)
    assert await line.take(later()) is None
    waiting = asyncio.create_task(line.take(later()))
    await settled()
    refused = await line.take(later())
    assert isinstance(refused, NotInTime)
    assert (refused.type.id, refused.status) == ("upstream-busy", 503)
    assert int(dict(refused.headers)["retry-after"]) >= 1
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert isinstance(await line.take(later(0.001)), NotInTime)
    assert line.waiting == 0


async def test_nobody_waits_for_a_turn_that_will_not_come_in_time() -> None:
    flow = Flow(1, least=10.0)
    line = turns(flow=flow, wait=25.0)
    assert await line.take(later()) is None
    waiting = [asyncio.create_task(line.take(later())) for _ in range(2)]
    await settled()
    refused = await line.take(later())
    assert isinstance(refused, NotInTime)
    assert dict(refused.headers)["retry-after"] == "30"  # two wait: whoever comes when both were served
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


class Elsewhere(OwnSlots):
    """Slots that are asked for over a network, as those that workers share are."""

    async def _asked(self, meter: SlotMeter) -> Taken:
        await asyncio.sleep(0)
        return OwnSlots.take(self, meter)

    def take(self, meter: SlotMeter, /) -> Any:
        return self._asked(meter)


async def test_two_workers_share_what_is_theirs_together() -> None:
    slots = Elsewhere()
    workers = [turns(2, slots, queue=50), turns(2, slots, queue=50)]
    running = most = 0

    async def go(line: Turns) -> None:
        nonlocal running, most
        assert await line.take(later()) is None
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        line.give_back()

    await asyncio.gather(*(go(workers[number % 2]) for number in range(30)))
    assert (most, len(slots)) == (2, 0)
    meter = SlotMeter((), ())
    assert slots._open == {}
    assert await slots.take(meter) is TAKEN


@pytest.mark.parametrize(("abreast", "expected"), [(1, 4.0), (2, 2.0)])
def test_a_line_that_stands_still_is_expected_to_go_on_so(abreast: int, expected: float) -> None:
    flow = Flow(abreast)
    flow.began(100.0)
    assert flow.expected(2, 100.0) == 0.0
    assert flow.expected(2, 102.0) == expected


def test_what_was_slow_once_is_tried_again() -> None:
    flow = Flow(1)
    flow.began(0.0)
    flow.moved(20.0)
    flow.began(100.0)
    assert (flow.expected(1, 100.0), flow.expected(3, 100.0)) == (0.0, 60.0)
    for second in range(101, 200):
        flow.moved(float(second))
    assert 3.0 <= flow.expected(3, 199.0) < 4.0
