"""`ostiary credentials`: what opens the gateway, who answers for it, and how to replace or end it."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from catalog.cli.credential_text import CREDENTIALS, credential_row, print_detail, print_done
from catalog.cli.credential_watch import enforcement, rotations, views
from catalog.cli.credential_work import bulk, leak, least_privilege
from catalog.cli.moments import moment
from catalog.cli.output import note, print_json, print_list
from catalog.cli.remote import JsonOption, ProfileOption, connect, segment
from catalog.clock import DAY, rfc3339

app = typer.Typer(
    help="See credentials, issue, replace and revoke them.",
    epilog="A secret is printed once, on standard output, by the command that made it.",
    no_args_is_help=True,
)

KeyId = Annotated[str, typer.Argument(metavar="ID", help="The public part of the credential.")]
Reason = Annotated[str, typer.Option("--reason", "-m", help="Why. It stands in the audit log.")]
ExpiresDays = Annotated[int | None, typer.Option(min=1, max=366, help="Days until it expires.")]


@app.command("list")
def list_credentials(
    application: Annotated[str | None, typer.Option(help="Of this application alone.")] = None,
    team: Annotated[str | None, typer.Option(help="For which this team answers.")] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="client-secret, api-key, hmac-key, jwk, jwks, certificate, member-token or signing-key."
        ),
    ] = None,
    state: Annotated[str | None, typer.Option(help="active, replaced, ended, expired or revoked.")] = None,
    consumer: Annotated[str | None, typer.Option(help="Of this consumer's applications.")] = None,
    api: Annotated[str | None, typer.Option(help="Of applications that may call this API.")] = None,
    owner: Annotated[str | None, typer.Option(help="For which this member answers.")] = None,
    scope: Annotated[str | None, typer.Option(help="Good for this scope.")] = None,
    unused_days: Annotated[int | None, typer.Option(min=1, max=366, help="Not used for so many days.")] = None,
    spare_days: Annotated[
        int | None, typer.Option(min=1, max=366, help="With a scope that was not used for so many days.")
    ] = None,
    orphaned: Annotated[bool, typer.Option("--orphaned", help="For which nobody answers any more.")] = False,
    text: Annotated[str | None, typer.Option(help="With this in key id, application, owner or purpose.")] = None,
    order: Annotated[
        str | None,
        typer.Option(help="ends, created, last-used, application or owner; with a minus the other way round."),
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List credentials, those that end first first. A secret's text is stored nowhere."""
    _list(
        profile,
        as_json,
        application=application,
        team=team,
        kind=kind,
        state=state,
        consumer=consumer,
        api=api,
        owner=owner,
        scope=scope,
        unused_days=unused_days,
        spare_days=spare_days,
        orphaned="true" if orphaned else None,
        text=text,
        order=order,
    )


