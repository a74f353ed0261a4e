"""Whether a snapshot's size shows: 10, 1,000 and 25,000 operations, and a new snapshot while requests go on.

Each gateway follows a catalog, which has further snapshots to publish. Before it does and while the gateway takes
one up, requests go on at a fixed rate, so that a pause is in the latency of everybody who had to wait through it.
"""

import contextlib
import http.server
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from catalog.cli.processes import choose_port
from contracts.snapshot import digest_of
from tests.benchmarks import load
from tests.benchmarks.half_load import CONNECTIONS
from tests.benchmarks.processes import PeerError, Running, running
from tests.benchmarks.setting import Setting
from tests.benchmarks.world import Signed, public_key, sized_paths, sized_version

SIZES = (10, 1_000, 25_000)
CALLED = 10
"""Operations that are called at each size, spread over all: what differs is the size alone."""
MANY = 300
"""Operations that are called where there are so many: what is bound of them no longer fits into the nearest cache,
however large the snapshot is."""
RATE = 1_000.0
"""Requests a second around a swap: far from saturation, so that what is seen is the swap."""
SWAPS = 3
"""Snapshots that are taken up one after the other, each after a time without one: the figures are the medians."""
SLOWER = 4
"""Times as long as a start takes, a swap may take while requests go on."""
PATIENCE = 60.0
"""Seconds that starting with a snapshot, or taking one up, may last."""


class Catalog:
    """As much of a catalog as a gateway needs to follow it: a manifest, held back until it is new, and parts.

    It answers on other cores than `core`, which is the gateway's.
    """

    def __init__(self, first: Signed, core: int | None = None) -> None:
        self._in_force = first
        self._changed = threading.Condition()
        catalog = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the standard library's name
                if core is not None:
                    os.sched_setaffinity(0, os.sched_getaffinity(0) - {core} or {core})  # this thread's alone
                data = catalog.answer(self.path)
                self.send_response(204 if data is None else 200)
                if data is not None:
                    self.send_header("content-length", str(len(data)))
                self.end_headers()
                if data is not None:
                    self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                return None

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> bytes | None:
        """None where nothing is new within two seconds."""
        if path.startswith("/gateway/parts/"):
            return self._in_force.parts[path.removeprefix("/gateway/parts/")]
        with self._changed:
            if digest_of(self._in_force.envelope.manifest) in path:
                self._changed.wait(2.0)
            if digest_of(self._in_force.envelope.manifest) in path:
                return None
            return msgspec.json.encode(self._in_force.envelope)

    def publish(self, snapshot: Signed) -> None:
        with self._changed:
            self._in_force = snapshot
            self._changed.notify_all()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True)
class Sized:
    """A gateway with so many operations, running."""

    running: Running
    load: load.Load
    """Calls to `MANY` operations."""
    few: load.Load
    """Calls to `CALLED` of them."""
    log: Path
    publish: Callable[[int], None]
    """Publishes the snapshot with a serial number: 1 is in force from the start, and `SWAPS` more follow."""

    def taken_up(self, serial: int) -> float | None:
        """When that snapshot came in force (Unix seconds), by the gateway's own log; None: not yet."""
        for line in self.log.read_text(errors="replace").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                entry = json.loads(line)
                if entry.get("event") == "snapshot in force" and entry.get("serial") == serial:
                    return datetime.fromisoformat(entry["timestamp"]).timestamp()
        return None


