"""Workers that share their state have one budget for an Odoo, and take turns at its records, between them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import aiohttp
import pytest

from contracts.odoo_care import OdooCare
from contracts.snapshot import Upstream
from gateway.adapters.shared_slots import SCRIPT, SharedSlots
from gateway.upstreams.odoo.mediation import Answer
from gateway.upstreams.resilience.odoo_service import OdooService
from tests.gateway.adapters.patient_store import patient_store
from tests.gateway.odoo_care_world import Counted, counting
from tests.gateway.upstreams.odoo.conftest import KEY, Rig, orders
from tests.support.valkey import Valkey, valkey

WORKERS = 3


@pytest.fixture(scope="module")
def server() -> Iterator[Valkey]:
    with valkey() as running:
        yield running


@pytest.fixture
async def seen() -> Counted:
    return Counted()


@pytest.fixture
async def workers(server: Valkey, seen: Counted) -> AsyncIterator[list[Rig]]:
    """Each with a connection of its own to the shared state, before one Odoo with a budget of 4."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(counting(seen))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        upstream = Upstream("erp", "odoo", url, connections=4, care=OdooCare(wait=60.0))
        rigs = []
        for _ in range(WORKERS):
            slots = SharedSlots(patient_store(server.url, SCRIPT), share=WORKERS)
            stack.push_async_callback(slots.close)
            rigs.append(Rig(OdooService(upstream, session, KEY, slots=slots), upstream))  # type: ignore[arg-type]
        yield rigs


async def test_together_they_keep_to_the_budget(workers: list[Rig], seen: Counted) -> None:
    listed = orders("list", total_property=None)
    answers = await asyncio.gather(*(workers[turn % WORKERS].call(listed) for turn in range(60)))
    assert all(isinstance(answer, Answer) for answer in answers)
    assert 1 < seen.most <= 4


async def test_together_they_write_to_a_record_one_by_one(workers: list[Rig], seen: Counted) -> None:
    update = orders("update")
    answers = await asyncio.gather(
        *(
            workers[turn % WORKERS].call(update, path={"order_id": 3}, body={"reference": str(turn)})
            for turn in range(12)
        )
    )
    assert all(isinstance(answer, Answer) for answer in answers)
    assert seen.most == 1
