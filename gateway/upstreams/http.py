"""The pooled HTTP client of one upstream: connections, their budget, and the time each call may take.

The pool is last in, first out, so that connections in surplus grow idle and are closed. Beyond the budget calls
wait in order, for as long as connecting may take. One coarse timer keeps the time of all calls.
"""

import asyncio
import ssl
import time
from collections import deque
from typing import Final, cast
from urllib.parse import urlsplit

from contracts.snapshot import Upstream
from gateway.upstreams.http_call import HttpCall, Phase
from gateway.upstreams.http_connection import HttpConnection
from gateway.upstreams.queue import most_waiting
from gateway.wire.messages import Receiver
from gateway.wire.outgoing import Gathering
from policies.websocket import Handshake

_now: Final = time.monotonic  # looked up once

IDLE: Final = 30.0
"""Seconds after which an unused connection is closed."""

_GOODBYE: Final = 2.0
"""Seconds in which an upstream may answer the end of TLS; its connection counts as open until then."""


class HttpUpstream:
    """One upstream's client. `connections_opened` counts connections that were established, ever.

    `ssl_context` replaces the verifying default for an https URL. `idle` is in seconds.
    """

    def __init__(
        self,
        upstream: Upstream,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        ssl_context: ssl.SSLContext | None = None,
        idle: float = IDLE,
    ) -> None:
        url = urlsplit(upstream.url)
        secure = url.scheme == "https"
        self.timeouts = upstream.timeouts
        self.first_byte = upstream.timeouts.first_byte
        self._total = upstream.timeouts.total
        self.connections_opened = 0
        self.idle: list[HttpConnection] = []
        self._rest = idle
        self.retired = False
        self.now = time.monotonic()
        self._host = url.hostname or ""
        self._port = url.port or (443 if secure else 80)
        self._ssl = (ssl_context or ssl.create_default_context()) if secure else None
        self._loop = loop
        self._gathering: Gathering | None = None
        self._budget = upstream.connections
        self._queue_limit = most_waiting(upstream.connections)
        self._connections: set[HttpConnection] = set()
        self._connecting: dict[HttpCall, asyncio.Task[None]] = {}
        self._waiting: deque[HttpCall] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        limits = upstream.timeouts
        self._interval = min(0.5, min(limits.connect, limits.first_byte, limits.between_bytes, limits.total) / 4)

    @property
    def gathering(self) -> Gathering:
        if self._gathering is None:
            self._gathering = Gathering(self._running_loop())
        return self._gathering

    @property
    def _open(self) -> int:
        """Connections that are there or on their way."""
        return len(self._connections) + len(self._connecting)

    @property
    def in_use(self) -> int:
        """Connections that carry a call, or are being opened for one."""
        return self._open - len(self.idle)

    @property
    def queued(self) -> int:
        """Calls that wait for a connection."""
        return sum(call.phase == Phase.WAITING for call in self._waiting)

    def call(
        self,
        head: bytes,
        receiver: Receiver,
        *,
        body: bytes | None = None,
        streaming: bool = False,
        handshake: Handshake | None = None,
    ) -> HttpCall:
        """Sends a request; nothing is reported before this returns, but where a pooled connection answers.

        `head` is the whole serialised head. With `streaming` the body follows by `write` and `finish`; it is
        chunked if the head ends with `transfer-encoding: chunked`. With `handshake` the upstream may switch.
        """
        self.now = _now()
        call = HttpCall(self, head, receiver, body, streaming, handshake)
        call.total_deadline = self.now + self._total
        if self._timer is None:
            self._start_timer()
        if self.idle:
            self.idle.pop().begin(call)
        elif self._open < self._budget:
            self._connect(call)
        elif len(self._waiting) < self._queue_limit:
            call.deadline = self.now + self.timeouts.connect
            self._waiting.append(call)
        else:
            self._running_loop().call_soon(
                call.fail, "upstream-busy", "Too many calls wait for a connection to the upstream."
            )
        return call

    def retire(self) -> None:
        """Ends the pool: calls in flight are completed, and no connection is kept."""
        self.retired = True
        for connection in list(self.idle):
            connection.close()

    def close(self) -> None:
        """Breaks every connection off; calls in flight fail."""
        self.retire()
        for call in [*self._connecting, *self._waiting]:
            call.fail("upstream-unreachable", "The gateway is closing.")
        for connection in list(self._connections):
            connection.fail("upstream-unreachable", "The gateway is closing.")
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- what connections and calls report -----------------------------------------------------------------

    def made(self, connection: HttpConnection) -> None:
        self.connections_opened += 1
        self._connections.add(connection)

    def release(self, connection: HttpConnection) -> None:
        """A connection has done its call and could take another."""
        while self._waiting:
            call = self._waiting.popleft()
            if call.phase == Phase.WAITING:
                connection.begin(call)
                return
        connection.idle_since = self.now
        self.idle.append(connection)

    def lost(self, connection: HttpConnection) -> None:
        """A connection is no more. Known already is fine."""
        if connection in self._connections:
            self._connections.remove(connection)
            if connection in self.idle:
                self.idle.remove(connection)
            self._serve_waiting()

    def withdraw(self, call: HttpCall) -> None:
        """A call that has no connection yet is given up."""
        task = self._connecting.pop(call, None)
        if task is not None:
            task.cancel()
            self._serve_waiting()
        elif call in self._waiting:
            self._waiting.remove(call)

    def retry(self, call: HttpCall) -> None:
        """Sends a call once more: its pooled connection turned out to be closed, and nothing came back.

        On a new connection: others of the pool may have been closed at the same moment.
        """
        if self._open < self._budget:
            self._connect(call)
        else:
            call.phase = Phase.WAITING
            call.deadline = self.now + self.timeouts.connect
            self._waiting.appendleft(call)

    def _serve_waiting(self) -> None:
        while self._waiting and self._open < self._budget:
            call = self._waiting.popleft()
            if call.phase == Phase.WAITING:
                self._connect(call)

    # -- connecting and time -------------------------------------------------------------------------------

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def _connect(self, call: HttpCall) -> None:
        call.phase = Phase.CONNECTING
        call.deadline = self.now + self.timeouts.connect
        self._connecting[call] = self._running_loop().create_task(self._establish(call))

    async def _establish(self, call: HttpCall) -> None:
        connection = HttpConnection(self)
        try:
            await self._running_loop().create_connection(
                lambda: cast("asyncio.Protocol", connection),
                self._host,
                self._port,
                ssl=self._ssl,
                server_hostname=self._host if self._ssl is not None else None,
                ssl_shutdown_timeout=_GOODBYE if self._ssl is not None else None,
            )
        except OSError as error:
            if self._connecting.pop(call, None) is not None:
                call.fail("upstream-unreachable", _why(error))
                self._serve_waiting()
            return
        except asyncio.CancelledError:
            self.lost(connection)  # made already, it is closed by uvloop without a word to its protocol
            raise
        if self._connecting.pop(call, None) is None:
            connection.close()  # given up in the very moment in which it was established
        else:
            connection.begin(call)
            self._serve_waiting()  # it was counted twice, as there and as on its way

    def _start_timer(self) -> None:
        self._due = time.monotonic() + self._interval
        self._timer = self._running_loop().call_later(self._interval, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.now = now = time.monotonic()
        late = now - self._due
        if late < self._interval:
            late = 0.0
        for call in [*self._connecting, *self._waiting]:
            call.tick(now, late)
        for connection in list(self._connections):
            if connection.call is not None:
                connection.call.tick(now, late)
            elif now - connection.idle_since > self._rest:
                connection.close()
        if self._open or self._waiting:
            self._start_timer()


def _why(error: OSError) -> str:
    """A reason that names no host or address."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "The upstream's certificate is not trusted."
    if isinstance(error, ssl.SSLError):
        return "The TLS handshake with the upstream failed."
    if isinstance(error, ConnectionRefusedError):
        return "The upstream refused the connection."
    return "The upstream cannot be reached."
