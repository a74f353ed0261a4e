"""What is told of mirrors: in the metrics, and in the report that the admin listener has for architects."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from gateway.telemetry import metrics
from gateway.telemetry.counting import Sample
from gateway.telemetry.metrics import Metric
from policies.shadows.report import MirrorReport

_NAME: Final = ("api", "version", "operation", "upstream")
_IDS: Final = 3
"""Requests that are named of one difference."""


def mirror_samples(reports: list[MirrorReport]) -> Iterator[tuple[Metric, list[Sample]]]:
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


def merged(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Reports as one for each operation and mirror, whichever worker or settings they are of."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for document in documents:
        name = tuple(document[part] for part in _NAME)
        into = found.setdefault(
            name,
            {
                **dict(zip(_NAME, name, strict=True)),
                "in_flight": 0,
                "outcomes": {},
                "reasons": {},
                "differences": {},
            },
        )
        into["in_flight"] += document["in_flight"]
        _add(into["outcomes"], document["outcomes"])
        for outcome, reasons in document["reasons"].items():
            _add(into["reasons"].setdefault(outcome, {}), reasons)
        for each in document["differences"]:
            key = (each["kind"], each["at"])
            known = into["differences"].setdefault(key, {**each, "count": 0, "request_ids": []})
            known["count"] += each["count"]
            known["request_ids"] = [*known["request_ids"], *each["request_ids"]][-_IDS:]
    for document in found.values():
        differences = sorted(document["differences"].items(), key=lambda each: (-each[1]["count"], each[0]))
        document["differences"] = [each for _, each in differences]
    return [found[name] for name in sorted(found)]


def _add(into: dict[str, int], counts: dict[str, int]) -> None:
    for name, count in counts.items():
        into[name] = into.get(name, 0) + count
