"""The two seams of the engine: between the listener and the pipeline, and between it and an upstream.

All calls are made on the event loop, none of them waits: flow is steered by pause and resume.
"""

from collections.abc import Sequence
from typing import Protocol

from gateway.wire.tunnel import Upstream, Watcher
from policies.exchange import Exchange, Header


class Client(Protocol):
    """The answering side of one request: given by the listener, used by the pipeline.

    Framing is the listener's: it adds Content-Length or Transfer-Encoding and Connection, drops the body of an
    answer to HEAD and of 204 and 304, and closes the connection where the protocol asks for it. After
    `respond`, `finish` or `abort`, and after the handler was told `gone`, calls do nothing.
    """

    @property
    def exchange(self) -> Exchange: ...

    def respond(self, status: int, headers: list[Header], body: bytes, /) -> None:
        """The whole answer at once."""
        ...

    def start(self, status: int, headers: list[Header], length: int | None, /) -> None:
        """The head of a streamed answer; `length` is the body's in bytes, None where it is not known. No header
        has a line break: a parser has read them, or the gateway has made them."""
        ...

    def write(self, data: bytes, /) -> bool:
        """A piece of the body. False: the client is slow; the handler is called `drained` when it has room."""
        ...

    def finish(self, trailers: Sequence[Header] = (), /) -> None:
        """The end of a streamed answer. Trailers go with it where the client takes them."""
        ...

    def switch(self, headers: list[Header], upstream: Upstream, watcher: Watcher, /) -> bool:
        """Answers 101 and joins the connection with the upstream's. False: it cannot be; nothing was sent."""
        ...

    def retract(self) -> bool:
        """Takes back an answer that was started, as long as nothing of it has left: another can be given in its
        place. False: something has."""
        ...

    def abort(self) -> None:
        """Breaks the connection: the answer cannot be completed, and the client must be able to tell."""
        ...

    def pause_body(self) -> None:
        """Stops reading the request's body for now."""
        ...

    def resume_body(self) -> None: ...


class Handler(Protocol):
    """One request's handling: given by the pipeline for each request, called by the listener."""

    def data(self, data: bytes, /) -> None:
        """A piece of the request's body."""
        ...

    def trailers(self, fields: list[Header], /) -> None:
        """The trailer section as received; called before `end`, where there is one."""
        ...

    def end(self) -> None:
        """The request is complete (called at once for one without a body)."""
        ...

    def drained(self) -> None:
        """The client has taken what was written."""
        ...

    def gone(self) -> None:
        """The client went away before the answer was complete, or its connection broke.

        With `exchange.refusal` set, the request's body was beyond use (it stopped arriving, or a chunk was
        malformed) and the listener itself has answered, or broken off; `refused` is not called as well.
        """
        ...


class Acceptor(Protocol):
    """The pipeline's door."""

    def accept(self, client: Client, /) -> Handler:
        """Called when a request's head is complete and sound."""
        ...

    def refused(self, exchange: Exchange, /) -> None:
        """The listener itself has answered (`exchange.status`, `exchange.refusal` are set): for the record."""
        ...


class Receiver(Protocol):
    """Who receives an upstream's answer. After `failed` or `ended` nothing more is called."""

    def head(self, status: int, headers: list[Header], length: int | None, /) -> None:
        """The final head (1xx are swallowed), hop-by-hop fields and framing removed.

        `length` is the declared Content-Length, None where the body is chunked or ends with the connection.
        """
        ...

    def data(self, data: bytes, /) -> None: ...

    def trailers(self, fields: list[Header], /) -> None:
        """The trailer section as received; called before `ended`, where there is one."""
        ...

    def ended(self) -> None: ...

    def switched(self, headers: list[Header], upstream: Upstream, /) -> None:
        """The upstream has answered 101 to a call that asked for it. This is the last that is told of the call."""
        ...

    def failed(self, problem_id: str, detail: str, /) -> None:
        """`upstream-unreachable`, `upstream-timeout`, `upstream-malformed` or `upstream-busy`.

        May come after `head` (the body broke off). `detail` names no host or address.
        """
        ...

    def drained(self) -> None:
        """The upstream has taken the request body written so far."""
        ...


class Call(Protocol):
    """One call to an upstream, in flight."""

    @property
    def sent(self) -> bool:
        """Whether any of it may have reached the upstream."""
        ...

    def write(self, data: bytes, /) -> bool:
        """A piece of the request's body. False: wait for `drained`."""
        ...

    def finish(self, trailers: Sequence[Header] = (), /) -> None:
        """The request's body is complete; trailers need a chunked one."""
        ...

    def pause(self) -> None:
        """Stops reading the answer for now."""
        ...

    def resume(self) -> None: ...

    def unbounded(self) -> None:
        """The answer may go on for ever: `timeouts.total` no longer holds, only the time between two bytes."""
        ...

    def cancel(self) -> None:
        """Gives the call up; its connection is closed, nothing more is reported."""
        ...
