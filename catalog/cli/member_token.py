"""`ostiary catalog member-token`: issue a member token straight on the store."""

from typing import Annotated

import typer

from catalog.cli.local import Data, Days, Estate, open_settings, require_catalog, store_faults
from catalog.cli.output import fail, note, print_json


def member_token(
    context: typer.Context,
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="The member's key in teams.yaml.")],
    expires_days: Days = 90,
    label: Annotated[str, typer.Option(help="What the token is for.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: Data = None,
    estate: Estate = None,
) -> None:
    """Issue a member token for the admin API and print it, once.

    Works on the catalog's store, whether the catalog is running or not. Without an estate the members are those of
    the revision in force. Exit code 2 when there is no such member.
    """
    given = context.obj or {}
    settings = open_settings(estate=estate or given.get("estate"), data=data or given.get("data"))
    require_catalog(settings)
    import asyncio

    from catalog.people.issuing import NoTeams, UnknownMember, issue_member_token
    from catalog.revisions.store import AlteredError

    try:
        with store_faults():
            issued = asyncio.run(issue_member_token(settings, member, expires_days, label))
    except UnknownMember as error:
        fail(str(error), hint=f"Known are: {', '.join(error.known)}" if error.known else "There is none.")
    except (NoTeams, AlteredError) as error:
        fail(str(error))
    expires = issued.entry.expires_at.isoformat().replace("+00:00", "Z")
    if as_json:
        print_json({"member": member, "token": issued.text, "key_id": issued.entry.key_id, "expires_at": expires})
        return
    typer.echo(issued.text)
    note(f"The token of {member} until {expires}. It is stored nowhere and cannot be shown again.")
