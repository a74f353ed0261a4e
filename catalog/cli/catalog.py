"""`ostiary catalog`: run the catalog, issue client secrets, print the key that gateways trust."""

from pathlib import Path
from typing import Annotated

import typer

from catalog.cli.backup import export, import_
from catalog.cli.local import Data, Days, Estate, open_settings, require_catalog, store_faults
from catalog.cli.member_token import member_token
from catalog.cli.output import fail, note, print_json

app = typer.Typer(
    help="Run the catalog: publish an estate, issue access tokens, serve gateways.",
    epilog="Every option has an environment variable; so have settings without an option, such as "
    "OSTIARY_CATALOG_UPSTREAM_URLS, OSTIARY_CATALOG_DATABASE_URL and OSTIARY_GATEWAY_TOKEN.",
    invoke_without_command=True,
    no_args_is_help=False,
)

app.command("member-token")(member_token)
app.command("export")(export)
app.command("import")(import_)


@app.callback()
def catalog(
    context: typer.Context,
    estate: Estate = None,
    data: Data = None,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on.", envvar="OSTIARY_CATALOG_HOST", show_default="127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="Port to listen on; 0 takes a free one.",
            min=0,
            max=65535,
            envvar="OSTIARY_CATALOG_PORT",
            show_default="8081",
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="Where clients and gateways reach the catalog; the issuer of its tokens.",
            envvar="OSTIARY_CATALOG_URL",
            show_default="from host and port",
        ),
    ] = None,
    port_file: Annotated[
        Path | None,
        typer.Option(
            help="Where to write the bound port as JSON once it listens.", envvar="OSTIARY_CATALOG_PORT_FILE"
        ),
    ] = None,
    watch: Annotated[
        bool | None,
        typer.Option(
            "--watch/--no-watch",
            help="Publish again whenever the estate changes.",
            envvar="OSTIARY_CATALOG_WATCH",
            show_default="watch",
        ),
    ] = None,
) -> None:
    """Run the catalog until SIGTERM or Ctrl-C."""
    if context.invoked_subcommand is not None:
        context.obj = {"estate": estate, "data": data}
        return
    settings = open_settings(
        estate=estate, data=data, host=host, port=port, url=url, port_file=port_file, watch=watch
    )
    from catalog.main import run

    raise typer.Exit(run(settings))


@app.command()
def issue(
    context: typer.Context,
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="The application, as in consumers.yaml.")],
    expires_days: Days = 90,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: Data = None,
    estate: Estate = None,
) -> None:
    """Issue a client secret to an application and print it, once.

    Works on the catalog's store, whether the catalog is running or not. Earlier secrets stay good until they
    expire. Exit code 2 when there is no such application.
    """
    given = context.obj or {}
    settings = open_settings(estate=estate or given.get("estate"), data=data or given.get("data"))
    require_catalog(settings)
    import asyncio
    from datetime import UTC, datetime

    from catalog.credentials.issuing import NobodyAnswers, TooLong, UnknownApplication, issue_secrets

    try:
        with store_faults():
            [issued] = asyncio.run(issue_secrets(settings, [client_id], expires_days))
    except UnknownApplication as error:
        known = f"Known are: {', '.join(error.known)}" if error.known else "The store and the estate have none."
        fail(str(error), hint=known)
    except NobodyAnswers as error:
        hint = "Give it one in consumers.yaml, or name a team: `ostiary credentials issue --team … --owner …`"
        fail(str(error), hint=hint)
    except TooLong as error:
        fail(str(error), hint=f"Take --expires-days {error.days} or less.")
    expires = datetime.fromtimestamp(issued.credential.expires_at, UTC).isoformat().replace("+00:00", "Z")
    if as_json:
        print_json(
            {
                "client_id": client_id,
                "client_secret": issued.secret,
                "key_id": issued.key_id,
                "expires_at": expires,
            }
        )
        return
    typer.echo(issued.secret)
    note(f"The secret of {client_id} until {expires}. It is stored nowhere and cannot be shown again.")


@app.command()
def keys(
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORY", help="Where the key files are or shall be.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the paths as one JSON array.")] = False,
) -> None:
    """Make the catalog's key files, those that are missing, without starting it.

    For a deployment that mounts them, such as a Kubernetes Secret. What is there stays and is checked.
    """
    from catalog.key_files import KeyFileError, load_keys

    try:
        load_keys(directory)
    except KeyFileError as error:
        fail(str(error))
    paths = sorted(directory.iterdir())
    if as_json:
        print_json([str(path) for path in paths])
        return
    for path in paths:
        typer.echo(path)


@app.command("public-key")
def public_key(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: Data = None,
) -> None:
    """Print the public key with which gateways verify snapshots (OSTIARY_GATEWAY_SNAPSHOT_KEY)."""
    settings = open_settings(data=data or (context.obj or {}).get("data"))
    from catalog.key_files import KeyFileError, load_snapshot_key, public_key_text

    try:
        key = load_snapshot_key(settings.keys_directory)
    except KeyFileError as error:
        fail(str(error))
    text = public_key_text(key.public_key())
    if as_json:
        print_json({"public_key": text})
    else:
        typer.echo(text)
