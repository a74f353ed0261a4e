"""`ostiary credentials least-privilege`, `bulk` and `leak`: work on many credentials at once."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from catalog.cli.credential_text import CREDENTIALS, credential_row, print_called
from catalog.cli.output import fail, note, print_json, print_table
from catalog.cli.remote import JsonOption, ProfileOption, connect
from catalog.clock import DAY, rfc3339

Reason = Annotated[str | None, typer.Option("--reason", "-m", help="Why. It stands in the audit log.")]
Application = Annotated[str | None, typer.Option(help="Of this application alone.")]

_SPARE: Final = ("ID", "KIND", "APPLICATION", "OWNER", "NOT USED FOR", "USED FOR")
_GRANTS: Final = ("APPLICATION", "API", "VERSION", "CALLED", "NOT USED", "GRANTED")


def least_privilege(
    days: Annotated[int, typer.Option(min=1, max=366, help="Days without use.")] = 90,
    application: Application = None,
    reduce: Annotated[
        bool, typer.Option("--reduce", help="Narrow credentials to what they were used for, at once.")
    ] = False,
    patch: Annotated[
        bool, typer.Option("--patch", help="Print what to change in consumers.yaml, as a JSON Patch, and no more.")
    ] = False,
    reason: Reason = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --reduce: only show what it would do.")] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List scopes and APIs that are granted and were not used, and be rid of them in one step.

    What the estate grants changes as an estate does: `--patch` prints how.
    """
    remote = connect(profile, as_json)
    if reduce:
        if reason is None:
            fail("--reduce takes a --reason")
        body: dict[str, Any] = {"days": days, "reason": reason, "dry_run": dry_run}
        body |= {} if application is None else {"application": application}
        done = remote.call("POST", "/least-privilege/reduction", body).value
        if as_json:
            print_json(done)
        else:
            _print_narrowed(done)
        return
    found = remote.get("/least-privilege", days=days, application=application)
    if patch:
        print_json(found["patch"])
    elif as_json:
        print_json(found)
    else:
        _print_spare(found, days)


