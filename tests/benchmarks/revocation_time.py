"""How long calls still pass once a revocation was answered, by a gateway with two workers.

`python tests/benchmarks/revocation_time.py` keeps connections of one application calling, cuts it off and lets it
in again, many times. Of each round it takes the time from the catalog's answer to the last call that was sent
after that and still let through; 0 where none was. `--keys` puts so many API keys into the ledger first, of which
every gateway gets all.
"""

import argparse
import asyncio
import hashlib
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from catalog.cli import stack  # noqa: E402  the script's own packages
from catalog.cli.processes import choose_port, family  # noqa: E402
from catalog.demo import carrier  # noqa: E402
from catalog.demo.tour import Visitor  # noqa: E402
from catalog.people.issuing import issue_member_token  # noqa: E402
from catalog.settings import CatalogSettings  # noqa: E402
from tests.support.valkey import valkey  # noqa: E402

APPLICATION, GUARD = "aurora-shop", "ruth"
PATH = "/shipments/v1/shipments/SHP-000001"
CARRIER_KEY = "carrier-key-of-the-benchmark"
_DAY = 86_400


@dataclass(frozen=True)
class Times:
    """Of all rounds, in milliseconds: until the revocation was answered, and from then on until nothing passed."""

    answered: list[float]
    passed: list[float]

    def by_name(self) -> dict[str, list[float]]:
        return {"until the catalog's answer, ms": self.answered, "calls still passed for, ms": self.passed}


def told(values: Sequence[float]) -> str:
    ordered = sorted(values)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"median {median(ordered):7.1f}   p99 {p99:7.1f}   most {ordered[-1]:7.1f}"


class Caller:
    """A connection on which one call follows the other. `passed` is when the last one was sent that passed."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.request = f"GET {PATH} HTTP/1.1\r\nHost: gw\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        self.calls, self.status, self.passed = 0, 0, 0.0

    async def run(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            while True:
                sent = time.monotonic()
                writer.write(self.request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
                await reader.readexactly(int(length.partition(b":")[2]))
                self.status = int(head.split(b" ")[1])
                self.calls += 1
                if self.status == 200:
                    self.passed = sent
        finally:
            writer.close()


async def rounds(running: stack.Stack, guard: str, count: int, connections: int) -> Times:
    """Cuts the application off and lets it in again, `count` times."""
    visitor = Visitor(running.catalog_url, running.gateway_url, running.secrets)
    token = await asyncio.to_thread(visitor.token, APPLICATION)
    callers = [Caller(int(running.gateway_url.rpartition(":")[2]), token) for _ in range(connections)]
    tasks = [asyncio.create_task(each.run()) for each in callers]
    times = Times([], [])
    admin, headers = running.catalog_url + "/admin/v1/revocations", {"Authorization": f"Bearer {guard}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(count):
            await _all(callers, 200)
            began = time.monotonic()
            async with session.post(admin, json={"application": APPLICATION, "reason": "measured"}) as answer:
                done: Any = await answer.json()
                assert answer.status == 200, done
            answered = time.monotonic()
            await _all(callers, 401)
            last = max(each.passed for each in callers)
            times.answered.append((answered - began) * 1000)
            times.passed.append(max(0.0, (last - answered) * 1000))
            number = done["revocation"]["number"]
            async with session.delete(f"{admin}/{number}", params={"reason": "measured"}) as answer:
                assert answer.status == 200, await answer.text()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return times


async def _all(callers: list[Caller], status: int) -> None:
    """Until each connection was answered so."""
    while any(each.status != status for each in callers):
        await asyncio.sleep(0.001)


def fill(database: Path, keys: int) -> None:
    """Puts good API keys into the ledger."""
    now = int(time.time())
    rows = (
        (f"key{number:012d}", APPLICATION, hashlib.sha256(b"%d" % number).digest(), now, now + 90 * _DAY)
        for number in range(keys)
    )
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.executemany(
            "INSERT INTO credentials (key_id, kind, application, digest, team, owner, purpose, scopes, networks,"
            " created_at, created_by, expires_at, ends_at, predecessor, successor, revoked_by, revoked_reason)"
            " VALUES (?1, 'api-key', ?2, ?3, 'logistics', 'jonas', '', '[]', '[]',"
            " ?4, 'jonas', ?5, ?5, '', '', '', '')",
            rows,
        )


async def measure(directory: Path, count: int, connections: int, keys: int) -> Times:
    """Starts all of it in a directory, and measures."""
    (directory / "secrets").mkdir()
    for name in ("odoo-key", "carrier-key"):
        (directory / "secrets" / name).write_text(CARRIER_KEY)
    with as_file(files("catalog.demo") / "estate") as source:
        estate = shutil.copytree(source, directory / "estate")
    limits = estate / "ostiary.yaml"
    limits.write_text(limits.read_text().replace("burst: 20/second, per-day: 50000/day", "burst: 1000000/second"))
    async with carrier.serve(CARRIER_KEY) as url:
        with family(directory / "logs") as members:
            running = await asyncio.to_thread(
                lambda: stack.start(
                    members,
                    estate,
                    directory / "data",
                    stack.Ports(choose_port(0), choose_port(0), choose_port(0)),
                    upstream_urls={"carrier": url},
                    upstream_secrets=directory / "secrets",
                )
            )
            data = directory / "data" / "catalog"
            if keys:
                await asyncio.to_thread(fill, data / "catalog.db", keys)
            guard = await issue_member_token(CatalogSettings(estate=estate, data=data), GUARD, 1, "benchmark")
            return await rounds(running, guard.text, count, connections)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--keys", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with valkey() as server, tempfile.TemporaryDirectory() as directory:
        workers = {"OSTIARY_GATEWAY_WORKERS": "2", "OSTIARY_GATEWAY_ACTIVE_WORKERS": "2"}
        os.environ |= workers | {"OSTIARY_GATEWAY_STATE_URL": server.url}
        times = asyncio.run(measure(Path(directory), given.rounds, given.connections, given.keys))
    named = times.by_name()
    lines = [f"{name:<32} {told(values)}" for name, values in named.items()]
    print(json.dumps(named) if given.json else "\n".join(lines))


if __name__ == "__main__":
    main()
