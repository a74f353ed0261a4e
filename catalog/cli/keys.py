"""`ostiary keys`: the keys that sign access tokens."""

from typing import Annotated, Any

import typer

from catalog.cli.output import print_json, print_list
from catalog.cli.remote import JsonOption, ProfileOption, connect, segment

app = typer.Typer(
    help="See, rotate and withdraw the keys that sign access tokens.",
    epilog="The catalog rotates them by itself (OSTIARY_CATALOG_SIGNING_KEY_DAYS). Changing them is for security "
    "members and operators.",
    no_args_is_help=True,
)

Kid = Annotated[str, typer.Argument(metavar="KID", help="The key's id, as `list` shows it.")]
Reason = Annotated[str, typer.Option("--reason", "-m", help="Why. It stands in the audit log.")]


@app.command("list")
def list_keys(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """List the keys, the youngest first."""
    found = connect(profile, as_json).pages("/signing-keys")
    print_list(
        found,
        as_json,
        ("KID", "ALGORITHM", "STATE", "SIGNS FROM", "ENDED"),
        _row,
        "No key is recorded yet: the catalog has just started.",
    )


@app.command()
def rotate(
    reason: Reason,
    ahead: Annotated[
        int,
        typer.Option(min=0, max=10_080, metavar="MINUTES", help="Minutes until it signs; it is published now."),
    ] = 10,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the next key. When it begins the one before it retires, whose tokens stay good until they end."""
    body = {"ahead_minutes": ahead, "reason": reason}
    made = connect(profile, as_json).call("POST", "/signing-keys", body).value
    if as_json:
        print_json(made)
    else:
        typer.echo(f"{made['kid']} signs from {made['signs_from']}")


@app.command()
def retire(kid: Kid, reason: Reason, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """End a key before its time that does not sign. Tokens that it signed are refused from now on."""
    _end(kid, reason, False, profile, as_json)


@app.command()
def withdraw(
    kid: Kid,
    reason: Reason,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a key whose private half may be in wrong hands, whether it signs or not.

    Every token that it signed is refused at every gateway within a second; clients have to get new ones, which
    another key signs. It cannot be undone.
    """
    _end(kid, reason, True, profile, as_json)


def _end(kid: str, reason: str, withdrawn: bool, profile: str | None, as_json: bool) -> None:
    body = {"withdraw": withdrawn, "reason": reason}
    done = connect(profile, as_json).call("POST", f"/signing-keys/{segment(kid)}/end", body).value
    if as_json:
        print_json(done)
    else:
        typer.echo(f"{kid} is {done['ended']['state']}; {done['signing']['kid']} signs")


def _row(key: dict[str, Any]) -> tuple[str, ...]:
    return (key["kid"], key["algorithm"], key["state"], key["signs_from"], key["ended_at"] or "")
