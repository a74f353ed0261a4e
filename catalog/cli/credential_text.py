"""Credentials and revocations as text, for the terminal."""

from typing import Any, Final

import typer

from catalog.cli.output import print_table

CREDENTIALS: Final = ("ID", "KIND", "STATE", "APPLICATION", "TEAM", "OWNER", "FOR", "ENDS", "LAST USED")

_CALLED: Final = ("APPLICATION", "API", "VERSION", "OPERATION", "CALLS", "LAST")
_USES: Final = ("API", "VERSION", "SCOPE", "FIRST", "LAST")
_SHOWN: Final = (
    ("kind", "Kind"),
    ("state", "State"),
    ("environment", "Environment"),
    ("application", "Application"),
    ("team", "Team"),
    ("owner", "Owner"),
    ("purpose", "Purpose"),
    ("created_at", "Created"),
    ("created_by", "Created by"),
    ("expires_at", "Expires"),
    ("ends_at", "Ends"),
    ("last_used_at", "Last used"),
    ("last_used_from", "From"),
    ("last_used_for", "For API"),
    ("predecessor", "Replaces"),
    ("successor", "Replaced by"),
    ("revoked_at", "Revoked"),
    ("revoked_by", "Revoked by"),
    ("revoked_reason", "Why"),
)


def credential_row(each: dict[str, Any]) -> tuple[str, ...]:
    """A row below `CREDENTIALS`."""
    columns = (
        "key_id",
        "kind",
        "state",
        "application",
        "team",
        "owner",
        "purpose",
        "ends_at",
        "last_used_at",
    )
    return tuple(each[column] or "-" for column in columns)


def print_detail(found: dict[str, Any]) -> None:
    """One credential, and what its application called."""
    credential = found["credential"]
    typer.echo(credential["key_id"])
    for name, title in _SHOWN:
        if credential[name] is not None:
            typer.echo(f"  {title + ':':<14}{credential[name]}")
    for name, title in (("scopes", "Scopes"), ("networks", "Networks")):
        if credential[name]:
            typer.echo(f"  {title + ':':<14}{' '.join(credential[name])}")
    for each in found["history"]:
        typer.echo(f"  {each['at']} {each['action']} by {each['actor']}: {each['reason'] or '-'}")
    _print_uses(found["uses"])
    print_called(found["called"])


def print_done(done: dict[str, Any]) -> None:
    """What was revoked, or would be, and whom it reaches."""
    reached = done["reached"]
    if done["dry_run"]:
        typer.echo("Nothing was done. It would cut off:")
    elif done["signs_now"] is not None:
        typer.echo(f"The key is withdrawn, and {done['signs_now']} signs. Cut off, until they get other tokens:")
    elif done["credential"] is not None:
        typer.echo(f"{done['credential']['key_id']} is revoked. Cut off:")
    else:
        typer.echo(f"Revocation {done['revocation']['number']} is in force. Cut off:")
    for each in reached["applications"]:
        typer.echo(f"  {each['client_id']} of {each['consumer'] or '(a consumer that is gone)'}")
    if reached["credentials"]:
        typer.echo(f"  credentials: {', '.join(reached['credentials'])}")
    print_called(reached["called"])


def _print_uses(uses: list[dict[str, Any]]) -> None:
    if not uses:
        typer.echo("No gateway has seen it used.")
        return
    typer.echo("Used for:")
    columns = ("api", "version", "scope", "first_used_at", "last_used_at")
    print_table(_USES, [tuple(each[column] or "-" for column in columns) for each in uses], indent=2)


def print_called(called: list[dict[str, Any]]) -> None:
    if not called:
        typer.echo("Nothing was called in the last day.")
        return
    typer.echo("Called in the last day:")
    columns = ("application", "api", "version", "operation", "calls", "last_seen")
    print_table(_CALLED, [tuple(str(each[column]) for column in columns) for each in called], indent=2)
