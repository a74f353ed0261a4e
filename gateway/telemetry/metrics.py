"""The table of the gateway's metrics: names, labels and meaning. The reference page is made from it.

Cardinality is bounded by the snapshot: labels are names that the estate gives (APIs, versions, operations, plans,
upstreams) or words of fixed lists (statuses, policies, problems, rules). What no operation was found for has the
label `(none)`, which no estate can give; a client, a path or a peer is never a label.
"""

from dataclasses import dataclass
from typing import Final, Literal

NONE: Final = "(none)"
"""The label of what has no name: a request that met no operation, a caller without a plan."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A row of the table. A counter only grows, until the process or what it counts is replaced."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str


_OPERATION: Final = ("api", "version", "operation")

REQUESTS: Final = Metric(
    "ostiary_requests_total",
    "counter",
    (*_OPERATION, "plan", "status"),
    "Requests that ended. status: 1xx to 5xx, or other where an upstream's is none of these; 499 where the client "
    "went away before its answer; aborted where an answer had begun and was broken off.",
)
DURATION: Final = Metric(
    "ostiary_request_duration_seconds",
    "histogram",
    (*_OPERATION, "plan"),
    "From a request's first byte to the end of its answer, in seconds; of a WebSocket or an event stream, until "
    "it is open.",
)
UPSTREAM_DURATION: Final = Metric(
    "ostiary_upstream_duration_seconds",
    "histogram",
    _OPERATION,
    "From calling the upstream until its answer began, or until it was given up, in seconds.",
)
REFUSALS: Final = Metric(
    "ostiary_refusals_total",
    "counter",
    (*_OPERATION, "policy", "problem"),
    "Requests that the gateway answered with a problem, by the policy or part that refused and the problem's id.",
)
WOULD_REFUSE: Final = Metric(
    "ostiary_would_refuse_total",
    "counter",
    (*_OPERATION, "policy"),
    "Requests that a policy in the mode report would have refused, and that went on. Usage in the catalog has "
    "them by application.",
)
POLICY_ANSWERS: Final = Metric(
    "ostiary_policy_answers_total",
    "counter",
    (*_OPERATION, "policy"),
    "Requests that a policy answered in place of the upstream, which was not called.",
)
LIMITER: Final = Metric(
    "ostiary_limiter_decisions_total",
    "counter",
    ("api", "version", "plan", "decision"),
    "Decisions of the rate limiter: allowed or refused.",
)
VIOLATIONS: Final = Metric(
    "ostiary_response_violations_total",
    "counter",
    (*_OPERATION, "rule"),
    "Places in upstreams' answers that the contract does not admit, by the rule that they break.",
)
OPEN_REQUESTS: Final = Metric(
    "ostiary_open_requests", "gauge", (), "Requests that were accepted and have not ended."
)
CONNECTIONS_OPENED: Final = Metric(
    "ostiary_upstream_connections_opened_total",
    "counter",
    ("upstream",),
    "Connections to an HTTP upstream that were established. Few beside its requests, where it keeps them alive.",
)
CONNECTIONS_IN_USE: Final = Metric(
    "ostiary_upstream_connections_in_use",
    "gauge",
    ("upstream",),
    "Connections that carry a call to an upstream, or are being opened for one; for Odoo, those of its budget "
    "that requests hold.",
)
CALLS_QUEUED: Final = Metric(
    "ostiary_upstream_calls_queued",
    "gauge",
    ("upstream",),
    "Calls that wait for a connection of the upstream's budget.",
)
BREAKER: Final = Metric(
    "ostiary_upstream_breaker",
    "gauge",
    ("upstream", "state"),
    "1 for the state that the upstream's circuit breaker is in: closed, open or half-open; 0 for the others.",
)
BREAKER_OPENED: Final = Metric(
    "ostiary_upstream_breaker_opened_total", "counter", ("upstream",), "How often the breaker opened."
)
BREAKER_REFUSED: Final = Metric(
    "ostiary_upstream_breaker_refused_total", "counter", ("upstream",), "Calls that the breaker did not admit."
)
RETRIES: Final = Metric(
    "ostiary_upstream_retries_total",
    "counter",
    ("upstream", "decision"),
    "Retries of calls: made, or denied by the upstream's retry budget.",
)
TARGETS: Final = Metric(
    "ostiary_upstream_targets",
    "gauge",
    ("upstream", "state"),
    "Targets of the upstream: serving, ejected after failures, or unhealthy by its health check.",
)
ODOO_CONFLICTS: Final = Metric(
    "ostiary_odoo_conflicts_total",
    "counter",
    ("upstream", "outcome"),
    "Calls of which an Odoo said that it undid them, as they met another in a record: repeated, or told to the "
    "client.",
)
ODOO_MISMATCHES: Final = Metric(
    "ostiary_odoo_mismatches_total",
    "counter",
    (*_OPERATION, "part"),
    "Requests for which an Odoo could not do what the contract maps them to, by what does not fit: model, method, "
    "field, argument, value, answer or call (anything else). Anything but 0 is drift, of which the catalog tells "
    "the owner.",
)
CANARY_CALLS: Final = Metric(
    "ostiary_canary_calls_total",
    "counter",
    ("api", "version", "upstream", "sent_to", "outcome"),
    "Calls to operations with a canary, by where they were sent (canary or stable) and their outcome: good or "
    "failed. upstream is the canary. Counted anew where the canary's settings change.",
)
CANARY_BACKED_OUT: Final = Metric(
    "ostiary_canary_backed_out",
    "gauge",
    ("api", "version", "upstream"),
    "1 while nobody is sent to the canary because it did worse, else 0.",
)
CANARY_BACK_OUTS: Final = Metric(
    "ostiary_canary_back_outs_total", "counter", ("api", "version", "upstream"), "How often that has happened."
)
MIRRORED: Final = Metric(
    "ostiary_mirror_calls_total",
    "counter",
    (*_OPERATION, "upstream", "outcome"),
    "Calls to operations with a mirror (upstream) by what came of the copy: equal or different answers; "
    "uncompared; failed, where the mirror gave no answer; dropped, where too many copies were on their way; "
    "skipped, where the call is of a kind that is not copied.",
)
MIRROR_DIFFERENCES: Final = Metric(
    "ostiary_mirror_differences_total",
    "counter",
    (*_OPERATION, "upstream", "kind"),
    "Differences of a mirror's answers from the callers', by their kind. Where they are, `/mirror` says.",
)
SNAPSHOT_SERIAL: Final = Metric(
    "ostiary_snapshot_serial", "gauge", (), "Serial of the snapshot in force; 0 without one."
)
SNAPSHOT_ISSUED: Final = Metric(
    "ostiary_snapshot_issued_timestamp_seconds",
    "gauge",
    (),
    "When the snapshot in force was issued, in Unix seconds; 0 without one.",
)
SNAPSHOT_AGE: Final = Metric(
    "ostiary_snapshot_age_seconds",
    "gauge",
    (),
    "Seconds since the catalog last confirmed that what is in force is its newest. Absent without a catalog.",
)
SNAPSHOT_OPERATIONS: Final = Metric("ostiary_snapshot_operations", "gauge", (), "Operations that are served.")
REJECTED_VERSIONS: Final = Metric(
    "ostiary_snapshot_rejected_versions",
    "gauge",
    (),
    "API versions of the snapshot that could not be bound or were not approved; they serve their last good form, "
    "if they have one.",
)
UNAPPROVED_VERSIONS: Final = Metric(
    "ostiary_snapshot_unapproved_versions",
    "gauge",
    (),
    "Those of the rejected API versions that are not as they were approved. Anything but 0 is to be looked into.",
)
CATALOG_FAILING: Final = Metric(
    "ostiary_catalog_failing",
    "gauge",
    (),
    "1 while the gateway is not at the catalog's snapshot, for whatever reason. Absent without a catalog.",
)
LOG_LINES: Final = Metric("ostiary_access_log_lines_total", "counter", (), "Lines of the access log.")
LOG_DROPPED: Final = Metric(
    "ostiary_access_log_dropped_total", "counter", (), "Lines of the access log that could not be written."
)
SHARED_STATE: Final = Metric(
    "ostiary_shared_state_available",
    "gauge",
    (),
    "1 while the server by which workers count limits together answers, else 0: then each worker enforces its "
    "share. Absent where each process counts alone.",
)
SHARED_STATE_OUTAGES: Final = Metric(
    "ostiary_shared_state_outages_total",
    "counter",
    (),
    "How often that server was lost. Absent where each process counts alone.",
)
LOCAL_DECISIONS: Final = Metric(
    "ostiary_limiter_local_decisions_total",
    "counter",
    (),
    "Decisions about limits, on open calls too, that a worker made without that server. Absent where each "
    "process counts alone.",
)
WORKER_ACTIVE: Final = Metric(
    "ostiary_worker_active",
    "gauge",
    ("worker",),
    "1 where the worker takes connections, 0 where it stands by to take the place of one that ends, or is being "
    "started again.",
)
WORKER_RESTARTS: Final = Metric(
    "ostiary_worker_restarts_total",
    "counter",
    ("worker",),
    "How often the supervisor started a worker again. With several workers every metric has the label `worker`.",
)
USAGE_SENT: Final = Metric(
    "ostiary_usage_batches_sent_total",
    "counter",
    (),
    "Batches of usage that the catalog took. Absent without a catalog, as all of usage.",
)
USAGE_DROPPED: Final = Metric(
    "ostiary_usage_batches_dropped_total",
    "counter",
    (),
    "Batches of usage that were given up: too much waited for the catalog, or it refused one for good.",
)
USAGE_LOST: Final = Metric(
    "ostiary_usage_calls_lost_total",
    "counter",
    (),
    "Calls that the catalog's usage lacks: those in dropped batches, and those of more callers than are counted.",
)
USAGE_WAITING: Final = Metric(
    "ostiary_usage_waiting_bytes", "gauge", (), "Bytes of usage that wait for the catalog to take them."
)
CACHE_BYTES: Final = Metric("ostiary_cache_bytes", "gauge", (), "Bytes of answers that are kept.")
CACHE_RESOURCES: Final = Metric(
    "ostiary_cache_resources", "gauge", (), "Requests to which answers are kept, each with all that it varies by."
)
SPANS_EXPORTED: Final = Metric(
    "ostiary_spans_exported_total",
    "counter",
    (),
    "Spans that the collector of traces took. Absent without traces.",
)
SPANS_DROPPED: Final = Metric(
    "ostiary_spans_dropped_total",
    "counter",
    (),
    "Spans that were dropped: the queue was full, or the collector did not take them. Absent without traces.",
)

METRICS: Final[tuple[Metric, ...]] = (
    REQUESTS,
    DURATION,
    UPSTREAM_DURATION,
    REFUSALS,
    WOULD_REFUSE,
    POLICY_ANSWERS,
    LIMITER,
    VIOLATIONS,
    OPEN_REQUESTS,
    CONNECTIONS_OPENED,
    CONNECTIONS_IN_USE,
    CALLS_QUEUED,
    BREAKER,
    BREAKER_OPENED,
    BREAKER_REFUSED,
    RETRIES,
    TARGETS,
    ODOO_CONFLICTS,
    ODOO_MISMATCHES,
    CANARY_CALLS,
    CANARY_BACKED_OUT,
    CANARY_BACK_OUTS,
    MIRRORED,
    MIRROR_DIFFERENCES,
    SNAPSHOT_SERIAL,
    SNAPSHOT_ISSUED,
    SNAPSHOT_AGE,
    SNAPSHOT_OPERATIONS,
    REJECTED_VERSIONS,
    UNAPPROVED_VERSIONS,
    CATALOG_FAILING,
    LOG_LINES,
    LOG_DROPPED,
    USAGE_SENT,
    USAGE_DROPPED,
    USAGE_LOST,
    USAGE_WAITING,
    CACHE_BYTES,
    CACHE_RESOURCES,
    SPANS_EXPORTED,
    SPANS_DROPPED,
    SHARED_STATE,
    SHARED_STATE_OUTAGES,
    LOCAL_DECISIONS,
    WORKER_ACTIVE,
    WORKER_RESTARTS,
)

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the histograms' buckets, in seconds: from a fast upstream to Odoo at its slowest."""
