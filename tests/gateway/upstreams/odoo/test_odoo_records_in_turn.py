"""Writes to one record go in turn, whatever they are called, and nobody waits for one that nobody writes to."""

import asyncio
from typing import Any

import pytest

from contracts.odoo_care import OdooCare
from gateway.upstreams.odoo.effects import changed_records, changes
from gateway.upstreams.odoo.records_in_turn import RecordsInTurn
from gateway.upstreams.odoo.turns import NotInTime
from policies.exchange import Exchange
from policies.limits.slots import OwnSlots
from policies.odoo_rpc import POLICY
from policies.rpc.call import RpcCall
from tests.gateway.upstreams.odoo.conftest import orders


def exchange(call: RpcCall | None = None, order_id: Any = 3) -> Exchange:
    made = Exchange("POST", b"/", [], {}, "127.0.0.1")
    made.parameters = {"path": {"order_id": order_id}}
    if call is not None:
        made.note(POLICY, call)
    return made


@pytest.mark.parametrize(
    ("action", "writes", "records"),
    [
        ("list", False, ()),
        ("get", False, ()),
        ("create", True, ()),
        ("update", True, (("sale.order", 3),)),
        ("delete", True, (("sale.order", 3),)),
        ("call", True, (("sale.order", 3),)),
    ],
)
def test_what_an_action_does(action: str, writes: bool, records: tuple[Any, ...]) -> None:
    backend = orders(action)
    assert changes(exchange(), backend) is writes
    assert changed_records(exchange(), backend) == records


def test_no_record_has_an_id_that_is_none() -> None:
    assert changed_records(exchange(order_id="007"), orders("update")) == ()


@pytest.mark.parametrize(
    ("method", "ids", "writes", "records"),
    [
        ("read", (4, 2), False, ()),
        ("search_read", None, False, ()),
        ("write", (4, 2, 4), True, (("res.partner", 2), ("res.partner", 4))),
        ("unlink", (2,), True, (("res.partner", 2),)),
        ("action_archive", (2,), True, (("res.partner", 2),)),
        ("create", None, True, ()),
    ],
)
def test_what_a_legacy_clients_method_does(
    method: str, ids: tuple[int, ...] | None, writes: bool, records: tuple[Any, ...]
) -> None:
    backend, made = orders("rpc"), exchange(RpcCall("res.partner", method, ids, {}, {}))
    assert changes(made, backend) is writes
    assert changed_records(made, backend) == records


def test_a_call_that_is_not_known_is_taken_to_write() -> None:
    assert changes(exchange(), orders("rpc")) is True


async def test_two_that_need_the_same_records_do_not_wait_for_each_other() -> None:
    records = RecordsInTurn(OwnSlots(), "erp", OdooCare(wait=60.0))
    one, other = ("res.partner", 1), ("res.partner", 2)
    deadline = asyncio.get_running_loop().time() + 60.0
    running = 0

    async def write(*wanted: Any) -> None:
        nonlocal running
        assert await records.take(wanted, deadline) is None
        running += 1
        assert running == 1
        await asyncio.sleep(0)
        running -= 1
        records.give_back(wanted)

    await asyncio.gather(*(write(one, other) for _ in range(5)), *(write(other) for _ in range(5)))
    assert records.waiting == 0
    assert (records._turns, records._users) == ({}, {})


async def test_who_cannot_have_all_of_them_in_time_has_none() -> None:
    records = RecordsInTurn(OwnSlots(), "erp", OdooCare(wait=60.0))
    one, other = ("res.partner", 1), ("res.partner", 2)
    now = asyncio.get_running_loop().time()
    assert await records.take([other], now + 60.0) is None
    assert isinstance(await records.take([one, other], now), NotInTime)
    assert await records.take([one], now + 60.0) is None
    waiting = asyncio.create_task(records.take([other], now + 60.0))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    records.give_back([one])
    records.give_back([other])
    assert records._turns == {}
