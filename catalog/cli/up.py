"""`ostiary up`: an estate, running on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalog.cli.output import fail

if TYPE_CHECKING:
    from catalog.cli.stack import Stack


def up(
    estate: Annotated[Path, typer.Option(help="Directory of the estate.")],
    data: Annotated[Path, typer.Option(help="Where keys, store, logs and the last snapshot live.")] = Path(
        ".ostiary"
    ),
    port: Annotated[int, typer.Option(help="The gateway's port; 0 takes a free one.", min=0, max=65535)] = 8080,
    catalog_port: Annotated[
        int, typer.Option(help="The catalog's port; 0 takes a free one.", min=0, max=65535)
    ] = 8081,
    admin_port: Annotated[
        int, typer.Option(help="The gateway's admin port; 0 takes a free one.", min=0, max=65535)
    ] = 8082,
    secrets: Annotated[
        Path | None,
        typer.Option(help="Directory with one file per upstream credential; else $OSTIARY_SECRET_<NAME>."),
    ] = None,
) -> None:
    """Start a catalog and a gateway for an estate, and follow its edits, until Ctrl-C.

    The estate is checked first; an edit that breaks it is reported and what runs stays. Each application gets a
    client secret, kept for this user alone in DATA/credentials.json: for trying, not for production.
    """
    from catalog.cli import stack
    from catalog.cli.follow import watch
    from catalog.cli.processes import StartError, choose_port, family
    from catalog.estates import check
    from contracts.estate.estate import is_estate
    from contracts.findings import has_errors

    if not is_estate(estate):
        fail(f"{estate} is no estate: it has no ostiary.yaml", hint=f"ostiary init {estate}")
    findings = check(estate)
    for finding in findings:
        typer.echo(str(finding), err=True)
    if has_errors(findings):
        typer.echo("Not started: the estate has errors.", err=True)
        raise typer.Exit(1)
    data = data.absolute()
    ports = stack.Ports(choose_port(port), choose_port(admin_port), choose_port(catalog_port))
    try:
        with family(data / "logs") as members:
            running = stack.start(members, estate.absolute(), data, ports, upstream_secrets=secrets)
            _print(running, members.logs)
            watch(members)
    except StartError as error:
        fail(str(error))
    except KeyboardInterrupt:
        typer.echo("\nStopped.")


def _print(running: "Stack", logs: Path) -> None:
    typer.echo(f"Gateway      {running.gateway_url}")
    typer.echo(f"Catalog      {running.catalog_url}   (tokens: {running.catalog_url}/oauth/token)")
    typer.echo(f"Admin        {running.admin_url}/status")
    typer.echo(f"Logs         {logs}")
    typer.echo(f"Credentials  {running.credentials}")
    typer.echo()
    for client_id in running.secrets:
        typer.echo(
            f"  ostiary token --catalog {running.catalog_url} "
            f"--credentials {running.credentials} --client-id {client_id}"
        )
    typer.echo("\nCtrl-C stops both.")
