"""What Odoo is told of the exchange: by which request id, and in whose trace, it is called."""

import json

import pytest

from gateway.telemetry.tracing import Tracing

PARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(params=["json2", "jsonrpc"])
def protocol(request):
    return request.param


async def answer(head, body, writer):
    counts = b"search_count" in head or b"search_count" in body
    value = 7 if counts else 2 if b"authenticate" in body else [{"id": 3, "name": "S00003"}]
    document = json.dumps(value if b"/json/2/" in head else {"jsonrpc": "2.0", "id": 1, "result": value}).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    writer.write(b"Content-Length: %d\r\n\r\n" % len(document) + document)


@pytest.fixture
def heads_of(scripted, rig, mapping, protocol):
    """The heads of all calls for one exchange, a page of a list: a log-in, the rows, and how many there are."""

    async def call(**exchange):
        server = await scripted(answer)
        backend = mapping("list", fields=mapping("list").fields[:2])
        await rig(server.url, protocol=protocol).ok(backend, query={"limit": 1}, **exchange)
        heads = [head.decode().split("\r\n") for head, _ in server.requests]
        assert len(heads) == (2 if protocol == "json2" else 3)
        return [
            {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
            for head in heads
        ]

    return call


async def test_every_call_has_the_request_id_and_no_trace_that_nobody_began(heads_of):
    for fields in await heads_of():
        assert fields["x-request-id"] == "request-of-a-test"
        assert "traceparent" not in fields


async def test_with_traces_on_the_parent_is_the_span_of_the_call(heads_of):
    contexts = []

    class Keeping(Tracing):
        def start(self, exchange):
            super().start(exchange)
            contexts.append(exchange.trace)

    for fields in await heads_of(tracer=Keeping(None, ratio=1.0), fields={b"traceparent": PARENT}):
        (context,) = contexts
        assert fields["traceparent"] == f"00-{context.trace_id:032x}-{context.call_id:016x}-01"
        assert PARENT.decode()[3:35] not in fields["traceparent"], "at an untrusted edge the trace is restarted"


async def test_without_traces_a_clients_trace_goes_on_in_spans_of_this_hop(heads_of):
    given = {b"traceparent": PARENT, b"tracestate": b"vendor=1"}
    for fields in await heads_of(fields=given):
        version, trace_id, span_id, flags = fields["traceparent"].encode().split(b"-")
        assert (version, trace_id, flags) == (b"00", PARENT[3:35], b"01")
        assert span_id != PARENT[36:52]
        assert fields["tracestate"] == "vendor=1"


async def test_what_is_no_parent_is_not_passed_on(heads_of):
    for fields in await heads_of(fields={b"traceparent": PARENT.upper(), b"tracestate": b"vendor=1"}):
        assert not {"traceparent", "tracestate"} & set(fields)
