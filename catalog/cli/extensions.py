"""`ostiary extensions`: who may go on calling a version past its end."""

from typing import Annotated, Any

import typer

from catalog.cli.moments import moment
from catalog.cli.output import print_json, print_table
from catalog.cli.remote import JsonOption, ProfileOption, Remote, connect
from catalog.clock import rfc3339

app = typer.Typer(no_args_is_help=True, help="Dated extensions: an application goes on past a version's end.")

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The extension's number.", min=1)]
Comment = Annotated[str, typer.Option("--comment", "-m", help="Why. It stands in the audit log.")]

_HEADER = ("NUMBER", "STATE", "APPLICATION", "API", "VERSION", "UNTIL", "ASKED BY", "DECIDED BY")


@app.command("list")
def list_extensions(
    api: Annotated[str | None, typer.Option("--api", metavar="NAME", help="Of this API alone.")] = None,
    state: Annotated[
        str | None, typer.Option("--state", help="requested, granted, refused, withdrawn or revoked.")
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List extensions, the newest first, also those that have ended."""
    found = list(connect(profile, as_json).pages("/extensions", api=api, state=state))
    if as_json:
        print_json(found)
    elif not found:
        typer.echo("There is no extension.")
    else:
        print_table(_HEADER, [_row(each) for each in found])


@app.command("request")
def request(
    application: Annotated[str, typer.Argument(metavar="APPLICATION", help="The application's client id.")],
    api: Annotated[str, typer.Argument(metavar="API", help="The API's name.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its version, such as v1.")],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Until when it is spared (UTC).")],
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why.")],
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask that an application may call a version until a date after its sunset.

    Another member decides, who is an architect. Exit code 1 when it is refused.
    """
    seconds = moment("--until", until)
    body = {
        "application": application,
        "api": api,
        "version": version,
        "until": rfc3339(seconds),
        "reason": reason,
    }
    _tell(connect(profile, as_json).call("POST", "/extensions", body).value, as_json)


@app.command("grant")
def grant(number: Number, comment: Comment, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Grant an extension that another member asked for; gateways are told at once."""
    _decide(connect(profile, as_json), number, "grant", comment)


@app.command("refuse")
def refuse(number: Number, comment: Comment, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Refuse an extension that another member asked for."""
    _decide(connect(profile, as_json), number, "refusal", comment)


@app.command("revoke")
def revoke(number: Number, comment: Comment, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """End an extension that was granted, before its date."""
    _decide(connect(profile, as_json), number, "revocation", comment)


@app.command("withdraw")
def withdraw(number: Number, comment: Comment, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Take back a request of one's own that nobody has decided."""
    path = f"/extensions/{number}/withdrawal"
    _tell(connect(profile, as_json).call("POST", path, {"comment": comment}).value, as_json)


def _decide(remote: Remote, number: int, what: str, comment: str) -> None:
    """Decides about the state that is there now."""
    path = f"/extensions/{number}"
    etag = remote.call("GET", path).etag
    decided = remote.call("POST", f"{path}/{what}", {"comment": comment}, if_match=etag)
    _tell(decided.value, remote.as_json)


def _tell(extension: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(extension)
        return
    what = f"{extension['application']} on {extension['api']} {extension['version']} until {extension['until']}"
    typer.echo(f"Extension {extension['number']} is {extension['state']}: {what}")


def _row(extension: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(extension["number"]),
        extension["state"],
        f"{extension['application']} ({extension['consumer']})",
        extension["api"],
        extension["version"],
        extension["until"].removesuffix("T00:00:00Z"),
        extension["requested_by"],
        extension["decided_by"] or "-",
    )
