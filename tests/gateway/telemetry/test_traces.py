"""Traces as a collector gets them: real OTLP over HTTP, decoded from its protobuf."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from gateway.telemetry.span_export import SpanExport
from gateway.telemetry.tracing import Context, Finished, Tracing
from tests.gateway.gateway_world import gateway, snapshot
from tests.support.policy_world import exchange

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Collector:
    """Takes spans; answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.url = ""
        self.spans: list[Span] = []
        self.bodies: list[bytes] = []
        self.resources: set[str] = set()
        self._more = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.bodies.append(body)
        if self.status == 200:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.resources |= {
                    f"{pair.key}={pair.value.string_value}" for pair in resource.resource.attributes
                }
                self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        self._more.set()
        return web.Response(status=self.status, content_type="application/x-protobuf")

    async def wait(self, spans: int) -> list[Span]:
        async with asyncio.timeout(20):
            while len(self.spans) < spans:
                self._more.clear()
                await self._more.wait()
        assert len(self.spans) == spans
        return self.spans


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    made = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces"
    yield made
    await runner.cleanup()


@contextlib.asynccontextmanager
async def exporting(url: str, **options: int) -> AsyncIterator[SpanExport]:
    export = SpanExport(url, pause=0.02, **options)  # type: ignore[arg-type]
    try:
        yield export
    finally:
        await export.close()


def attributes(span: Span) -> dict[str, object]:
    return {pair.key: pair.value.string_value or pair.value.int_value for pair in span.attributes}


def by_kind(spans: list[Span]) -> tuple[Span, Span]:
    (server,) = [span for span in spans if span.kind == Span.SPAN_KIND_SERVER]
    (client,) = [span for span in spans if span.kind == Span.SPAN_KIND_CLIENT]
    return server, client


