"""`ostiary cache`: answers that gateways keep, and having them forgotten."""

from typing import Annotated, Any

import typer

from catalog.cli.output import print_json, print_list
from catalog.cli.remote import JsonOption, ProfileOption, connect

app = typer.Typer(
    help="Have gateways forget answers that they keep.",
    epilog="What is kept, and for how long, is said by the policy `cache` in contracts and manifests.",
    no_args_is_help=True,
)


@app.command()
def purge(
    api: Annotated[str, typer.Option(help="The API.")],
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why. It stands in the audit log.")],
    version: Annotated[str, typer.Option(help="One of its versions: v1.")] = "",
    operation: Annotated[str, typer.Option(help="One operation of that version, by its operationId.")] = "",
    path: Annotated[str, typer.Option(help="One path, as clients call it.")] = "",
    tag: Annotated[str, typer.Option(help="Answers with this tag.")] = "",
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Drop the answers of an API, a version, an operation, a path or a tag, at every gateway within a second.

    For security members, operators, and owners of the API.
    """
    named = {"api": api, "version": version, "operation": operation, "path": path, "tag": tag, "reason": reason}
    body = {name: value for name, value in named.items() if value}
    made = connect(profile, as_json).call("POST", "/purges", body).value
    if as_json:
        print_json(made)
    else:
        typer.echo(f"{_what(made)} is purged")


@app.command("purges")
def list_purges(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """List the purges of the last two weeks, the newest first."""
    found = connect(profile, as_json).pages("/purges")
    header = ("WHAT", "PURGED", "BY", "WHY")
    print_list(found, as_json, header, _row, "Nothing was purged in the last two weeks.")


def _row(purged: dict[str, Any]) -> tuple[str, ...]:
    return (_what(purged), purged["purged_at"], purged["purged_by"], purged["reason"])


def _what(purged: dict[str, Any]) -> str:
    if purged["path"]:
        return str(purged["path"])
    if purged["tag"]:
        return f"{purged['api']}#{purged['tag']}"
    return "/".join(purged[part] for part in ("api", "version", "operation") if purged[part])
