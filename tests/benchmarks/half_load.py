"""What a gateway adds to an answer's time at half of saturation: ours beside Envoy, at one fixed rate.

The rate is half of what the slower of the two can do, by the rounds just measured. The upstream called directly
is measured at the same rate, and its times are taken off.

At half of what a gateway can do that asks the shared state about limits for each request, it is compared with one
that counts by itself.

At the same rate one worker is compared with two on the same core, by CPU time a request. At saturation that says
less: one worker then finds many requests each time that it wakes, and two find half as many. They are measured in
turns, in pairs, as a machine differs from minute to minute by more than they do.
"""

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from tests.benchmarks import load
from tests.benchmarks.processes import PeerError, Running

CONNECTIONS = 64
PEERS: dict[str, str] = {"half_full": "full", "half_envoy_jwt_ratelimit": "envoy_jwt_ratelimit"}
WORKERS: dict[str, str] = {"half_full_shared": "full_shared", "half_full_2_workers": "full_2_workers"}
PAIRS: Final = 11
TURN: Final = 2.0
"""So many pairs of turns are measured of the workers, each turn so many seconds long."""
EXACT: dict[str, str] = {"half_exact": "full_exact", "half_exact_in_process": "full"}
"""These two at half of what the first of them can do. They and the workers are measured where they are running: a
quick run leaves them out."""
DIRECT = "half_direct"
MOST_LATE_MS = 1.0


def rate_of(figures: Mapping[str, Mapping[str, float]]) -> float | None:
    """Requests per second; None where ours was not measured."""
    if "get_full" not in figures:
        return None
    return min(figures[f"get_{peer}"]["rps"] for peer in PEERS.values() if f"get_{peer}" in figures) / 2


def exact_rate_of(figures: Mapping[str, Mapping[str, float]]) -> float | None:
    """The same for `EXACT`."""
    return figures["get_full_exact"]["rps"] / 2 if "get_full_exact" in figures else None


def plan(
    figures: Mapping[str, Mapping[str, float]], running: Collection[str], rounds: int, seconds: float
) -> list[tuple[str, str | None, float | None, float]]:
    """What is measured one after the other: name, peer (None: the upstream itself), requests a second, seconds."""
    rate, exact = rate_of(figures), exact_rate_of(figures)
    each = [(name, peer, rate, seconds) for name, peer in {DIRECT: None, **PEERS}.items()]
    if exact is not None:
        each += [(name, peer, exact, seconds) for name, peer in EXACT.items()]
    pair = [(name, peer, rate, TURN) for name, peer in WORKERS.items() if peer in running]
    return each * rounds + pair * PAIRS


def measure(
    what: load.Load, peer: Running, rate: float, core: int | None, seconds: float, opened: Callable[[], int]
) -> load.Sample:
    """One round against one peer; `opened` tells how many connections the upstream has seen. Raises PeerError."""
    before, cpu = 0, peer.cpu_seconds()

    def settled() -> None:
        nonlocal before
        before = opened()

    command = [sys.executable, str(Path(__file__).with_name("fixed_rate_load.py")), str(what.directory)]
    command += [what.method, str(peer.port), str(CONNECTIONS), str(seconds), str(rate)]
    found = load.run(command, core, seconds, settled)
    if found.late_ms > MOST_LATE_MS:
        raise PeerError(f"the load generator could not keep {rate:,.0f} requests a second")
    cpu = peer.cpu_seconds() - cpu
    return load.Sample(found, (opened() - before - 1) / found.requests, cpu / found.requests * 1e6)


def added(figures: Mapping[str, Mapping[str, float]]) -> dict[str, float | None]:
    """Of the latencies added over the direct call, ours to Envoy's; None where one was not measured."""
    ratios: dict[str, float | None] = {}
    for quantile in ("p50", "p99"):
        found = None
        if {DIRECT, *PEERS} <= set(figures):
            direct = figures[DIRECT][f"{quantile}_ms"]
            ours, theirs = (figures[name][f"{quantile}_ms"] - direct for name in PEERS)
            # On a noisy machine the direct call may be the slower one; then there is nothing to compare.
            found = round(max(0.0, ours) / theirs, 3) if theirs > 0 else None
        ratios[f"half_load_added_{quantile}_full_vs_envoy"] = found
    exact, own = (figures.get(name, {}).get("p50_ms") for name in EXACT)
    ratios["half_load_added_p50_ms_by_exact_limits"] = round(exact - own, 3) if exact and own else None
    return ratios


def of_two_workers(samples: Mapping[str, Sequence[load.Sample]]) -> dict[str, float | None]:
    """The CPU time a request of two workers to that of one: the median over their pairs; None without any."""
    one, two = (samples.get(name, ()) for name in WORKERS)
    pairs = [other.cpu_us / own.cpu_us for own, other in zip(one, two, strict=False) if own.cpu_us]
    return {"half_load_cpu_2_workers_vs_shared": round(median(pairs), 3) if pairs else None}
