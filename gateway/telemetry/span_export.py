"""Spans, sent to a collector in the background (OTLP over HTTP).

The queue is bounded: where the collector is slow or away, spans are dropped and counted, and requests notice
nothing. A batch is made and sent by a thread of its own.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.util.types import AttributeValue

from gateway.telemetry.tracing import Finished
from gateway.wire.trace_context import Parent

QUEUE: Final = 4096
"""Requests whose spans may wait."""
BATCH: Final = 128
"""Requests of one export. Small, as the thread that makes it takes turns with the event loop: about 10 ms."""
PAUSE: Final = 1.0
"""Seconds between two exports, where there is less than a batch."""
_PATIENCE: Final = 5.0
"""Seconds for one export, with its repeats, and for the last one when the process ends."""

_SCOPE: Final = InstrumentationScope("ostiary.gateway")
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)

log = structlog.get_logger()


class SpanExport:
    """Implements `tracing.Sink`. Made on a running event loop; `exporter` replaces the one for `url`.

    The environment variables of OpenTelemetry for an OTLP exporter (headers, certificates, compression) and for
    the resource's attributes hold.
    """

    def __init__(
        self, url: str, *, exporter: SpanExporter | None = None, limit: int = QUEUE, pause: float = PAUSE
    ) -> None:
        # What it would say of each batch, in lines of its own form, is said once, below.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
        self._exporter = exporter or OTLPSpanExporter(endpoint=url, timeout=_PATIENCE)
        self._resource = Resource.create({"service.name": "ostiary-gateway"})
        # Wall-clock time of the monotonic zero.
        self._epoch = time.time() - time.monotonic()
        self._limit = limit
        self._pause = pause
        self._queue: deque[Finished] = deque()
        self._thread = ThreadPoolExecutor(1, "spans")
        self._due = asyncio.Event()
        self._failing = self._closing = False
        self.exported = 0
        self.dropped = 0
        self._task = asyncio.get_running_loop().create_task(self._run())

    def add(self, finished: Finished) -> None:
        if len(self._queue) >= self._limit:
            self.dropped += _count(finished)
            return
        self._queue.append(finished)
        if len(self._queue) == BATCH:
            self._due.set()

    async def close(self) -> None:
        """Sends what is there, for as long as patience lasts."""
        self._closing = True
        self._due.set()
        _, late = await asyncio.wait([self._task], timeout=_PATIENCE)
        if late:
            self._task.cancel()
            log.warning("spans not exported at the end", requests=len(self._queue))
        self._exporter.shutdown()
        self._thread.shutdown(wait=False)

    async def _run(self) -> None:
        while not (self._closing and not self._queue):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause):
                    await self._due.wait()
            self._due.clear()
            while self._queue:
                await self._send()

    async def _send(self) -> None:
        batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
        count = sum(map(_count, batch))
        taken = await asyncio.get_running_loop().run_in_executor(self._thread, self._export, batch)
        if taken:
            self.exported += count
        else:
            self.dropped += count
        if taken is self._failing:
            self._failing = not taken
            log.info("spans exported again") if taken else log.warning("spans not exported")

    def _export(self, batch: list[Finished]) -> bool:
        """In the thread."""
        try:
            spans = [span for finished in batch for span in self._spans(finished)]
            return self._exporter.export(spans) is SpanExportResult.SUCCESS
        except Exception:  # a batch that cannot be sent is one that is dropped
            return False

    def _spans(self, finished: Finished) -> list[ReadableSpan]:
        context, parent = finished.context, finished.context.parent
        own = SpanContext(context.trace_id, context.span_id, is_remote=False, trace_flags=_SAMPLED)
        remote = _remote(parent) if parent is not None else None
        name = f"{finished.method} {finished.route}" if finished.route else finished.method
        spans = [
            ReadableSpan(
                name,
                own,
                remote if context.trusted else None,
                self._resource,
                _attributes(finished),
                links=[Link(remote)] if remote is not None and not context.trusted else [],
                kind=SpanKind.SERVER,
                status=Status(StatusCode.ERROR if finished.status >= 500 else StatusCode.UNSET),
                start_time=self._nanoseconds(finished.began),
                end_time=self._nanoseconds(finished.ended),
                instrumentation_scope=_SCOPE,
            )
        ]
        if finished.sent:
            failed = finished.policy in ("upstream", "mediation")
            attributes: dict[str, AttributeValue] = {"ostiary.upstream": finished.upstream}
            if failed:
                attributes["error.type"] = finished.problem
            spans.append(
                ReadableSpan(
                    f"call {finished.upstream}",
                    SpanContext(context.trace_id, context.call_id, is_remote=False, trace_flags=_SAMPLED),
                    own,
                    self._resource,
                    attributes,
                    kind=SpanKind.CLIENT,
                    status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
                    start_time=self._nanoseconds(finished.sent),
                    end_time=self._nanoseconds(finished.answered or finished.ended),
                    instrumentation_scope=_SCOPE,
                )
            )
        return spans

    def _nanoseconds(self, moment: float) -> int:
        return int((self._epoch + moment) * 1e9)


def _count(finished: Finished) -> int:
    return 2 if finished.sent else 1


def _remote(parent: Parent) -> SpanContext:
    flags = TraceFlags(int(parent.flags, 16))
    return SpanContext(int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True, trace_flags=flags)


def _attributes(finished: Finished) -> dict[str, AttributeValue]:
    """OpenTelemetry's names where it has one (semantic conventions for HTTP), else our own."""
    attributes: dict[str, AttributeValue] = {
        "http.request.method": finished.method,
        "url.scheme": finished.scheme,
        "client.address": finished.peer,
        "http.response.status_code": finished.status,
        "ostiary.request_id": finished.request_id,
    }
    known = (
        ("http.route", finished.route),
        ("ostiary.api", finished.api),
        ("ostiary.version", finished.version),
        ("ostiary.operation", finished.operation),
        ("ostiary.client_id", finished.client_id),
        ("ostiary.consumer", finished.consumer),
        ("ostiary.policy", finished.policy),
        ("ostiary.problem", finished.problem),
    )
    attributes |= {name: value for name, value in known if value}
    if finished.status >= 500:
        attributes["error.type"] = finished.problem or str(finished.status)
    return attributes
