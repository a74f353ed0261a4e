"""What mediation adds to an Odoo's answer: `python tests/benchmarks/odoo_mediation.py`.

`GET /orders?limit=10` with the full chain, mediated to `search_read` over JSON-2, beside that very call made
directly; both at half of what the gateway mediates on its core, as requests that come at a fixed rate. An nginx
stands for Odoo and answers at once, so that all of the difference is the gateway's. It keeps the direct calls'
connections, which Odoo never does, and the gateway opens one for each call: what that costs is the gateway's too.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from catalog.cli.processes import choose_port
from contracts.operations import ApiVersion, MediaType, OdooBackend, OdooField, OdooFilter, Operation, Parameter
from contracts.operations import Response as Declared
from contracts.snapshot import Upstream
from tests.benchmarks import half_load, load, world
from tests.benchmarks.peers import nginx_command
from tests.benchmarks.processes import PeerError, Running, cores, running
from tests.benchmarks.setting import Setting

MODEL: Final = "sale.order"
SHOWN: Final = 10
CONNECTIONS: Final = 64
"""Those of the budget, at saturation all of them in use."""

FIELDS: Final = (
    OdooField("id", "id", "integer", writable=False),
    OdooField("number", "name", "text", writable=False),
    OdooField("status", "state", "text", writable=False),
    OdooField("customer", "partner_id", "reference"),
    OdooField("ordered_at", "date_order", "datetime"),
    OdooField("deliver_at", "commitment_date", "datetime"),
    OdooField("currency", "currency_id", "reference-name", writable=False),
    OdooField("total", "amount_total", "number", writable=False),
)
DIRECT: Final = {
    "domain": [["company_id", "=", 1]],
    "fields": [
        "id",
        "name",
        "state",
        "partner_id",
        "date_order",
        "commitment_date",
        "currency_id",
        "amount_total",
    ],
    "offset": 0,
    "limit": SHOWN,
    "order": "date_order desc, id",
}


def rows() -> list[dict[str, Any]]:
    """As Odoo answers: a many2one by id and name, and `false` for what is empty."""
    return [
        {
            "id": number,
            "name": f"S{number:05}",
            "state": "sale",
            "partner_id": [13, "Ready Mat"],
            "date_order": "2026-11-22 09:30:00",
            "commitment_date": False,
            "currency_id": [1, "EUR"],
            "amount_total": 1997.1,
        }
        for number in range(1, SHOWN + 1)
    ]


def version() -> ApiVersion:
    """One operation, with what a contract on an Odoo has."""
    mapping = OdooBackend(
        "backend",
        MODEL,
        "list",
        fields=FIELDS,
        filters=(OdooFilter("status", "state", "in", "text"),),
        domain=(["company_id", "=", 1],),
        order="date_order desc",
        limit_parameter="limit",
        default_limit=20,
        maximum_limit=100,
        item_property="data",
    )
    parameters = (
        Parameter("limit", "query", "form", True, {"type": "integer", "minimum": 1, "maximum": 100}),
        Parameter("status", "query", "form", False, {"type": "array", "items": {"type": "string"}}),
    )
    listed = Operation(
        "listOrders",
        "GET",
        "/orders",
        "/paths/~1orders/get",
        mapping,
        scopes=((world.SCOPE_READ,),),
        parameters=parameters,
        responses=(Declared("200", (MediaType("application/json"),)),),
        unknown_query="refuse",
    )
    return ApiVersion("bench", "v2", "Bench", "bench", "/bench/v2", "0" * 64, (listed,))


def figures(setting: Setting, rounds: int, seconds: float, missing: dict[str, str]) -> dict[str, float]:
    """Times in milliseconds, medians over the rounds; empty where they cannot be had, with why in `missing`."""
    directory, (_, load_core) = setting.directory, cores()
    mediated = load.Load(
        directory / "odoo-get", "GET", (f"/bench/v2/orders?limit={SHOWN}",), b"", setting.world.tokens
    )
    call = json.dumps(DIRECT).encode()
    direct = load.Load(directory / "odoo-call", "POST", (f"/json/2/{MODEL}/search_read",), call, ("a-key",))
    for one in (mediated, direct):
        one.write()
    try:
        with _odoo(directory, load_core) as odoo, _gateway(setting, odoo.port) as gateway:
            for warm in (1.0, seconds):
                saturated = load.measure(
                    mediated, gateway.port, load_core, connections=CONNECTIONS // 2, seconds=warm
                )
            rate = saturated.rps / 2
            ours, raw = [], []
            for _ in range(rounds):
                for what, peer, found in ((direct, odoo, raw), (mediated, gateway, ours)):
                    sample = half_load.measure(what, peer, rate, load_core, seconds, lambda: 1)
                    found.append(sample.measurement)
    except PeerError as error:
        missing["odoo_mediation"] = str(error)
        return {}
    found = {"rate": round(rate, 1)}
    for quantile in ("p50_ms", "p99_ms"):
        one, other = (median(getattr(each, quantile) for each in samples) for samples in (raw, ours))
        found |= {f"direct_{quantile}": round(one, 3), f"mediated_{quantile}": round(other, 3)}
        found[f"added_{quantile}"] = round(other - one, 3)
    return found


def table(row: dict[str, float]) -> list[str]:
    """Lines for a reader."""
    if not row:
        return []
    lines = ["", f"{'an Odoo, mediated':34}{'direct ms':>12}{'mediated ms':>16}{'added ms':>14}"]
    for quantile in ("p50", "p99"):
        cells = (row[f"{kind}_{quantile}_ms"] for kind in ("direct", "mediated", "added"))
        lines.append("{:34}{:>12.3f}{:>16.3f}{:>14.3f}".format(f"{quantile} at {row['rate']:,.0f}/s", *cells))
    return lines


@contextlib.contextmanager
def _odoo(directory: Path, core: int | None) -> Iterator[Running]:
    """An nginx that answers each call with the same rows."""
    port = choose_port(0)
    answer = json.dumps(rows())
    command = nginx_command(
        directory,
        "odoo",
        f"""server {{
            listen 127.0.0.1:{port} backlog=4096; default_type application/json;
            location /json/2/ {{ return 200 '{answer}'; }}
        }}""",
    )
    with running(command, core, directory / "odoo.log", port=port) as process:
        yield process


@contextlib.contextmanager
def _gateway(setting: Setting, odoo: int) -> Iterator[Running]:
    data, secrets = setting.directory / "odoo-gateway", setting.directory / "odoo-secrets"
    secrets.mkdir(exist_ok=True)
    (secrets / "odoo-key").write_text("a-key")
    url = f"http://127.0.0.1:{odoo}"
    key = Ed25519PrivateKey.generate()
    erp = Upstream("backend", "odoo", url, credential="odoo-key", connections=CONNECTIONS)
    world.Signed.of(setting.world, url, (version(),), key, upstream=erp).save(data, key)
    port = choose_port(0)
    command, path = setting.gateway()
    environment = {
        "OSTIARY_GATEWAY_PORT": str(port),
        "OSTIARY_GATEWAY_ADMIN_PORT": "0",
        "OSTIARY_GATEWAY_DATA": str(data),
        "OSTIARY_GATEWAY_SECRETS": str(secrets),
        "OSTIARY_GATEWAY_SNAPSHOT_KEY": world.public_key(key),
        "OSTIARY_GATEWAY_ACCESS_LOG": os.devnull,
        **path,
    }
    log = setting.directory / "odoo-gateway.log"
    with running(command, setting.core, log, environment=environment, port=port) as process:
        yield process


def main(arguments: list[str] | None = None) -> None:
    from gateway.compiling import hot_path

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of each of the two (default 3)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of a round (default 5)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    missing: dict[str, str] = {}
    packages = None
    try:
        packages = hot_path.build()
    except hot_path.CannotCompileError as error:
        missing["compiled_gateway"] = f"{error}; it is measured as pure Python"
    with tempfile.TemporaryDirectory(prefix="ostiary-bench-") as directory:
        setting = Setting(Path(directory), cores()[0], 0, world.build(), packages)
        found = figures(setting, options.rounds, options.seconds, missing)
    for name, reason in missing.items():
        print(f"{name}: {reason}", file=sys.stderr)
    print(json.dumps(found) if options.json else "\n".join(table(found)))


if __name__ == "__main__":
    main()
