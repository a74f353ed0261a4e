"""How many client-credentials tokens a catalog issues on one core, with SQLite and ES256.

`python tests/benchmarks/token_endpoint.py` runs a catalog process on one core, whose ledger has secrets of many
applications, and asks it on a few connections, each time with the secret of another application. Beside tokens by
the wall clock, which the callers share the machine for, it tells them by the seconds of CPU that the process took:
that is what one core can do.
"""

import argparse
import asyncio
import base64
import json
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from catalog.credentials.secrets import generate  # noqa: E402  the script's own packages
from catalog.key_files import load_keys  # noqa: E402
from catalog.storage.engine import Store  # noqa: E402
from tests.catalog.processes import Process, catalog  # noqa: E402

ENVIRONMENT = "bench"
_DAY = 86_400


@dataclass(frozen=True)
class Measured:
    """Of one run: tokens, seconds by the wall clock and of CPU, and each answer's milliseconds."""

    tokens: int
    seconds: float
    cpu: float
    milliseconds: list[float]

    @property
    def per_second(self) -> float:
        return self.tokens / self.seconds

    @property
    def per_cpu_second(self) -> float:
        return self.tokens / self.cpu


def estate(folder: Path, applications: int) -> Path:
    """One API, and applications that may call it."""
    folder.mkdir()
    (folder / "ostiary.yaml").write_text(
        "name: bench\nupstreams: { erp: { url: 'http://127.0.0.1:9' } }\n"
        "plans: { all: { limits: { a: 9/second } } }\n"
    )
    people = "members: { ines: { name: Ines, email: ines@acme.example, roles: [api-owner] } }"
    (folder / "teams.yaml").write_text(f"teams: {{ a: {{ title: A, contact: a@acme.example, {people} }} }}\n")
    entry = "{ title: A, subscriptions: [{ api: orders, version: v1, plan: all, scopes: ['orders:read'] }] }"
    lines = "".join(f"      app-{number}: {entry}\n" for number in range(applications))
    consumers = "consumers:\n  acme:\n    title: Acme\n    contact: a@acme.example\n    applications:\n"
    (folder / "consumers.yaml").write_text(consumers + lines)
    api = folder / "apis" / "orders"
    api.mkdir(parents=True)
    (api / "api.yaml").write_text(
        "title: Orders\nowner: a\ncontact: a@acme.example\nupstream: erp\nclassification: internal\n"
        "versions: { v1: {} }\nplans: [all]\n"
    )
    flows = {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {"orders:read": "Read"}}}
    operation = {
        "operationId": "list",
        "security": [{"o": ["orders:read"]}],
        "responses": {"200": {"description": "y"}},
    }
    contract = {
        "openapi": "3.1.0",
        "info": {"title": "Orders", "version": "1.0.0"},
        "servers": [{"url": "/orders/v1"}],
        "paths": {"/orders": {"get": operation}},
        "components": {"securitySchemes": {"o": {"type": "oauth2", "flows": flows}}},
    }
    (api / "v1.openapi.yaml").write_text(json.dumps(contract))
    return folder


async def fill(data: Path, applications: int) -> list[str]:
    """A secret for each application, written as the ledger writes it; the values of `Authorization`."""
    store = Store.open(f"sqlite+aiosqlite:///{data / 'catalog.db'}")
    await store.migrate()
    await store.close()
    pepper, now = load_keys(data / "keys").pepper, int(time.time())
    secrets = [generate(ENVIRONMENT) for _ in range(applications)]
    with closing(sqlite3.connect(data / "catalog.db")) as database:
        columns = {row[1]: row[2:5] for row in database.execute("PRAGMA table_info(credentials)")}
        for number, secret in enumerate(secrets):
            known = {
                "key_id": secret.key_id,
                "kind": "client-secret",
                "application": f"app-{number}",
                "environment": ENVIRONMENT,
                "digest": secret.digest(pepper),
                "created_at": now,
                "expires_at": now + 90 * _DAY,
            }
            row = {
                name: known.get(name, _neutral(kind))
                for name, (kind, needed, default) in columns.items()
                if name in known or (needed and default is None)
            }
            database.execute(
                f"INSERT INTO credentials ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
            )
        database.commit()
    pairs = (f"app-{number}:{secret.text}" for number, secret in enumerate(secrets))
    return [base64.b64encode(pair.encode()).decode() for pair in pairs]


def _neutral(kind: str) -> object:
    """What a column has that says nothing here."""
    return "[]" if kind == "TEXT" else "" if kind.startswith("VARCHAR") else 0


class Caller:
    """A connection on which one request follows the other."""

    def __init__(self, process: Process) -> None:
        host, _, port = process.url.removeprefix("http://").partition(":")
        self._address = host, int(port)
        self.milliseconds: list[float] = []

    async def run(self, authorizations: list[str], ends: float) -> None:
        reader, writer = await asyncio.open_connection(*self._address)
        body = b"grant_type=client_credentials"
        try:
            for each in cycle(authorizations):
                began = time.monotonic()
                if began >= ends:
                    return
                writer.write(
                    b"POST /oauth/token HTTP/1.1\r\nHost: c\r\nAuthorization: Basic %b\r\n"
                    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%b"
                    % (each.encode(), len(body), body)
                )
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
                answer = await reader.readexactly(int(length.partition(b":")[2]))
                if not head.startswith(b"HTTP/1.1 200"):
                    raise RuntimeError(f"no token: {answer!r}")
                self.milliseconds.append((time.monotonic() - began) * 1000)
        finally:
            writer.close()


async def measure(folder: Path, *, applications: int, connections: int, seconds: float) -> Measured:
    """One run, after a second to warm up."""
    data = folder / "data"
    authorizations = await fill(data, applications)
    settings = {
        "OSTIARY_CATALOG_ESTATE": str(estate(folder / "estate", applications)),
        "OSTIARY_CATALOG_ENVIRONMENT": ENVIRONMENT,
        "OSTIARY_CATALOG_WATCH": "0",
        "OSTIARY_CATALOG_LOG_LEVEL": "warning",
    }
    with catalog(folder, **settings) as process:
        os.sched_setaffinity(process.process.pid, {max(os.sched_getaffinity(0))})
        await _call(process, authorizations, connections, min(1.0, seconds))
        before, began = _cpu(process.process.pid), time.monotonic()
        callers = await _call(process, authorizations, connections, seconds)
        times = [each for caller in callers for each in caller.milliseconds]
        return Measured(len(times), time.monotonic() - began, _cpu(process.process.pid) - before, times)


async def _call(process: Process, authorizations: list[str], connections: int, seconds: float) -> list[Caller]:
    callers = [Caller(process) for _ in range(connections)]
    ends, share = time.monotonic() + seconds, max(1, len(authorizations) // connections)
    parts = [authorizations[number * share :] or authorizations for number in range(connections)]
    await asyncio.gather(*(caller.run(part, ends) for caller, part in zip(callers, parts, strict=True)))
    return callers


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process took, with all its threads."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def told(measured: Measured) -> str:
    """In one line."""
    ordered = sorted(measured.milliseconds)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return (
        f"{measured.per_second:7.0f} tokens/s by the clock, {measured.per_cpu_second:7.0f} a second of CPU; "
        f"median {median(ordered):.1f} ms, p99 {p99:.1f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applications", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = asyncio.run(
            measure(
                Path(folder),
                applications=given.applications,
                connections=given.connections,
                seconds=given.seconds,
            )
        )
    print(told(measured))


if __name__ == "__main__":
    main()
