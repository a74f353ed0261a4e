"""What a request costs without the kernel's part of it: `python tests/benchmarks/pipeline_cost.py`.

Microseconds of CPU for a GET and for a POST of 2 KB, from the bytes of the request to the bytes of the answer and
the record, in the benchmarks' world. Everything is real but the sockets. With `--parts` each part is timed by
itself as well, on exchanges that the parts before it have prepared; that makes it look dearer than it is, as these
are not at hand in the processor's cache. Figures of two runs differ by a fifth and more: compare in one run
(`--against` another checkout, or the compiled packages) and read the ratio.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias

ROOT = Path(os.environ.get("OSTIARY_BENCH_ROOT", Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(ROOT))

import aiohttp  # noqa: E402

from gateway.access import AccessView  # noqa: E402
from gateway.adapters.keys import IssuerKeys  # noqa: E402
from gateway.adapters.limiter import InProcessLimiter  # noqa: E402
from gateway.listener import Listener  # noqa: E402
from gateway.pipeline import Pipeline  # noqa: E402
from gateway.record import AccessLog  # noqa: E402
from gateway.routes import Route  # noqa: E402
from gateway.runtime import RuntimeBuilder  # noqa: E402
from gateway.secrets import UpstreamSecrets  # noqa: E402
from gateway.settings import read_snapshot_key  # noqa: E402
from gateway.snapshot_store import SnapshotStore  # noqa: E402
from gateway.telemetry.counting import Counting  # noqa: E402
from gateway.upstreams.http import HttpUpstream  # noqa: E402
from gateway.upstreams.http_connection import HttpConnection  # noqa: E402
from gateway.usage.counting import UsageCounting  # noqa: E402
from gateway.usage.credentials import CredentialUses  # noqa: E402
from gateway.wire.connection import Connection  # noqa: E402
from gateway.wire.headers import request_head  # noqa: E402
from gateway.wire.outgoing import Gathering  # noqa: E402
from policies import request_id, target  # noqa: E402
from policies.exchange import Exchange, Header  # noqa: E402
from policies.ports import Limiter  # noqa: E402
from policies.verdict import ALLOW, Stage  # noqa: E402
from tests.benchmarks import peers, world  # noqa: E402

UPSTREAM: Final = "http://127.0.0.1:9/base"
CONTENT: Final = b"[" + b"7," * 249 + b"7]"
_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 10:15:30 GMT\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n"
)
ANSWERS: Final = tuple(
    _HEAD % (len(CONTENT) + further) + CONTENT + b" " * further for further in range(peers.FURTHER)
)
"""One after the other, as the benchmark's upstream gives them."""
CONNECTIONS: Final = 32
BATCH: Final = 64 * CONNECTIONS


Row: TypeAlias = tuple[str, bytes, list[Header], dict[bytes, bytes], str, str, str]
"""What an exchange is made of."""
Run: TypeAlias = Callable[[int], Awaitable[None]]
"""Does something that many times."""


