"""`make bench`: our gateway beside its peers, one core each, in one run.

The process under test has the first core, load generator and upstream the second. Each round measures every
subject once, so that what slows the machine for a while slows them all, and starts every process anew, unless it
is a quick one; only ratios within one run count.
Prints a table and writes `build/bench.json`.
"""

import argparse
import contextlib
import json
import platform
import signal
import socket
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from gateway.compiling import hot_path  # noqa: E402  the script's own packages
from tests.benchmarks import (  # noqa: E402
    contract_commands,
    half_load,
    limit_accuracy,
    load,
    odoo_mediation,
    pairs,
    report,
    sizes,
    world,
)
from tests.benchmarks.contract_document import BYTES, OPERATIONS  # noqa: E402
from tests.benchmarks.peers import nginx_binary, upstream  # noqa: E402
from tests.benchmarks.processes import PeerError, Running, cores  # noqa: E402
from tests.benchmarks.rounds import rounds_of, started  # noqa: E402
from tests.benchmarks.setting import Setting  # noqa: E402

SUBJECTS: tuple[tuple[str, str, str, int], ...] = (
    ("get_nginx", "nginx", "get", 32),
    ("get_envoy_jwt_ratelimit", "envoy_jwt_ratelimit", "get", 32),
    ("get_asgi_aiohttp", "asgi_aiohttp", "get", 32),
    ("get_node", "node", "get", 32),
    ("get_full", "full", "get", 32),
    ("get_no_policies", "no_policies", "get", 32),
    ("post_nginx", "nginx", "post", 32),
    ("post_node", "node", "post", 32),
    ("post_full", "full", "post", 32),
)
FULL_ONLY: tuple[tuple[str, str, str, int], ...] = (
    ("get_full_pure", "full_pure", "get", 32),
    ("get_nginx_2_workers", "nginx_2_workers", "get", 32),
    ("get_nginx_256", "nginx", "get", 256),
    ("get_full_256", "full", "get", 256),
    ("get_full_shared", "full_shared", "get", 32),
    ("get_full_exact", "full_exact", "get", 32),
    ("get_full_2_workers", "full_2_workers", "get", 32),
    ("get_full_2_active_workers", "full_2_active_workers", "get", 32),
    ("get_nginx_tls", "nginx_tls", "get", 32),
    ("get_full_tls", "full_tls", "get", 32),
    ("get_full_granian", "full_granian", "get", 32),
    ("get_full_granian_h2", "full_granian_h2", "get", 32),
    ("large_get_nginx", "nginx", "large_get", 32),
    ("large_get_full", "full", "large_get", 32),
    ("large_post_nginx", "nginx", "large_post", 32),
    ("large_post_full", "full", "large_post", 32),
)
"""What a quick run leaves out."""
LEFT_OUT = "a quick run leaves it out"
ACQUAINTANCE = 2.0
"""Seconds of load at which a process that was just started verifies every token once. Where the rounds share their
processes the first round does that, and the median passes over it."""
ODOO = "odoo_mediation"
"""No subject among the others: what is measured is the difference of two."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter rounds; under three minutes")
    parser.add_argument("--rounds", type=int, default=3, help="how often each subject is measured (default 3)")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help=f"measure these subjects alone; one is {ODOO!r}"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bench.json")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    subjects = SUBJECTS if options.quick else SUBJECTS + FULL_ONLY
    if options.only:
        unknown = set(options.only) - {ODOO, *(name for name, *_ in SUBJECTS + FULL_ONLY)}
        if unknown:
            parser.error(f"no such subject: {', '.join(sorted(unknown))}")
        subjects = tuple(row for row in SUBJECTS + FULL_ONLY if row[0] in options.only)
    seconds, warm_up = (1.0, 0.5) if options.quick else (5.0, 1.0)
    left_out = dict.fromkeys((*(name for name, *_ in FULL_ONLY), "sizes", "contracts", "limits", ODOO), LEFT_OUT)
    if options.only or not options.quick:
        left_out = {}
    with tempfile.TemporaryDirectory(prefix="ostiary-bench-") as directory:
        everything = not (options.quick or options.only)
        document = measure_all(
            *(subjects, Path(directory), options.rounds, seconds, warm_up),
            everything=everything,
            anew=not options.quick,
            # To compile with training alone takes two minutes.
            trained=not options.quick or hot_path.is_made(),
        )
        if everything:
            document["contracts"] = contract_commands.figures(
                Path(directory), options.rounds, cores()[0], document["missing"], OPERATIONS, BYTES
            )
            document["limits"] = limit_accuracy.figures(document["missing"])
        if everything or ODOO in (options.only or ()):
            setting = Setting(Path(directory), cores()[0], 0, world.build(), compiled_gateway(document["missing"]))
            document[ODOO] = odoo_mediation.figures(setting, options.rounds, seconds, document["missing"])
    document["missing"] = left_out | document["missing"]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(document, indent=2) + "\n")
    print(report.table(document))
    print(f"\nwritten to {options.output}")


def measure_all(
    subjects: tuple[tuple[str, str, str, int], ...],
    directory: Path,
    rounds: int,
    seconds: float,
    warm_up: float,
    *,
    everything: bool = False,
    anew: bool = True,
    trained: bool = True,
) -> dict[str, Any]:
    """Starts what is there, for each round `anew`, measures it in turn, and says what is not there and why."""
    core, load_core = cores()
    missing: dict[str, str] = {}
    samples: dict[str, list[load.Sample]] = {}
    made = world.build()
    loads = {"get": load.gets(made, directory), "post": load.posts(made, directory)}
    loads |= {"large_get": load.large_gets(made, directory), "large_post": load.large_posts(made, directory)}
    for one in loads.values():
        one.write()
    with contextlib.ExitStack() as stack:
        backend = stack.enter_context(upstream(directory, load_core))
        packages = compiled_gateway(missing, trained)
        setting = Setting(directory, core, backend.port, made, packages)
        peers = tuple(dict.fromkeys(peer for _, peer, _, _ in subjects))
        shared = None if anew else stack.enter_context(started(setting, peers, missing))
        for number, running in rounds_of(rounds, setting, peers, missing, shared):
            for name, peer, kind, connections in subjects:
                if peer not in running:
                    continue
                warm = warm_up + (ACQUAINTANCE if anew else 0.0)
                times = Times(load_core, connections, warm, seconds)
                take = partial(measure, loads[kind], running[peer], backend.port, times)
                sample = gather(name, take, samples, missing)
                if sample is None:
                    continue
                rps = sample.measurement.rps
                progress(f"round {number + 1}/{rounds} {name:26} {rps:>9,.0f}/s")
        saturated = report.results(samples)
        rate = half_load.rate_of(saturated)
        turns = tuple(pairs.plan(saturated, set(peers) - set(missing)))
        compared = dict.fromkeys((*half_load.PEERS.values(), *(turn.peer for turn in turns)))
        again = [peer for peer in peers if peer in compared]
        for number, running in rounds_of(rounds, setting, again, missing, shared):
            if anew:
                acquaint(loads["get"], running, load_core)
            progress(f"round {number + 1}/{rounds} of comparisons")
            times = Times(load_core, half_load.CONNECTIONS, 0.0, seconds)
            at_half_load(loads["get"], running, backend, rate, times, samples, missing)
            in_turns(loads["get"], turns, running, backend, load_core, samples, missing)
        by_size = at_sizes(setting, rounds, Times(load_core, 32, warm_up, seconds), missing) if everything else {}
    progress("")
    figures = report.results(samples)
    return {
        "machine": machine(),
        "load": load.generator(),
        "compiled": packages is not None,
        "trained": trained and packages is not None,
        "pinning": "not pinned: one core only"
        if core is None
        else f"gateway on core {core}, load on core {load_core}",
        "peers": {"nginx": nginx_binary()},
        "rounds": rounds,
        "half_load_rate": rate,
        "seconds": seconds,
        "results": figures,
        "sizes": by_size,
        "ratios": report.ratios(figures)
        | half_load.added(figures)
        | pairs.ratios(samples)
        | sizes.ratios(by_size),
        "cpu_ratios": report.cpu_ratios(figures),
        "missing": missing,
        "samples": {name: [asdict(sample) for sample in rows] for name, rows in samples.items()},
    }


def compiled_gateway(missing: dict[str, str], trained: bool = True) -> Path | None:
    """Our gateway's compiled packages; where they cannot be made it is measured as pure Python."""
    try:
        return hot_path.build(trained=trained)
    except hot_path.CannotCompileError as error:
        missing["compiled_gateway"] = f"{error}; OUR GATEWAY IS MEASURED AS PURE PYTHON"
        return None


