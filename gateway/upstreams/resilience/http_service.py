"""An HTTP upstream as the pipeline sees it: its targets' pools behind a breaker, and retries of what may be.

A call's outcome is known with its answer's head. From then on the pool reports to the pipeline directly: a body
costs nothing here, and nothing is tried again once a byte of an answer went to the client.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Final

import aiohttp

from contracts.problems import Problem
from contracts.snapshot import Upstream
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.http_call import NOBODY, HttpCall
from gateway.upstreams.resilience.balancing import Target
from gateway.upstreams.resilience.guard import Guard
from gateway.upstreams.resilience.health import HealthChecker
from gateway.wire.messages import Call, Receiver
from gateway.wire.tunnel import Upstream as SwitchedUpstream
from policies.exchange import Header
from policies.websocket import Handshake

# That the gateway's own budget of connections is used up is no failure of the upstream, and no retry mends it.
_NEUTRAL: Final = "upstream-busy"
_FAILING: Final = frozenset({502, 503, 504})


class Repeat(Enum):
    """What of an operation's calls may be tried again. What is streamed never is: its body is gone."""

    NEVER = "never"
    UNSENT = "unsent"
    """What surely did not reach the upstream: no connection could be made."""
    SAFE = "safe"
    """Whatever was not answered: done twice, it is as done once."""


