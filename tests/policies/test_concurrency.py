"""How many calls may be open at once."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from contracts.snapshot import Subscription
from policies import concurrency
from policies.concurrency import ConcurrencyConfig, SlotSetting
from policies.exchange import Exchange, Principal
from policies.limits.slots import TAKEN, OwnSlots, SlotMeter, Taken
from policies.verdict import ALLOW, Deny, Stage
from tests.support.policy_world import ISSUER, NOW, World, exchange, operation, version


def called(client: str = "acme-shop", consumer: str = "acme", peer: str = "192.0.2.1") -> Exchange:
    request = exchange()
    request.peer = peer
    request.principal = Principal(ISSUER, client, client, consumer, frozenset(), NOW + 60, "t", {})
    request.subscription = Subscription("orders", "v1", "gold", ())
    return request


def bound(slots: Any, public: bool = False, **limits: SlotSetting) -> Stage | None:
    made = operation(public=True, scopes=()) if public else operation()
    ports = replace(World().ports(), slots=slots)
    return concurrency.bind(ConcurrencyConfig(limits=limits), version(), made, ports)


def end(request: Exchange) -> None:
    for call in request.at_end or ():
        call(request)


def test_a_slot_is_held_until_the_exchange_has_ended() -> None:
    slots = OwnSlots()
    stage = bound(slots, partner=SlotSetting(most=2, by="consumer"))
    assert stage is not None
    open_calls = [called("shop"), called("stock")]
    for request in open_calls:
        assert stage(request) is ALLOW
    refused = called("third")
    verdict = stage(refused)
    assert isinstance(verdict, Deny)
    assert (verdict.policy, verdict.problem.status) == ("concurrency", 429)
    assert verdict.problem.type.id == "too-many-open-calls"
    assert verdict.problem.extensions == {"limits": ["partner"]}
    assert refused.at_end is None
    assert stage(called(consumer="other")) is ALLOW
    end(open_calls[0])
    assert stage(called("third")) is ALLOW


def test_on_a_public_operation_those_limits_hold_that_need_no_caller() -> None:
    assert bound(OwnSlots(), public=True, partner=SlotSetting(most=2, by="consumer")) is None
    stage = bound(
        OwnSlots(), public=True, partner=SlotSetting(most=2, by="consumer"), each=SlotSetting(most=1, by="address")
    )
    assert stage is not None

    def asked(peer: str) -> Exchange:
        request = exchange()
        request.peer = peer
        return request

    assert stage(asked("2001:db8::1")) is ALLOW
    assert isinstance(stage(asked("2001:db8::2")), Deny)  # of the same network
    assert stage(asked("192.0.2.9")) is ALLOW


@pytest.mark.parametrize(
    ("taken", "problem"),
    [
        (Taken(("erp",)), "too-many-open-calls"),
        (Taken(undecided=("erp",)), "slots-unavailable"),
    ],
)
async def test_slots_that_have_to_be_waited_for(taken: Taken, problem: str) -> None:
    answers = [TAKEN, taken]
    released: list[SlotMeter] = []

    class Shared:
        async def take(self, meter: SlotMeter, /) -> Taken:
            await asyncio.sleep(0)
            return answers.pop(0)

        def release(self, meter: SlotMeter, /) -> None:
            released.append(meter)

    stage = bound(Shared(), erp=SlotSetting(most=1, by="upstream"))
    assert stage is not None
    request = called()
    pending: Any = stage(request)
    assert await pending is ALLOW
    pending = stage(called())
    verdict = await pending
    assert isinstance(verdict, Deny)
    assert verdict.problem.type.id == problem
    assert verdict.problem.extensions == {"limits": ["erp"]}
    assert released == []
    end(request)
    assert [meter.keys for meter in released] == [("upstream:erp/erp",)]
