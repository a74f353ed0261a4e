"""The listener: accepts connections and keeps their time.

One coarse timer serves all connections. A timer handle for each request would cost more than the request's
parsing, and no limit here needs to be sharper than half a second.
"""

import asyncio
import contextlib
import ssl
from typing import Any, Final, cast

import structlog

from gateway.wire.connection import LINGER, Connection
from gateway.wire.keeper import Keeper
from gateway.wire.limits import ListenerSettings
from gateway.wire.messages import Acceptor
from gateway.wire.outgoing import Gathering

BACKLOG: Final = 2048
TELL_EVERY: Final = 10.0
"""Seconds between two lines about connections that were refused."""

log = structlog.get_logger()


class _TurnedAway:
    """A connection beyond those that there is room for: closed at once, so that its client can go elsewhere. Of a
    protocol what a transport may ask for until then, as `Connection` is one."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).abort()

    def data_received(self, data: bytes) -> None: ...

    def eof_received(self) -> None: ...

    def connection_lost(self, error: Exception | None) -> None: ...


class Listener(Keeper):
    """Serves HTTP/1.1 and 1.0 on one socket."""

    def __init__(self, acceptor: Acceptor, settings: ListenerSettings | None = None) -> None:
        super().__init__(acceptor, settings or ListenerSettings())
        shortest = min(self.settings.head_timeout, self.settings.body_timeout, self.settings.idle_timeout)
        self._interval = min(0.5, shortest / 4)
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()
        self._turned_away = 0
        self._told_at = -TELL_EVERY

    async def start(
        self, host: str, port: int, *, tls: ssl.SSLContext | None = None, reuse_port: bool = False
    ) -> int:
        """Listens; the bound port. Raises OSError. `reuse_port` lets several workers share one port."""
        loop = asyncio.get_running_loop()
        self.gathering = Gathering(loop)
        self.scheme = "http" if tls is None else "https"
        self._server = await loop.create_server(
            self._connection,
            host,
            port,
            backlog=BACKLOG,
            ssl=tls,
            # A handshake is part of the wait for a first head.
            ssl_handshake_timeout=self.settings.head_timeout if tls is not None else None,
            ssl_shutdown_timeout=LINGER if tls is not None else None,
            reuse_port=reuse_port or None,
        )
        self._tick()
        # uvloop has a list where typeshed says tuple, and compiled code believes what types say.
        bound: int = cast("Any", self._server).sockets[0].getsockname()[1]
        return bound

    def _connection(self) -> asyncio.Protocol:
        if len(self.connections) < self.settings.max_connections:
            return cast("asyncio.Protocol", Connection(self))
        self._turned_away += 1
        if self.now - self._told_at >= TELL_EVERY:
            self._told_at = self.now
            log.warning("client connections refused", open=len(self.connections), refused=self._turned_away)
        return cast("asyncio.Protocol", _TurnedAway())

    def announce_end(self) -> None:
        """From now on each answer says `Connection: close`; new connections are still accepted.

        A load balancer needs a moment to learn that this gateway is ending, and sends new clients meanwhile.
        """
        self.draining = True

    async def drain(self, seconds: float) -> int:
        """Stops accepting, lets requests in progress end, and closes. The number that `seconds` cut off."""
        self.draining = True
        if self._server is not None:
            self._server.close()
        self._empty.clear()
        self.stopping = True
        for connection in list(self.connections):
            connection.tick(self.now)
        if self.connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), seconds)
        cut_off = len(self.connections)
        self.close()
        return cut_off

    def close(self) -> None:
        """Breaks what is open. Calling it twice does nothing."""
        self.draining = True
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for connection in list(self.connections):
            connection.end()

    def lost(self, connection: Connection) -> None:
        super().lost(connection)
        if not self.connections:
            self._empty.set()

    def _tick(self) -> None:
        self.look_at_the_clock()
        for connection in list(self.connections):
            connection.tick(self.now)
        self._timer = asyncio.get_running_loop().call_later(self._interval, self._tick)
