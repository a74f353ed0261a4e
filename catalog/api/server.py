"""The server that carries the catalog: uvicorn, bounded, and stopping as we want it to."""

import asyncio
import contextlib
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Final

import structlog
import uvicorn
from starlette.applications import Starlette

from catalog.api.protocol import CatalogProtocol

log = structlog.get_logger("catalog")

KEEP_ALIVE: Final = 20
"""Seconds for which an idle connection stays open: longer than gateways keep theirs (aiohttp's 15), so that
none of them sends on one that is just being closed, as a report thirty seconds after a start did."""


class CatalogServer(uvicorn.Server):
    """Ends on SIGTERM and SIGINT: pollers are let go at once, open requests get `drain` seconds."""

    def __init__(
        self,
        app: Starlette,
        let_go: Callable[[], None],
        drain: float,
        on_started: Callable[[], None] = lambda: None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`let_go` ends what pollers wait for. `on_started` is called once connections are accepted and signals
        are heard. With `tls` they are TLS."""
        super().__init__(
            uvicorn.Config(
                app,
                http=CatalogProtocol,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE,
                ssl_context_factory=None if tls is None else lambda _config, _default: tls,
                timeout_graceful_shutdown=max(1, round(drain)),
            )
        )
        self._let_go = let_go
        self._on_started = on_started
        self.exit_code = 0

    def on_background_end(self, name: str, task: asyncio.Task[None]) -> None:
        """A task that should never end has failed: a restart that is seen is better than half a catalog."""
        if not task.cancelled():
            log.critical("background task failed", task=name, exc_info=task.exception())
            self.exit_code = 1
            self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn's own raises the signal again at the end, which would make a clean stop look like a crash."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._let_go()
        await super().shutdown(sockets=sockets)
