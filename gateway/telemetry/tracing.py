"""Traces: which requests are recorded, and what an upstream is told of it (W3C Trace Context).

A recorded request has two spans: the gateway's own, and, where the upstream was called, a child for that call. The
child's id is what the upstream gets as its parent. Nothing is built while a request runs but the ids: spans are
made of the exchange when it has ended, by whoever exports them.

At an untrusted edge a trace is restarted, with a link to the client's: a partner decides neither what the company
records nor into whose trace it falls.
"""

from random import Random
from typing import Final, Protocol

import msgspec

from gateway.wire.trace_context import Parent, context_lines, parent_of
from policies.exchange import Exchange

_LOW: Final = (1 << 64) - 1


class Context:
    """Implements `policies.exchange.Trace`. Ids are integers; `parent` is the client's, None where it has none."""

    __slots__ = ("_state", "call_id", "parent", "sampled", "span_id", "trace_id", "trusted")

    def __init__(
        self, trace_id: int, span_id: int, call_id: int, *, sampled: bool, parent: Parent | None, trusted: bool
    ) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.call_id = call_id
        self.sampled = sampled
        self.parent = parent
        self.trusted = trusted
        """Whether the trace is the parent's; else the parent is linked to."""
        self._state = parent.state if parent is not None and trusted else b""

    def header_lines(self) -> bytes:
        flags = b"01" if self.sampled else b"00"
        return context_lines(b"%032x" % self.trace_id, b"%016x" % self.call_id, flags, self._state)


class Finished(msgspec.Struct, frozen=True, gc=False):
    """What the spans of an exchange are made of. It holds no header, no query and no body.

    Times are `time.monotonic()` seconds; `api` is empty where the request met no operation, `problem` where it was
    not refused.
    """

    context: Context
    method: str
    scheme: str
    peer: str
    status: int
    request_id: str
    api: str
    version: str
    operation: str
    route: str
    upstream: str
    client_id: str
    consumer: str
    policy: str
    problem: str
    began: float
    ended: float
    sent: float
    answered: float
    """When the upstream's answer was complete; 0.0 where it never was."""


class Sink(Protocol):
    """Takes what is recorded, at once and without waiting."""

    def add(self, finished: Finished, /) -> None: ...


class Tracing:
    """Implements the pipeline's `Tracer` and `Recorder`. `ratio` is the share of new traces that is recorded."""

    def __init__(
        self, sink: Sink, *, ratio: float, trust_parent: bool = False, random: Random | None = None
    ) -> None:
        self._sink = sink
        self._bound = round(ratio * (1 << 64))
        self._trust = trust_parent
        # Ids need to be unique, not secret; the generator is seeded from the system.
        self._bits = (random or Random()).getrandbits  # noqa: S311

    def start(self, exchange: Exchange) -> None:
        bits = self._bits
        parent = parent_of(exchange.fields)
        if parent is not None and self._trust:
            exchange.trace = Context(
                int(parent.trace_id, 16),
                bits(64) or 1,
                bits(64) or 1,
                sampled=parent.sampled,
                parent=parent,
                trusted=True,
            )
            return
        trace_id = bits(128) or 1
        # As OpenTelemetry's TraceIdRatioBased: whoever samples by the same ratio further on agrees.
        sampled = trace_id & _LOW < self._bound
        exchange.trace = Context(
            trace_id, bits(64) or 1, bits(64) or 1, sampled=sampled, parent=parent, trusted=False
        )

    def record(self, exchange: Exchange) -> None:
        context = exchange.trace
        if not isinstance(context, Context) or not context.sampled:
            return
        version, operation, principal = exchange.version, exchange.operation, exchange.principal
        refusal = exchange.refusal
        route = version.base_path + operation.path if version is not None and operation is not None else ""
        self._sink.add(
            Finished(
                context,
                exchange.method,
                exchange.scheme,
                exchange.peer,
                exchange.status,
                exchange.request_id,
                version.api if version is not None else "",
                version.version if version is not None else "",
                operation.id if operation is not None else "",
                route,
                operation.backend.upstream if operation is not None else "",
                principal.client_id if principal is not None else "",
                principal.consumer if principal is not None else "",
                exchange.refused_by if refusal is not None else "",
                refusal.type.id if refusal is not None else "",
                exchange.received_at,
                exchange.ended_at,
                exchange.upstream_sent_at,
                exchange.upstream_ended_at,
            )
        )
