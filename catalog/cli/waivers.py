"""`ostiary waivers`: single findings that are let pass, for a reason and a time."""

from typing import Annotated, Any, Literal

import typer

from catalog.cli.output import fail, note, print_json, print_table
from catalog.cli.remote import JsonOption, ProfileOption, connect

app = typer.Typer(
    help="Ask for waivers of single findings, and decide about them.",
    epilog="The fingerprint of a finding is what `ostiary plan` and `ostiary changes show` print behind it.",
    no_args_is_help=True,
)

Number = Annotated[int, typer.Argument(metavar="WAIVER", min=1, help="The waiver's number.")]
Comment = Annotated[str, typer.Option("--comment", "-m", help="Why. It stands in the audit log.")]


@app.command("list")
def list_waivers(
    unit: Annotated[str | None, typer.Option(help="Of this API alone, or of `estate`.")] = None,
    state: Annotated[
        Literal["requested", "granted", "refused", "revoked"] | None, typer.Option(help="In this state alone.")
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List waivers, the newest first."""
    found = list(connect(profile, as_json).pages("/waivers", unit=unit, state=state))
    if as_json:
        print_json(found)
    elif found:
        header = ("WAIVER", "UNIT", "STATE", "UNTIL", "RULE", "FINGERPRINT", "ASKED BY", "DECIDED BY")
        columns = ("number", "unit", "state", "expires", "rule", "fingerprint", "requested_by", "decided_by")
        ended = {"state": "granted, ended"}
        rows = [each if each["ended_at"] is None else each | ended for each in found]
        print_table(header, [tuple(str(each[column]) for column in columns) for each in rows])
    else:
        note("There is no such waiver.")


@app.command()
def request(
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="An API, or `estate`.")],
    fingerprint: Annotated[str, typer.Argument(metavar="FINGERPRINT", help="Of the finding.")],
    reason: Annotated[str, typer.Option(help="Why it may pass.")],
    expires: Annotated[str, typer.Option(metavar="DATE", help="The last day on which it may.")],
    consumer: Annotated[
        list[str] | None, typer.Option(help="A consumer whom it concerns. Again for several.")
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask that a finding of the unit's open change, or of what is in force, may pass. Somebody else decides."""
    from contracts.reports.waivers import day

    if day(expires) is None:
        fail(f"--expires takes a day in the calendar, not {expires!r}", hint="Such as 2027-04-01.")
    body = {
        "unit": unit,
        "fingerprint": fingerprint,
        "reason": reason,
        "expires": expires,
        "consumers": consumer or [],
    }
    _tell(connect(profile, as_json).call("POST", "/waivers", body).value, as_json)


@app.command()
def grant(waiver: Number, comment: Comment, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Let the finding pass. What it alone held back is published."""
    _decide(waiver, "grant", comment, profile, as_json)


@app.command()
def refuse(waiver: Number, comment: Comment, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Do not let the finding pass."""
    _decide(waiver, "refusal", comment, profile, as_json)


@app.command()
def revoke(waiver: Number, comment: Comment, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Take a waiver back, or the request for one."""
    _decide(waiver, "revocation", comment, profile, as_json)


def _decide(waiver: int, action: str, comment: str, profile: str | None, as_json: bool) -> None:
    remote = connect(profile, as_json)
    seen = remote.call("GET", f"/waivers/{waiver}").etag
    _tell(remote.call("POST", f"/waivers/{waiver}/{action}", {"comment": comment}, if_match=seen).value, as_json)


def _tell(waiver: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(waiver)
    else:
        typer.echo(
            f"waiver {waiver['number']} of {waiver['unit']} ({waiver['rule']}): "
            f"{waiver['state']}, until {waiver['expires']}"
        )
