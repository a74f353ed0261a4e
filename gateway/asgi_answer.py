"""The answering side of one request under an ASGI server: `Client` as the pipeline sees it.

The pipeline calls it without waiting, ASGI's `send` has to be waited for: what is said goes into a bounded buffer,
and `deliver` takes it from there at the pace of the server.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from gateway.wire.framing import has_no_body
from gateway.wire.messages import Handler
from gateway.wire.outgoing import HIGH_WATER
from gateway.wire.tunnel import Upstream, Watcher
from policies.exchange import Exchange, Header


class AnswerBrokenOffError(Exception):
    """Tells the server that the answer cannot be completed: it breaks the connection, or resets the stream."""


class AsgiAnswer:
    """Implements `Client`. `begun` says that a head was given; nothing has effect once `open` is False.

    `wanted` is set while the request's body is to be read.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.open = True
        self.begun = False
        self.handler: Handler | None = None
        self.wanted = asyncio.Event()
        self.wanted.set()
        self._wake = asyncio.Event()
        self._head: dict[str, Any] | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._full = False
        self._bare = False  # no body follows the head, whatever is written
        self._left = -1  # bytes of the declared length still to come; -1 where none was declared
        self._whole = False
        self._ended: BaseException | bool = False  # nobody listens any more, or why the answer is broken off

    # -- what the pipeline says ----------------------------------------------------------------------------

    def respond(self, status: int, headers: list[Header], body: bytes, /) -> None:
        if not self.open or self.begun:
            return
        self.start(status, headers, len(body) if body or not has_no_body(self.exchange.method, status) else None)
        self.write(body)
        self._left = -1
        self.finish()

    def start(self, status: int, headers: list[Header], length: int | None, /) -> None:
        if not self.open or self.begun:
            return
        self.begun = True
        self._bare = has_no_body(self.exchange.method, status)
        fields = [(name.lower(), value) for name, value in headers if _sound(name, value)]
        if length is not None and status >= 200 and status != 204:
            fields.append((b"content-length", b"%d" % length))
            self._left = length
        self._head = {"type": "http.response.start", "status": status, "headers": fields}
        self._wake.set()

    def write(self, data: bytes, /) -> bool:
        if not self.open or self._bare or not data:
            return True
        if self._left >= 0:
            self._left -= len(data)
            if self._left < 0:
                self.abort()
                return True
        self._pieces.append(data)
        self._size += len(data)
        self._wake.set()
        self._full = self._size >= HIGH_WATER
        return not self._full

    def finish(self, trailers: Sequence[Header] = (), /) -> None:
        """Trailers are dropped: servers have no way to send them."""
        if not self.open:
            return
        if not self.begun or (self._left > 0 and not self._bare):
            self.abort()
            return
        self.open = False
        self._whole = True
        self._release()

    def switch(self, headers: list[Header], upstream: Upstream, watcher: Watcher, /) -> bool:
        """Never: a server hands no connection on. Handshakes are refused before they come so far."""
        return False

    def retract(self) -> bool:
        if not self.open or self._head is None:
            return False
        self._head = None
        self._pieces, self._size = [], 0
        self.begun = self._bare = self._full = False
        self._left = -1
        return True

    def abort(self) -> None:
        if self.open:
            self.open = False
            self.break_off()

    def pause_body(self) -> None:
        if self.open:
            self.wanted.clear()

    def resume_body(self) -> None:
        self.wanted.set()

    # -- what the application says -------------------------------------------------------------------------

    def break_off(self, reason: BaseException | None = None) -> None:
        """The client must be able to tell that the answer is incomplete."""
        self._ended = self._ended or reason or AnswerBrokenOffError("the answer was broken off")
        self._release()

    def leave(self) -> None:
        """The client went away."""
        if self.open:
            self.open = False
            if self.handler is not None:
                self.handler.gone()
        if not self._whole:
            self._ended = self._ended or True
        self._release()

    def reading_ended(self, task: asyncio.Task[None]) -> None:
        """A handler that raised while it was given the body must not leave the client waiting."""
        error = None if task.cancelled() else task.exception()
        if error is not None and self.open:
            self.open = False
            if self.handler is not None:
                self.handler.gone()
            self.break_off(error)

    def _release(self) -> None:
        self._wake.set()
        self.wanted.set()

    async def deliver(self, send: Callable[[MutableMapping[str, Any]], Awaitable[None]]) -> None:
        """Sends the answer as it comes, until it is whole or nobody waits for it. Raises where it breaks off."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if isinstance(self._ended, BaseException):
                raise self._ended
            if self._ended:
                return
            if self._head is not None:
                head, self._head = self._head, None
                await send(head)
            pieces, self._pieces, self._size = self._pieces, [], 0
            whole = self._whole
            if pieces or whole:
                await send({"type": "http.response.body", "body": b"".join(pieces), "more_body": not whole})
            if whole:
                return
            if self._full:
                self._full = False
                if self.open and self.handler is not None:
                    self.handler.drained()


def _sound(name: bytes, value: bytes) -> bool:
    """A field with a line break would be two; `Date` is the server's."""
    return not (b"\n" in value or b"\r" in value or b"\n" in name or b"\r" in name or name.lower() == b"date")
