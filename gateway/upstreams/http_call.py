"""One call to an HTTP upstream: its phases, its time, and its request's body."""

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from gateway.wire.framing import LAST_CHUNK, chunk, last_chunk
from gateway.wire.messages import Receiver
from gateway.wire.tunnel import Upstream
from policies.exchange import Header
from policies.websocket import Handshake

if TYPE_CHECKING:
    from gateway.upstreams.http import HttpUpstream
    from gateway.upstreams.http_connection import HttpConnection

_now: Final = time.monotonic  # looked up once
_CHUNKED_END: Final = b"\r\ntransfer-encoding: chunked\r\n\r\n"


class Phase:
    """Where a call is. Plain numbers: members of an Enum are looked up anew each time, also when compiled."""

    WAITING: Final = 0
    """For a connection of the budget."""
    CONNECTING: Final = 1
    """For the connection."""
    SENDING: Final = 2
    """The request's body is on its way."""
    SENT: Final = 3
    """For the answer's first byte."""
    RECEIVING: Final = 4
    """The answer is on its way."""
    SWITCHED: Final = 5
    """The connection is no HTTP any more."""
    OVER: Final = 6
    """Ended, failed or given up."""


class _Nobody:
    """The receiver of a call that is over. A call that kept its own would be a cycle: work for the collector."""

    def head(self, status: int, headers: list[Header], length: int | None, /) -> None: ...

    def data(self, data: bytes, /) -> None: ...

    def trailers(self, fields: list[Header], /) -> None: ...

    def ended(self) -> None: ...

    def switched(self, headers: list[Header], upstream: Upstream, /) -> None: ...

    def failed(self, problem_id: str, detail: str, /) -> None: ...

    def drained(self) -> None: ...


NOBODY: Final = _Nobody()


class HttpCall:
    """Implements `Call`. `sent` says whether the request may have reached the upstream; only with a `handshake`
    may it switch to another protocol."""

    __slots__ = (
        "_buffer",
        "_chunked",
        "_pool",
        "body",
        "body_sent",
        "connection",
        "deadline",
        "handshake",
        "head",
        "head_only",
        "heard",
        "paused",
        "phase",
        "receiver",
        "repeatable",
        "sent",
        "total_deadline",
    )

    def __init__(
        self,
        pool: "HttpUpstream",
        head: bytes,
        receiver: Receiver,
        body: bytes | None,
        streaming: bool,
        handshake: Handshake | None = None,
    ) -> None:
        self.head = head
        self.handshake = handshake
        self.receiver: Receiver = receiver
        self.body = body
        self.body_sent = not streaming
        self.head_only = head.startswith(b"HEAD ")
        # RFC 9110 §9.2.2: only what may be done twice is done again unasked.
        self.repeatable = not streaming and (self.head_only or head.startswith(b"GET "))
        self.connection: HttpConnection | None = None
        self.phase = Phase.WAITING
        self.sent = False
        self.heard = False  # something moved since the timer last looked
        self.paused = False
        self.deadline = 0.0
        self.total_deadline = 0.0
        self._pool = pool
        self._chunked = streaming and head.endswith(_CHUNKED_END)
        self._buffer: list[bytes] | None = None

    def write(self, data: bytes, /) -> bool:
        if self.phase == Phase.OVER or self.body_sent or not data:
            return True
        if self._chunked:
            data = chunk(data)
        if self.connection is None:
            self._keep(data)
            return False
        return self.connection.send(data)

    def finish(self, trailers: Sequence[Header] = (), /) -> None:
        if self.phase == Phase.OVER or self.body_sent:
            return
        self.body_sent = True
        end = last_chunk(trailers) if trailers else LAST_CHUNK
        if self.connection is None:
            if self._chunked:
                self._keep(end)
            return
        if self._chunked:
            self.connection.send(end)
        self.connection.flush()
        if self.phase == Phase.SENDING:
            self.await_answer()

    def pause(self) -> None:
        if self.connection is not None and not self.paused:
            self.paused = True
            self.connection.pause()

    def resume(self) -> None:
        if self.connection is not None and self.paused:
            self.paused = False
            self.heard = True
            self.connection.resume()

    def unbounded(self) -> None:
        self.total_deadline = math.inf

    def cancel(self) -> None:
        if self.phase == Phase.OVER:
            return
        self.over()
        if self.connection is not None:
            self.connection.drop()
        else:
            self._pool.withdraw(self)

    def fail(self, problem_id: str, detail: str) -> None:
        """Ends the call with a failure, once; its connection is not used again."""
        if self.phase is not Phase.OVER:
            receiver = self.receiver
            self.cancel()
            receiver.failed(problem_id, detail)

    # -- with its connection and its pool ------------------------------------------------------------------

    def over(self) -> Receiver:
        """Ends the call; who is still to be told of it."""
        receiver, self.receiver = self.receiver, NOBODY
        self.phase = Phase.OVER
        self._buffer = None
        return receiver

    def _keep(self, data: bytes) -> None:
        if self._buffer is None:
            self._buffer = []
        self._buffer.append(data)

    def take_buffer(self) -> list[bytes] | None:
        """What was written before there was a connection."""
        pieces, self._buffer = self._buffer, None
        return pieces

    def unsent(self, held: list[bytes]) -> None:
        """Nothing of it has left. `held` is all that was to be sent: its head with what was to go along with it,
        and what was to follow. It goes to another connection as if it had not met this one."""
        self.sent = False
        if self.body is None:
            first = held[0][len(self.head) :]
            self._buffer = ([first] if first else []) + held[1:] or None

    def await_answer(self) -> None:
        self.phase = Phase.SENT
        self.deadline = _now() + self._pool.first_byte

    def tick(self, now: float, late: float = 0.0) -> None:
        """Fails the call if its time is up. For `late` seconds the process itself stood still: what came meanwhile
        was not read yet, so that this time is not the upstream's."""
        if self.phase == Phase.SWITCHED:
            return
        timeouts = self._pool.timeouts
        self.deadline += late
        self.total_deadline += late
        if now > self.total_deadline:
            self.fail("upstream-timeout", "The upstream did not complete its answer in time.")
            return
        if self.phase == Phase.RECEIVING or self.phase == Phase.SENDING:
            # A client that is slow to take the answer or to send its body is not the upstream's silence.
            idle = self.paused if self.phase == Phase.RECEIVING else not self._blocked()
            if self.heard or idle:
                self.heard = False
                self.deadline = now + timeouts.between_bytes
        if now <= self.deadline:
            return
        if self.phase == Phase.WAITING:
            self.fail("upstream-busy", "No connection to the upstream became free in time.")
        elif self.phase == Phase.CONNECTING:
            self.fail("upstream-timeout", "The upstream did not accept a connection in time.")
        elif self.phase == Phase.SENT:
            self.fail("upstream-timeout", "The upstream did not begin to answer in time.")
        elif self.phase == Phase.SENDING:
            self.fail("upstream-timeout", "The upstream stopped taking the request.")
        else:
            self.fail("upstream-timeout", "The upstream stopped sending its answer.")

    def _blocked(self) -> bool:
        return self.connection is not None and self.connection.write_paused
