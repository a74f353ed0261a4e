"""Prometheus' text format (0.0.4) of what was counted, in pieces.

An estate may have thousands of operations. Written at once, or by a second thread that takes turns with the event
loop, their lines would hold up requests: a piece is a few hundred lines, and whoever sends them lets the loop go
round between two.
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

from gateway.telemetry.counting import Counting, Histogram, Sample
from gateway.telemetry.metrics import BUCKETS, Metric

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_PIECE: Final = 300
"""Lines that are written in one go: about 0.3 ms."""

_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_BOUNDS: Final = (*(repr(bound).removesuffix(".0") for bound in BUCKETS), "+Inf")


def expose(counting: Counting, state: Iterable[tuple[Metric, Iterable[Sample]]]) -> Iterator[str]:
    """The text, piece by piece. `state` are the metrics that are read when asked for."""
    lines: list[str] = []
    for line in _lines(counting, state):
        lines.append(line)
        if len(lines) >= _PIECE:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def expose_state(state: Iterable[tuple[Metric, Iterable[Sample]]]) -> Iterator[str]:
    """The lines of metrics that are read when asked for, and of nothing else."""
    for metric, samples in state:
        yield _head(metric)
        for values, value in samples:
            yield f"{metric.name}{_braced(_labels(metric, values))} {_number(value)}\n"


def _lines(counting: Counting, state: Iterable[tuple[Metric, Iterable[Sample]]]) -> Iterator[str]:
    yield from expose_state(counting.samples())
    yield from expose_state(state)
    for metric, histograms in counting.histograms():
        yield _head(metric)
        for values, histogram in histograms:
            yield from _histogram(metric, values, histogram)


def _histogram(metric: Metric, values: tuple[str, ...], histogram: Histogram) -> Iterator[str]:
    labels, name = _labels(metric, values), metric.name
    counts = list(accumulate(histogram.counts))
    for bound, count in zip(_BOUNDS, counts, strict=True):
        yield f'{name}_bucket{{{labels},le="{bound}"}} {count}\n'
    yield f"{name}_count{{{labels}}} {counts[-1]}\n{name}_sum{{{labels}}} {histogram.sum!r}\n"


def _head(metric: Metric) -> str:
    text = metric.help.replace("\\", r"\\")
    return f"# HELP {metric.name} {text}\n# TYPE {metric.name} {metric.kind}\n"


def _labels(metric: Metric, values: tuple[str, ...]) -> str:
    pairs = zip(metric.labels, values, strict=True)
    return ",".join([f'{name}="{value.translate(_ESCAPES)}"' for name, value in pairs])


def _braced(labels: str) -> str:
    return f"{{{labels}}}" if labels else ""


def _number(value: float) -> str:
    return repr(value)