def acquaint(what: load.Load, running: dict[str, Running], core: int | None) -> None:
    """Shows each peer every token. One that cannot be loaded shows it when it is measured."""
    for peer in running.values():
        with contextlib.suppress(PeerError):
            load.measure(what, peer.port, core, connections=32, seconds=ACQUAINTANCE, scheme=peer.scheme)


def at_half_load(
    what: load.Load,
    running: dict[str, Running],
    backend: Running,
    rate: float | None,
    times: "Times",
    samples: dict[str, list[load.Sample]],
    missing: dict[str, str],
) -> None:
    """Adds a round at a fixed rate to `samples`, and what cannot be measured to `missing`."""

    def take(peer: str | None) -> load.Sample:
        server = backend if peer is None else running.get(peer)
        if rate is None or server is None:
            raise PeerError("not measured at saturation, so that half of it is not known")
        return at_rate(what, server, rate, backend, times)

    for name, peer in {half_load.DIRECT: None, **half_load.PEERS}.items():
        sample = gather(name, partial(take, peer), samples, missing)
        if sample is not None:
            progress(f"{len(samples[name])}. {name:32} {sample.measurement.p99_ms:>9.2f} ms p99")


def in_turns(
    what: load.Load,
    turns: Sequence[pairs.Turn],
    running: dict[str, Running],
    backend: Running,
    core: int | None,
    samples: dict[str, list[load.Sample]],
    missing: dict[str, str],
) -> None:
    """Adds what pairs of subjects did in turns to `samples`, and what cannot be measured to `missing`."""

    def take(turn: pairs.Turn) -> load.Sample:
        times = Times(core, turn.connections, 0.0, pairs.TURN)
        if turn.rate is None:
            return measure(what, running[turn.peer], backend.port, times)
        return at_rate(what, running[turn.peer], turn.rate, backend, times)

    for turn in turns:
        if turn.peer not in running:
            continue
        sample = gather(turn.name, partial(take, turn), samples, missing)
        if sample is not None:
            progress(f"{len(samples[turn.name])}. {turn.name:32} {sample.cpu_us:>9.1f} µs of CPU time a request")


