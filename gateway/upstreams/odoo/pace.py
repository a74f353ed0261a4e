"""The pace at which calls go to an Odoo, of all workers that share their state: what Odoo Online admits is one a
second, and none beside it."""

import asyncio
from math import ceil
from typing import Final

from contracts.limits import RateLimit
from contracts.problems import problem
from gateway.upstreams.odoo.turns import NotInTime
from policies.exchange import Allowance
from policies.limits.meter import Meter
from policies.ports import Limiter

_EARLY: Final = 8
"""Parts of the time between two calls, one of which passes until the next look where others had the turn."""


class Pace:
    """`limit` gives evenly spread calls; `name` tells the upstream from others."""

    def __init__(self, limiter: Limiter, limit: RateLimit, name: str) -> None:
        self._limiter = limiter
        self._meter = Meter((limit,), (f"odoo:{name}/pace",))
        self._between = limit.window / limit.quota
        self._next = 0.0

    async def keep(self, deadline: float) -> NotInTime | None:
        """Returns when the next call may go; with why it may not, where that would be after `deadline` (the loop's
        time)."""
        now = asyncio.get_running_loop().time
        while True:
            pause = self._next - now()
            if pause <= 0.0:
                taken = self._limiter.take(self._meter, 1)
                allowance = taken if isinstance(taken, Allowance) else await taken
                if not allowance.violated:
                    self._next = now() + self._between
                    return None
                pause = self._between / _EARLY
            if now() + pause >= deadline:
                told = problem("upstream-busy", "The next call to the upstream would not come in time.")
                after = str(max(1, ceil(self._between)))
                return NotInTime(told.type, told.detail, headers=(("retry-after", after),))
            await asyncio.sleep(pause)
