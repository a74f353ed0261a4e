"""The pipeline: where a request enters, and where its exchange ends and is recorded."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Final, Protocol

from gateway.ending import end
from gateway.handling import Handling
from gateway.runtime import Runtime
from gateway.wire.messages import Client
from policies.exchange import Exchange

_LOOK: Final = 0.02
"""Seconds between two looks at what is still open, when the process ends."""

_now: Final = time.monotonic  # looked up once


class Recorder(Protocol):
    """Takes what is to be kept of an exchange that has ended; it must not wait."""

    def record(self, exchange: Exchange, /) -> None: ...


class Tracer(Protocol):
    """Sets `exchange.trace`."""

    def start(self, exchange: Exchange, /) -> None: ...


class Pipeline:
    """Implements the listener's `Acceptor`. `runtime` is replaced between two requests, never changed."""

    def __init__(self, *recorders: Recorder, tracer: Tracer | None = None) -> None:
        self.runtime: Runtime | None = None
        self.open = 0
        self.stopping = False
        """Set when what lasts (WebSockets, event streams) has to end."""
        self._recorders = recorders
        self._tracer = tracer
        self._tasks: set[asyncio.Task[None]] = set()

    def accept(self, client: Client, /) -> Handling:
        handling = Handling(self, client)
        self.open += 1
        if self._tracer is not None:
            self._tracer.start(client.exchange)
        handling.begin()
        return handling

    def refused(self, exchange: Exchange, /) -> None:
        """The listener itself has answered what is no sound request."""
        exchange.refused_by = exchange.refused_by or "framing"
        exchange.ended_at = _now()
        for recorder in self._recorders:
            recorder.record(exchange)

    def ended(self, exchange: Exchange) -> None:
        """Called once for each accepted exchange."""
        self.open -= 1
        exchange.ended_at = _now()
        if exchange.at_end is not None:
            end(exchange)
        for recorder in self._recorders:
            recorder.record(exchange)

    async def settle(self, seconds: float) -> None:
        """Lets what goes on without its client come to an end, for so long: others wait for what became of it."""
        until = _now() + seconds
        # An event would have to be looked at by each exchange that ends.
        while self.open and _now() < until:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs what has to wait, and keeps hold of it until it is done."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
