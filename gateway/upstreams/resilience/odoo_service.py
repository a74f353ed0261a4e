"""An Odoo upstream as the pipeline sees it: its targets' adapters behind a breaker; reads may be tried again.

What may be repeated is said by the mapping's action, and never by a verb: every call to Odoo is a POST.
"""

import asyncio
import ssl
from typing import Any, Final

import aiohttp

from contracts.operations import OdooBackend
from contracts.problems import Problem
from contracts.snapshot import Upstream
from gateway.upstreams.odoo.adapter import OdooAdapter
from gateway.upstreams.odoo.mediation import Answer
from gateway.upstreams.resilience.guard import Guard
from gateway.upstreams.resilience.health import HealthChecker
from policies.exchange import Exchange

READS: Final = frozenset({"list", "get"})
"""Actions of mappings that change nothing."""
# Odoo has few workers: that none is free for as long as connecting may take says that it cannot keep up.
_FAILING: Final = frozenset(
    {"upstream-unreachable", "upstream-timeout", "upstream-malformed", "upstream-busy", "outcome-unknown"}
)
_WORTH_ANOTHER: Final = frozenset({"upstream-unreachable", "upstream-timeout", "upstream-malformed"})


class OdooService:
    """One Odoo, on one or several targets. `secret` is as `OdooAdapter` has it; `tls` is for https targets."""

    def __init__(
        self,
        upstream: Upstream,
        session: aiohttp.ClientSession,
        secret: str,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        adapters = [(url, OdooAdapter(each, session, secret, tls)) for url, each in upstream.each_target()]
        self.guard = Guard(upstream, adapters)
        self._adapters = tuple(adapter for _, adapter in adapters)
        self._total = upstream.timeouts.total
        self._health = HealthChecker(upstream, self.guard.balancer, session, tls)

    async def call(self, exchange: Exchange, backend: OdooBackend) -> Answer | Problem:
        """As `OdooAdapter.call`; a problem where the breaker is open. All tries share the time of one."""
        guard = self.guard
        era = guard.breaker.admit()
        if not era:
            return guard.refusal()
        guard.budget.request()
        now = asyncio.get_running_loop().time
        deadline = now() + self._total
        attempts = guard.retries.attempts if backend.action in READS else 0
        target = guard.balancer.pick()
        retry = 0
        while True:
            try:
                outcome = await target.server.call(exchange, backend, deadline)
            except BaseException:  # the client left, or the mediation itself has a fault: nothing of Odoo's
                guard.breaker.abandoned(era)
                raise
            kind = _kind(outcome)
            if kind not in _FAILING:
                guard.succeeded(target, era)
                return outcome
            guard.failed(target, era)
            retry += 1
            pause = guard.pause(retry)
            if (
                retry > attempts
                or kind not in _WORTH_ANOTHER
                or now() + pause >= deadline
                or not guard.budget.take()
            ):
                return outcome
            await asyncio.sleep(pause)
            era = guard.breaker.admit()
            if not era:
                return outcome
            target = guard.balancer.pick(target)

    @property
    def in_use(self) -> int:
        """Connections of the budget that exchanges hold."""
        return sum(adapter.in_use - adapter.queued for adapter in self._adapters)

    @property
    def queued(self) -> int:
        """Exchanges that wait for one."""
        return sum(adapter.queued for adapter in self._adapters)

    def state(self) -> dict[str, Any]:
        """For the status document."""
        return {"connections_in_use": self.in_use, "calls_queued": self.queued, **self.guard.state()}

    def start(self) -> None:
        """Starts the health checks, if there are any. Called again, it changes nothing."""
        self._health.start()

    def retire(self) -> None:
        """Ends the health checks; calls in flight are completed."""
        self._health.stop()

    def close(self) -> None:
        self._health.stop()


def _kind(outcome: Answer | Problem) -> str:
    """The id of the problem; of a write that happened and could not be told of, that of its cause."""
    if not isinstance(outcome, Problem):
        return ""
    return str(outcome.extensions.get("cause", outcome.type.id))
