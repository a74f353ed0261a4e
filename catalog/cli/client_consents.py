"""`ostiary consents`: what members let applications do in their name, and how to end it."""

from typing import Annotated, Any, Literal

import typer

from catalog.cli.output import print_json, print_list
from catalog.cli.remote import JsonOption, ProfileOption, connect, segment

app = typer.Typer(
    help="See what members let applications do, and end it.",
    epilog="Everybody's for security members and operators; else one's own.",
    no_args_is_help=True,
)

Reason = Annotated[str, typer.Option("--reason", "-m", help="Why. It stands in the audit log.")]
Member = Annotated[str | None, typer.Option(help="Of this member alone.")]
Client = Annotated[str | None, typer.Option("--application", help="For this application alone.")]


@app.command("list")
def list_consents(
    member: Member = None,
    application: Client = None,
    state: Annotated[
        Literal["active", "expired", "withdrawn"] | None, typer.Option(help="In this state alone.")
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List consents, the newest first: a member's for an application, until a date."""
    chosen = {"member": member, "client_id": application, "state": state}
    header = ("CONSENT", "MEMBER", "APPLICATION", "STATE", "UNTIL", "SCOPES")
    columns = ("id", "member", "client_id", "state", "expires_at")
    found = connect(profile, as_json).pages("/oauth/consents", **chosen)
    print_list(
        found,
        as_json,
        header,
        lambda each: (*_texts(each, columns), " ".join(each["scopes"])),
        "There is no such consent.",
    )


@app.command()
def withdraw(
    consent: Annotated[str, typer.Argument(metavar="CONSENT", help="The consent's id.")],
    reason: Reason,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Withdraw a consent. All tokens that came of it are worth nothing within a second."""
    path, query = f"/oauth/consents/{segment(consent)}", {"reason": reason}
    made = connect(profile, as_json).call("DELETE", path, query=query).value
    if as_json:
        print_json(made)
    else:
        typer.echo(f"{made['client_id']} may not act for {made['member']} any more")


@app.command()
def grants(
    member: Member = None,
    application: Client = None,
    state: Annotated[
        Literal["active", "ended", "idle", "expired"] | None, typer.Option(help="In this state alone.")
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List grants, the newest first: what came of one authorisation, with its refresh tokens."""
    chosen = {"member": member, "client_id": application, "state": state}
    header = ("GRANT", "MEMBER", "APPLICATION", "STATE", "SINCE", "LAST USED", "UNTIL", "WHY ENDED")
    columns = ("id", "member", "client_id", "state", "created_at", "last_used_at", "expires_at")
    found = connect(profile, as_json).pages("/oauth/grants", **chosen)
    print_list(
        found,
        as_json,
        header,
        lambda each: (*_texts(each, columns), each["ended_reason"] or ""),
        "There is no such grant.",
    )


@app.command()
def end(
    grant: Annotated[str, typer.Argument(metavar="GRANT", help="The grant's id.")],
    reason: Reason,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """End one grant with all its tokens. The consent stays: the application may ask for another."""
    path, query = f"/oauth/grants/{segment(grant)}", {"reason": reason}
    made = connect(profile, as_json).call("DELETE", path, query=query).value
    if as_json:
        print_json(made)
    else:
        typer.echo(f"{made['id']} of {made['member']} to {made['client_id']} is ended")


def _texts(each: dict[str, Any], columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(each[column]) for column in columns)
