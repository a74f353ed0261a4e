"""The listener: accepts connections and keeps their time.

One coarse timer serves all connections. A timer handle for each request would cost more than the request's
parsing, and no limit here needs to be sharper than half a second.
"""

import asyncio
import contextlib
import ssl
import time
from email.utils import formatdate
from typing import Final, cast

from gateway.wire.connection import LINGER, Connection
from gateway.wire.limits import ListenerSettings
from gateway.wire.messages import Acceptor
from gateway.wire.outgoing import Gathering

BACKLOG: Final = 2048

QUIET: Final = 1.0
"""Seconds of rest after which a draining listener closes a connection: a busy client sends again before, and is
told with `Connection: close`, so that none of its requests meets a closed socket."""


class Listener:
    """Serves HTTP/1.1 and 1.0 on one socket. `now` is its coarse clock, in `time.monotonic()` seconds."""

    def __init__(self, acceptor: Acceptor, settings: ListenerSettings | None = None) -> None:
        self.acceptor = acceptor
        self.settings = settings or ListenerSettings()
        self.connections: set[Connection] = set()
        self.draining = False
        self.stopping = False
        """Set when a drain has begun to wait: no connection is accepted, and WebSockets are closed."""
        self.scheme = "http"
        self.now = time.monotonic()
        self.date = _date_line()
        shortest = min(self.settings.head_timeout, self.settings.body_timeout, self.settings.idle_timeout)
        self._interval = min(0.5, shortest / 4)
        self.gathering: Gathering
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()

    async def start(
        self, host: str, port: int, *, tls: ssl.SSLContext | None = None, reuse_port: bool = False
    ) -> int:
        """Listens; the bound port. Raises OSError. `reuse_port` lets several workers share one port."""
        loop = asyncio.get_running_loop()
        self.gathering = Gathering(loop)
        self.scheme = "http" if tls is None else "https"
        self._server = await loop.create_server(
            lambda: cast("asyncio.Protocol", Connection(self)),
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
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

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
        self.connections.discard(connection)
        if not self.connections:
            self._empty.set()

    def patience(self, served: bool) -> float:
        """Seconds that a connection may rest; one that has sent nothing yet has a head's time for it."""
        if self.draining:
            return QUIET
        return self.settings.idle_timeout if served else self.settings.head_timeout

    def _tick(self) -> None:
        self.now = time.monotonic()
        self.date = _date_line()
        for connection in list(self.connections):
            connection.tick(self.now)
        self._timer = asyncio.get_running_loop().call_later(self._interval, self._tick)


def _date_line() -> bytes:
    return b"date: %b\r\n" % formatdate(usegmt=True).encode("ascii")
