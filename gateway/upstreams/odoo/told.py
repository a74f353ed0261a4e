"""What an Odoo is told of the exchange for which it is called: header fields beside the call itself.

Odoo does nothing with them. They are for whatever stands before it, or in it, and writes logs or traces: by them a
line there is found for the request id that a partner was given.
"""

from gateway.wire.trace_context import trace_lines
from policies.exchange import Exchange
from policies.shadows.shadow import MARK


def told(exchange: Exchange) -> dict[str, str]:
    """`x-request-id`, and `traceparent` and `tracestate` as an HTTP upstream would get them. All calls of an
    exchange have the same parent: the span of the gateway's that stands for them together. A copy for a mirror
    says that it is one."""
    fields = {"x-request-id": exchange.request_id}
    if exchange.noted(MARK):
        fields[MARK] = "1"
    lines = trace_lines(exchange.fields) if exchange.trace is None else exchange.trace.header_lines()
    for line in lines.decode("latin-1").splitlines():
        name, _, value = line.partition(": ")
        fields[name] = value
    return fields
