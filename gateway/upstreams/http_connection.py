"""One connection to an upstream, and the one call it carries at a time (RFC 9112).

The parser of an answer that is not plain is llhttp. Whatever leaves doubt about where an answer ends or to which
request it belongs costs the connection: it is closed and never used again.
"""

import asyncio
import time
from typing import TYPE_CHECKING, Final, cast

import httptools

from gateway.upstreams.http_call import NOBODY, HttpCall, Phase
from gateway.upstreams.plain_answer import CODING, CONNECTION, LENGTH, PASSES, UPGRADE, plain_answer, roles
from gateway.wire.framing import MAX_TRAILER_BYTES, MAX_TRAILERS
from gateway.wire.outgoing import FEW, Outgoing
from gateway.wire.tunnel import Upstream
from policies.exchange import Header

if TYPE_CHECKING:
    from gateway.upstreams.http import HttpUpstream

MAX_HEAD: Final = 65_536
MAX_FIELDS: Final = 200
MAX_INTERIM: Final = 16

_SMALL: Final = 16_384


class HttpConnection:
    """See the module's text. An `asyncio.Protocol` in all but its base, which is no class of mypyc's."""

    __slots__ = (
        "_begun",
        "_chunked",
        "_done",
        "_extra",
        "_fields",
        "_head_bytes",
        "_head_done",
        "_interim",
        "_keep",
        "_left",
        "_length",
        "_moved",
        "_named",
        "_out",
        "_parser",
        "_pool",
        "_quiet",
        "_reused",
        "_trailers",
        "_transport",
        "_until_close",
        "_upgrade",
        "call",
        "idle_since",
        "write_paused",
    )

    _transport: asyncio.Transport
    _out: Outgoing

    def __init__(self, pool: "HttpUpstream") -> None:
        self._pool = pool
        self._parser: httptools.HttpResponseParser | None = None
        self._reused = False
        self.call: HttpCall | None = None
        self.idle_since = 0.0
        self.write_paused = False
        self._reset()

    def _reset(self) -> None:
        self._begun = b""  # what is sent first of the call
        self._fields: list[Header] = []
        self._named: bytes = b""
        self._length: int | None = None
        self._chunked = False
        self._head_bytes = 0
        self._head_done = False
        self._left = -1  # bytes of a plain answer that have not come; -1 while the parser has the answer
        self._interim = 0
        self._done = False  # the answer is complete
        self._extra = False  # more came than the answer
        self._keep = False
        self._until_close = False
        self._upgrade: bytes = b""
        self._trailers: list[Header] = []
        self._moved = False  # content came since it was last looked
        self._quiet = 0  # bytes of a chunked answer since the last content

    # -- what the transport says ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._out = Outgoing(self._transport, self._pool.gathering)
        self.idle_since = time.monotonic()
        self._pool.made(self)

    def data_received(self, data: bytes) -> None:
        call = self.call
        if call is None:
            self.close()  # nobody asked: what comes now must not answer the next request
            return
        call.heard = True
        if self._head_bytes == 0 or self._left >= 0:
            try:
                if self._take_plain(call, data):
                    return
            except Exception:
                self._malformed("The upstream's answer could not be handled.")
                raise
        if not self._head_done:
            if self._head_bytes == 0 and not (data.startswith(b"HTTP/1.") or b"HTTP/1.".startswith(data[:7])):
                self._malformed("The upstream does not speak HTTP/1.1.")
                return
            self._head_bytes += len(data)
        if self._parser is None:
            self._parser = httptools.HttpResponseParser(self)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, _Malformed):
                self._malformed("The upstream's answer could not be handled.")
                raise
            self._malformed(str(error.__context__))
            return
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if isinstance(error, httptools.HttpParserUpgrade) and call.handshake and not self._head_done:
                self._switch(call, data[error.args[0] :])
                return
            if not self._done:
                self._malformed("The upstream's answer is not HTTP/1.1.")
                return
            self._extra = True
        if self.call is not call:
            return  # given up by one of the calls above
        if self._done:
            self._complete()
        elif not self._head_done and self._head_bytes > MAX_HEAD:
            self._malformed("The upstream's answer has too large a head.")
        elif self._chunked:
            self._quiet = 0 if self._moved else self._quiet + len(data)
            self._moved = False
            if self._quiet > MAX_HEAD:
                self._malformed("The upstream's answer has endless chunk extensions or trailers.")

    def _take_plain(self, call: HttpCall, data: bytes) -> bool:
        """Takes `data` where it begins a plain answer, or goes on with one."""
        if self._left < 0:
            answer = None if call.head_only else plain_answer(data)
            if answer is None:
                return False
            self._head_bytes = len(data)
            self._head_done = self._keep = True
            self._left = answer.length
            data = answer.body
            call.phase = Phase.RECEIVING
            call.receiver.head(answer.status, answer.fields, answer.length)
        left = self._left - len(data)
        if left < 0:
            self._extra = bool(data[self._left :].strip(b"\r\n"))  # llhttp takes line breaks before an answer
            data, left = data[: self._left], 0
        self._left = left
        if data and self.call is call:
            call.receiver.data(data)
        if left == 0 and self.call is call:  # else it was given up by one of the calls above
            self._complete()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        call = self.call
        unsent = self._out.take_back(self._begun) if self._reused else []
        self._out.drop()
        self._parser = None  # it holds this connection's methods: let both go at once
        if call is None:
            self._pool.lost(self)
        elif self._until_close and error is None:
            self._complete()
        elif unsent or (self._head_bytes == 0 and self._reused and call.repeatable):
            if unsent:
                call.unsent(unsent)
            else:
                call.repeatable = False
            call.connection = self.call = None
            self._pool.lost(self)
            self._pool.retry(call)
        else:
            begun = self._head_done
            call.fail(
                "upstream-unreachable",
                "The upstream's answer broke off." if begun else "The upstream closed the connection unanswered.",
            )
        self._pool.lost(self)

    def eof_received(self) -> None:
        if self.call is None:
            self._pool.lost(self)

    def pause_writing(self) -> None:
        self.write_paused = True

    def resume_writing(self) -> None:
        self.write_paused = False
        if self.call is not None:
            self.call.heard = True
            if not self.call.body_sent:
                self.call.receiver.drained()

    # -- what the parser says ------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self._done:
            self._extra = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_done:
            self._trailer(name, value)
            return
        role = roles[name]
        if role == PASSES:
            self._fields.append((name, value))
        elif role == LENGTH:
            self._length = int(value)
        elif role == CODING:
            if value.strip(b" \t").lower() != b"chunked":
                raise _Malformed("The upstream uses a transfer coding that the gateway does not know.")
            self._chunked = True
        elif role == CONNECTION:
            self._named += b"," + value
        elif role == UPGRADE:
            self._upgrade += value

    def _trailer(self, name: bytes, value: bytes) -> None:
        if self._done:
            return  # of a second answer
        trailers = self._trailers
        trailers.append((name, value))
        if len(trailers) > MAX_TRAILERS or sum(len(n) + len(v) for n, v in trailers) > MAX_TRAILER_BYTES:
            raise _Malformed("The upstream's answer has too many trailers.")

    def on_headers_complete(self) -> None:
        call, parser = self.call, self._parser
        if call is None or parser is None or self._head_done:
            return
        status = parser.get_status_code()
        if status < 200:
            self._interim += 1
            if status == 101 and call.handshake is not None:
                fault = call.handshake.fault(self._fields, self._named, self._upgrade)
                if fault is not None:
                    raise _Malformed(fault)
                return
            if status == 101 or self._interim > MAX_INTERIM:
                raise _Malformed("The upstream answered with an interim status that was not asked for.")
            self._fields = []
            self._named = self._upgrade = b""
            return
        # Now, and not when the message is complete: llhttp has cleared its flags by then.
        keep = parser.should_keep_alive()
        self._head_done = True
        fields = self._fields
        if len(fields) > MAX_FIELDS or status > 599:
            raise _Malformed("The upstream's answer has too many header fields, or no valid status.")
        if self._named and self._named.lower() not in (b",keep-alive", b",close"):
            named = {token.strip(b" \t") for token in self._named.lower().split(b",")}
            fields = [field for field in fields if field[0].lower() not in named]
        bare = call.head_only or status in (204, 304)
        self._until_close = not bare and self._length is None and not self._chunked
        self._keep = (keep or (self._length is None and bare)) and not self._until_close
        call.phase = Phase.RECEIVING
        if call.head_only:
            # llhttp cannot be told that no body follows: it is done here, and the parser is not used again.
            self._done = True
            self._parser = None
        call.receiver.head(status, fields, self._length)

    def on_body(self, data: bytes) -> None:
        if self._done:
            self._extra = True
        elif self.call is not None:
            self._moved = True
            self.call.receiver.data(data)

    def on_message_complete(self) -> None:
        if self._head_done:
            self._done = True

    # -- what the call and the pool ask --------------------------------------------------------------------

    def begin(self, call: HttpCall) -> None:
        """Sends the call's request. The connection carries no other until this one is over."""
        self.call = call
        call.connection = self
        call.sent = True
        body, pieces = call.body, call.take_buffer()
        closing = self._transport.is_closing()
        if closing:
            body = None  # nobody gets what is sent now: the head is held, as a sign that nothing has left
        if body is not None and len(body) > _SMALL:
            self._transport.write(call.head)
            self._transport.write(body)
        else:
            begun = call.head
            if body is not None or pieces is not None:
                begun = b"".join([begun, body or b"", *(pieces or ())])
            self._begun = begun
            # What is not whole is held for the body's first piece, which is on its way, most often.
            self._out.send(begun, closing or not call.body_sent or self._pool.in_use > FEW)
        if call.body_sent:
            call.await_answer()
        else:
            call.phase = Phase.SENDING
            call.heard = True
            if pieces and not self.write_paused:
                call.receiver.drained()

    def send(self, data: bytes) -> bool:
        self._out.hold(data)
        return not self.write_paused

    def flush(self) -> None:
        self._out.flush()

    def pause(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def drop(self) -> None:
        """Leaves the call, and the connection with it."""
        if self.call is not None:
            self.call.connection = None
            self.call = None
        self._out.drop()
        self._transport.abort()
        self._pool.lost(self)

    def close(self) -> None:
        """For a connection without a call."""
        self._transport.close()
        self._pool.lost(self)

    def _switch(self, call: HttpCall, early: bytes) -> None:
        """The connection is no HTTP any more: it goes to whoever made the call, and counts until it is gone."""
        receiver, call.receiver = call.receiver, NOBODY
        call.phase = Phase.SWITCHED
        self._parser = None
        receiver.switched(self._fields, Upstream(self._transport, early, self._switched_over))

    def _switched_over(self) -> None:
        if self.call is not None:
            self.call.over()
            self.call.connection = None
            self.call = None
        self._out.drop()
        self._pool.lost(self)

    def fail(self, problem_id: str, detail: str) -> None:
        if self.call is not None:
            self.call.fail(problem_id, detail)
        else:
            self.close()

    def _malformed(self, detail: str) -> None:
        self.fail("upstream-malformed", detail)

    def _complete(self) -> None:
        """The answer is whole. The connection is handed back first, so that what follows can have it."""
        call = self.call
        assert call is not None
        keep = self._keep and not self._extra and call.body_sent and not self._pool.retired
        self.call = call.connection = None
        receiver = call.over()
        trailers = self._trailers
        if keep and not self._transport.is_closing():
            if call.paused:
                self._transport.resume_reading()
            self._reset()
            self._reused = True
            self._pool.release(self)
        else:
            self.close()
        if trailers:
            receiver.trailers(trailers)
        receiver.ended()


class _Malformed(Exception):
    """Raised within the parser's callbacks, which cannot return a verdict; the text is for the problem."""