def bulk(
    action: Annotated[
        Literal["rotate", "revoke", "extend", "hand-over"], typer.Argument(help="What is done to all of them.")
    ],
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why. It stands in the audit log.")],
    consumer: Annotated[str | None, typer.Option(help="Those of this consumer's applications.")] = None,
    application: Application = None,
    team: Annotated[str | None, typer.Option(help="For which this team answers.")] = None,
    api: Annotated[str | None, typer.Option(help="Those of applications that may call this API.")] = None,
    kind: Annotated[str | None, typer.Option(help="client-secret, api-key or hmac-key.")] = None,
    key_id: Annotated[list[str] | None, typer.Option("--id", help="Only this one. Repeat.")] = None,
    unused_days: Annotated[int | None, typer.Option(min=1, max=366, help="Not used for so many days.")] = None,
    spare_days: Annotated[
        int | None, typer.Option(min=1, max=366, help="With a scope that was not used for so many days.")
    ] = None,
    orphaned: Annotated[bool, typer.Option("--orphaned", help="For which nobody answers any more.")] = False,
    overlap_days: Annotated[
        float, typer.Option(min=0, max=366, help="With rotate: days for which the old ones stay good.")
    ] = 7,
    expires_days: Annotated[
        int | None, typer.Option(min=1, max=366, help="With rotate and extend: days from now until they expire.")
    ] = None,
    new_team: Annotated[
        str | None, typer.Option(help="With hand-over: the team that answers from now on.")
    ] = None,
    new_owner: Annotated[str | None, typer.Option(help="With hand-over: the member of it who does.")] = None,
    expected: Annotated[
        int | None, typer.Option(min=0, max=1000, help="How many it has to hit; else nothing is done.")
    ] = None,
    preview: Annotated[
        str | None,
        typer.Option(help="The name that --dry-run gave: exactly what it has shown is done, or nothing."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show who would be hit.")] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rotate, revoke, extend or hand over many credentials: all of them, or none.

    Exit codes: 0 done, 1 refused, 2 bad input.
    """
    body: dict[str, Any] = {
        "action": action,
        "reason": reason,
        "consumer": consumer,
        "application": application,
        "team": team,
        "api": api,
        "kind": kind,
        "expires_days": expires_days,
        "new_team": new_team,
        "new_owner": new_owner,
        "expected": expected,
        "key_ids": key_id or None,
        "unused_days": unused_days,
        "spare_days": spare_days,
        "orphaned": orphaned or None,
        "dry_run": dry_run,
    }
    if action == "rotate":
        until = datetime.fromtimestamp(int(datetime.now(UTC).timestamp() + overlap_days * DAY) + 1, UTC)
        body["overlap_until"] = rfc3339(until)
    wanted = {name: value for name, value in body.items() if value is not None}
    done = connect(profile, as_json).call("POST", "/credential-actions", wanted, if_match=preview)
    if as_json:
        print_json(done.value)
    else:
        _print_hit(done.value, done.etag)


def leak(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="What the secret was found in; standard input without it."),
    ] = None,
    source: Annotated[str, typer.Option(help="Where that was, for the audit log and for the owner.")] = "",
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report a leaked secret, in whatever text it stands: it is revoked, or its owner told, as the estate says.

    The text is stored nowhere. Exit codes: 0 taken, 1 refused, 2 bad input.
    """
    try:
        data = sys.stdin.buffer.read() if file is None else file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    body = {"text": data.decode("utf-8", "replace").replace("\0", " "), "source": source}
    found = connect(profile, as_json).call("POST", "/leaks", body).value
    if as_json:
        print_json(found)
        return
    for each in found["leaks"]:
        typer.echo(
            f"{each['key_id']}  {each['kind']} of {each['application'] or each['owner']}: {each['outcome']}"
        )
    if not found["leaks"]:
        note("There is no secret of this catalog in it.")
    if found["unknown"]:
        note(f"{found['unknown']} that only look like one, or are of another environment.")


def _print_spare(found: dict[str, Any], days: int) -> None:
    if found["credentials"]:
        typer.echo(f"Credentials that are good for more than they were used for in {days} days:")
        rows = [
            (
                each["key_id"],
                each["kind"],
                each["application"],
                each["owner"],
                " ".join(each["unused"]) or "-",
                "nothing" if each["idle"] else " ".join(each["kept"]) or "-",
            )
            for each in found["credentials"]
        ]
        print_table(_SPARE, rows, indent=2)
    if found["subscriptions"]:
        typer.echo(f"Subscriptions that grant more than was used in {days} days:")
        grants = [
            (
                each["application"],
                each["api"],
                each["version"],
                "yes" if each["called"] else "no",
                " ".join(each["unused"]) or "-",
                " ".join(each["granted"]) or "-",
            )
            for each in found["subscriptions"]
        ]
        print_table(_GRANTS, grants, indent=2)
    if not found["credentials"] and not found["subscriptions"]:
        note(f"All that was granted for {days} days was used in them.")


def _print_narrowed(done: dict[str, Any]) -> None:
    if not done["narrowed"]:
        note("There is nothing to narrow.")
        return
    typer.echo("Nothing was done. It would narrow:" if done["dry_run"] else "Narrowed:")
    for each in done["narrowed"]:
        before = " ".join(each["before"]) or "all that is granted"
        typer.echo(f"  {each['key_id']} of {each['application']}: {before} → {' '.join(each['after'])}")


def _print_hit(done: dict[str, Any], preview: str) -> None:
    count = len(done["credentials"])
    if done["dry_run"]:
        typer.echo(f"Nothing was done. {done['action']} would hit {count}:")
    else:
        typer.echo(f"{done['action']} hit {count}:")
    print_table(CREDENTIALS, [credential_row(each) for each in done["credentials"]], indent=2)
    for each in done["issued"]:
        typer.echo(f"{each['credential']['predecessor']} → {each['secret']}")
    print_called(done["reached"]["called"])
    if done["dry_run"]:
        note(f"With --preview {preview} exactly this is done, or nothing.")