class HttpService:
    """One upstream. `make` makes the pool of one target, which is the upstream with that target's URL, and the
    context for https; `tls` is that context."""

    def __init__(
        self,
        upstream: Upstream,
        session: aiohttp.ClientSession,
        make: Callable[..., HttpUpstream] = HttpUpstream,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        pools = [(url, make(each, ssl_context=tls)) for url, each in upstream.each_target()]
        self.guard = Guard(upstream, pools)
        self._pools = tuple(pool for _, pool in pools)
        self._health = HealthChecker(upstream, self.guard.balancer, session, tls)

    def call(
        self,
        head: bytes,
        receiver: Receiver,
        *,
        body: bytes | None = None,
        streaming: bool = False,
        repeat: Repeat = Repeat.NEVER,
        handshake: Handshake | None = None,
    ) -> Call | Problem:
        """As `HttpUpstream.call`; a problem where the breaker is open."""
        guard = self.guard
        era = guard.breaker.admit()
        if not era:
            return guard.refusal()
        guard.budget.request()
        made = GuardedCall(guard, receiver, head, body, Repeat.NEVER if streaming else repeat, handshake)
        made.begin(guard.balancer.pick(), era, streaming)
        return made

    @property
    def connections_opened(self) -> int:
        return sum(pool.connections_opened for pool in self._pools)

    @property
    def in_use(self) -> int:
        return sum(pool.in_use for pool in self._pools)

    @property
    def queued(self) -> int:
        return sum(pool.queued for pool in self._pools)

    def state(self) -> dict[str, Any]:
        """For the status document."""
        return {
            "connections_opened": self.connections_opened,
            "connections_in_use": self.in_use,
            "calls_queued": self.queued,
            **self.guard.state(),
        }

    def start(self) -> None:
        """Starts the health checks, if there are any. Called again, it changes nothing."""
        self._health.start()

    def retire(self) -> None:
        """Ends the pools: calls in flight are completed, and no connection is kept."""
        self._health.stop()
        for pool in self._pools:
            pool.retire()

    def close(self) -> None:
        """Breaks every connection off; calls in flight fail."""
        self.guard.closed = True
        self._health.stop()
        for pool in self._pools:
            pool.close()


class GuardedCall:
    """One request and its tries: `Call` for the pipeline, `Receiver` for the pool until the head is there."""

    __slots__ = (
        "_body",
        "_call",
        "_deadline",
        "_era",
        "_guard",
        "_handshake",
        "_head",
        "_over",
        "_receiver",
        "_repeat",
        "_retry",
        "_target",
        "_timer",
    )

    _call: HttpCall
    _target: Target[HttpUpstream]

    def __init__(
        self,
        guard: Guard[HttpUpstream],
        receiver: Receiver,
        head: bytes,
        body: bytes | None,
        repeat: Repeat,
        handshake: Handshake | None,
    ) -> None:
        self._guard = guard
        self._handshake = handshake
        self._receiver = receiver
        self._head = head
        self._body = body
        self._repeat = repeat
        self._retry = 0
        self._era = 0
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._over = False

    def begin(self, target: Target[HttpUpstream], era: int, streaming: bool = False) -> None:
        """Sends a try, which the breaker has admitted."""
        self._timer = None
        self._target = target
        self._era = era
        self._call = call = target.server.call(
            self._head, self, body=self._body, streaming=streaming, handshake=self._handshake
        )
        if self._retry:
            call.total_deadline = self._deadline  # all tries together have the time of one
        else:
            self._deadline = call.total_deadline

    # -- for the pool --------------------------------------------------------------------------------------

    def head(self, status: int, headers: list[Header], length: int | None, /) -> None:
        if status in _FAILING:
            if self._missed(self._repeat is Repeat.SAFE and not self._told_to_wait(headers)):
                self._call.cancel()  # its body would have to be read to keep the connection: retries are rare
                return
        else:
            self._guard.succeeded(self._target, self._era)
        self._era = 0
        receiver = self._let_go()
        self._call.receiver = receiver
        receiver.head(status, headers, length)

    def data(self, data: bytes, /) -> None:
        self._receiver.data(data)

    def trailers(self, fields: list[Header], /) -> None:
        self._receiver.trailers(fields)

    def ended(self) -> None:
        self._receiver.ended()

    def switched(self, headers: list[Header], upstream: SwitchedUpstream, /) -> None:
        self._guard.succeeded(self._target, self._era)
        self._era = 0
        self._over = True
        self._let_go().switched(headers, upstream)

    def failed(self, problem_id: str, detail: str, /) -> None:
        if problem_id == _NEUTRAL or self._client_is_slow(problem_id):
            self._guard.breaker.abandoned(self._era)
        else:
            unsent = self._repeat is Repeat.UNSENT and not self._call.sent
            if self._missed(unsent or self._repeat is Repeat.SAFE):
                return
        self._era = 0
        self._over = True
        self._let_go().failed(problem_id, detail)

    def drained(self) -> None:
        self._receiver.drained()

    def _client_is_slow(self, problem_id: str) -> bool:
        """Whether time ran out while the client was still sending its body. If that counted, a few slow clients
        could shut an upstream for everyone."""
        return problem_id == "upstream-timeout" and self._call.sent and not self._call.body_sent

    def _told_to_wait(self, headers: list[Header]) -> bool:
        """Whether the only server that there is has said when to come back, which is not at once."""
        return len(self._guard.balancer.targets) == 1 and any(
            name.lower() == b"retry-after" for name, _ in headers
        )

    def _let_go(self) -> Receiver:
        """Who is still to be told. Kept, it would make a cycle: work for the collector."""
        receiver, self._receiver = self._receiver, NOBODY
        return receiver

    def _missed(self, may_repeat: bool) -> bool:
        """Tells of a try that failed; whether the call is made once more."""
        self._guard.missed(self._target)
        if may_repeat and self._again():
            return True
        self._guard.breaker.failed(self._era)
        return False

    def _again(self) -> bool:
        """Whether the call will be tried once more, after a pause."""
        guard = self._guard
        if guard.closed or self._retry >= guard.retries.attempts:
            return False
        pause = guard.pause(self._retry + 1)
        if time.monotonic() + pause >= self._deadline or not guard.budget.take():
            return False
        self._era = era = guard.again(self._era)
        if not era:
            return False
        self._retry += 1
        target = guard.balancer.pick(self._target)
        self._timer = asyncio.get_running_loop().call_later(pause, self.begin, target, era)
        return True

    # -- for the pipeline ----------------------------------------------------------------------------------

    @property
    def sent(self) -> bool:
        # What is not safe is tried again only if it was not sent.
        return self._call.sent or (self._retry > 0 and self._repeat is Repeat.SAFE)

    def write(self, data: bytes, /) -> bool:
        return self._call.write(data)

    def finish(self, trailers: Sequence[Header] = (), /) -> None:
        self._call.finish(trailers)

    def pause(self) -> None:
        self._call.pause()

    def resume(self) -> None:
        self._call.resume()

    def unbounded(self) -> None:
        self._call.unbounded()

    def cancel(self) -> None:
        if self._over:
            return
        self._over = True
        self._let_go()
        if self._era:
            self._guard.breaker.abandoned(self._era)
            self._era = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._call.cancel()
