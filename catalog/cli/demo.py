"""`ostiary demo`: a company's estate on this machine, with something behind it to call."""

import contextlib
import os
import secrets as random
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalog.cli.output import fail

if TYPE_CHECKING:
    from catalog.cli.processes import Family
    from catalog.cli.stack import Stack

STAND_IN_VERSION = "19.0"


def demo(
    once: Annotated[bool, typer.Option("--once", help="Make one call through each API, stop, exit 0.")] = False,
    port: Annotated[
        int, typer.Option(help="The gateway's port; another if it is taken.", min=0, max=65535)
    ] = 8080,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the estate, keys, store and logs in this directory.")
    ] = None,
    governed: Annotated[
        bool,
        typer.Option("--governed", help="The estate moves by change requests, of which one waits, not by edits."),
    ] = False,
) -> None:
    """Start a catalog, a gateway, an Odoo stand-in and a carrier on the loopback address, until Ctrl-C.

    Prints what is where, log-ins for the portal, working credentials, and curl lines that show each promise. A
    little traffic goes through the gateway meanwhile, so that the portal has something to show. With
    OSTIARY_DEMO_ODOO_URL, _DB, _USER and _KEY set, a real Odoo (17, 18 or 19) takes the stand-in's place.
    """
    from catalog.cli.processes import StartError, family
    from catalog.demo.tour import TourError

    began = time.monotonic()
    odoo = _real_odoo()
    with _directory(keep) as data:
        try:
            with family(data / "logs") as members:
                _run(members, data, 0 if once else port, odoo, once=once, governed=governed, began=began)
        except (StartError, TourError) as error:
            fail(str(error))
        except KeyboardInterrupt:
            typer.echo("\nStopped; nothing is left behind." if keep is None else f"\nStopped; kept in {data}.")


@dataclass(frozen=True, slots=True)
class RealOdoo:
    """An Odoo of the user's. JSON-2 came with 19; before it there is JSON-RPC."""

    url: str
    database: str
    user: str
    key: str = field(repr=False)
    version: int

    @property
    def protocol(self) -> str:
        return "json2" if self.version >= 19 else "jsonrpc"


def _real_odoo() -> RealOdoo | None:
    names = ("URL", "DB", "USER", "KEY")
    given = {name: os.environ.get(f"OSTIARY_DEMO_ODOO_{name}", "") for name in names}
    if not given["URL"]:
        return None
    missing = [f"OSTIARY_DEMO_ODOO_{name}" for name in names if not given[name]]
    if missing:
        fail(f"OSTIARY_DEMO_ODOO_URL is set, {', '.join(missing)} not")
    url = given["URL"].rstrip("/")
    return RealOdoo(url, given["DB"], given["USER"], given["KEY"], _version_of(url))


def _version_of(url: str) -> int:
    """The major version that an Odoo says it is (`common.version`, open to anyone)."""
    import json

    from catalog.demo.tour import fetch

    call = {"jsonrpc": "2.0", "params": {"service": "common", "method": "version", "args": []}, "id": 1}
    try:
        headers = {"Content-Type": "application/json"}
        answer = fetch(url + "/jsonrpc", method="POST", headers=headers, body=json.dumps(call).encode())
        version = int(json.loads(answer.body)["result"]["server_version_info"][0])
    except (OSError, ValueError, KeyError, TypeError) as error:
        fail(f"there is no Odoo at {url} ({type(error).__name__}: {error})")
    if not 17 <= version <= 19:
        fail(f"the Odoo at {url} is version {version}; the demonstration knows 17, 18 and 19")
    return version


@contextlib.contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="ostiary-demo-") as path:
        yield Path(path)


