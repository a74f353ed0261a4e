"""What is told of mirrors in the metrics; where answers differ, the admin listener has at `/mirror`."""

from collections.abc import Iterator

from gateway.telemetry import metrics
from gateway.telemetry.counting import Sample
from gateway.telemetry.metrics import Metric
from policies.shadows.report import MirrorCounts


def mirror_samples(reports: list[MirrorCounts]) -> Iterator[tuple[Metric, list[Sample]]]:
    """Those of one name together: several plans may have settings of their own."""
    outcomes: dict[tuple[str, ...], float] = {}
    kinds: dict[tuple[str, ...], float] = {}
    for report in reports:
        name = (report.name.api, report.name.version, report.name.operation, report.name.upstream)
        for (outcome, _), count in report.outcomes.items():
            outcomes[*name, outcome] = outcomes.get((*name, outcome), 0) + count
        for kind, count in report.kinds.items():
            kinds[*name, kind] = kinds.get((*name, kind), 0) + count
    yield metrics.MIRRORED, list(outcomes.items())
    yield metrics.MIRROR_DIFFERENCES, list(kinds.items())