@contextlib.contextmanager
def sized(setting: Setting, operations: int) -> Iterator[Sized]:
    """Starts a gateway with that many operations. Raises PeerError."""
    home = setting.directory / f"sized-{operations}"
    key = Ed25519PrivateKey.generate()
    url = f"http://127.0.0.1:{setting.upstream_port}"
    # Neighbours differ in each operation.
    versions = [sized_version(operations, title) for title in ("Bench", "Bench, again")]
    snapshots = [
        Signed.of(setting.world, url, (versions[serial % 2],), key, serial) for serial in range(1, SWAPS + 2)
    ]
    snapshots[0].save(home, key)
    catalog = Catalog(snapshots[0], setting.core)

    def publish(serial: int) -> None:
        catalog.publish(snapshots[serial - 1])

    many, few = (
        load.Load(home / f"load-{most}", "GET", sized_paths(operations, most), b"", setting.world.tokens)
        for most in (MANY, CALLED)
    )
    many.write()
    few.write()
    port = choose_port(0)
    environment = {
        "OSTIARY_GATEWAY_PORT": str(port),
        "OSTIARY_GATEWAY_ADMIN_PORT": "0",
        "OSTIARY_GATEWAY_DATA": str(home),
        "OSTIARY_GATEWAY_SNAPSHOT_KEY": public_key(key),
        "OSTIARY_GATEWAY_CATALOG_URL": catalog.url,
        "OSTIARY_GATEWAY_TOKEN": "bench",
        "OSTIARY_GATEWAY_ACCESS_LOG": os.devnull,
    }
    log = setting.directory / f"sized-{operations}.log"
    command, path = setting.gateway()
    environment |= path
    try:
        with running(command, setting.core, log, environment=environment, port=port, patience=PATIENCE) as process:
            yield Sized(process, many, few, log, publish)
    finally:
        catalog.close()


def swap(one: Sized, core: int | None, seconds: float) -> dict[str, float]:
    """Latencies before and around new snapshots, in milliseconds, how many seconds one took, and what memory.

    Raises PeerError, also where one request fails.
    """
    swaps = [_swap(one, serial, core, seconds) for serial in range(2, SWAPS + 2)]
    steady, during, took = (statistics.median(figures) for figures in zip(*swaps, strict=True))
    return {
        "steady_p99_ms": round(steady, 3),
        "swap_p99_ms": round(during, 3),
        "swap_s": round(took, 2),
        "swapped_memory_mb": round(one.running.memory() / 1e6, 1),
    }


def _swap(one: Sized, serial: int, core: int | None, seconds: float) -> tuple[float, float, float]:
    """Of one snapshot: the p99 before it and around it, and how long it took to be taken up."""
    generator = str(Path(__file__).with_name("fixed_rate_load.py"))
    command = [sys.executable, generator, str(one.load.directory), "GET", str(one.running.port)]

    def at_rate(lasting: float, settled: Callable[[], None] = lambda: None) -> load.Measurement:
        return load.run([*command, str(CONNECTIONS), str(lasting), str(RATE)], core, lasting, settled)

    published = 0.0

    def publish() -> None:
        nonlocal published
        published = time.time()
        one.publish(serial)

    steady = at_rate(seconds)
    # In the background it takes some times as long as at the start. Not much longer than it takes, however: a
    # long quiet time after it would hide it.
    during = at_rate(SLOWER * one.running.started_in + seconds / 2, publish)
    end = time.monotonic() + PATIENCE
    while (taken_up := one.taken_up(serial)) is None:
        if time.monotonic() > end:
            raise PeerError("the new snapshot was not taken up")
        time.sleep(0.05)
    return steady.p99_ms, during.p99_ms, taken_up - published


def ratios(figures: Mapping[str, Mapping[str, float]]) -> dict[str, float | None]:
    """Of requests per second with the most operations to the fewest, as many of them called; with many of the most
    called to few of them; and of p99 around a swap to p99 before it."""
    few, many = (figures.get(str(size), {}) for size in (SIZES[0], SIZES[-1]))
    return {
        f"get_{SIZES[-1]}_vs_{SIZES[0]}_operations": _ratio(many.get("rps"), few.get("rps")),
        f"get_{MANY}_vs_{CALLED}_called_of_{SIZES[-1]}": _ratio(many.get("rps_many_called"), many.get("rps")),
        f"p99_swap_vs_steady_{SIZES[-1]}_operations": _ratio(many.get("swap_p99_ms"), many.get("steady_p99_ms")),
    }


def _ratio(above: float | None, below: float | None) -> float | None:
    return round(above / below, 3) if above is not None and below else None
