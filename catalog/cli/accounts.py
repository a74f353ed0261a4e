"""`ostiary accounts`: how members log in to the catalog's pages: invite, reset, disable, and end sessions."""

from typing import Annotated

import typer

from catalog.cli.output import note, print_json, print_table
from catalog.cli.remote import JsonOption, ProfileOption, Remote, connect, segment

app = typer.Typer(
    help="See how members log in; invite, reset and disable; end sessions.",
    epilog="For security members and operators. Whom roles give more than a password (security, architect), "
    "security members alone see to.",
    no_args_is_help=True,
)

Who = Annotated[str, typer.Argument(metavar="MEMBER", help="The member's key in teams.yaml.")]
Reason = Annotated[str, typer.Option("--reason", "-m", help="Why. It stands in the audit log.")]
Hours = Annotated[int, typer.Option(min=1, max=168, help="How long the code is good.")]


@app.command("list")
def list_accounts(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """List the members of all teams with how each can log in."""
    found = list(connect(profile, as_json).pages("/accounts"))
    if as_json:
        print_json(found)
        return
    header = ("MEMBER", "PASSWORD SINCE", "FACTORS", "SESSIONS", "INVITED UNTIL", "DISABLED SINCE")
    rows = [
        (
            each["member"],
            each["password_set_at"] or "",
            ", ".join(each["factors"]) or ("none, and needs one" if each["factor_demanded"] else ""),
            str(each["sessions"]),
            each["invited_until"] or "",
            each["disabled_at"] or "",
        )
        for each in found
    ]
    print_table(header, rows)


@app.command()
def invite(member: Who, hours: Hours = 72, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Make a code by which a member sets its password, and print it, once."""
    _invite(connect(profile, as_json), member, hours, resets_factors=False)


@app.command()
def reset(member: Who, hours: Hours = 24, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """The same for who has lost password or second factor: with the new password the second factors end."""
    _invite(connect(profile, as_json), member, hours, resets_factors=True)


@app.command()
def disable(member: Who, reason: Reason, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Shut an account and end its sessions. Member tokens are revoked one by one."""
    remote = connect(profile, as_json)
    done = remote.call("POST", f"/accounts/{segment(member)}/disablement", {"reason": reason}).value
    _print(done, f"{member} is disabled", as_json)


@app.command()
def enable(member: Who, reason: Reason, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Open an account again, as it was."""
    remote = connect(profile, as_json)
    done = remote.call("DELETE", f"/accounts/{segment(member)}/disablement", query={"reason": reason}).value
    _print(done, f"{member} is enabled", as_json)


@app.command()
def sessions(member: Who, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """List the sessions of a member that hold now. One's own anybody may see."""
    found = list(connect(profile, as_json).pages(f"/accounts/{segment(member)}/sessions"))
    if as_json:
        print_json(found)
    elif found:
        header = ("ID", "BY", "FROM", "SINCE", "LAST SEEN", "BROWSER")
        columns = ("address", "created_at", "seen_at", "agent")
        print_table(
            header,
            [
                (each["reference"], "+".join(each["methods"]), *(each[column] for column in columns))
                for each in found
            ],
        )
    else:
        note("There is no session.")


@app.command("end-sessions")
def end_sessions(
    member: Who,
    reason: Reason,
    session: Annotated[str | None, typer.Option(metavar="ID", help="Only this one.")] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Log a member out, at once."""
    remote = connect(profile, as_json)
    query = {"reason": reason, "reference": session}
    done = remote.call("DELETE", f"/accounts/{segment(member)}/sessions", query=query).value
    _print(done, f"sessions of {member} that ended: {done['ended']}", as_json)


def _invite(remote: Remote, member: str, hours: int, *, resets_factors: bool) -> None:
    body = {"hours": hours, "resets_factors": resets_factors}
    made = remote.call("POST", f"/accounts/{segment(member)}/invitation", body).value
    if remote.as_json:
        print_json(made)
        return
    typer.echo(made["code"])
    note(f"For {member} alone, until {made['expires_at']}, to be typed at {made['url']}")
    note("It is stored nowhere and cannot be shown again.")


def _print(done: object, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        typer.echo(sentence)
