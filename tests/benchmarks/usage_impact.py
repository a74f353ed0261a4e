"""How long the question takes whom a change touches: 90 days of 200 APIs that 1,000 applications call each day.

`python tests/benchmarks/usage_impact.py` fills a SQLite store with rows as gateways' batches leave them, and asks
about two APIs: one like all others, and the busiest there can be, of which every application calls every operation
every day, with all that is asked about. Each question is asked by a process that has just opened the store.
"""

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from catalog.clock import DAY  # noqa: E402
from catalog.storage.engine import Store  # noqa: E402  the script's own packages
from catalog.usage.impact import ImpactReport, impact_of  # noqa: E402
from catalog.usage.periods import month_of  # noqa: E402
from catalog.usage.queries import UsageQueries  # noqa: E402
from contracts.diff.changes import Change  # noqa: E402
from contracts.diff.context import Options  # noqa: E402
from contracts.diff.contract import contract_of  # noqa: E402
from contracts.diff.diff import diff  # noqa: E402
from contracts.documents.document import parse  # noqa: E402
from contracts.estate_files import UpstreamEntry  # noqa: E402
from contracts.openapi.compile import VersionContext, compile_version  # noqa: E402
from contracts.operations import ApiVersion  # noqa: E402
from contracts.snapshot import Application, Subscription  # noqa: E402

NOW = 1_795_000_000
BUSY_OPERATIONS = 5
FIELDS = 20
_ROWS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last}) "


@dataclass(frozen=True)
class Size:
    apis: int = 200
    applications: int = 1_000
    days: int = 90


def contract(name: str, *, changed: bool = False) -> str:
    """An API of `BUSY_OPERATIONS` operations with `FIELDS` fields in a body; `changed`, it breaks all it can."""
    fields = {
        # Each of its own length, for what changes in equal schemas is told once.
        f"f{number}": {"type": "string", "enum": ["a"] if changed else ["a", "b"], "maxLength": 9 + number}
        for number in range(1 if changed else 0, FIELDS)
    }
    body = {"type": "object", "properties": fields, "additionalProperties": False}
    parameter = {"name": "q", "in": "query", "required": changed, "schema": {"type": "string"}}
    paths = {
        f"/r{number}": {
            "post": {
                "operationId": f"op{number}",
                "parameters": [parameter],
                "requestBody": {"content": {"application/json": {"schema": body}}},
                "responses": {"200": {"description": "Done"}},
                "security": [],
            }
        }
        for number in range(BUSY_OPERATIONS)
    }
    return json.dumps({"openapi": "3.1.0", "info": {"title": name, "version": "1"}, "paths": paths})


def compiled(name: str) -> ApiVersion:
    document, findings = parse(contract(name), "v1.json")
    assert document is not None, findings
    upstreams = {"shop": UpstreamEntry(url="http://127.0.0.1")}
    context = VersionContext(
        api=name, version="v1", title=name, owner="team", upstream="shop", upstreams=upstreams, load=lambda _: None
    )
    version, findings = compile_version(document, context)
    assert version is not None, findings
    return version


def changes(name: str) -> tuple[Change, ...]:
    """All that breaks: parameters that become required, fields that go, values that are gone."""
    (base, _), (revision, _) = (contract_of(contract(name, changed=changed)) for changed in (False, True))
    assert base is not None
    assert revision is not None
    return diff(base, revision, Options(date(2026, 1, 1)))


