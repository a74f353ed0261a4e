"""An exchange that lasts (a WebSocket, an event stream): for as long as the client may call the operation.

What is open for hours would outlive what allowed it. So with each tick the token, the subscription and the
contract are asked again, by the very stages that let it through: a revocation ends it as soon as it would refuse a
call.
"""

import time
from collections.abc import Coroutine
from typing import Final, Protocol

from gateway.routes import Route
from gateway.runtime import Runtime
from policies import authentication, subscription
from policies.exchange import Exchange
from policies.verdict import ALLOW, Deny

_ASKED_AGAIN: Final = frozenset({authentication.POLICY, subscription.POLICY})


class Owner(Protocol):
    """What is needed of the pipeline."""

    runtime: Runtime | None
    stopping: bool


class Ending(Protocol):
    """Who records the exchange."""

    def done(self) -> None: ...


class Lasting:
    """Implements the tunnel's `Watcher`, and that of an event stream."""

    __slots__ = ("_ending", "_exchange", "_owner")

    def __init__(self, exchange: Exchange, owner: Owner, ending: Ending) -> None:
        exchange.lasting = True
        self._exchange = exchange
        self._owner = owner
        self._ending = ending

    def may_go_on(self) -> bool:
        route = self._route()
        if route is None or self._owner.stopping:
            return False
        for policy, stage in zip(route.stages.policies, route.stages.head, strict=False):
            if policy not in _ASKED_AGAIN:
                continue
            verdict = stage(self._exchange)
            if verdict is ALLOW:
                continue
            if isinstance(verdict, Deny):
                return False
            _leave(verdict)  # an issuer's key is not at hand: no reason to end what it has allowed
        return True

    def tunnel_ended(self, received: int, sent: int, /) -> None:
        exchange = self._exchange
        exchange.bytes_in, exchange.bytes_out = received, sent
        self.ended()

    def ended(self) -> None:
        self._exchange.upstream_ended_at = time.monotonic()
        self._ending.done()

    def _route(self) -> Route | None:
        """The operation as the contracts in force have it, where they still open what is open."""
        runtime, exchange = self._owner.runtime, self._exchange
        found = None if runtime is None else runtime.router.match(exchange.path)
        served = None if found is None else found[0].get(exchange.method)
        route = None if served is None else served.bind()
        if route is None:
            return None
        return route if (route.operation.websocket if exchange.upgrade else route.event_stream) else None


def _leave(waiting: object) -> None:
    if isinstance(waiting, Coroutine):
        waiting.close()
