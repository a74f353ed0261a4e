"""The answering side of one request: `Client` as the pipeline sees it.

One object for each request, not for each connection: a late call about an answered request must never reach
the request after it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.wire.framing import LAST_CHUNK, has_no_body, last_chunk, response_head, sound
from gateway.wire.head import Head
from gateway.wire.headers import takes_trailers
from gateway.wire.tunnel import Upstream, Watcher
from policies.exchange import Exchange, Header

if TYPE_CHECKING:
    from gateway.wire.connection import Connection


class Answer:
    """Implements `Client`. `begun` says that the head is out; nothing has effect once `open` is False."""

    __slots__ = (
        "_bare",
        "_chunked",
        "_connection",
        "_head",
        "_keep",
        "_left",
        "_minor",
        "_out",
        "begun",
        "exchange",
        "open",
    )

    def __init__(self, connection: "Connection", exchange: Exchange, head: Head) -> None:
        self.exchange = exchange
        self.open = True
        self.begun = False
        self._connection = connection
        self._out = connection.out
        self._minor = head.minor
        self._keep = head.keep_alive
        self._bare = False  # no body follows the head, whatever is written
        self._chunked = False
        self._left = -1  # bytes of the declared length still to come; -1 where none was declared
        self._head = b""

    def respond(self, status: int, headers: list[Header], body: bytes, /) -> None:
        if not self.open or self.begun:
            return
        connection = self._connection
        self.open = False
        keep = self._keep and connection.may_go_on(True)
        if has_no_body(self.exchange.method, status):
            # RFC 9110 §8.6: no length on 204; on 304 and to HEAD it would be that of an answer to GET.
            length = b"content-length: %d\r\n" % len(body) if self.exchange.method == "HEAD" and body else b""
            body = b""
        else:
            length = b"content-length: %d\r\n" % len(body)
        head = response_head(status, sound(headers), length + self._connection_line(keep), connection.date)
        self._out.send(head + body if body else head, connection.crowded)
        connection.answered(keep)

    def start(self, status: int, headers: list[Header], length: int | None, /) -> None:
        if not self.open or self.begun:
            return
        self.begun = True
        self._bare = has_no_body(self.exchange.method, status)
        self._keep = self._keep and self._connection.may_go_on(False)
        framing = b""
        if length is not None:
            if status >= 200 and status != 204:
                framing = b"content-length: %d\r\n" % length
            self._left = length
        elif not self._bare:
            if self._minor:
                self._chunked = True
                framing = b"transfer-encoding: chunked\r\n"
            else:
                self._keep = False  # HTTP/1.0 has no chunks: the connection's end is the body's
        if not (self._keep and self._minor):
            framing += self._connection_line(self._keep)
        self._head = head = response_head(status, headers, framing, self._connection.date)
        self._out.hold(head)

    def _connection_line(self, keep: bool) -> bytes:
        if not keep:
            return b"connection: close\r\n"
        return b"" if self._minor else b"connection: keep-alive\r\n"

    def write(self, data: bytes, /) -> bool:
        if not self.open or self._bare or not data:
            return True
        if self._chunked:
            self._out.hold(b"%x\r\n%b\r\n" % (len(data), data))
        else:
            if self._left >= 0:
                self._left -= len(data)
                if self._left < 0:  # more than was declared: the client would take it for the next answer
                    self.abort()
                    return True
            self._out.hold(data)
        return not self._out.paused

    def finish(self, trailers: Sequence[Header] = (), /) -> None:
        if not self.open:
            return
        if not self.begun or (self._left > 0 and not self._bare):
            self.abort()  # the answer is incomplete, and a client that waits for the rest has to know
            return
        self.open = False
        connection = self._connection
        if self._chunked:
            told = bool(trailers) and takes_trailers(self.exchange.fields)
            self._out.send(last_chunk(trailers) if told else LAST_CHUNK, connection.crowded)
        elif not connection.crowded:
            self._out.flush()
        connection.answered(self._keep and connection.may_go_on(True))

    def switch(self, headers: list[Header], upstream: Upstream, watcher: Watcher, /) -> bool:
        if not self.open or self.begun:
            return False
        framing = b"connection: upgrade\r\nupgrade: websocket\r\n"
        head = response_head(101, headers, framing, self._connection.date)
        switched = self._connection.switch(head, upstream, watcher)
        self.open = not switched
        return switched

    def retract(self) -> bool:
        if not self.open or not self.begun or not self._out.take_back(self._head):
            return False
        self.begun = self._bare = self._chunked = False
        self._left = -1
        return True

    def abort(self) -> None:
        if self.open:
            self.open = False
            self._connection.abort()

    def pause_body(self) -> None:
        if self.open:
            self._connection.pause_body()

    def resume_body(self) -> None:
        if self.open:
            self._connection.resume_body()
