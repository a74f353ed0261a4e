"""Two connections that have stopped being HTTP (a WebSocket): what arrives at one is written at the other.

Each end takes the place of its connection's HTTP protocol, which costs connections that stay HTTP nothing. Bytes
are not looked at. While an end does not take what is written, the other is not read: no more waits in between than
a bounded buffer each way.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

LINGER: Final = 2.0
"""Seconds after which an end is broken off that takes nothing more of what was written, once the other is gone."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The upstream's half, handed over by its client: the connection, what arrived on it after the 101, and
    whom to tell when it is gone."""

    transport: asyncio.Transport
    early: bytes
    over: Callable[[], None]


class Watcher(Protocol):
    """Whoever let the tunnel through."""

    def may_go_on(self) -> bool:
        """Asked with each tick: whether the client may still use what it was let through to."""
        ...

    def tunnel_ended(self, received: int, sent: int, /) -> None:
        """Called once, with the bytes that came from the client and from the upstream."""
        ...


class Tunnel:
    """Opened by the listener's connection. `over` is called when both ends are gone; `paused` says that the
    client is slow already; `idle` is in seconds."""

    __slots__ = (
        "_client",
        "_ended_at",
        "_idle",
        "_left",
        "_open",
        "_over",
        "_server",
        "_since",
        "_watcher",
        "moved",
    )

    def __init__(
        self,
        client: asyncio.Transport,
        upstream: Upstream,
        watcher: Watcher,
        *,
        paused: bool,
        idle: float,
        now: float,
        over: Callable[[], None],
    ) -> None:
        self.moved = False
        self._idle = idle
        self._since = now
        self._ended_at: float | None = None
        self._left = 0  # bytes that were not taken yet when it was last looked, after the end
        self._watcher = watcher
        self._over = over
        self._client = _End(self, client)
        self._server = _End(self, upstream.transport, upstream.over)
        self._client.other, self._server.other = self._server, self._client
        self._open = 2
        for end in (self._client, self._server):
            end.transport.set_protocol(end)
        if upstream.early:
            self._server.data_received(upstream.early)
        if paused:
            self._client.pause_writing()

    def tick(self, now: float, *, stopping: bool) -> None:
        """Called by the listener's timer. `stopping`: the listener ends, and whoever is here has to leave."""
        if self._ended_at is not None:
            unsent = self._unsent()
            if unsent < self._left:
                self._left, self._ended_at = unsent, now
            elif now - self._ended_at > LINGER:
                self.abort()
        elif self.moved:
            self.moved = False
            self._since = now
            if stopping or not self._watcher.may_go_on():
                self.close(now)
        elif stopping or now - self._since > self._idle or not self._watcher.may_go_on():
            self.close(now)

    def close(self, now: float) -> None:
        """Ends both connections, once they have taken what was written."""
        if self._ended_at is None:
            self._ended_at = now
            self._left = self._unsent()
            self._client.transport.close()
            self._server.transport.close()

    def abort(self) -> None:
        """Breaks both connections off."""
        self._client.transport.abort()
        self._server.transport.abort()

    def _unsent(self) -> int:
        ends = (self._client.transport, self._server.transport)
        return sum(transport.get_write_buffer_size() for transport in ends)

    def lost(self, now: float) -> None:
        """One end is gone."""
        self._open -= 1
        if self._open:
            self.close(now)
        else:
            self._over()
            self._watcher.tunnel_ended(self._client.received, self._server.received)


class _End(asyncio.Protocol):
    __slots__ = ("_over", "_tunnel", "other", "received", "transport")

    other: "_End"

    def __init__(
        self, tunnel: Tunnel, transport: asyncio.Transport, over: Callable[[], None] | None = None
    ) -> None:
        self.transport = transport
        self.received = 0
        self._tunnel = tunnel
        self._over = over

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        self._tunnel.moved = True
        if not self.other.transport.is_closing():
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        if not self.other.transport.is_closing():
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if not self.other.transport.is_closing():
            self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        if self._over is not None:
            self._over()
        self._tunnel.lost(time.monotonic())