class Sink(asyncio.Transport):
    """In place of a socket: takes everything."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 40_000)})
        self.written = b""

    def write(self, data: Any) -> None:
        self.written = data

    def is_closing(self) -> bool:
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def close(self) -> None:
        raise AssertionError(f"closed after {self.written[:1000]!r}")

    def abort(self) -> None: ...


class Bench:
    """One pipeline with a snapshot in force, and the requests that are sent through it."""

    def __init__(
        self,
        made: world.World,
        directory: Path,
        session: aiohttp.ClientSession,
        policies: bool,
        limiter: Limiter | None = None,
    ) -> None:
        key = world.save_snapshot(made, directory, UPSTREAM, policies=policies)
        snapshot = SnapshotStore(directory, read_snapshot_key(key)).load()
        assert snapshot is not None
        self.counting = Counting()
        self.log = AccessLog(os.open(directory / "access.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        self.usage = UsageCounting()
        usage = (self.usage, CredentialUses()) if policies else ()
        self.pipeline = Pipeline(self.log, self.counting, *usage)
        builder = RuntimeBuilder(
            clock=time.time,
            limiter=limiter or InProcessLimiter(),
            keys=IssuerKeys(session),
            access=AccessView(),
            secrets=UpstreamSecrets(directory / "secrets"),
            session=session,
            make_http=self._make_pool,
        )
        runtime = builder.build(snapshot, None)
        self.pipeline.runtime = runtime
        builder.adopt(runtime, None)
        self.runtime = runtime
        self.world = made
        self.listener = Listener(self.pipeline)
        self.listener.gathering = Gathering(asyncio.get_running_loop())
        self.clients = [Connection(self.listener) for _ in range(CONNECTIONS)]
        for client in self.clients:
            client.connection_made(Sink())
        self.servers = [HttpConnection(self.pool) for _ in range(CONNECTIONS)]
        for server in self.servers:
            server.connection_made(Sink())
            self.pool.release(server)

    def _make_pool(self, *arguments: Any, **options: Any) -> HttpUpstream:
        self.pool = HttpUpstream(*arguments, **options)
        return self.pool

    def requests(self, post: bool) -> list[Row]:
        """Heads as the listener reads them, over all tokens and paths."""
        paths = self.world.post_paths if post else self.world.get_paths
        rows: list[Row] = []
        for number in range(max(len(self.world.tokens), len(paths))):
            token = self.world.tokens[number % len(self.world.tokens)]
            headers = [
                (b"Host", b"127.0.0.1:8080"),
                (b"User-Agent", b"wrk/4"),
                (b"Accept", b"application/json"),
                (b"Authorization", b"Bearer " + token.encode()),
            ]
            if post:
                headers += [
                    (b"Content-Type", b"application/json"),
                    (b"Content-Length", b"%d" % len(self.world.body)),
                ]
            fields = {name.lower(): value for name, value in headers}
            path = paths[number % len(paths)].encode()
            # As the listener reads them.
            rows.append(("POST" if post else "GET", path, headers, fields, "127.0.0.1", "http", "1.1"))
        return rows

    def runner(self, post: bool) -> Run:
        """Sends that many requests through."""
        texts = []
        for method, path, headers, *_ in self.requests(post):
            lines = b"".join([b"%b: %b\r\n" % header for header in headers])
            texts.append(
                b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode(), path, lines) + (self.world.body if post else b"")
            )
        clients, servers = self.clients, self.servers

        async def run(number: int) -> None:
            for index in range(0, number, CONNECTIONS):
                for offset, client in enumerate(clients):
                    client.data_received(texts[(index + offset) % len(texts)])
                await asyncio.sleep(0)
                for offset, server in enumerate(servers):
                    server.data_received(ANSWERS[(index // CONNECTIONS + offset) % len(ANSWERS)])
                await asyncio.sleep(0)

        return run

    def parts(self, post: bool) -> dict[str, Run]:
        """Each part by itself, by name, in the order of a request."""
        rows = self.requests(post)
        made = [Exchange(*row, time.monotonic()) for row in rows]
        router = self.runtime.router
        routes = [self._routed(exchange, self.world.body if post else None) for exchange in made]
        every = range(len(rows))

        def upstream_head(index: int) -> None:
            exchange, route = made[index], routes[index]
            request_head(exchange, route.prefix + exchange.path, route.lines)

        found: dict[str, Run] = {
            "(loop)": over(every, lambda index: None),
            "exchange": over(every, lambda index: Exchange(*rows[index], 0.0)),
            "request id": over(every, lambda index: request_id.choose(made[index].fields)),
            "normalise": over(every, lambda index: target.normalise(made[index].target, b"127.0.0.1:8080")),
            "route": over(every, lambda index: router.match(made[index].path)),
        }
        for policy in dict.fromkeys(policy for route in routes for policy in route.stages.policies):
            bound = [index for index in every if policy in routes[index].stages.policies]
            found[policy] = over(bound, stage(policy, made, routes))
        found["upstream head"] = over(every, upstream_head)
        for exchange in made:
            exchange.status, exchange.bytes_out = 200, len(CONTENT)
            exchange.ended_at = exchange.received_at + 0.0012
            exchange.upstream_sent_at = exchange.received_at + 0.0001
            exchange.upstream_first_byte_at = exchange.upstream_ended_at = exchange.received_at + 0.0011
        found["access log"] = over(every, lambda index: self.log.record(made[index]))
        found["counting"] = over(every, lambda index: self.counting.record(made[index]))
        found["usage"] = over(every, lambda index: self.usage.record(made[index]))
        return found

    def _routed(self, exchange: Exchange, body: bytes | None) -> Route:
        exchange.request_id = request_id.choose(exchange.fields)
        normal = target.normalise(exchange.target)
        assert isinstance(normal, tuple)
        exchange.path, exchange.query = normal
        found = self.runtime.router.match(exchange.path)
        assert found is not None
        methods, exchange.path_values = found
        route = methods[exchange.method].bind()
        exchange.version, exchange.operation = route.version, route.operation
        exchange.labels = route.stages.labels
        exchange.body = body
        return route


def over(indices: Sequence[int], each: Callable[[int], object]) -> Run:
    """Does it for the indices, again and again."""

    async def run(number: int) -> None:
        for step in range(number):
            each(indices[step % len(indices)])

    return run


def stage(policy: str, made: list[Exchange], routes: list[Route]) -> Callable[[int], None]:
    """A policy's stage, for an exchange that has passed those before it."""
    stages: list[Stage | None] = []
    for route in routes:
        bound = route.stages
        every = dict(zip(bound.policies, (*bound.head, *bound.body), strict=True))
        stages.append(every.get(policy))

    def each(index: int) -> None:
        exchange, decide = made[index], stages[index]
        assert decide is not None
        exchange.answer_headers = []
        assert decide(exchange) is ALLOW

    return each