def gather(
    name: str,
    take: Callable[[], load.Sample],
    samples: dict[str, list[load.Sample]],
    missing: dict[str, str],
) -> load.Sample | None:
    """Adds what `take` measures to the samples of `name`. What cannot be measured once has no samples at all."""
    if name in missing:
        return None
    try:
        sample = take()
    except PeerError as error:
        missing[name] = str(error)
        samples.pop(name, None)
        return None
    samples.setdefault(name, []).append(sample)
    return sample


def at_rate(what: load.Load, server: Running, rate: float, backend: Running, times: "Times") -> load.Sample:
    return half_load.measure(
        what, server, rate, times.core, times.seconds, lambda: connection_number(backend.port)
    )


def at_sizes(
    setting: Setting, rounds: int, times: "Times", missing: dict[str, str]
) -> dict[str, dict[str, float]]:
    """Figures by the number of operations in the snapshot; what cannot be measured goes to `missing`."""
    samples: dict[int, list[load.Sample]] = {}
    many_called: dict[int, list[load.Sample]] = {}
    found: dict[str, dict[str, float]] = {}
    with contextlib.ExitStack() as stack:
        started: dict[int, sizes.Sized] = {}
        for size in sizes.SIZES:
            try:
                started[size] = stack.enter_context(sizes.sized(setting, size))
            except PeerError as error:
                missing[f"size_{size}"] = str(error)
        for number in range(rounds):
            for size, one in started.items():
                try:
                    sample = measure(one.few, one.running, setting.upstream_port, times)
                    if size >= sizes.MANY:
                        again = measure(one.load, one.running, setting.upstream_port, times)
                        many_called.setdefault(size, []).append(again)
                except PeerError as error:
                    missing[f"size_{size}"] = str(error)
                    continue
                samples.setdefault(size, []).append(sample)
                progress(f"round {number + 1}/{rounds} {size:>20,} operations {sample.measurement.rps:>9,.0f}/s")
        for size, one in started.items():
            if size not in samples:
                continue
            row = report.results({"size": samples[size]})["size"]
            if size in many_called:
                many = report.results({"many": many_called[size]})["many"]
                row |= {"rps_many_called": many["rps"], "cpu_us_many_called": many["cpu_us_per_request"]}
            row |= {"load_s": round(one.running.started_in, 2), "memory_mb": round(one.running.memory() / 1e6, 1)}
            try:
                row |= sizes.swap(one, times.core, times.seconds)
            except PeerError as error:
                missing[f"swap_at_{size}"] = str(error)
            found[str(size)] = row
    return found


@dataclass(frozen=True)
class Times:
    """How a subject is measured; seconds."""

    core: int | None
    connections: int
    warm_up: float
    seconds: float


def measure(what: load.Load, peer: Running, upstream_port: int, times: Times) -> load.Sample:
    """One round of one subject. Raises PeerError."""
    if times.warm_up:
        load.measure(
            what, peer.port, times.core, connections=times.connections, seconds=times.warm_up, scheme=peer.scheme
        )
    before = 0
    cpu_before = peer.cpu_seconds()

    def settled() -> None:
        nonlocal before
        before = connection_number(upstream_port)

    found = load.measure(
        what,
        peer.port,
        times.core,
        connections=times.connections,
        seconds=times.seconds,
        scheme=peer.scheme,
        settled=settled,
    )
    cpu = peer.cpu_seconds() - cpu_before
    opened = connection_number(upstream_port) - before - 1
    since = found.requests * (times.seconds - load.SETTLING) / times.seconds
    return load.Sample(found, opened / since, cpu / found.requests * 1e6)


def connection_number(port: int) -> int:
    """The serial number of a new connection at the upstream."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(b"GET /connection HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")
        answer = b"".join(_pieces(connection))
    return int(answer.rpartition(b"\r\n")[2])


def _pieces(connection: socket.socket) -> Iterator[bytes]:
    while piece := connection.recv(4096):
        yield piece


def machine() -> str:
    """The processor and how many of it, the system, and the Python that runs the gateway."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    count = sum(core is not None for core in cores()) or 1
    system = f"{platform.system()} {platform.release()}"
    # An interpreter built without profile-guided optimisation is slower by a tenth and more.
    guided = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    python = f"Python {platform.python_version()}" + ("" if guided else " (built without PGO)")
    return f"{model}, {count} cores used, {system}, {python}"


def progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
