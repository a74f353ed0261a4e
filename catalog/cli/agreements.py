"""`ostiary consent`, `ostiary override` and `ostiary notices`: what opens the sunset gate, and who was told."""

from pathlib import Path
from typing import Annotated, Any

import typer

from catalog.cli.output import fail, note, print_json, print_table
from catalog.cli.remote import JsonOption, ProfileOption, connect

_HEADER = ("SENT (UTC)", "ABOUT", "SUBJECT", "TO", "HOW IT WENT")


def consent(
    api: Annotated[str, typer.Argument(metavar="API", help="The API's name.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its version, such as v1.")],
    consumer: Annotated[str, typer.Option("--consumer", metavar="NAME", help="The consumer that agrees.")],
    given_by: Annotated[str, typer.Option("--given-by", help="Who signed for it, by name and function.")],
    document: Annotated[
        Path, typer.Option("--document", metavar="FILE", help="What was signed. Its digest is recorded.")
    ],
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record that a consumer has agreed to a version's end, by a document that you keep.

    A version that is still called can be retired once everybody who calls it has agreed. The document itself is
    not sent. Exit code 1 when it is refused.
    """
    if not document.is_file():
        fail(f"{str(document)!r} is no file")
    import hashlib

    digest = "sha256:" + hashlib.sha256(document.read_bytes()).hexdigest()
    body = {
        "consumer": consumer,
        "api": api,
        "version": version,
        "given_by": given_by,
        "text_digest": digest,
    }
    made = connect(profile, as_json).call("POST", "/consents", body).value
    if as_json:
        print_json(made)
        return
    typer.echo(f"{consumer} agrees that {api} {version} ends on {made['sunset']}, signed by {given_by}.")
    note(f"Keep {document}: its digest is {digest}.")


def override(
    api: Annotated[str, typer.Argument(metavar="API", help="The API's name.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its version, such as v1.")],
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why. It stands in the audit log.")],
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take it upon you that a version is retired although it is called, or its time has not come.

    For architects. It stands for the sunset gate alone: the change that retires the version still needs its
    approvals, and its authors' own overrides do not count. Exit code 1 when it is refused.
    """
    body = {"api": api, "version": version, "reason": reason}
    made = connect(profile, as_json).call("POST", "/retirement-overrides", body).value
    if as_json:
        print_json(made)
    else:
        typer.echo(f"The sunset gate of {api} {version} is open, by {made['given_by']}: {reason}")


def notices(
    about: Annotated[
        str | None, typer.Option("--about", metavar="THING", help="About this alone: orders/v1, extension/3.")
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what people were told by themselves, the newest first, and whether it has arrived."""
    found = list(connect(profile, as_json).pages("/notices", about=about))
    if as_json:
        print_json(found)
    elif not found:
        typer.echo("Nobody was told anything.")
    else:
        print_table(_HEADER, [_row(each) for each in found])


def _row(notice: dict[str, Any]) -> tuple[str, ...]:
    went = [
        f"{each['channel']}: {each['outcome']}" + (f" ({each['error']})" if each["error"] else "")
        for each in notice["deliveries"]
    ]
    return (
        notice["created_at"].removesuffix("Z").replace("T", " "),
        notice["about"],
        notice["subject"],
        ", ".join(notice["recipients"]),
        ", ".join(went) or "in the outbox",
    )
