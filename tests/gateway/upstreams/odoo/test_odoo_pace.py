"""A pace is one for all who share what counts it, and nobody waits for it in vain."""

import asyncio

from contracts.limits import RateLimit
from gateway.adapters.limiter import InProcessLimiter
from gateway.upstreams.odoo.pace import Pace
from gateway.upstreams.odoo.turns import NotInTime

ONE_AN_HOUR = RateLimit("pace", 1, 3600, "gcra", burst=1)
SWIFT = RateLimit("pace", 1000, 1, "gcra", burst=1)


def soon(seconds: float = 0.05) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_two_workers_have_one_pace() -> None:
    shared = InProcessLimiter()
    one, other = Pace(shared, ONE_AN_HOUR, "erp"), Pace(shared, ONE_AN_HOUR, "erp")
    assert await one.keep(soon()) is None
    for late in (one, other):
        refusal = await late.keep(soon())
        assert isinstance(refusal, NotInTime)
        assert (refusal.type.id, dict(refusal.headers)) == ("upstream-busy", {"retry-after": "3600"})


async def test_another_odoo_has_its_own() -> None:
    shared = InProcessLimiter()
    assert await Pace(shared, ONE_AN_HOUR, "erp").keep(soon()) is None
    assert await Pace(shared, ONE_AN_HOUR, "depot").keep(soon()) is None


async def test_who_can_wait_gets_through() -> None:
    shared = InProcessLimiter()
    paces = [Pace(shared, SWIFT, "erp"), Pace(shared, SWIFT, "erp")]
    assert await asyncio.gather(*(paces[turn % 2].keep(soon(60)) for turn in range(12))) == [None] * 12
