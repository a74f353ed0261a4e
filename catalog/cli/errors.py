"""`ostiary errors`: calls that failed, each explained."""

from itertools import islice
from typing import Annotated, Any

import typer

from catalog.cli.output import note, print_json, print_table
from catalog.cli.remote import JsonOption, ProfileOption, connect


def errors(
    request_id: Annotated[
        str | None, typer.Option(help="The X-Request-Id of the answer: only that call.", show_default=False)
    ] = None,
    application: Annotated[str | None, typer.Option(help="Only this application.", show_default=False)] = None,
    api: Annotated[str | None, typer.Option(help="Only this API.", show_default=False)] = None,
    version: Annotated[str | None, typer.Option(help="Only this version.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most, the newest.")] = 20,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show calls that were refused or failed, and what their caller can do.

    Gateways tell of a sample within seconds: the first of each application in every interval. What was sent is not
    kept. Partners see the calls of their own applications, and by its exact id a call whose token was not good.
    """
    remote = connect(profile, as_json)
    asked = {"request_id": request_id, "application": application, "api": api, "version": version}
    found = list(islice(remote.pages("/errors", **asked, limit=min(limit, 500)), limit))
    if as_json:
        print_json({"errors": found})
        return
    if not found:
        note("There is no such call. Gateways tell of failures within seconds, and of a sample of them.")
        return
    if request_id is not None:
        for each in found:
            _explain(each)
        return
    print_table(
        ("at (UTC)", "request id", "application", "operation", "status", "problem"),
        [
            (
                each["at"][:19].replace("T", " "),
                each["request_id"],
                each["application"] or "-",
                _operation(each),
                str(each["status"]),
                each["problem"] or "(the upstream's own)",
            )
            for each in found
        ],
    )


def _explain(each: dict[str, Any]) -> None:
    typer.echo(
        f"{each['at'][:19].replace('T', ' ')} UTC  {each['method']} {each['path'] or '?'}  {each['status']}"
    )
    typer.echo(f"  {each['title']}: {each['happened']}")
    typer.echo(f"  {each['advice']}")
    typer.echo(
        f"  operation {_operation(each)}, application {each['application'] or '-'}, "
        f"refused by {each['policy'] or '-'}, upstream {each['upstream']}, {each['milliseconds']} ms"
    )


def _operation(each: dict[str, Any]) -> str:
    return f"{each['api']}/{each['version']} {each['operation']}" if each["api"] else "(no such route)"
