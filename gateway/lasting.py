"""An exchange that lasts (a WebSocket, an event stream): for as long as the client may call the operation.

What is open for hours would outlive what allowed it. So with each tick the token, the subscription, the contract
and who may call from where, when and for what are asked again, by the very stages that let it through: a
revocation, a rule or closing time ends it as soon as it would refuse a call. Where a stage has to ask an issuer,
the exchange goes on meanwhile, and ends with the next tick if it has to.
"""

import asyncio
import time
from collections.abc import Awaitable, Iterator
from typing import Final, Protocol

from gateway.routes import Route
from gateway.runtime import Runtime
from policies import authentication, hours, network, object_rule, subscription
from policies.exchange import Exchange
from policies.verdict import Deny, Stage, Verdict

_ASKED_AGAIN: Final = frozenset(
    {authentication.POLICY, subscription.POLICY, network.POLICY, hours.POLICY, object_rule.POLICY}
)


class Owner(Protocol):
    """What is needed of the pipeline."""

    runtime: Runtime | None
    stopping: bool


class Ending(Protocol):
    """Who records the exchange."""

    def done(self) -> None: ...


class Lasting:
    """Implements the tunnel's `Watcher`, and that of an event stream."""

    __slots__ = ("_asking", "_ending", "_exchange", "_owner", "_refused")

    def __init__(self, exchange: Exchange, owner: Owner, ending: Ending) -> None:
        exchange.lasting = True
        self._exchange = exchange
        self._owner = owner
        self._ending = ending
        self._asking: asyncio.Task[None] | None = None
        self._refused = False

    def may_go_on(self) -> bool:
        if self._asking is not None:
            return not self._owner.stopping
        route = self._route()
        if route is None or self._owner.stopping or self._refused:
            return False
        stages = zip(route.stages.policies, route.stages.every, strict=True)
        return self._allowed(iter([stage for policy, stage in stages if policy in _ASKED_AGAIN]))

    def _allowed(self, stages: Iterator[Stage]) -> bool:
        for stage in stages:
            verdict = stage(self._exchange)
            if isinstance(verdict, Deny):
                return False
            if isinstance(verdict, Awaitable):
                self._asking = asyncio.ensure_future(self._ask(verdict, stages))
                break
        return True

    async def _ask(self, waiting: Awaitable[Verdict], further: Iterator[Stage]) -> None:
        try:
            verdict = await waiting
        finally:
            self._asking = None
        if isinstance(verdict, Deny):
            # That an issuer is down says nothing against the client: it does not end what the issuer has allowed.
            self._refused = verdict.problem.status < 500
        else:
            self._refused = not self._allowed(further)

    def tunnel_ended(self, received: int, sent: int, /) -> None:
        exchange = self._exchange
        exchange.bytes_in, exchange.bytes_out = received, sent
        self.ended()

    def ended(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
        self._exchange.upstream_ended_at = time.monotonic()
        self._ending.done()

    def _route(self) -> Route | None:
        """The operation as the contracts in force have it, where they still open what is open."""
        runtime, exchange = self._owner.runtime, self._exchange
        served = None if runtime is None else runtime.served(exchange)
        route = None if served is None else served.bind()
        if route is None:
            return None
        return route if (route.operation.websocket if exchange.upgrade else route.event_stream) else None
