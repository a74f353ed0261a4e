"""`ostiary delegate`: hand a role to another member for a time, see who stands in for whom, take it back."""

from typing import Annotated

import typer

from catalog.cli.output import fail, note, print_json, print_list, print_table
from catalog.cli.remote import JsonOption, ProfileOption, connect, segment

app = typer.Typer(
    help="Hand a role of one's own to another member for a time.",
    epilog="What was handed over is not handed on, and nobody approves the giver's own changes by it.",
    no_args_is_help=True,
)

Reason = Annotated[str, typer.Option(help="Why. It stands in the audit log.")]


@app.command()
def grant(
    receiver: Annotated[str, typer.Argument(metavar="MEMBER", help="Who is to have the role.")],
    role: Annotated[str, typer.Argument(metavar="ROLE", help="A role of one's own.")],
    until: Annotated[str, typer.Option(metavar="DATE", help="When it ends: a day, or a moment (UTC).")],
    reason: Reason,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hand over a role, for 92 days at most."""
    body = {"receiver": receiver, "role": role, "until": _moment(until), "reason": reason}
    made = connect(profile, as_json).call("POST", "/delegations", body).value
    if as_json:
        print_json(made)
    else:
        typer.echo(
            f"{made['id']}: {made['receiver']} acts as {made['role']} for {made['giver']} until {made['until']}"
        )


@app.command("list")
def list_delegations(
    ended: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List who stands in for whom."""
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    found = [
        each
        for each in connect(profile, as_json).pages("/delegations")
        if ended or (each["revoked_at"] is None and datetime.fromisoformat(each["until"]) > now)
    ]
    if as_json:
        print_json(found)
    elif found:
        rows = [
            (each["id"], each["giver"], each["receiver"], each["role"], each["until"], each["revoked_at"] or "")
            for each in found
        ]
        print_table(("ID", "GIVER", "RECEIVER", "ROLE", "UNTIL", "TAKEN BACK"), rows)
    else:
        note("Nobody stands in for anybody.")


@app.command()
def decisions(
    giver: Annotated[str | None, typer.Option(metavar="MEMBER", help="In this member's name alone.")] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was decided in somebody's name, the newest first; for architects and security members."""
    columns = ("at", "giver", "receiver", "subject", "object", "action")
    header = ("WHEN", "IN THE NAME OF", "BY", "ABOUT", "WHICH", "DECIDED")
    found = connect(profile, as_json).pages("/delegated-decisions", giver=giver)
    print_list(
        found,
        as_json,
        header,
        lambda each: tuple(str(each[column]) for column in columns),
        "Nothing was decided in anybody's name.",
    )


@app.command()
def revoke(
    delegation: Annotated[str, typer.Argument(metavar="ID", help="The delegation.")],
    reason: Reason,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a delegation back: one that was given or received, or any for a security member."""
    remote = connect(profile, as_json)
    ended = remote.call("DELETE", f"/delegations/{segment(delegation)}", query={"reason": reason}).value
    if as_json:
        print_json(ended)
    else:
        typer.echo(f"{ended['id']} is taken back")


def _moment(text: str) -> str:
    from datetime import UTC, datetime

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--until {text!r} is no date, such as 2027-01-31 or 2027-01-31T12:00:00Z")
    return (
        (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat().replace("+00:00", "Z")
    )
