"""An Odoo upstream as the pipeline sees it: its targets' adapters behind a breaker; writes to a record in turn.

Reads may be tried again; what reads is said by `effects`, and never by a verb.
"""

import asyncio
import ssl
from typing import Any, Final

import aiohttp

from contracts.operations import OdooBackend
from contracts.problems import Problem
from contracts.snapshot import Upstream
from gateway.adapters.limiter import InProcessLimiter
from gateway.upstreams.odoo.adapter import OdooAdapter
from gateway.upstreams.odoo.answer import Answer
from gateway.upstreams.odoo.careful import Caring, Conflicts
from gateway.upstreams.odoo.effects import changed_records, changes
from gateway.upstreams.odoo.pace import Pace
from gateway.upstreams.odoo.records_in_turn import RecordsInTurn
from gateway.upstreams.odoo.turns import NotInTime
from gateway.upstreams.resilience.guard import Guard
from gateway.upstreams.resilience.health import HealthChecker
from policies.exchange import Exchange
from policies.limits.slots import OwnSlots, Slots
from policies.ports import Limiter

# `upstream-busy` is Odoo's own word here: that a call's turn in the gateway did not come says nothing of Odoo.
_FAILING: Final = frozenset(
    {"upstream-unreachable", "upstream-timeout", "upstream-malformed", "upstream-busy", "outcome-unknown"}
)
_WORTH_ANOTHER: Final = frozenset({"upstream-unreachable", "upstream-timeout", "upstream-malformed"})


class OdooService:
    """One Odoo, on one or several targets. `secret` is as `OdooAdapter` has it; `tls` is for https targets.

    `slots` and `limiter` are those of all workers, where they share their state.
    """

    def __init__(
        self,
        upstream: Upstream,
        session: aiohttp.ClientSession,
        secret: str,
        tls: ssl.SSLContext | None = None,
        *,
        slots: Slots | None = None,
        limiter: Limiter | None = None,
    ) -> None:
        slots = OwnSlots() if slots is None else slots
        self.conflicts = Conflicts()
        caring = Caring(upstream.care, self.conflicts, lambda: self.guard.budget.take(), _beside(upstream))
        pace = None
        if upstream.care.pace is not None:
            pace = Pace(InProcessLimiter() if limiter is None else limiter, upstream.care.pace, upstream.name)
        adapters = [
            (url, OdooAdapter(each, session, secret, tls, slots=slots, pace=pace, caring=caring))
            for url, each in upstream.each_target()
        ]
        self.guard = Guard(upstream, adapters)
        self._records = RecordsInTurn(slots, f"{upstream.name}/record", upstream.care)
        self._adapters = tuple(adapter for _, adapter in adapters)
        self._total = upstream.timeouts.total
        self._health = HealthChecker(upstream, self.guard.balancer, session, tls)

    async def call(self, exchange: Exchange, backend: OdooBackend) -> Answer | Problem:
        """As `OdooAdapter.call`; a problem where the breaker is open. All tries share the time of one."""
        deadline = asyncio.get_running_loop().time() + self._total
        records = changed_records(exchange, backend)
        if not records:
            return await self._call(exchange, backend, deadline)
        refusal = await self._records.take(records, deadline)
        if refusal is not None:
            return refusal
        try:
            return await self._call(exchange, backend, deadline)
        finally:
            self._records.give_back(records)

    async def _call(self, exchange: Exchange, backend: OdooBackend, deadline: float) -> Answer | Problem:
        guard = self.guard
        era = guard.breaker.admit()
        if not era:
            return guard.refusal()
        guard.budget.request()
        now = asyncio.get_running_loop().time
        attempts = 0 if changes(exchange, backend) else guard.retries.attempts
        target = guard.balancer.pick()
        retry, pause = 0, 0.0
        while True:
            try:
                if pause:
                    await asyncio.sleep(pause)
                outcome = await target.server.call(exchange, backend, deadline)
            except BaseException:  # the client left, or the mediation itself has a fault: nothing of Odoo's
                guard.breaker.abandoned(era)
                raise
            if isinstance(outcome, NotInTime):
                guard.breaker.abandoned(era)
                return outcome
            kind = _kind(outcome)
            if kind not in _FAILING:
                guard.succeeded(target, era)
                return outcome
            guard.missed(target)
            retry += 1
            pause = guard.pause(retry)
            if (
                retry > attempts
                or kind not in _WORTH_ANOTHER
                or now() + pause >= deadline
                or not guard.budget.take()
            ):
                guard.breaker.failed(era)
                return outcome
            era = guard.again(era)
            if not era:
                return outcome
            target = guard.balancer.pick(target)

    @property
    def in_use(self) -> int:
        """Connections of the budget that exchanges hold."""
        return sum(adapter.in_use - adapter.queued for adapter in self._adapters)

    @property
    def queued(self) -> int:
        """Exchanges that wait for one, or for their turn at a record."""
        return sum(adapter.queued for adapter in self._adapters) + self._records.waiting

    def state(self) -> dict[str, Any]:
        """For the status document."""
        return {
            "connections_in_use": self.in_use,
            "calls_queued": self.queued,
            "conflicts": {"repeated": self.conflicts.repeated, "told": self.conflicts.told},
            **self.guard.state(),
        }

    def start(self) -> None:
        """Starts the health checks, if there are any. Called again, it changes nothing."""
        self._health.start()

    def retire(self) -> None:
        """Ends the health checks; calls in flight are completed."""
        self._health.stop()

    def close(self) -> None:
        self._health.stop()


def _beside(upstream: Upstream) -> dict[str, str]:
    """Which Odoo is meant, where its targets' own names do not say so."""
    return {"host": upstream.url.partition("://")[2].partition("/")[0]} if upstream.targets else {}


def _kind(outcome: Answer | Problem) -> str:
    """The id of the problem; of a write that happened and could not be told of, that of its cause."""
    if not isinstance(outcome, Problem):
        return ""
    return str(outcome.extensions.get("cause", outcome.type.id))