def fill(path: Path, size: Size) -> int:
    """Rows as batches leave them, made by the database itself; how many. The first API is the busy one."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous = OFF")
    first_day = NOW - NOW % DAY - (size.days - 1) * DAY
    callers = size.apis * size.applications + (BUSY_OPERATIONS - 1) * size.applications
    database.execute(
        _ROWS.format(last=callers - 1) + "INSERT INTO usage_callers "
        "SELECT i + 1, 'api-' || CASE WHEN i < :plain THEN i / :apps ELSE 0 END, 'v1', "
        "'op' || CASE WHEN i < :plain THEN 0 ELSE 1 + (i - :plain) / :apps END, 'app-' || (i % :apps), "
        "'consumer-' || (i % :apps / 10), :first, :now - i % 86400 FROM n",
        {"plain": size.apis * size.applications, "apps": size.applications, "first": first_day, "now": NOW},
    )
    database.execute(
        _ROWS.format(last=size.days - 1) + "INSERT INTO usage_days "
        "SELECT c.id, :first + i * 86400, s.status, 3, 9000, 600, 2, 1, 0, 0 FROM usage_callers c, n, "
        "(SELECT '200' AS status UNION ALL SELECT '4xx') s WHERE s.status = '200' OR c.api = 'api-0' "
        "ORDER BY c.id, i, s.status",
        {"first": first_day},
    )
    months = sorted({month_of(first_day + number * DAY) for number in range(size.days)})
    sights = [("accepted", "", ""), ("body", "", ""), ("query", "q", "")]
    sights += [("body", f"/f{number}", value) for number in range(FIELDS) for value in ("", '"a"', '"b"')]
    database.execute("CREATE TEMP TABLE sights (kind, name, value)")
    database.executemany("INSERT INTO sights VALUES (?, ?, ?)", sights)
    database.execute("CREATE TEMP TABLE months (month)")
    database.executemany("INSERT INTO months VALUES (?)", [(month,) for month in months])
    database.execute(
        "INSERT INTO usage_sights (api, version, operation, kind, name, value) "
        "SELECT o.api, o.version, o.operation, s.kind, s.name, s.value "
        "FROM (SELECT DISTINCT api, version, operation FROM usage_callers) o, sights s "
        "WHERE o.api = 'api-0' OR s.kind != 'body' OR (s.name IN ('', '/f0') AND s.value = '')"
    )
    database.execute(
        "INSERT INTO usage_seen SELECT s.id, c.id, m.month, 80, c.last_seen FROM usage_sights s, usage_callers c, "
        "months m WHERE (c.api, c.version, c.operation) = (s.api, s.version, s.operation) "
        "ORDER BY s.id, c.id, m.month"
    )
    database.commit()
    rows = sum(
        database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("usage_days", "usage_seen")
    )
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return int(rows)


async def ask(url: str, name: str, applications: tuple[Application, ...]) -> tuple[ImpactReport, float, float]:
    """The report, and how many seconds it took on the clock and of CPU, with the diff and the contract at hand."""
    base, found = compiled(name), changes(name)
    store = Store.open(url)
    began, used = time.perf_counter(), time.process_time()
    report = await impact_of(UsageQueries(store), lambda: NOW, base, found, applications)
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    await store.close()
    return report, seconds, cpu


async def made(directory: Path, size: Size) -> tuple[str, int]:
    """A filled store: its URL, and how many rows it has."""
    path = directory / "usage.db"
    url = f"sqlite+aiosqlite:///{path}"
    store = Store.open(url)
    await store.migrate()
    await store.close()
    return url, fill(path, size)


def subscribers(size: Size) -> tuple[Application, ...]:
    """Those who call, and one of which nothing was seen."""
    names = [f"app-{number}" for number in range(size.applications)] + ["silent"]
    subscriptions = (Subscription("api-0", "v1", "gold", ()), Subscription("api-1", "v1", "gold", ()))
    return tuple(Application(name, name, "consumer", subscriptions) for name in names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    size = Size()
    with tempfile.TemporaryDirectory(prefix="ostiary-usage-") as directory:
        began = time.perf_counter()
        url, rows = asyncio.run(made(Path(directory), size))
        print(f"{rows:,} rows in {time.perf_counter() - began:.0f} s")
        for title, name in (("an API like the others", "api-1"), ("the busiest API", "api-0")):
            times, used = [], []
            for _ in range(options.rounds):
                report, seconds, cpu = asyncio.run(ask(url, name, subscribers(size)))
                times.append(seconds)
                used.append(cpu)
            touched, impacts = len(report.touched), len(report.impacts)
            print(
                f"{title}: {impacts} changes that break, {touched} applications touched, "
                f"{median(times):.2f} s, {median(used):.2f} s of CPU (first {times[0]:.2f} s)"
            )


if __name__ == "__main__":
    main()
