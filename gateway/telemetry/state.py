"""The metrics that are read from the process when they are asked for."""

from collections.abc import Iterator
from typing import Protocol

from gateway.record import AccessLog
from gateway.reload import SnapshotClient
from gateway.runtime import Runtime
from gateway.telemetry import metrics
from gateway.telemetry.counting import Sample
from gateway.telemetry.metrics import Metric
from gateway.upstreams.resilience.http_service import HttpService


class Pipeline(Protocol):
    @property
    def open(self) -> int: ...

    @property
    def runtime(self) -> Runtime | None: ...


class Spans(Protocol):
    """What became of the spans."""

    @property
    def exported(self) -> int: ...

    @property
    def dropped(self) -> int: ...


class State:
    """The process's collaborators, as metrics. `client` is None without a catalog, `spans` without traces."""

    def __init__(
        self, pipeline: Pipeline, access_log: AccessLog, client: SnapshotClient | None, spans: Spans | None
    ) -> None:
        self._pipeline = pipeline
        self._access_log = access_log
        self._client = client
        self._spans = spans

    def samples(self) -> Iterator[tuple[Metric, list[Sample]]]:
        runtime, client, spans = self._pipeline.runtime, self._client, self._spans
        manifest = runtime.snapshot.manifest if runtime is not None else None
        for metric, value in (
            (metrics.OPEN_REQUESTS, self._pipeline.open),
            (metrics.SNAPSHOT_SERIAL, manifest.serial if manifest is not None else 0),
            (metrics.SNAPSHOT_ISSUED, manifest.issued_at if manifest is not None else 0),
            (metrics.SNAPSHOT_OPERATIONS, len(runtime.router.routes) if runtime is not None else 0),
            (metrics.REJECTED_VERSIONS, len(runtime.rejected) if runtime is not None else 0),
            (metrics.LOG_LINES, self._access_log.lines),
            (metrics.LOG_DROPPED, self._access_log.dropped),
        ):
            yield metric, [((), value)]
        age = client.age if client is not None else None
        yield metrics.SNAPSHOT_AGE, [] if age is None else [((), age)]
        yield metrics.CATALOG_FAILING, [] if client is None else [((), int(client.last_error is not None))]
        yield metrics.SPANS_EXPORTED, [] if spans is None else [((), spans.exported)]
        yield metrics.SPANS_DROPPED, [] if spans is None else [((), spans.dropped)]
        pools = {
            name: server
            for name, (_, server) in (runtime.upstreams if runtime is not None else {}).items()
            if isinstance(server, HttpService)
        }
        yield metrics.CONNECTIONS_OPENED, [((name,), pool.connections_opened) for name, pool in pools.items()]
        yield metrics.CONNECTIONS_IN_USE, [((name,), pool.in_use) for name, pool in pools.items()]
        yield metrics.CALLS_QUEUED, [((name,), pool.queued) for name, pool in pools.items()]
