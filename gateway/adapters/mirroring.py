"""Sends copies of calls to mirrors, takes in their answers within bounds, and compares them when nobody waits.

Whatever a mirror does, one that hangs, breaks off, or sends without end, is its own loss: of its answer no more is
read than is compared, and no longer waited than its time. Comparisons are made one after the other, a slice at a
time, so that no caller waits for one.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from contracts.operations import OdooBackend
from contracts.problems import Problem
from gateway.redirection import copied, mediated_exchange
from gateway.routes import Server, place_of
from gateway.slices import in_slices
from gateway.upstreams.resilience.http_service import HttpService, Repeat
from gateway.upstreams.resilience.odoo_service import OdooService
from gateway.wire.headers import request_head, upstream_lines
from gateway.wire.messages import Call
from gateway.wire.tunnel import Upstream as SwitchedUpstream
from policies.exchange import Exchange, Header
from policies.shadows.answers import MOST_COMPARED, Side, media_type_of
from policies.shadows.shadow import MARK, Shadow

log = structlog.get_logger()

_MARKED_END: Final = f"{MARK}: 1\r\n\r\n".encode()
"""Ends the head of a copy."""
_FAULT: Final = "fault"


class Mirrors:
    """Implements `policies.shadows.shadow.Mirroring`. `servers` are those in force, by name."""

    def __init__(self) -> None:
        self.servers: Mapping[str, Server] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._flights: set[_Flight] = set()
        self._waiting: deque[Shadow] = deque()
        self._comparing: asyncio.Task[None] | None = None

    def send(self, shadow: Shadow, /) -> None:
        shadow.report.in_flight += 1
        try:
            reason = self._send(shadow)
        except Exception:
            log.exception("mirroring failed", upstream=shadow.upstream, request_id=shadow.exchange.request_id)
            reason = _FAULT
        if reason:
            self.failed(shadow, reason)

    def close(self) -> None:
        """Gives up what is on its way."""
        for flight in list(self._flights):
            flight.give_up()
        for task in (*self._tasks, *(() if self._comparing is None else (self._comparing,))):
            task.cancel()
        self._waiting.clear()

    def _send(self, shadow: Shadow) -> str:
        """Why it could not be sent; empty where it was."""
        server = self.servers.get(shadow.upstream)
        if server is None:
            return "upstream-unusable"
        unusable = server.credential[1]
        if unusable is not None:
            return unusable.type.id
        if isinstance(server.service, OdooService):
            task = asyncio.get_running_loop().create_task(self._mediate(shadow, server.service))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return ""
        return self._call(shadow, server, server.service)

    def _call(self, shadow: Shadow, server: Server, service: HttpService) -> str:
        sent = copied(shadow.exchange, shadow.request)
        authority, prefix = place_of(server.upstream)
        lines = upstream_lines(authority, server.credential[0], plain=True)
        head = request_head(sent, prefix + shadow.request.path, lines)[:-2] + _MARKED_END
        flight = _Flight(self, shadow)
        self._flights.add(flight)
        try:
            call = service.call(head, flight, body=sent.body, repeat=Repeat.NEVER)
        except BaseException:
            flight.forget()
            raise
        if isinstance(call, Problem):
            flight.forget()
            return call.type.id
        flight.take(call)
        return ""

    async def _mediate(self, shadow: Shadow, service: OdooService) -> None:
        operation = shadow.exchange.operation
        assert operation is not None
        assert isinstance(operation.backend, OdooBackend)
        try:
            async with asyncio.timeout(shadow.timeout):
                outcome = await service.call(_marked(shadow), operation.backend)
        except TimeoutError:
            self.failed(shadow, "upstream-timeout")
        except Exception:
            log.exception("mirroring failed", upstream=shadow.upstream, request_id=shadow.exchange.request_id)
            self.failed(shadow, _FAULT)
        else:
            if not isinstance(outcome, Problem):
                body = outcome.body if len(outcome.body) <= MOST_COMPARED else None
                if outcome.content is not None:
                    outcome.content.close()  # a long file is not compared
                    body = None
                self.answered(shadow, Side(outcome.status, media_type_of(list(outcome.headers)), body))
            elif outcome.status < 500:
                self.answered(shadow, Side(outcome.status, problem=outcome.type.id))
            else:
                self.failed(shadow, outcome.type.id)

    # -- what comes of it ------------------------------------------------------------------------------------

    def failed(self, shadow: Shadow, reason: str) -> None:
        shadow.report.in_flight -= 1
        shadow.report.count("failed", reason)

    def answered(self, shadow: Shadow, side: Side) -> None:
        if shadow.comparison is None:
            self._uncompared(shadow, "not-asked-for")
            return
        shadow.pair.mirrored(side)
        shadow.pair.when_complete(lambda: self._compare_later(shadow))

    def landed(self, flight: "_Flight") -> None:
        self._flights.discard(flight)

    def _uncompared(self, shadow: Shadow, reason: str) -> None:
        shadow.report.in_flight -= 1
        shadow.report.count("uncompared", reason)

    def _compare_later(self, shadow: Shadow) -> None:
        self._waiting.append(shadow)
        if self._comparing is None:
            self._comparing = asyncio.get_running_loop().create_task(self._compare_all())

    async def _compare_all(self) -> None:
        try:
            while self._waiting:
                await self._compare(self._waiting.popleft())
        finally:
            self._comparing = None

    async def _compare(self, shadow: Shadow) -> None:
        one, other = shadow.pair.original, shadow.pair.copy
        assert one is not None
        assert other is not None
        assert shadow.comparison is not None
        if not one.status:
            self._uncompared(shadow, "caller-not-answered")
            return
        try:
            found = await in_slices(shadow.comparison.steps(one, other))
        except Exception:  # bodies that nobody has foreseen
            log.exception("comparison failed", upstream=shadow.upstream, request_id=shadow.exchange.request_id)
            self._uncompared(shadow, _FAULT)
            return
        if found is None:
            self._uncompared(shadow, "body")
            return
        shadow.report.in_flight -= 1
        shadow.report.compared(shadow.exchange.request_id, found)


def _marked(shadow: Shadow) -> Exchange:
    """The exchange for an Odoo."""
    original = mediated_exchange(shadow.exchange)
    copy = copied(shadow.exchange, shadow.request)
    copy.path, copy.version, copy.operation = original.path, original.version, original.operation
    copy.parameters, copy.body_value = original.parameters, original.body_value
    copy.principal = original.principal
    copy.note(MARK, True)
    return copy


class _Flight:
    """One call to a mirror over HTTP: implements `Receiver`."""

    __slots__ = ("_call", "_headers", "_mirrors", "_over", "_pieces", "_shadow", "_size", "_status", "_timer")

    def __init__(self, mirrors: Mirrors, shadow: Shadow) -> None:
        self._mirrors = mirrors
        self._shadow = shadow
        self._call: Call | None = None
        self._status = 0
        self._headers: Sequence[Header] = ()
        self._pieces: list[bytes] = []
        self._size = 0
        self._over = False
        self._timer: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(
            shadow.timeout, self._out_of_time
        )

    def take(self, call: Call) -> None:
        if self._over:
            call.cancel()  # what came at once was more than enough
        else:
            self._call = call

    def head(self, status: int, headers: list[Header], length: int | None, /) -> None:
        self._status, self._headers = status, headers
        encoded = any(name.lower() == b"content-encoding" for name, _ in headers)
        if encoded or (length is not None and length > MOST_COMPARED):
            self._answered(None)

    def data(self, data: bytes, /) -> None:
        if self._over:
            return
        self._size += len(data)
        if self._size > MOST_COMPARED:
            self._answered(None)
        else:
            self._pieces.append(data)

    def trailers(self, fields: list[Header], /) -> None: ...

    def ended(self) -> None:
        self._answered(b"".join(self._pieces))

    def switched(self, headers: list[Header], upstream: SwitchedUpstream, /) -> None:
        upstream.transport.abort()
        self._failed("upstream-malformed")

    def failed(self, problem_id: str, detail: str, /) -> None:
        self._failed(problem_id)

    def drained(self) -> None: ...

    def forget(self) -> None:
        """It was not sent."""
        self._land()

    def give_up(self) -> None:
        """The process ends."""
        self._failed("closing")

    def _out_of_time(self) -> None:
        self._failed("upstream-timeout")

    def _answered(self, body: bytes | None) -> None:
        """A body of None is not read to its end."""
        if self._land():
            side = Side(self._status, media_type_of(list(self._headers)), body)
            self._mirrors.answered(self._shadow, side)

    def _failed(self, reason: str) -> None:
        if self._land():
            self._mirrors.failed(self._shadow, reason)

    def _land(self) -> bool:
        """Ends the call; whether that is news."""
        if self._over:
            return False
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        call, self._call = self._call, None
        if call is not None:
            call.cancel()  # after its end, it does nothing
        self._pieces = []
        self._mirrors.landed(self)
        return True
