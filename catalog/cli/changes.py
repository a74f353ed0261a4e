"""`ostiary changes`: change requests in a catalog, and deciding about them."""

from typing import Annotated, Any, Literal

import typer

from catalog.cli.output import note, print_json, print_list
from catalog.cli.remote import JsonOption, ProfileOption, Remote, connect

app = typer.Typer(
    help="See change requests and decide about them.",
    epilog="A change is proposed by `ostiary push`.",
    no_args_is_help=True,
)

Number = Annotated[int, typer.Argument(metavar="CHANGE", min=1, help="The change's number.")]
Comment = Annotated[str, typer.Option("--comment", "-m", help="What you say to it. It stands in the audit log.")]
StateName = Literal["open", "proposed", "approved", "published", "rejected", "withdrawn"]
RoleName = Literal["api-owner", "architect", "security", "operator"]


@app.command("list")
def list_changes(
    unit: Annotated[str | None, typer.Option(help="Of this API alone, or of `estate`.")] = None,
    state: Annotated[StateName | None, typer.Option(help="In this state alone.")] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List change requests, the newest first."""
    header = ("CHANGE", "UNIT", "STATE", "AUTHORS", "UPDATED", "MESSAGE")
    found = connect(profile, as_json).pages("/changes", unit=unit, state=state)
    print_list(found, as_json, header, _row, "There is no such change.")


@app.command()
def show(change: Number, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Show a change as it is now: what it does, whom it touches, what it needs, what happened to it."""
    remote = connect(profile, as_json)
    reply = remote.call("GET", f"/changes/{change}")
    if as_json:
        print_json({**reply.value, "etag": reply.etag})
        return
    from catalog.cli.change_text import of_impact, of_view

    for line in of_view(reply.value):
        typer.echo(line)
    if reply.value["change"]["state"] in ("proposed", "approved"):
        for line in of_impact(remote.get(f"/changes/{change}/impact")):
            typer.echo(line)
        typer.echo(f"\nTo approve exactly this: ostiary changes approve {change} --seen {reply.etag} -m …")


@app.command()
def approve(
    change: Number,
    seen: Annotated[str, typer.Option(help="What you looked at, as `changes show` prints it.")],
    comment: Comment,
    role: Annotated[
        RoleName | None,
        typer.Option("--as", help="In which of your roles.", show_default="the one that the fewest have"),
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Approve a change. It is published in the same moment where nothing else is missing.

    What is approved is what you looked at: where it, or what it is held against, has changed since, the catalog
    refuses.
    """
    remote = connect(profile, as_json)
    body = {"comment": comment} if role is None else {"comment": comment, "role": role}
    _tell(remote.call("POST", f"/changes/{change}/approval", body, if_match=seen).value, as_json)


@app.command()
def reject(change: Number, comment: Comment, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """End a change that is not to be."""
    _act(connect(profile, as_json), change, "rejection", {"comment": comment}, as_json)


@app.command()
def withdraw(change: Number, comment: Comment, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Take a change back."""
    _act(connect(profile, as_json), change, "withdrawal", {"comment": comment}, as_json)


@app.command()
def comment(
    change: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What you say.")],
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say something about a change. Whoever is about to decide is shown it first."""
    remote = connect(profile, as_json)
    _tell(remote.call("POST", f"/changes/{change}/comments", {"comment": text}).value, as_json)


@app.command()
def publish(change: Number, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Publish a change whose conditions are met, or be told which are not.

    The catalog does so of itself within seconds; this is for whoever will not wait.
    """
    _tell(connect(profile, as_json).call("POST", f"/changes/{change}/publication").value, as_json)


@app.command()
def emergency(
    change: Number,
    reason: Annotated[str, typer.Option(help="Why it cannot wait.")],
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish an open change without its conditions, for architects and operators.

    Every architect and security member is told, and another has to review it in time.
    """
    _act(connect(profile, as_json), change, "emergency", {"reason": reason}, as_json)


@app.command()
def review(change: Number, comment: Comment, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Say that an emergency change was looked at, if you had no part in it."""
    remote = connect(profile, as_json)
    _tell(remote.call("POST", f"/changes/{change}/review", {"comment": comment}).value, as_json)


def impact(
    change: Number,
    days: Annotated[int, typer.Option(min=1, max=400, help="Over how many days.")] = 90,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show whom a change touches: which applications do what it breaks, or may, and when they did last.

    Which parts of a response a client reads, no gateway sees: of a change in responses every caller is told.
    """
    found = connect(profile, as_json).get(f"/changes/{change}/impact", days=days)
    if as_json:
        print_json(found)
        return
    from catalog.cli.change_text import of_impact

    lines = list(of_impact(found))
    for line in lines:
        typer.echo(line.removeprefix("  "))
    if not lines:
        note("It breaks nobody, as far as anyone can tell.")


def _act(remote: Remote, change: int, action: str, body: dict[str, str], as_json: bool) -> None:
    """Decides about a change as it is at this moment."""
    seen = remote.call("GET", f"/changes/{change}").etag
    _tell(remote.call("POST", f"/changes/{change}/{action}", body, if_match=seen).value, as_json)


def _tell(view: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(view)
        return
    from catalog.cli.change_text import of_conditions

    change = view["change"]
    typer.echo(f"change {change['number']} of {change['unit']}: {change['state']}")
    for line in of_conditions([each for each in view["conditions"] if not each["met"]]):
        typer.echo(line)


def _row(change: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(change["number"]),
        change["unit"],
        change["state"],
        ", ".join(change["authors"]),
        change["updated_at"],
        change["message"].partition("\n")[0][:60],
    )
