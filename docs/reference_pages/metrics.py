"""The gateway's metrics."""

from gateway.telemetry import metrics
from gateway.telemetry.metrics import BUCKETS, METRICS
from reference_pages.markup import anchored, code, escaped, prose, table


def page() -> str:
    """The table, row by row."""
    rows = ([anchored(row.name), row.kind, ", ".join(map(code, row.labels)), escaped(row.help)] for row in METRICS)
    bounds = ", ".join(f"{bound:g}" for bound in BUCKETS)
    return "\n".join(
        (
            "# Metrics\n",
            (
                "`/metrics` on the gateway's admin listener, in Prometheus' text format. Beside these there are "
                "prometheus-client's own of the process, the garbage collector and Python (`process_…`, "
                "`python_…`).\n"
            ),
            prose((metrics.__doc__ or "").partition("\n\n")[2]),
            f"Histograms have buckets up to {bounds} seconds.\n",
            table(["Metric", "Kind", "Labels", "Meaning"], rows),
        )
    )
