"""What a gateway adds to an answer's time at half of saturation: ours beside Envoy, at one fixed rate.

The rate is half of what the slower of the two can do, by the rounds just measured. The upstream called directly
is measured at the same rate, and its times are taken off.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.benchmarks import load
from tests.benchmarks.processes import PeerError, Running

CONNECTIONS = 64
PEERS: dict[str, str] = {"half_full": "full", "half_envoy_jwt_ratelimit": "envoy_jwt_ratelimit"}
DIRECT = "half_direct"
MOST_LATE_MS = 1.0


def rate_of(figures: Mapping[str, Mapping[str, float]]) -> float | None:
    """Requests per second; None where ours was not measured."""
    if "get_full" not in figures:
        return None
    return min(figures[f"get_{peer}"]["rps"] for peer in PEERS.values() if f"get_{peer}" in figures) / 2


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
    return ratios
