"""`ostiary subscriptions`: that an application may call a version of an API, asked for and decided."""

from typing import Annotated, Any, Literal

import typer

from catalog.cli.output import print_json, print_list
from catalog.cli.remote import JsonOption, ProfileOption, connect

app = typer.Typer(
    help="Ask that an application may call a version of an API, and decide about it.",
    epilog="A partner developer of the consumer's team asks; an owner of the API decides.",
    no_args_is_help=True,
)

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The request's number.", min=1)]
Reason = Annotated[str, typer.Option("--reason", "-m", help="Why. It stands in the audit log.")]
Seen = Annotated[
    int | None,
    typer.Option(metavar="VERSION", help="What `show` called its version; with another nothing is decided."),
]


@app.command("list")
def list_requests(
    application: Annotated[
        str | None, typer.Option(metavar="CLIENT_ID", help="Of this application alone.")
    ] = None,
    api: Annotated[str | None, typer.Option(metavar="NAME", help="To this API alone.")] = None,
    state: Annotated[
        Literal["requested", "approved", "refused", "withdrawn", "replaced", "ended"] | None,
        typer.Option(help="In this state alone."),
    ] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Those alone that are yours to decide.")] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List requests, the newest first."""
    header = ("NUMBER", "STATE", "APPLICATION", "API", "VERSION", "PLAN", "SCOPES", "ASKED BY", "DECIDED BY")
    found = connect(profile, as_json).pages(
        "/subscription-requests", application=application, api=api, state=state, mine=mine or None
    )
    print_list(found, as_json, header, _row, "There is no such request.")


@app.command()
def show(number: Number, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Show what is asked for and why, and what was decided."""
    reply = connect(profile, as_json).call("GET", f"/subscription-requests/{number}")
    if as_json:
        print_json(reply.value)
        return
    found = reply.value
    _tell(found)
    for title, text in (
        ("Scopes", " ".join(found["scopes"]) or "none"),
        ("Asked", f"{found['requested_by']}, {found['requested_at']}: {found['reason']}"),
        ("Decided", found["decided_by"] and f"{found['decided_by']}, {found['decided_at']}: {found['decision']}"),
        ("Version", reply.etag),
    ):
        if text:
            typer.echo(f"  {title + ':':<10}{text}")


@app.command()
def request(
    application: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="The application.")],
    api: Annotated[str, typer.Argument(metavar="API", help="The API's name.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its version, such as v1.")],
    plan: Annotated[str, typer.Option(help="The plan that is to meter it.")],
    reason: Reason,
    scope: Annotated[list[str] | None, typer.Option(help="A scope that it needs. Repeat.")] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask for a subscription, also in place of what the application has. An owner of the API is told."""
    body = {
        "application": application,
        "api": api,
        "version": version,
        "plan": plan,
        "scopes": scope or [],
        "reason": reason,
    }
    _done(connect(profile, as_json).call("POST", "/subscription-requests", body).value, as_json)


@app.command()
def approve(
    number: Number, reason: Reason, seen: Seen = None, profile: ProfileOption = None, as_json: JsonOption = False
) -> None:
    """Approve a request that another member made; gateways are told at once."""
    _decide(number, "approval", reason, seen, profile, as_json)


@app.command()
def refuse(
    number: Number, reason: Reason, seen: Seen = None, profile: ProfileOption = None, as_json: JsonOption = False
) -> None:
    """Refuse a request that another member made."""
    _decide(number, "refusal", reason, seen, profile, as_json)


@app.command()
def withdraw(number: Number, reason: Reason, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Take back a request, or end the subscription that came of it."""
    path = f"/subscription-requests/{number}/withdrawal"
    _done(connect(profile, as_json).call("POST", path, {"reason": reason}).value, as_json)


def _decide(number: int, action: str, reason: str, seen: int | None, profile: str | None, as_json: bool) -> None:
    remote, path = connect(profile, as_json), f"/subscription-requests/{number}"
    version = remote.call("GET", path).etag if seen is None else str(seen)
    _done(remote.call("POST", f"{path}/{action}", {"reason": reason}, if_match=version).value, as_json)


def _done(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(made)
    else:
        _tell(made)


def _tell(made: dict[str, Any]) -> None:
    what = f"{made['application']} ({made['consumer']}) to {made['api']} {made['version']} by {made['plan']}"
    typer.echo(f"Request {made['number']} is {made['state']}: {what}")


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(each["number"]),
        each["state"],
        f"{each['application']} ({each['consumer']})",
        each["api"],
        each["version"],
        each["plan"],
        " ".join(each["scopes"]) or "-",
        each["requested_by"],
        each["decided_by"] or "-",
    )
