"""How exact limits are that four workers count together: `python tests/benchmarks/limit_accuracy.py`.

Four processes ask a limiter on one Valkey server for more than there is, each with 32 calls at a time, and what
they are given is compared with what the limit gives in that time. It must never be above. With `leased`, a block
of each worker may stay unspent in each window; a log and the GCRA ask each time in either mode.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from contracts.limits import RateLimit
from gateway.adapters.limiting.counter import Counter
from gateway.adapters.limiting.script import SCRIPT
from gateway.adapters.shared_limiter import SharedLimiter
from gateway.adapters.shared_store import SharedStore
from policies.exchange import Allowance
from policies.limits.meter import meter_of
from tests.benchmarks.processes import PeerError
from tests.support.valkey import valkey

WORKERS: Final = 4
AT_ONCE: Final = 32
REST: Final = 0.001
"""Seconds that a caller waits who was refused."""

LIMITS: Final[dict[str, RateLimit]] = {
    "fixed": RateLimit("fixed", 1_000, 1),
    "sliding": RateLimit("sliding", 1_000, 1, "sliding"),
    "log": RateLimit("log", 1_000, 1, "log"),
    "gcra": RateLimit("gcra", 1_000, 1, "gcra", burst=50),
    "calendar": RateLimit("calendar", 4_000, 2_592_000, "calendar", period="month"),
}
MODES: Final = ("exact", "leased")


def expected(limit: RateLimit, seconds: float) -> float:
    """What it gives in that time to who always wants more."""
    if limit.kind == "calendar":
        return limit.quota
    if limit.kind == "gcra":
        return limit.burst + limit.quota * seconds / limit.window
    if limit.kind == "sliding":  # all of it at once, and after the first window what has slid out
        return limit.quota * max(1.0, seconds / limit.window)
    return limit.quota * (int(seconds // limit.window) + 1)  # the first window begins with the first call


def figures(missing: dict[str, str], seconds: float = 4.5, workers: int = WORKERS) -> dict[str, dict[str, float]]:
    """By kind of window and mode: what was given, and its ratio to what the limit gives. What could not be
    measured goes to `missing`."""
    found: dict[str, dict[str, float]] = {}
    with valkey() as server:
        for name, limit in LIMITS.items():
            for mode in MODES:
                try:
                    given, took = _given(server.url, name, mode, seconds, workers)
                except PeerError as error:
                    missing[f"limits_{name}_{mode}"] = str(error)
                    continue
                found[f"{name}_{mode}"] = {"given": given, "ratio": round(given / expected(limit, took), 4)}
    return found


def table(rows: dict[str, dict[str, float]]) -> list[str]:
    """Lines for a reader."""
    if not rows:
        return []
    lines = ["", f"{'limits of four workers':34}{'given':>12}{'to the limit':>16}"]
    return lines + [f"{name:34}{row['given']:>12,.0f}{row['ratio']:>16.4f}" for name, row in rows.items()]


def _given(url: str, name: str, mode: str, seconds: float, workers: int) -> tuple[int, float]:
    """What all of them were given, and the seconds from the first question to the last answer that gave. Raises
    PeerError."""
    command = [sys.executable, __file__, "--worker", url, name, mode, str(seconds)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(workers)]
    for process in processes:
        process.stdout.readline()  # it is ready
    start = time.time() + 0.2
    for process in processes:
        process.stdin.write(f"{start}\n")
        process.stdin.flush()
    said = [process.communicate(timeout=seconds + 60)[0] for process in processes]
    if any(process.returncode for process in processes):
        raise PeerError("the machine stalled, and the server counted as down meanwhile")
    told = [json.loads(each) for each in said]
    return sum(given for given, _ in told), max(last for _, last in told) - start


async def _work(url: str, name: str, mode: str, seconds: float) -> tuple[int, float]:
    limit = LIMITS[name]
    store = SharedStore(url, SCRIPT)
    limiter = SharedLimiter(store, share=WORKERS, exact=mode == "exact")
    meter = meter_of((limit,), [f"{name}-{mode}"])
    given, last = 0, 0.0
    await store.run("{warm}", Counter(limit, "warm", exact=True).asked(1, 1, 0.0, time.time()))
    print("ready", flush=True)
    start = float(sys.stdin.readline())

    async def call() -> None:
        nonlocal given, last
        while time.time() < start + seconds:
            taken: Any = limiter.take(meter, 1)
            allowance: Allowance = taken if isinstance(taken, Allowance) else await taken
            if allowance.violated:
                await asyncio.sleep(REST)
            else:
                given, last = given + 1, time.time()

    await asyncio.sleep(start - time.time())
    await asyncio.gather(*(call() for _ in range(AT_ONCE)))
    await store.close()
    if limiter.locally:
        raise SystemExit(1)  # it has given its share of the limit without the server
    return given, last


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.5, help="for each kind and mode (default 4.5)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        url, name, mode, seconds = options.worker
        print(json.dumps(asyncio.run(_work(url, name, mode, float(seconds)))))
        return
    missing: dict[str, str] = {}
    found = figures(missing, options.seconds)
    for name, reason in missing.items():
        print(f"{name}: {reason}", file=sys.stderr)
    print(json.dumps(found) if options.json else "\n".join(table(found)))


if __name__ == "__main__":
    main()
