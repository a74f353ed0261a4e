"""`ostiary odoo findings`: what the catalog's own looks have found, and what gateways met."""

from typing import Annotated, Any, Literal

import typer

from catalog.cli.output import count, note, print_findings, print_json
from catalog.cli.remote import JsonOption, ProfileOption, connect


def findings(
    api: Annotated[str | None, typer.Option(help="Only this API.", show_default=False)] = None,
    version: Annotated[str | None, typer.Option(help="Only this version.", show_default=False)] = None,
    state: Annotated[
        Literal["open", "gone", "all"], typer.Option(help="What is open, what is gone, or both.")
    ] = "open",
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where contracts do not fit their Odoo, as the catalog knows it.

    It looks at each upstream's Odoo once a day and when a contract or a credential has changed, and gateways tell
    it of calls that could not be carried out as they are mapped. To look now, or before an upgrade, there is
    `ostiary odoo drift`.
    """
    remote = connect(profile, as_json)
    found = list(remote.pages("/odoo/drift", api=api, version=version, state=state, limit=500))
    looks = list(remote.pages("/odoo/looks"))
    if as_json:
        print_json({"findings": found, "looks": looks})
        return
    from contracts.findings import Finding, Place

    shown = []
    for each in found:
        place = Place(each["file"], each["line"], each["column"], each["pointer"])
        shown.append(
            Finding(place, each["rule"], f"{each['message']}; {each['fix']} ({_when(each)})", each["severity"])
        )
    print_findings(shown)
    typer.echo(f"{state if state != 'all' else 'open and gone'}: {count(shown)}")
    for look in looks:
        typer.echo(_look(look))
    if not looks:
        note("No Odoo was looked at yet.")


def _when(drift: dict[str, Any]) -> str:
    if drift["gone_at"] is not None:
        return f"from {_day(drift['first_seen'])} to {_day(drift['gone_at'])}"
    return f"since {_day(drift['first_seen'])}"


def _look(look: dict[str, Any]) -> str:
    if look["looked_at"] is None:
        return f"{look['upstream']}: is being looked at since {_day(look['begun_at'])}"
    what = f"nothing was seen: {look['error']}" if look["error"] else f"Odoo {look['odoo']}"
    return f"{look['upstream']}: looked at {_day(look['looked_at'])}: {what}"


def _day(moment: str) -> str:
    return moment[:16].replace("T", " ")
