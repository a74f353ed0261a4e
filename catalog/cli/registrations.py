"""`ostiary registrations`: clients that were registered dynamically, and what is decided about them."""

from typing import Annotated, Any, Literal

import typer

from catalog.cli.output import fail, note, print_json, print_list
from catalog.cli.registration_text import print_registration
from catalog.cli.remote import JsonOption, ProfileOption, connect, segment

app = typer.Typer(
    help="Decide about clients that were registered dynamically (RFC 7591).",
    epilog="For security members and operators.",
    no_args_is_help=True,
)

ClientId = Annotated[str, typer.Argument(metavar="CLIENT_ID", help="The registration's client id.")]
Reason = Annotated[str, typer.Option("--reason", "-m", help="Why. It stands in the audit log.")]
Seen = Annotated[
    str | None,
    typer.Option(metavar="VERSION", help="What `show` called its version; with another nothing is decided."),
]


@app.command("list")
def list_registrations(
    state: Annotated[
        Literal["pending", "approved", "refused", "expired", "deleted"] | None,
        typer.Option(help="In this state alone."),
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List registrations, the newest first."""
    header = ("CLIENT ID", "NAME", "STATE", "UPDATE", "CONSUMER", "TEAM", "OWNER", "UNTIL")
    found = connect(profile, as_json).pages("/registrations", state=state)
    print_list(found, as_json, header, _row, "There is no such registration.")


@app.command()
def show(client_id: ClientId, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Show what a client says of itself, what it may call, and what waits for a decision."""
    reply = connect(profile, as_json).call("GET", f"/registrations/{segment(client_id)}")
    if as_json:
        print_json(reply.value)
    else:
        print_registration(reply.value, reply.etag)


@app.command()
def approve(
    client_id: ClientId,
    consumer: Annotated[str, typer.Option(help="Whose application it becomes.")],
    grant: Annotated[
        list[str],
        typer.Option(
            metavar="API/VERSION/PLAN=SCOPES",
            help="What it may call, such as orders/v1/standard=orders:read. Repeat.",
        ),
    ],
    reason: Reason,
    expires_days: Annotated[int, typer.Option(min=1, max=366, help="Days until the client ends.")] = 90,
    security: Annotated[
        Literal["baseline", "fapi-2"], typer.Option("--security", help="The security profile to keep to.")
    ] = "baseline",
    seen: Seen = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a client an application, change what it is granted, or take over its update."""
    body = {
        "consumer": consumer,
        "subscriptions": [_subscription(each) for each in grant],
        "expires_days": expires_days,
        "profile": security,
        "reason": reason,
    }
    made = _decide(client_id, "approval", body, seen, profile, as_json)
    if not as_json:
        typer.echo(f"{made['client_id']} ({made['name']}) is an application of {made['consumer']}")
        note(f"Until {made['expires_at']}.")


@app.command()
def refuse(
    client_id: ClientId,
    reason: Reason,
    seen: Seen = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Refuse a client, or the update of one that goes on as it was approved."""
    made = _decide(client_id, "refusal", {"reason": reason}, seen, profile, as_json)
    if not as_json:
        typer.echo(f"{made['client_id']} ({made['name']}): {made['state']}")


@app.command()
def end(client_id: ClientId, reason: Reason, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """End a client, its credentials, and what members gave to it."""
    path, query = f"/registrations/{segment(client_id)}", {"reason": reason}
    made = connect(profile, as_json).call("DELETE", path, query=query).value
    if as_json:
        print_json(made)
    else:
        typer.echo(f"{made['client_id']} ({made['name']}) is over")


@app.command("issue-token")
def issue_token(
    team: Annotated[str, typer.Option(help="The team that answers for what is registered by it.")],
    owner: Annotated[str, typer.Option(help="The member of that team who does.")],
    purpose: Annotated[str, typer.Option(help="What it is for.")],
    uses: Annotated[int, typer.Option(min=1, max=100, help="How many clients may be registered by it.")] = 1,
    expires_days: Annotated[int, typer.Option(min=1, max=90, help="Days until it expires.")] = 14,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue an initial access token, by which software may register itself, and print it, once."""
    body = {"team": team, "owner": owner, "purpose": purpose, "uses": uses, "expires_days": expires_days}
    made = connect(profile, as_json).call("POST", "/initial-access-tokens", body).value
    if as_json:
        print_json(made)
        return
    typer.echo(made["secret"])
    token = made["token"]
    note(f"Initial access token {token['key_id']} for {token['uses_left']} until {token['expires_at']}.")
    note("Its text is stored nowhere and cannot be shown again.")


@app.command()
def tokens(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """List initial access tokens."""
    header = ("ID", "TEAM", "OWNER", "USES LEFT", "UNTIL", "REVOKED", "FOR")
    columns = ("key_id", "team", "owner", "uses_left", "expires_at", "revoked_at", "purpose")
    found = connect(profile, as_json).pages("/initial-access-tokens")
    print_list(
        found,
        as_json,
        header,
        lambda each: tuple(_text(each[column]) for column in columns),
        "There is no initial access token.",
    )


@app.command("revoke-token")
def revoke_token(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The public part of the token.")],
    reason: Reason,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Revoke an initial access token. What was registered by it stays as it is."""
    path, query = f"/initial-access-tokens/{segment(key_id)}", {"reason": reason}
    made = connect(profile, as_json).call("DELETE", path, query=query).value
    if as_json:
        print_json(made)
    else:
        typer.echo(f"{made['key_id']} is revoked")


def _decide(
    client_id: str, action: str, body: dict[str, Any], seen: str | None, profile: str | None, as_json: bool
) -> dict[str, Any]:
    remote, path = connect(profile, as_json), f"/registrations/{segment(client_id)}"
    version = seen or remote.call("GET", path).etag
    made: dict[str, Any] = remote.call("POST", f"{path}/{action}", body, if_match=version).value
    if as_json:
        print_json(made)
    return made


def _subscription(text: str) -> dict[str, Any]:
    name, equals, scopes = text.partition("=")
    parts = name.split("/")
    if len(parts) != 3 or not all(parts) or not equals:
        fail(
            f"--grant takes API/VERSION/PLAN=SCOPES, not {text!r}", hint="Such as orders/v1/standard=orders:read."
        )
    api, version, plan = parts
    return {"api": api, "version": version, "plan": plan, "scopes": [each for each in scopes.split(",") if each]}


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    columns = ("client_id", "name", "state", "update_pending", "consumer", "team", "owner", "expires_at")
    return tuple(_text(each[column]) for column in columns)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "waits" if value else "-"
    return "-" if value is None else str(value)