@app.command()
def reminders(
    days: Annotated[int, typer.Option(min=0, max=366, help="Within so many days.")] = 30,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List good credentials that end soon, of which their owners are reminded."""
    _list(profile, as_json, ending_days=days)


@app.command()
def show(key_id: KeyId, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Show a credential, and what its application called in the last day."""
    found = connect(profile, as_json).get(f"/credentials/{segment(key_id)}")
    if as_json:
        print_json(found)
    else:
        print_detail(found)


@app.command()
def issue(
    application: Annotated[str, typer.Argument(metavar="APPLICATION", help="The application's client id.")],
    team: Annotated[str, typer.Option(help="The team that answers for it.")],
    owner: Annotated[str, typer.Option(help="The member of that team who does.")],
    purpose: Annotated[str, typer.Option(help="What it is for.")],
    kind: Annotated[str, typer.Option(help="client-secret, api-key or hmac-key.")] = "client-secret",
    expires_days: Annotated[int, typer.Option(min=1, max=366, help="Days until it expires.")] = 90,
    scope: Annotated[list[str] | None, typer.Option(help="What it is good for. Repeat.")] = None,
    network: Annotated[list[str] | None, typer.Option(help="Of a key: from where (CIDR). Repeat.")] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue a credential and print its secret, once."""
    body = {
        "kind": kind,
        "application": application,
        "team": team,
        "owner": owner,
        "purpose": purpose,
        "expires_days": expires_days,
        "scopes": scope or [],
        "networks": network or [],
    }
    _print_issued(connect(profile, as_json).call("POST", "/credentials", body).value, as_json)


@app.command()
def rotate(
    key_id: KeyId,
    overlap_days: Annotated[
        float, typer.Option(min=0, max=366, help="Days for which the old one stays good beside the new one.")
    ] = 7,
    expires_days: ExpiresDays = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue a successor and print its secret, once. Both show when they were used last."""
    until = datetime.fromtimestamp(int(datetime.now(UTC).timestamp() + overlap_days * DAY) + 1, UTC)
    body: dict[str, Any] = {"overlap_until": rfc3339(until)}
    if expires_days is not None:
        body["expires_days"] = expires_days
    remote = connect(profile, as_json)
    _print_issued(remote.call("POST", f"/credentials/{segment(key_id)}/rotation", body).value, as_json)


@app.command("hand-over")
def hand_over(
    key_id: KeyId,
    team: Annotated[str, typer.Option(help="The team that answers for it from now on.")],
    owner: Annotated[str, typer.Option(help="The member of that team who does.")],
    reason: Reason,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let another member answer for a credential."""
    body = {"team": team, "owner": owner, "reason": reason}
    made = connect(profile, as_json).call("PUT", f"/credentials/{segment(key_id)}/owner", body).value
    if as_json:
        print_json(made)
    else:
        typer.echo(f"{made['owner']} of {made['team']} answers for {key_id}")


@app.command()
def revoke(
    reason: Reason,
    key_id: Annotated[str | None, typer.Argument(metavar="ID", help="The public part of a credential.")] = None,
    application: Annotated[str | None, typer.Option(help="Cut this application off.")] = None,
    consumer: Annotated[str | None, typer.Option(help="Cut all applications of this consumer off.")] = None,
    issued_before: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="End tokens issued before: of --application, of --consumer, or all. Or `now`."
        ),
    ] = None,
    signing_key: Annotated[
        str | None, typer.Option(metavar="KID", help="Withdraw this key of the catalog, with all that it signed.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show who would be cut off.")] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """End credentials, or tokens, at once. Gateways refuse them within a second.

    Shows who is cut off, and what they called in the last day. Exit codes: 0 done, 1 refused, 2 bad input.
    """
    named = {
        "credential": key_id,
        "application": application,
        "consumer": consumer,
        "signing_key": signing_key,
    }
    body: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    body |= {"reason": reason, "dry_run": dry_run}
    if issued_before is not None:
        body["issued_before"] = issued_before if issued_before == "now" else _rfc3339(issued_before)
    done = connect(profile, as_json).call("POST", "/revocations", body).value
    if as_json:
        print_json(done)
    else:
        print_done(done)


@app.command()
def revocations(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """List what was cut off, and whether it was let in again."""
    columns = ("number", "kind", "application", "consumer", "issued_before", "at", "by", "lifted_at", "reason")
    header = ("NUMBER", "KIND", "APPLICATION", "CONSUMER", "ISSUED BEFORE", "SINCE", "BY", "LIFTED", "WHY")
    found = connect(profile, as_json).pages("/revocations")
    print_list(
        found,
        as_json,
        header,
        lambda each: tuple(str(each[column] or "") for column in columns),
        "Nothing was cut off.",
    )


@app.command()
def lift(
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="The revocation's number.")],
    reason: Reason,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an application or a consumer in again that was cut off."""
    lifted = connect(profile, as_json).call("DELETE", f"/revocations/{number}", query={"reason": reason}).value
    if as_json:
        print_json(lifted)
    else:
        typer.echo(f"{lifted['application'] or lifted['consumer']} may call again")


app.command("rotations")(rotations)
app.command("enforcement")(enforcement)
app.command("views")(views)
app.command("least-privilege")(least_privilege)
app.command("bulk")(bulk)
app.command("leak")(leak)


def _list(profile: str | None, as_json: bool, **chosen: Any) -> None:
    found = connect(profile, as_json).pages("/credentials", **chosen)
    print_list(found, as_json, CREDENTIALS, credential_row, "There is no such credential.")


def _print_issued(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    typer.echo(made["secret"])
    each = made["credential"]
    note(f"{each['kind']} {each['key_id']} of {each['application']} until {each['expires_at']}.")
    note("Its text is stored nowhere and cannot be shown again.")


def _rfc3339(text: str) -> str:
    return rfc3339(moment("--issued-before", text))