def _run(
    members: "Family",
    data: Path,
    port: int,
    odoo: RealOdoo | None,
    *,
    once: bool,
    governed: bool,
    began: float,
) -> None:
    from catalog.cli import stack
    from catalog.cli.follow import watch
    from catalog.cli.processes import choose_port
    from catalog.demo.people import ANSWERING
    from catalog.demo.tour import Visitor

    secrets = data / "upstream-secrets"
    secrets.mkdir(exist_ok=True, mode=0o700)
    urls = _start_upstreams(members, secrets, odoo, known_ports=port != 0)
    estate = _copy_estate(data / "estate", odoo)
    wanted = (0, 0, 0) if port == 0 else (port, 8082, 8081)
    ports = stack.Ports(*(choose_port(number) for number in wanted))
    running = stack.start(
        members,
        estate,
        data,
        ports,
        upstream_urls=urls,
        upstream_secrets=secrets,
        governed=governed,
        answering=ANSWERING,
    )
    visitor = Visitor(running.catalog_url, running.gateway_url, running.secrets)
    if once:
        visitor.short(typer.echo)
        typer.echo(
            f"One call through each API went as promised, {time.monotonic() - began:.1f} s after the start."
        )
        return
    from catalog.cli.demo_text import print_tour
    from catalog.demo.people import log_ins
    from catalog.demo.waiting import ask_for_access, propose

    people = log_ins(running.catalog_url, data / "catalog")
    if governed:
        propose(running.catalog_url, data / "catalog", estate)
    ask_for_access(running.catalog_url, data / "catalog")
    samples = visitor.samples()
    _start_traffic(members, running)
    pids = {child.name: child.process.pid for child in members.children}
    print_tour(running, urls, samples, pids, members.logs, people, time.monotonic() - began, governed=governed)
    # The tour invites to stop the catalog: the gateway goes on without it. The traffic comes to its end by itself.
    watch(members, may_end=("catalog", "traffic"))


def _start_traffic(members: "Family", running: "Stack") -> None:
    members.start(
        "traffic",
        [
            *("-m", "catalog.demo.traffic", "--catalog", running.catalog_url),
            *("--gateway", running.gateway_url, "--credentials", str(running.credentials)),
        ],
    )


def _start_upstreams(
    members: "Family", secrets: Path, odoo: RealOdoo | None, *, known_ports: bool
) -> Mapping[str, str]:
    """Starts what stands behind the gateway and puts its keys where the gateway looks; the URLs by name."""
    from catalog.cli.processes import choose_port

    keys = {
        "odoo-key": odoo.key if odoo is not None else random.token_hex(20),
        "carrier-key": random.token_hex(16),
    }
    for name, key in keys.items():
        path = secrets / name
        path.touch(mode=0o600)
        path.write_text(key, encoding="utf-8")
    carrier_port = choose_port(8090 if known_ports else 0)
    carrier = members.start(
        "carrier",
        ["-m", "catalog.demo.carrier", "--port", str(carrier_port), "--key", keys["carrier-key"]],
    )
    if odoo is None:
        odoo_port = choose_port(8069 if known_ports else 0)
        stand_in = members.start(
            "odoo",
            [
                *("-m", "catalog.demo.odoo", "--port", str(odoo_port), "--api-key", keys["odoo-key"]),
                *("--version", STAND_IN_VERSION),
            ],
        )
        members.wait_for_port(stand_in, odoo_port)
    members.wait_for_port(carrier, carrier_port)
    url = odoo.url if odoo is not None else f"http://127.0.0.1:{odoo_port}"
    return {"erp": url, "erp-rpc": url, "carrier": f"http://127.0.0.1:{carrier_port}"}


def _copy_estate(target: Path, odoo: RealOdoo | None) -> Path:
    """The sample estate, to be edited while it runs; its Odoo is the one that is there."""
    from importlib.resources import as_file, files

    if target.exists():
        return target
    with as_file(files("catalog.demo") / "estate") as source:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    if odoo is not None:
        path = target / "ostiary.yaml"
        text = path.read_text(encoding="utf-8")
        for before, after in (
            ("database: odoo19", f"database: {odoo.database}"),
            ("login: admin", f"login: {odoo.user}"),
            ("protocol: json2\n", f"protocol: {odoo.protocol}\n    login: {odoo.user}\n"),
        ):
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")
    return target
