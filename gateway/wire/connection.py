"""One client's connection: its bytes become requests, one at a time and in order, and answers go back.

Reading and writing are steered by three facts: a handler may pause the request's body, a client may be slow to
take the answer, and a pipelined request waits until the one before it is answered.
"""

import asyncio
import time
from typing import Final, cast

from contracts.problems import Problem, problem
from gateway.wire.answer import Answer
from gateway.wire.client_certificate import client_certificate
from gateway.wire.framing import CONTINUE, ChunkedBody, ChunkError, SizedBody
from gateway.wire.head import SIZE, START_LINE, Head, hopeless
from gateway.wire.keeper import Keeper
from gateway.wire.limits import SLOWEST
from gateway.wire.messages import Handler
from gateway.wire.outgoing import FEW, Outgoing
from gateway.wire.refusals import BODY_TIMEOUT, HEAD_TIMEOUT, POLICY, refusal_answer
from gateway.wire.tunnel import Tunnel, Upstream, Watcher
from policies.exchange import ClientCertificate, Exchange

DISCARDED: Final = 65_536
"""Bytes of an unread request body that are read and dropped to keep a connection; past it, it is closed."""

_now: Final = time.monotonic  # looked up once

LINGER: Final = 2.0
"""Seconds in which a client may still read the answer before a refused connection is broken."""


