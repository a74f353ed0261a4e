"""`ostiary odoo usage`: what legacy clients use of an Odoo, as the gateways counted it."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from catalog.cli.output import note, print_json, print_table
from catalog.cli.remote import JsonOption, ProfileOption, Remote, connect, segment

Api = Annotated[str, typer.Argument(help="The API whose contract guards Odoo's RPC.", show_default=False)]
Version = Annotated[str, typer.Option("--version", help="Its version.")]
Days = Annotated[int, typer.Option(min=1, max=400, help="How many days back.")]


def usage(
    api: Api,
    version: Version = "v1",
    client: Annotated[
        str | None, typer.Option("--client", help="Only this application.", show_default=False)
    ] = None,
    days: Days = 90,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what each legacy client uses of Odoo: methods of models, and fields it reads, filters by and writes.

    A client that names no fields gets all that are open, and so seems to read them all.
    """
    found = list(uses(connect(profile, as_json), api, version, client, days))
    if as_json:
        print_json({"uses": found})
        return
    if not found:
        note(f"No legacy client called Odoo by {api} {version} in {days} days.")
        return
    print_table(
        ("consumer", "application", "model", "used", "name", "calls", "last seen (UTC)"),
        [
            (
                each["consumer"] or "-",
                each["application"] or "(open to everyone)",
                each["model"],
                each["used"],
                each["name"],
                str(each["calls"]),
                each["last_seen"][:19].replace("T", " "),
            )
            for each in found
        ],
    )


def uses(remote: Remote, api: str, version: str, client: str | None, days: int) -> Iterator[Any]:
    """What is used through a version, each as the admin API shows it."""
    path = f"/apis/{segment(api)}/versions/{segment(version)}/guarded-calls"
    return remote.pages(path, application=client, days=days, limit=500)
