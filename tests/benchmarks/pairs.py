"""Pairs of subjects in turns of two seconds: they differ by less than a machine does from minute to minute.

One worker and two on the same core are compared by CPU time a request, at saturation and at half of it. At a fixed
rate both do the same work; at saturation each does as much as it can.

A gateway that asks the shared state about limits for each request is compared with one that counts by itself, by
the latency at half of saturation.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from statistics import median
from typing import Final, NamedTuple

from tests.benchmarks import half_load
from tests.benchmarks.load import Sample

PAIRS: Final = 15
TURN: Final = 2.0
"""So many pairs of turns, each turn so many seconds long."""
CONNECTIONS: Final = half_load.CONNECTIONS


class Turn(NamedTuple):
    """`name` is that of the figures. The `peer` gets `rate` requests a second; None: as many as it takes."""

    name: str
    peer: str
    rate: float | None


SATURATED: Final = ("saturated_full_shared", "saturated_full_2_workers")
HALF: Final = ("half_full_shared", "half_full_2_workers")
WORKERS: Final = ("full_shared", "full_2_workers")
EXACT: Final = ("half_exact_in_process", "half_exact")
LIMITS: Final = ("full", "full_exact")


def plan(figures: Mapping[str, Mapping[str, float]], running: Collection[str]) -> Iterator[Turn]:
    """What is measured one after the other, of the peers that are `running`. Half is that of what the slower of a
    pair could do in the rounds just measured."""
    for names, peers, half in ((SATURATED, WORKERS, False), (HALF, WORKERS, True), (EXACT, LIMITS, True)):
        rows = [figures.get(f"get_{peer}") for peer in peers]
        if not set(peers) <= set(running) or None in rows:
            continue
        rate = min(row["rps"] for row in rows if row) / 2 if half else None
        for _ in range(PAIRS):
            yield from (Turn(name, peer, rate) for name, peer in zip(names, peers, strict=True))


def ratios(samples: Mapping[str, Sequence[Sample]]) -> dict[str, float | None]:
    """Each the median over its pairs; None where there is none, or where the system does not tell CPU time."""
    figures: dict[str, tuple[tuple[str, str], Callable[[Sample, Sample], float | None]]] = {
        "cpu_2_workers_vs_shared": (SATURATED, _cpu),
        "half_load_cpu_2_workers_vs_shared": (HALF, _cpu),
        "half_load_added_p50_ms_by_exact_limits": (EXACT, _latency),
    }
    found: dict[str, float | None] = {}
    for name, ((one, other), compared) in figures.items():
        both = zip(samples.get(one, ()), samples.get(other, ()), strict=False)
        told = [each for each in (compared(*pair) for pair in both) if each is not None]
        found[name] = round(median(told), 3) if told else None
    return found


def _cpu(one: Sample, other: Sample) -> float | None:
    return other.cpu_us / one.cpu_us if one.cpu_us else None


def _latency(one: Sample, other: Sample) -> float:
    return other.measurement.p50_ms - one.measurement.p50_ms
