"""`ostiary applications`: a consumer's applications, as its people see them, and what they have to change."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from catalog.cli.output import fail, note, print_json, print_list
from catalog.cli.remote import JsonOption, ProfileOption, connect, segment
from catalog.cli.usage import By, show_points
from catalog.clock import rfc3339

app = typer.Typer(
    help="See a consumer's applications, register one, and see what they have to change by when.",
    epilog="For partner developers of the consumer's team, and those who own APIs or decide.",
    no_args_is_help=True,
)

ClientId = Annotated[str, typer.Argument(metavar="CLIENT_ID", help="The application's client id.")]
JsonFile = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="A JSON file.")
]


@app.command("list")
def list_applications(
    consumer: Annotated[str | None, typer.Option(metavar="NAME", help="Of this consumer alone.")] = None,
    text: Annotated[
        str | None, typer.Option("--with", metavar="TEXT", help="With this in the client id or the title.")
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List applications, by client id."""
    header = ("CLIENT ID", "TITLE", "CONSUMER", "MAY CALL")
    found = connect(profile, as_json).pages("/applications", consumer=consumer, q=text)
    print_list(found, as_json, header, _item, "There is no such application, or none that is yours to see.")


@app.command()
def show(client_id: ClientId, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Show what an application may call, by whose word, and how it proves who it is."""
    found = connect(profile, as_json).get(f"/applications/{segment(client_id)}")
    if as_json:
        print_json(found)
        return
    typer.echo(f"{found['client_id']}: {found['title']}, of {found['consumer']}")
    if found["cut_off"]:
        typer.echo("  It is cut off.")
    typer.echo(f"  Proves itself by: {', '.join(found['auth_methods'])}")
    typer.echo(f"  Gets tokens by:   {', '.join(found['grants'])}")
    for each in found["subscriptions"]:
        word = f"request {each['request']}" if each["request"] is not None else each["origin"]
        ends = f", ends {(each['extended_until'] or each['sunset'])[:10]}" if each["sunset"] else ""
        scopes = " ".join(each["scopes"]) or "no scope"
        typer.echo(f"  {each['api']} {each['version']} by {each['plan']}: {scopes} ({word}{ends})")


@app.command()
def register(
    metadata: JsonFile,
    consumer: Annotated[str, typer.Option(metavar="NAME", help="Whose application it is to be.")],
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a client by the metadata in a file (RFC 7591), and print its secret, once.

    It opens nothing before a security member or an operator approves it.
    """
    body = {"consumer": consumer, "metadata": _read(metadata)}
    made = connect(profile, as_json).call("POST", "/applications", body).value
    if as_json:
        print_json(made)
        return
    registration = made["registration"]
    if made["client_secret"] is not None:
        typer.echo(made["client_secret"])
        note(f"The client secret of {registration['client_id']}, until {made['client_secret_expires_at']}.")
        note("Its text is stored nowhere and cannot be shown again.")
    note(f"{registration['client_id']} ({registration['name']}) waits for approval.")


@app.command()
def keys(client_id: ClientId, jwks: JsonFile, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Replace a registered client's public keys by the JWK set in a file.

    To rotate, send the old ones along with the new. Of an approved client a new key waits for approval.
    """
    path = f"/applications/{segment(client_id)}/keys"
    made = connect(profile, as_json).call("PUT", path, {"jwks": _read(jwks)}).value
    if as_json:
        print_json(made)
        return
    waits = "wait for approval" if made["update_pending"] else "hold"
    typer.echo(f"The keys of {made['client_id']} ({made['name']}) {waits}")


@app.command()
def usage(
    client_id: ClientId,
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days back.")] = 7,
    by: Annotated[By, typer.Option(help="What is counted together.")] = By.day,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how much an application called over time."""
    since = rfc3339(datetime.now(UTC) - timedelta(days=days))
    asked = {"from": since, "by": by.value}
    show_points(connect(profile, as_json).get(f"/applications/{segment(client_id)}/usage", **asked), as_json)


@app.command()
def unused(
    client_id: ClientId,
    days: Annotated[int, typer.Option(min=1, max=366, help="For how many days.")] = 90,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the scopes that an application was granted and did not use: ask for less."""
    header = ("API", "VERSION", "CALLED", "UNUSED SCOPES")
    found = connect(profile, as_json).pages(f"/applications/{segment(client_id)}/unused-scopes", days=days)
    print_list(found, as_json, header, _unused, "It used all that it was granted, or had no time to yet.")


@app.command("to-do")
def to_do(
    application: Annotated[
        str | None, typer.Option(metavar="CLIENT_ID", help="Of this application alone.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="For how many days back calls are counted.")] = 90,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what your applications have to change by when, and what they still call of it."""
    header = ("DUE", "APPLICATION", "API", "VERSION", "MOVE TO", "STILL CALLED")
    found = connect(profile, as_json).pages("/to-do", application=application, days=days)
    print_list(found, as_json, header, _to_do, "There is nothing to do.")


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        fail(f"{file} is no JSON document: {error}")


def _item(each: dict[str, Any]) -> tuple[str, ...]:
    return each["client_id"], each["title"], each["consumer"], str(each["subscriptions"])


def _unused(each: dict[str, Any]) -> tuple[str, ...]:
    return each["api"], each["version"], "yes" if each["called"] else "no", " ".join(each["unused"]) or "-"


def _to_do(each: dict[str, Any]) -> tuple[str, ...]:
    called = ", ".join(f"{one['operation']} ({one['calls']})" for one in each["called"])
    due = (each["due"] or "no date")[:10]
    return due, each["application"], each["api"], each["version"], each["successor"] or "-", called or "-"
