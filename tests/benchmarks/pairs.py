"""Pairs of subjects in turns of two seconds: they differ by less than a machine does from minute to minute.

One worker and two on the same core are compared by CPU time a request: at saturation, where each does as much as
it can, and at half of it, where both do the same work. Of two workers on one core one stands by; two that are both
to take connections, and nginx's, are compared over different numbers of connections, which shows what standing by
is good for.

A gateway that asks the shared state about limits for each request is compared with one that counts by itself, by
the latency at half of saturation.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from statistics import median
from typing import Final, NamedTuple

from tests.benchmarks import half_load
from tests.benchmarks.load import Sample

PAIRS: Final = 5
TURN: Final = 2.0
"""So many pairs of turns in each round, each turn so many seconds long."""
CONNECTIONS: Final = (32, 64, 128)
"""How many two workers that take turns share at saturation."""


class Pair(NamedTuple):
    """Two peers, by what the second takes in comparison with the first."""

    figure: str
    one: str
    other: str
    compared: Callable[[Sample, Sample], float | None]
    """None where the system does not tell."""
    connections: int = half_load.CONNECTIONS
    half: bool = True
    """At half of what the slower of the two could do in the rounds before; else at saturation."""

    @property
    def names(self) -> tuple[str, str]:
        """Those of the samples, of this pair alone."""
        if self.half:
            return f"half_{self.one}_for_{self.other}", f"half_{self.other}"
        other = f"{self.other}_{self.connections}"
        return f"saturated_{self.one}_for_{other}", f"saturated_{other}"


class Turn(NamedTuple):
    """`name` is that of the samples. The `peer` gets `rate` requests a second; None: as many as it takes."""

    name: str
    peer: str
    connections: int
    rate: float | None


def _cpu(one: Sample, other: Sample) -> float | None:
    return other.cpu_us / one.cpu_us if one.cpu_us else None


def _latency(one: Sample, other: Sample) -> float:
    return other.measurement.p50_ms - one.measurement.p50_ms


ALL: Final = (
    Pair("cpu_2_workers_vs_shared", "full_shared", "full_2_workers", _cpu, 32, half=False),
    *(
        Pair(f"{figure}_{connections}_connections", one, other, _cpu, connections, half=False)
        for figure, one, other in (
            ("cpu_2_active_workers_vs_shared", "full_shared", "full_2_active_workers"),
            ("nginx_cpu_2_workers_vs_1", "nginx", "nginx_2_workers"),
        )
        for connections in CONNECTIONS
    ),
    Pair("half_load_cpu_2_workers_vs_shared", "full_shared", "full_2_workers", _cpu),
    Pair("half_load_added_p50_ms_by_exact_limits", "full", "full_exact", _latency),
)


def plan(figures: Mapping[str, Mapping[str, float]], running: Collection[str]) -> Iterator[Turn]:
    """What is measured one after the other in each round, of the peers that are `running`."""
    for pair in ALL:
        peers = (pair.one, pair.other)
        rows = [figures.get(f"get_{peer}") for peer in peers]
        if not set(peers) <= set(running) or None in rows:
            continue
        rate = min(row["rps"] for row in rows if row) / 2 if pair.half else None
        for _ in range(PAIRS):
            for name, peer in zip(pair.names, peers, strict=True):
                yield Turn(name, peer, pair.connections, rate)


def ratios(samples: Mapping[str, Sequence[Sample]]) -> dict[str, float | None]:
    """Each the median over its pairs; None where there is none, or where the system does not tell CPU time."""
    found: dict[str, float | None] = {}
    for pair in ALL:
        both = zip(*(samples.get(name, ()) for name in pair.names), strict=False)
        told = [each for each in (pair.compared(one, other) for one, other in both) if each is not None]
        found[pair.figure] = round(median(told), 3) if told else None
    return found