class Connection:
    """Made by the listener for each accepted socket. An `asyncio.Protocol` in all but its base, which is no class
    of mypyc's."""

    __slots__ = (
        "_advancing",
        "_answer",
        "_blank",
        "_body",
        "_certificate",
        "_continue_due",
        "_discard",
        "_examined",
        "_handler",
        "_head_begun",
        "_lingering",
        "_listener",
        "_paused",
        "_peer",
        "_pending",
        "_proxied",
        "_reading",
        "_served",
        "_since",
        "_transport",
        "_tunnel",
        "out",
    )

    _transport: asyncio.Transport
    out: Outgoing

    def __init__(self, listener: Keeper) -> None:
        self._listener = listener
        self._peer = ""
        self._proxied = False  # the peer is a proxy that is believed
        self._certificate: ClientCertificate | None = None
        self._pending = b""
        self._answer: Answer | None = None  # the request that is being handled
        self._handler: Handler | None = None
        self._body: SizedBody | ChunkedBody | None = None  # as long as it has not arrived whole
        self._discard = 0  # what may still be read of the body of an answered request
        self._continue_due = False
        self._tunnel: Tunnel | None = None  # once the connection is no HTTP any more
        self._paused = False  # by the handler
        self._reading = True
        self._advancing = False
        self._lingering = False
        self._head_begun = False
        self._blank = False  # an empty line before the request's head was skipped
        self._served = False
        self._examined = 0  # bytes of an incomplete head that were looked through
        self._since = 0.0  # when the present wait began, on the listener's coarse clock

    # -- what the transport says ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.out = Outgoing(self._transport, self._listener.gathering)
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if isinstance(peer, tuple) else ""
        proxies = self._listener.proxies
        self._proxied = proxies is not None and proxies.lists(self._peer)
        if self._listener.scheme == "https":
            self._certificate = client_certificate(transport.get_extra_info("ssl_object"))
        self._since = self._listener.now
        self._listener.connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._pending = self._pending + data if self._pending else data
        self._advance()

    def eof_received(self) -> None:
        """A client that closes its sending side has gone, as nginx and Envoy see it too: the transport closes."""
        self.out.flush()  # what it was answered already it may still read
        self._gone()

    def connection_lost(self, error: Exception | None) -> None:
        self._listener.lost(self)
        self._pending = b""
        self.out.drop()
        self._gone()

    def pause_writing(self) -> None:
        self.out.paused = True
        self._since = self._listener.now

    def resume_writing(self) -> None:
        self.out.paused = False
        self._since = self._listener.now
        if self._handler is not None and self._answer is not None and self._answer.open:
            self._handler.drained()
        elif self._pending or not self._reading:
            self._advance()

    def _gone(self) -> None:
        answer, handler = self._answer, self._handler
        self._leave()
        if answer is not None and answer.open:
            answer.open = False
            if handler is not None:
                handler.gone()

    def _leave(self) -> None:
        """The present request, if there is one, is this connection's no more."""
        if self._answer is not None:
            self._listener.open -= 1
            self._answer = self._handler = None

    # -- reading -------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Takes what has arrived, as far as the present request allows."""
        if self._advancing:
            return  # a handler answered within one of the calls below: the loop there goes on
        self._advancing = True
        try:
            while self._pending:
                if self._lingering:
                    self._pending = b""
                elif self._body is not None:
                    if self._paused:
                        break
                    self._take_body()
                elif self._answer is not None or self.out.paused or not self._take_head():
                    break  # while answers wait for a slow reader, no further request adds to them
        finally:
            self._advancing = False
        self._steer()

    def _steer(self) -> None:
        """Reads on unless the handler paused the body, or a pipelined request waits: for its turn or a reader."""
        if self._body is not None:
            wanted = not self._paused
        else:
            wanted = not self._pending or (self._answer is None and not self.out.paused)
        if wanted is not self._reading and not self._transport.is_closing():
            self._reading = wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _take_head(self) -> bool:
        """Reads the next request's head and has it handled. False where more has to arrive first."""
        data = self._pending
        listener = self._listener
        if data.startswith(b"\r\n"):  # RFC 9112 §2.2: an empty line before a request is skipped
            if self._blank:
                self.refuse(START_LINE, Head())
                return False
            self._blank = True
            self._examined = 0
            data = self._pending = data[2:]
        head: Head | None = None
        if len(data) <= listener.max_head and data.endswith(b"\r\n\r\n"):
            # Most often one head is all that came; what is known of fields has no empty line before its end.
            head = listener.known_heads.find(data, listener.max_target)
        if head is not None:
            self._pending = b""
        else:
            stop = data.find(b"\r\n\r\n", max(0, self._examined - 3))
            if stop < 0 or stop + 4 > listener.max_head:
                return self._wait_for_head(data, stop)
            self._pending = data[stop + 4 :]
            if self._pending:
                data = data[: stop + 4]
                head = listener.known_heads.find(data, listener.max_target)
        if head is None:
            head = Head()
            refusal = head.read(data, listener.max_target, listener.max_fields)
            if refusal is not None:
                self.refuse(refusal, head)
                return False
            listener.known_heads.keep(data, head)
        exchange = self._exchange(head)
        answer = Answer(self, exchange, head)
        self._answer = answer
        listener.open += 1
        self._served = True
        self._head_begun = self._blank = False
        self._examined = 0
        if head.length is None:
            self._body = ChunkedBody()
        elif head.length:
            self._body = SizedBody(head.length)
        self._continue_due = head.expects_continue and not self._pending
        handler = listener.acceptor.accept(answer)
        if not answer.open:
            return not self._lingering
        self._handler = handler
        if head.length == 0:
            handler.end()
            return True
        self._since = listener.now
        if self._continue_due and not self._paused:
            self._say_continue()
        return True

    def _exchange(self, head: Head) -> Exchange:
        exchange = Exchange(
            head.method,
            head.target,
            head.headers,
            head.fields,
            self._peer,
            self._listener.scheme,
            "1.1" if head.minor else "1.0",
            _now(),
        )
        exchange.path, exchange.query = head.path, head.query
        exchange.kept = head.kept
        if self._certificate is not None:
            exchange.client_certificate = self._certificate
        if self._proxied and self._listener.proxies is not None:
            self._listener.proxies.introduce(exchange)
        if head.upgrade:
            exchange.upgrade = True
        return exchange

    def _wait_for_head(self, data: bytes, stop: int) -> bool:
        """Refuses at once what can no longer become a sound head, and otherwise waits for the rest of it."""
        settings = self._listener.settings
        refusal = SIZE if stop >= 0 else None
        refusal = hopeless(data, self._examined, settings.max_head, settings.max_target) or refusal
        if refusal is not None:
            self._pending = b""
            self.refuse(refusal, Head())
            return False
        if data and not self._head_begun:
            self._head_begun = True
            self._since = self._listener.now
        self._examined = len(data)  # or each further byte would cost another look at all of them
        return False

    def _take_body(self) -> None:
        """Hands on what has arrived of the body, or drops it where the request is answered already."""
        body = self._body
        assert body is not None
        self._since = min(self._listener.now, self._since + len(self._pending) / SLOWEST)
        try:
            content, self._pending = body.feed(self._pending)
        except ChunkError as error:
            self._break_off(problem("malformed-request", f"The chunked body is malformed: {error}."))
            return
        complete = body.done
        self._continue_due = False
        if complete:
            self._body = None
        if self._answer is None:
            self._discard -= len(content)
        elif content and self._answer.open and self._handler is not None:
            self._handler.data(content)
        if self._answer is None:
            if not complete and self._discard < 0:
                self.linger()
        elif complete and self._answer.open and self._handler is not None:
            if type(body) is ChunkedBody and body.trailers:
                self._handler.trailers(body.trailers)
            self._handler.end()

    # -- answering: what `Answer` calls --------------------------------------------------------------------

    @property
    def date(self) -> bytes:
        return self._listener.date

    @property
    def crowded(self) -> bool:
        """Whether answers are sent together."""
        return self._listener.open > FEW

    def may_go_on(self, final: bool) -> bool:
        """Whether the connection can serve another request; `final` when nothing more of this one is taken.

        A body that nobody will read ends the connection, unless little of it is left.
        """
        if self._listener.draining:
            return False
        return not final or not (self._continue_due or (self._body is not None and self._body.left > DISCARDED))

    def answered(self, keep: bool) -> None:
        """The present request has its answer: the connection goes on to the next, or ends."""
        self._leave()
        self._paused = False
        self._since = self._listener.now
        unread = self._body is not None
        if not keep:
            if unread or self._pending:
                self.linger()
            else:
                self.out.flush()
                self._transport.close()
            return
        if unread:
            self._discard = DISCARDED
        if self._pending:
            self.out.flush()  # what becomes of the next request must not take this answer with it
        if self._pending or not self._reading:
            self._advance()

    def switch(self, head: bytes, upstream: Upstream, watcher: Watcher) -> bool:
        """The connection leaves HTTP with `head`, beside the upstream's half. False where it cannot any more."""
        # RFC 6455 §4.1: a client waits for the 101 before it sends. What came before it could be a request.
        if self._pending or self._body is not None or self._transport.is_closing():
            return False
        self._leave()
        self.out.send(head)
        listener = self._listener
        self._tunnel = Tunnel(
            self._transport,
            upstream,
            watcher,
            paused=self.out.paused,
            idle=listener.settings.websocket_idle_timeout,
            now=listener.now,
            over=lambda: listener.lost(self),
        )
        return True

    def abort(self) -> None:
        self._leave()
        self._body = None
        self._pending, self._lingering = b"", True
        self.out.drop()
        self._transport.abort()

    def pause_body(self) -> None:
        self._paused = True
        if not self._advancing:
            self._steer()

    def resume_body(self) -> None:
        self._paused = False
        self._since = self._listener.now
        if self._continue_due:
            self._say_continue()
        if self._answer is not None:
            self._advance()

    def _say_continue(self) -> None:
        self._continue_due = False
        self.out.send(CONTINUE)

    # -- refusing and ending -------------------------------------------------------------------------------

    def refuse(self, refusal: Problem, head: Head) -> None:
        """Answers what is no sound request, has it recorded, and ends the connection."""
        exchange = self._exchange(head)
        self.out.send(refusal_answer(exchange, refusal, self.date))
        self.linger()
        self._listener.acceptor.refused(exchange)

    def _break_off(self, refusal: Problem) -> None:
        """The body of a request in progress is beyond use: its handler is told, and the client if it can be."""
        answer = self._answer
        if answer is None:
            self.linger()
            return
        exchange = answer.exchange
        exchange.status, exchange.refusal, exchange.refused_by = refusal.status, refusal, POLICY
        begun = answer.begun
        self._gone()
        if begun:
            self._transport.abort()
        else:
            self.out.send(refusal_answer(exchange, refusal, self.date))
            self.linger()

    def linger(self) -> None:
        """Ends the sending side and drops what still comes: closing at once could destroy the answer."""
        if self._lingering:
            return
        self._lingering = True
        self._since = self._listener.now
        self._pending, self._body, self._paused = b"", None, False
        self.out.flush()
        if not self._transport.can_write_eof():
            self._transport.close()
            return
        try:
            self._transport.write_eof()
        except OSError:  # the client has broken the connection already, and asyncio says it to whoever asks
            self._transport.abort()
        else:
            self._steer()

    def end(self) -> None:
        """The listener closes: whatever is under way is broken off."""
        if self._tunnel is not None:
            self._tunnel.abort()
        self._transport.abort()

    def tick(self, now: float) -> None:
        """Called by the listener's one timer, with its clock."""
        if self._tunnel is not None:
            self._tunnel.tick(now, stopping=self._listener.stopping)
            return
        settings = self._listener.settings
        waited = now - self._since
        if self._lingering or self._transport.is_closing():
            unsent = self._transport.get_write_buffer_size() > 0
            if waited > (settings.body_timeout if unsent else LINGER):
                self._transport.abort()
        elif self.out.paused:
            if waited > settings.body_timeout:
                self._transport.abort()
        elif self._body is not None:
            if not self._paused and waited > settings.body_timeout:
                self._break_off(BODY_TIMEOUT)
        elif self._answer is not None:
            return
        elif self._head_begun:
            if waited > settings.head_timeout:
                self.refuse(HEAD_TIMEOUT, Head())
        elif waited > self._listener.patience(self._served):
            self._transport.close()