async def cost(run: Run) -> float:
    """Microseconds of CPU for one of a batch."""
    before = time.process_time_ns()
    await run(BATCH)
    return (time.process_time_ns() - before) / BATCH / 1000


async def measure(rounds: int, parts: bool) -> dict[str, float]:
    """Medians over the rounds, by name."""
    made = world.build(tokens_each=5)
    with tempfile.TemporaryDirectory(prefix="ostiary-cost-") as directory:
        async with aiohttp.ClientSession() as session:
            benches = {
                policies: Bench(made, Path(directory) / str(policies), session, policies)
                for policies in (True, False)
            }
            runs: dict[str, Run] = {
                "get": benches[True].runner(post=False),
                "get_no_policies": benches[False].runner(post=False),
                "post": benches[True].runner(post=True),
                "post_no_policies": benches[False].runner(post=True),
            }
            for name, run in runs.items():
                await run(BATCH)
                bench = benches["no_policies" not in name]
                assert bench.clients[0]._transport.written.startswith(b"HTTP/1.1 200"), name  # type: ignore[attr-defined]
            if parts:
                runs |= {f"get: {name}": run for name, run in benches[True].parts(post=False).items()}
                runs |= {f"post: {name}": run for name, run in benches[True].parts(post=True).items()}
            samples: dict[str, list[float]] = {name: [] for name in runs}
            for _ in range(rounds):
                for name, run in runs.items():
                    samples[name].append(await cost(run))
                for bench in benches.values():
                    bench.log.flush()
    return {name: median(values) for name, values in samples.items()}


def elsewhere(root: Path, options: argparse.Namespace) -> dict[str, float]:
    """The same of another checkout, in a process of its own, by this very file."""
    command = [sys.executable, __file__, "--json", "--rounds", str(options.rounds)]
    command += ["--parts"] if options.parts else []
    done = subprocess.run(
        command, env={**os.environ, "OSTIARY_BENCH_ROOT": str(root)}, check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="of which the median counts (default 15)")
    parser.add_argument("--parts", action="store_true", help="each part by itself, too")
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="measure this one too, in turns")
    parser.add_argument("--turns", type=int, default=3, help="with --against (default 3)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if options.against is None:
        found = asyncio.run(measure(options.rounds, options.parts))
        if options.json:
            print(json.dumps(found))
            return
        for name, spent in found.items():
            print(f"{name:28} {spent:7.2f} µs")
        return
    ours: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    for _ in range(options.turns):
        for root, samples in ((options.against, theirs), (ROOT, ours)):
            for name, spent in elsewhere(root, options).items():
                samples.setdefault(name, []).append(spent)
    print(f"{'':28} {'there':>10} {'here':>10}   ratio")
    for name in theirs:
        there, here = median(theirs[name]), median(ours.get(name, [float("nan")]))
        print(f"{name:28} {there:7.2f} µs {here:7.2f} µs   {here / there:.2f}")


if __name__ == "__main__":
    main()
