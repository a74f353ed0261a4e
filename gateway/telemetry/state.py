"""The metrics that are read from the process when they are asked for."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from gateway.record import AccessLog
from gateway.reload import SnapshotClient
from gateway.runtime import Runtime
from gateway.telemetry import metrics
from gateway.telemetry.canaries import canary_samples
from gateway.telemetry.counting import Sample
from gateway.telemetry.metrics import Metric
from gateway.telemetry.mirrors import mirror_samples
from gateway.upstreams.resilience.breaker import State as BreakerState
from gateway.upstreams.resilience.guard import Guard
from gateway.upstreams.resilience.http_service import HttpService
from gateway.upstreams.resilience.odoo_service import OdooService

if TYPE_CHECKING:
    from gateway.adapters.shared_state import SharedState  # brings redis-py, which most gateways do without


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


class Usage(Protocol):
    """What became of the usage that was counted."""

    @property
    def sent(self) -> int: ...

    @property
    def dropped(self) -> int: ...

    @property
    def lost_calls(self) -> int: ...

    @property
    def waiting_bytes(self) -> int: ...


class State:
    """The process's collaborators, as metrics. `client` and `usage` are None without a catalog, `spans` without
    traces, `shared` where this process counts alone."""

    def __init__(
        self,
        pipeline: Pipeline,
        access_log: AccessLog,
        client: SnapshotClient | None,
        spans: Spans | None,
        shared: "SharedState | None" = None,
        usage: Usage | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._access_log = access_log
        self._client = client
        self._spans = spans
        self._shared = shared
        self._usage = usage

    def samples(self) -> Iterator[tuple[Metric, list[Sample]]]:
        runtime, client, spans = self._pipeline.runtime, self._client, self._spans
        manifest = runtime.manifest if runtime is not None else None
        for metric, value in (
            (metrics.OPEN_REQUESTS, self._pipeline.open),
            (metrics.SNAPSHOT_SERIAL, manifest.serial if manifest is not None else 0),
            (metrics.SNAPSHOT_ISSUED, manifest.issued_at if manifest is not None else 0),
            (metrics.SNAPSHOT_OPERATIONS, runtime.size if runtime is not None else 0),
            (metrics.REJECTED_VERSIONS, len(runtime.rejected) if runtime is not None else 0),
            (metrics.UNAPPROVED_VERSIONS, len(runtime.unapproved) if runtime is not None else 0),
            (metrics.LOG_LINES, self._access_log.lines),
            (metrics.LOG_DROPPED, self._access_log.dropped),
        ):
            yield metric, [((), value)]
        age = client.age if client is not None else None
        yield metrics.SNAPSHOT_AGE, [] if age is None else [((), age)]
        yield metrics.CATALOG_FAILING, [] if client is None else [((), int(client.last_error is not None))]
        usage = self._usage
        yield metrics.USAGE_SENT, [] if usage is None else [((), usage.sent)]
        yield metrics.USAGE_DROPPED, [] if usage is None else [((), usage.dropped)]
        yield metrics.USAGE_LOST, [] if usage is None else [((), usage.lost_calls)]
        yield metrics.USAGE_WAITING, [] if usage is None else [((), usage.waiting_bytes)]
        cache = None if runtime is None else runtime.ports.cache
        yield metrics.CACHE_BYTES, [((), 0 if cache is None else cache.size)]
        yield metrics.CACHE_RESOURCES, [((), 0 if cache is None else len(cache))]
        yield metrics.SPANS_EXPORTED, [] if spans is None else [((), spans.exported)]
        yield metrics.SPANS_DROPPED, [] if spans is None else [((), spans.dropped)]
        shared = self._shared
        yield metrics.SHARED_STATE, [] if shared is None else [((), int(shared.store.available))]
        yield metrics.SHARED_STATE_OUTAGES, [] if shared is None else [((), shared.store.outages)]
        alone = 0 if shared is None else shared.limiter.locally + shared.slots.locally
        yield metrics.LOCAL_DECISIONS, [] if shared is None else [((), alone)]
        servers = runtime.upstreams.items() if runtime is not None else ()
        pools = [(name, server) for name, (_, server) in servers if isinstance(server, HttpService)]
        yield metrics.CONNECTIONS_OPENED, [((name,), pool.connections_opened) for name, pool in pools]
        yield metrics.CONNECTIONS_IN_USE, [((name,), server.in_use) for name, (_, server) in servers]
        yield metrics.CALLS_QUEUED, [((name,), server.queued) for name, (_, server) in servers]
        odoos = [(name, server.conflicts) for name, (_, server) in servers if isinstance(server, OdooService)]
        yield (
            metrics.ODOO_CONFLICTS,
            [
                ((name, outcome), count)
                for name, met in odoos
                for outcome, count in (("repeated", met.repeated), ("told", met.told))
            ],
        )
        yield from canary_samples([] if runtime is None else runtime.ports.canaries.every())
        yield from mirror_samples([] if runtime is None else runtime.ports.mirror_reports.every())
        yield from _resilience([(name, server.guard) for name, (_, server) in servers])


def _resilience(guards: list[tuple[str, Guard[Any]]]) -> Iterator[tuple[Metric, list[Sample]]]:
    """Breakers, retry budgets and targets, as their state machines have it."""
    yield (
        metrics.BREAKER,
        [
            ((name, state.value), int(guard.breaker.state is state))
            for name, guard in guards
            for state in BreakerState
        ],
    )
    yield metrics.BREAKER_OPENED, [((name,), guard.breaker.opened) for name, guard in guards]
    yield metrics.BREAKER_REFUSED, [((name,), guard.breaker.refused) for name, guard in guards]
    yield (
        metrics.RETRIES,
        [
            ((name, decision), count)
            for name, guard in guards
            for decision, count in (("made", guard.budget.taken), ("denied", guard.budget.denied))
        ],
    )
    yield metrics.TARGETS, [sample for name, guard in guards for sample in _targets(name, guard)]


def _targets(name: str, guard: Guard[Any]) -> list[Sample]:
    counts = {"serving": 0, "ejected": 0, "unhealthy": 0}
    for target in guard.balancer.targets:
        state = "unhealthy" if not target.healthy else "ejected" if guard.balancer.ejected(target) else "serving"
        counts[state] += 1
    return [((name, state), count) for state, count in counts.items()]
