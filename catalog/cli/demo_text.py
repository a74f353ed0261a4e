"""What `ostiary demo` prints: what is where, and lines to copy into another terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import typer

from catalog.cli.stack import Stack
from catalog.demo.people import LogIn
from catalog.demo.tour import VARIABLES, Samples, curl, steps

_SHOWN: Final = 5  # recovery codes of a person


def print_tour(
    running: Stack,
    upstreams: Mapping[str, str],
    samples: Samples,
    pids: Mapping[str, int],
    logs: Path,
    people: Mapping[str, LogIn],
    seconds: float,
    *,
    governed: bool,
) -> None:
    """Prints the tour; `pids` are the processes by name, `people` the portal's log-ins by member."""
    _title(f"Ostiary is up after {seconds:.1f} s")
    rows = [
        ("Gateway", running.gateway_url, "what partners call", pids["gateway"]),
        ("Catalog", running.catalog_url, "tokens, keys, snapshots", pids["catalog"]),
        ("Odoo", upstreams["erp"], "serves orders and partners", pids.get("odoo")),
        ("Carrier", upstreams["carrier"], "serves shipments", pids["carrier"]),
    ]
    for name, url, what, pid in rows:
        process = f"process {pid}" if pid is not None else "your own"
        typer.echo(f"  {name:<10} {url:<24} {what:<28} {process}")
    typer.echo(f"  {'Admin':<10} {running.admin_url + '/status'}")
    typer.echo(f"  {'Portal':<10} {running.catalog_url + '/portal'}")
    edit = "edit it, and `ostiary push`" if governed else "edit it: what is right is in force at once"
    typer.echo(f"  {'Estate':<10} {running.data / 'estate'}   ({edit})")
    typer.echo(f"  {'Logs':<10} {logs}")
    _title(f"Three people: log in at {running.catalog_url}/portal")
    widest = max((len(each.person.what) for each in people.values()), default=0)
    for each in people.values():
        typer.echo(f"  {each.person.member:<6} {each.person.what:<{widest}}  password {each.password}")
        if each.app_key:
            typer.echo(f"  {'':<6} second factor: a code of an authenticator app with the key {each.app_key},")
            typer.echo(f"  {'':<6} or one of these, each once: {'  '.join(each.recovery_codes[:_SHOWN])}")
    if not governed:
        typer.echo("  A change that waits for an architect is there with `ostiary demo --governed`.")
    _title("Three applications: their tokens, for the lines below")
    for client_id, name in VARIABLES.items():
        secret = running.secrets[client_id]
        typer.echo(
            f"{name}=$(curl -sS -u '{client_id}:{secret}' -d grant_type=client_credentials "
            f'{running.catalog_url}/oauth/token | sed \'s/.*"access_token": *"\\([^"]*\\)".*/\\1/\')'
        )
    _title("Each promise, as a call")
    for step in steps(samples):
        _line(step.shows, curl(step, running.gateway_url))
    _line(
        "The plan's limit: ten calls a minute, then 429 with Retry-After",
        "for i in $(seq 12); do curl -sS -o /dev/null -w '%{http_code} ' "
        f'-H "Authorization: Bearer $REPORTS" {running.gateway_url}/partners/v1/partners; done; echo',
    )
    _line("What is enforced on each operation", f"ostiary routes {running.data / 'estate'}")
    _line(
        "What the gateway saw: who, which operation, which decision, how long", f"tail -n 3 {logs / 'access.log'}"
    )
    _line(
        "Stop the catalog: the gateway goes on, and would start again from its disk",
        f"kill {pids['catalog']}; {curl(steps(samples)[0], running.gateway_url)}",
    )
    typer.echo("\nCtrl-C stops everything and leaves nothing behind.")


def _title(text: str) -> None:
    typer.secho(f"\n{text}", bold=True)


def _line(shows: str, command: str) -> None:
    typer.secho(f"# {shows}", fg="green")
    typer.echo(command)