def context_of(header: bytes) -> tuple[bytes, bytes, bytes]:
    match = re.fullmatch(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", header)
    assert match is not None
    return bytes.fromhex(match[1].decode()), bytes.fromhex(match[2].decode()), match[3]


async def test_a_call_is_two_spans_and_the_upstream_is_told_the_second(
    tmp_path: Path, collector: Collector
) -> None:
    async with exporting(collector.url) as export:
        tracing = Tracing(export, ratio=1.0)
        async with gateway(tmp_path, tracing=tracing) as world:
            answered = await world.ask("GET", "/orders/v1/orders/5", Cookie="canary", X_Key="canary")
            server, client = by_kind(await collector.wait(2))
            trace_id, span_id, flags = context_of(world.upstream.seen[0].fields[b"traceparent"])
    assert (server.trace_id, client.trace_id) == (trace_id, trace_id)
    assert client.span_id == span_id
    assert client.parent_span_id == server.span_id
    assert server.parent_span_id == b""
    assert flags == b"01"
    assert server.name == "GET /orders/v1/orders/{order_id}"
    found = attributes(server)
    assert found["http.response.status_code"] == 200
    assert found["ostiary.operation"] == "getOrder"
    assert found["ostiary.consumer"] == "acme"
    assert found["ostiary.request_id"] == answered.fields[b"x-request-id"].decode()
    assert attributes(client) == {"ostiary.upstream": "shop"}
    assert server.start_time_unix_nano <= client.start_time_unix_nano
    assert client.end_time_unix_nano <= server.end_time_unix_nano
    assert "service.name=ostiary-gateway" in collector.resources
    assert b"canary" not in b"".join(collector.bodies)


async def test_a_refusal_is_one_span_that_says_why(tmp_path: Path, collector: Collector) -> None:
    async with exporting(collector.url) as export, gateway(tmp_path, tracing=Tracing(export, ratio=1.0)) as world:
        await world.ask("GET", "/orders/v1/orders", bearer=None)
        (span,) = await collector.wait(1)
    found = attributes(span)
    assert (found["ostiary.policy"], found["ostiary.problem"]) == ("authentication", "credentials-missing")
    assert span.status.code == 0


async def test_a_fault_of_ours_is_an_error(tmp_path: Path, collector: Collector) -> None:
    async with exporting(collector.url) as export:
        nobody = snapshot(port=1)
        async with gateway(tmp_path, made=nobody, tracing=Tracing(export, ratio=1.0)) as world:
            await world.ask("GET", "/orders/v1/orders")
            server, client = by_kind(await collector.wait(2))
    assert server.status.code == client.status.code == 2
    assert attributes(client)["error.type"] == "upstream-unreachable"


async def test_at_an_untrusted_edge_the_trace_is_restarted(tmp_path: Path, collector: Collector) -> None:
    async with exporting(collector.url) as export, gateway(tmp_path, tracing=Tracing(export, ratio=1.0)) as world:
        await world.ask("GET", "/orders/v1/orders", traceparent=PARENT, tracestate="vendor=1")
        server, _ = by_kind(await collector.wait(2))
        seen = world.upstream.seen[0]
    trace_id, _, _ = context_of(seen.fields[b"traceparent"])
    assert trace_id == server.trace_id != bytes.fromhex(PARENT[3:35])
    assert b"tracestate" not in seen.fields
    assert [(link.trace_id.hex(), link.span_id.hex()) for link in server.links] == [(PARENT[3:35], PARENT[36:52])]


async def test_a_trusted_parent_is_gone_on_with(tmp_path: Path, collector: Collector) -> None:
    async with exporting(collector.url) as export:
        tracing = Tracing(export, ratio=0.0, trust_parent=True)
        async with gateway(tmp_path, tracing=tracing) as world:
            await world.ask("GET", "/orders/v1/orders", traceparent=PARENT, tracestate="vendor=1")
            server, client = by_kind(await collector.wait(2))
            seen = world.upstream.seen[0]
            await world.ask("GET", "/orders/v1/orders", traceparent=PARENT[:-1] + "0")
            unsampled = world.upstream.seen[1]
    trace_id, span_id, _ = context_of(seen.fields[b"traceparent"])
    assert trace_id.hex() == PARENT[3:35]
    assert (server.trace_id, client.span_id) == (trace_id, span_id)
    assert server.parent_span_id.hex() == PARENT[36:52]
    assert seen.fields[b"tracestate"] == b"vendor=1"
    assert context_of(unsampled.fields[b"traceparent"])[2] == b"00"
    assert len(collector.spans) == 2
    assert not server.links


async def test_what_the_collector_does_not_take_is_dropped_and_counted(collector: Collector) -> None:
    collector.status = 400
    async with exporting(collector.url) as export:
        export.add(finished())
        async with asyncio.timeout(20):
            while not export.dropped:
                await asyncio.sleep(0.01)
        assert (export.exported, export.dropped) == (0, 2)
        collector.status = 200
        export.add(finished())
        await collector.wait(2)
    assert (export.exported, export.dropped) == (2, 2)


async def test_the_queue_is_bounded(collector: Collector) -> None:
    async with exporting(collector.url, limit=3) as export:
        for _ in range(5):
            export.add(finished())
        assert export.dropped == 4
        await collector.wait(6)
    assert export.exported == 6


async def test_what_is_there_when_the_process_ends_is_sent(collector: Collector) -> None:
    async with exporting(collector.url) as export:
        export.add(finished())
    assert len(collector.spans) == 2


def finished() -> Finished:
    context = Context(1, 2, 3, sampled=True, parent=None, trusted=False)
    names = ("127.0.0.1", 200, "r", "orders", "v1", "getOrder", "/orders", "shop", "c", "acme", "", "")
    return Finished(context, "GET", "http", *names, 1.0, 2.0, 1.1, 1.9)


class _Kept:
    def __init__(self) -> None:
        self.finished: list[Finished] = []

    def add(self, finished: Finished) -> None:
        self.finished.append(finished)


def started(tracing: Tracing) -> Iterator[Context]:
    while True:
        ended = exchange()
        tracing.start(ended)
        tracing.record(ended)
        assert isinstance(ended.trace, Context)
        yield ended.trace


@pytest.mark.parametrize(("ratio", "least", "most"), [(0.0, 0, 0), (0.25, 400, 600), (1.0, 2000, 2000)])
def test_the_ratio_of_new_traces_is_recorded(ratio: float, least: int, most: int) -> None:
    kept = _Kept()
    contexts = started(Tracing(kept, ratio=ratio, random=Random(7)))
    sampled = [next(contexts).sampled for _ in range(2000)]
    assert least <= len(kept.finished) == sum(sampled) <= most


def test_ids_are_never_those_of_another() -> None:
    contexts = started(Tracing(_Kept(), ratio=1.0))
    ids = [number for _ in range(200) for made in [next(contexts)] for number in (made.span_id, made.call_id)]
    assert len(set(ids)) == 400
