"""`ostiary scorecards`: how well the APIs in force and their teams are governed, and what there is to mend."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from catalog.cli.output import FINDINGS, note, print_json
from catalog.cli.remote import JsonOption, ProfileOption, connect


class About(StrEnum):
    """What a card is of."""

    api = "api"
    team = "team"


def scorecards(
    name: Annotated[str | None, typer.Argument(help="Only this API or team.", show_default=False)] = None,
    about: Annotated[
        About | None, typer.Option(help="Only cards of APIs, or of teams.", show_default=False)
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="Only those of this team and of its APIs.", show_default=False)
    ] = None,
    least: Annotated[
        int, typer.Option(min=0, max=100, metavar="PERCENT", help="Fail where a score is below this.")
    ] = 0,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the scorecards of APIs and teams, the worst first, each with what it lacks and where that is mended.

    Exit codes: 0 shown, 1 where a score is below --least, 2 no catalog that could be asked.
    """
    remote = connect(profile, as_json)
    query = {"about": None if about is None else about.value, "name": name, "owner": owner}
    cards = list(remote.pages("/estate/scorecards", **query))
    if as_json:
        print_json(cards)
    else:
        for card in cards:
            _print(card)
        if not cards:
            note("There is no such API or team in force.")
    if any(card["score"] < least for card in cards):
        raise typer.Exit(FINDINGS)


def _print(card: dict[str, Any]) -> None:
    of = f" ({', '.join(card['apis'])})" if card["apis"] else ""
    line = f"{card['score']:3} %  {card['about']} {card['name']}{of}"
    typer.echo(typer.style(line, bold=True))
    for mark in card["marks"]:
        if mark["standing"] == "met":
            continue
        where = f"{mark['file']}, {mark['key']}" if mark["key"] else mark["file"]
        typer.echo(f"       {mark['standing']}: {mark['title']} ({', '.join(mark['concerned'])})")
        typer.echo(f"       {mark['why']} Mend it in {where}.")
