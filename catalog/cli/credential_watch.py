"""`ostiary credentials rotations`, `enforcement` and `views`: how far clients and gateways are."""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer

from catalog.cli.output import note, print_json, print_list, print_table
from catalog.cli.remote import JsonOption, ProfileOption, connect

_ROTATIONS: Final = ("APPLICATION", "PROGRESS", "OLD", "LAST USED", "ENDS", "NEW", "LAST USED")
_GATEWAYS: Final = ("GATEWAY", "STATE", "SINCE", "LAST SEEN")


def rotations(
    application: Annotated[str | None, typer.Option(help="Of this application alone.")] = None,
    consumer: Annotated[str | None, typer.Option(help="Of this consumer's applications.")] = None,
    team: Annotated[str | None, typer.Option(help="For which this team answers.")] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List rotations under way, those that end first first, and whether their clients have moved."""
    found = connect(profile, as_json).pages("/rotations", application=application, consumer=consumer, team=team)
    print_list(found, as_json, _ROTATIONS, _rotation, "No rotation is under way.")


def enforcement(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Show which gateway processes enforce what is published, with every revocation in it.

    Exit codes: 0 all that ask do, 1 some do not yet.
    """
    far = connect(profile, as_json).get("/enforcement")
    if as_json:
        print_json(far)
    else:
        if far["gateways"]:
            rows = [(each["gateway"], each["state"], each["since"], each["seen_at"]) for each in far["gateways"]]
            print_table(_GATEWAYS, rows)
        note(
            f"snapshot {far['serial']}: {far['enforcing']} enforce it, {far['behind']} do not yet, "
            f"{far['silent']} are silent"
        )
    if far["behind"]:
        raise typer.Exit(1)


def views(
    room: Annotated[str, typer.Option(help="ledger or audit.")] = "ledger",
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the questions that one keeps by a name, as the portal's addresses have them."""
    found = connect(profile, as_json).pages("/views", room=room)
    print_list(
        found,
        as_json,
        ("NAME", "QUESTION", "SAVED"),
        lambda each: (each["name"], urlencode(each["query"]), each["saved_at"]),
        "You keep none.",
    )


def _rotation(each: dict[str, Any]) -> tuple[str, ...]:
    old, new = each["old"], each["new"]
    return (
        old["application"],
        each["progress"],
        old["key_id"],
        old["last_used_at"] or "never",
        old["ends_at"],
        new["key_id"],
        new["last_used_at"] or "never",
    )
