"""`ostiary feeds`: what is new about an API or for a consumer, for a feed reader and by e-mail."""

from typing import Annotated, Any, Literal

import typer

from catalog.cli.output import note, print_json, print_list
from catalog.cli.remote import JsonOption, ProfileOption, connect, segment

app = typer.Typer(
    help="Follow what is new about an API, or for a consumer.",
    epilog="A feed's address opens that feed to whoever has it, and nothing else.",
    no_args_is_help=True,
)


@app.command("list")
def list_feeds(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """List your feeds."""
    found = connect(profile, as_json).pages("/feeds")
    print_list(found, as_json, ("ID", "OF", "BY E-MAIL", "SINCE"), _row, "You follow nothing.")


@app.command()
def follow(
    kind: Annotated[Literal["api", "consumer"], typer.Argument(help="What it is about.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which one.")],
    mail: Annotated[bool, typer.Option("--mail", help="What is new comes by e-mail, too.")] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a feed, and print its address, once."""
    body = {"kind": kind, "name": name, "mail": mail}
    made = connect(profile, as_json).call("POST", "/feeds", body).value
    if as_json:
        print_json(made)
        return
    typer.echo(made["address"])
    note("Its address is stored nowhere and cannot be shown again.")


@app.command()
def end(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The feed's id.")],
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a feed: its address opens nothing any more."""
    made = connect(profile, as_json).call("DELETE", f"/feeds/{segment(key_id)}").value
    if as_json:
        print_json(made)
    else:
        typer.echo(f"{made['key_id']} is ended")


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    return each["key_id"], f"{each['kind']} {each['name']}", "yes" if each["mail"] else "no", each["created_at"]
