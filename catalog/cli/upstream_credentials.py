"""`ostiary upstream-credentials`: what gateways present to upstreams, who answers for it, how it is replaced."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from catalog.cli.output import fail, note, print_json, print_list, print_table
from catalog.cli.remote import JsonOption, ProfileOption, connect, segment

app = typer.Typer(
    help="See, set, replace and revoke what gateways present to upstreams.",
    epilog="A value is read from a file or from standard input, and is never printed.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As the estate names it (`credential:`).")]
Reason = Annotated[str, typer.Option("--reason", "-m", help="Why. It stands in the audit log.")]

_HEADER = ("NAME", "STATE", "ENDS", "VALUE", "TEAM", "OWNER", "UPSTREAMS", "LAST USED")


@app.command("list")
def list_credentials(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """List upstream credentials, and names in the estate that nobody has set here."""
    found = connect(profile, as_json).pages("/upstream-credentials")
    print_list(found, as_json, _HEADER, _row, "There is no upstream credential that is yours to see.")


@app.command()
def show(name: Name, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Show a credential: its values' dates, how it is replaced, and who depends on it."""
    _print(connect(profile, as_json).get(f"/upstream-credentials/{segment(name)}"), as_json)


@app.command("set")
def set_value(
    name: Name,
    value_file: Annotated[
        Path | None,
        typer.Option(help="File that holds the value. Without it the value is read from standard input."),
    ] = None,
    expires_days: Annotated[
        int, typer.Option(min=1, max=1098, help="Days for which the upstream takes it (Odoo: 90 at most).")
    ] = 90,
    keep_days: Annotated[
        int, typer.Option(min=0, max=90, help="Days for which the value before can be returned to.")
    ] = 7,
    team: Annotated[str | None, typer.Option(help="The team that answers for it. Needed the first time.")] = None,
    owner: Annotated[str | None, typer.Option(help="The member who does. Needed the first time.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What it is for. Needed the first time.")] = None,
    runbook: Annotated[str | None, typer.Option(help="How it is replaced, or where that is told.")] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a credential, or replace its value. Gateways take it up within seconds, without a restart."""
    given = {"team": team, "owner": owner, "purpose": purpose, "runbook": runbook}
    body: dict[str, Any] = {key: text for key, text in given.items() if text is not None}
    body |= {"value": _value(value_file), "expires_days": expires_days, "keep_days": keep_days}
    _print(connect(profile, as_json).call("PUT", f"/upstream-credentials/{segment(name)}", body).value, as_json)


@app.command("return")
def go_back(name: Name, reason: Reason, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Return to the value before, where the upstream does not take the new one."""
    remote = connect(profile, as_json)
    done = remote.call("POST", f"/upstream-credentials/{segment(name)}/return", {"reason": reason}).value
    _print(done, as_json)


@app.command("hand-over")
def hand_over(
    name: Name,
    team: Annotated[str, typer.Option(help="The team that answers for it from now on.")],
    owner: Annotated[str, typer.Option(help="The member of that team who does.")],
    reason: Reason,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let another member answer for a credential."""
    body = {"team": team, "owner": owner, "reason": reason}
    done = connect(profile, as_json).call("PUT", f"/upstream-credentials/{segment(name)}/owner", body).value
    _print(done, as_json)


@app.command()
def revoke(
    name: Name,
    reason: Reason,
    version: Annotated[int | None, typer.Option(min=1, help="This value alone; all of them without.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would break.")] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Throw values away at once. Shows which APIs and applications break, and what they called in the last day.

    Exit codes: 0 done, 1 refused, 2 bad input.
    """
    body: dict[str, Any] = {"reason": reason, "dry_run": dry_run}
    if version is not None:
        body["version"] = version
    remote = connect(profile, as_json)
    _print(remote.call("POST", f"/upstream-credentials/{segment(name)}/revocation", body).value, as_json)


@app.command()
def rewrap(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Wrap all data keys anew by the master key in use, after it was changed."""
    done = connect(profile, as_json).call("POST", "/master-key/rewrap").value
    if as_json:
        print_json(done)
    else:
        typer.echo(f"{done['rewrapped']} values are under {done['master_key']} now that were not before")


def _value(file: Path | None) -> str:
    try:
        if file is not None:
            return file.read_text(encoding="utf-8")
        if sys.stdin.isatty():
            return str(typer.prompt("Value", hide_input=True))
        return sys.stdin.read()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except UnicodeError:
        fail(f"{file or 'what is on standard input'} is not UTF-8")


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    return (
        each["name"],
        each["state"],
        (each["expires_at"] or "")[:10],
        str(each["current"] or ""),
        each["team"] or "",
        each["owner"] or "",
        ", ".join(each["upstreams"]),
        each["last_used_at"] or "",
    )


def _print(detail: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(detail)
        return
    credential, depending = detail["credential"], detail["depending"]
    print_table(_HEADER, [_row(credential)])
    typer.echo()
    values = ("version", "state", "created_at", "created_by", "expires_at", "kept_until", "revoked_at")
    header = ("VALUE", "STATE", "SINCE", "BY", "ENDS", "KEPT UNTIL", "REVOKED")
    print_table(header, [tuple(str(value[key] or "") for key in values) for value in credential["values"]])
    if credential["runbook"]:
        typer.echo(f"\nHow it is replaced: {credential['runbook']}")
    served = ", ".join(f"{each['api']} {each['version']} ({each['operations']})" for each in depending["apis"])
    typer.echo(f"\nAPI versions that need it (operations): {served or 'none'}")
    callers = ", ".join(f"{each['client_id']} of {each['consumer']}" for each in depending["applications"])
    typer.echo(f"Applications that may call them: {callers or 'none'}")
    if depending["called"]:
        typer.echo()
        keys = ("application", "api", "version", "operation", "calls", "last_seen")
        print_table(
            ("APPLICATION", "API", "VERSION", "OPERATION", "CALLS IN A DAY", "LAST"),
            [tuple(str(each[key]) for key in keys) for each in depending["called"]],
        )
    if detail["dry_run"]:
        note("Nothing was done.")
