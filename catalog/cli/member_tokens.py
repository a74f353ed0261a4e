"""`ostiary member-tokens`: see member tokens and end them: one's own, or anyone's for security and operators."""

from typing import Annotated

import typer

from catalog.cli.output import print_json, print_list
from catalog.cli.remote import JsonOption, ProfileOption, connect, segment

app = typer.Typer(
    help="See member tokens and revoke them.",
    epilog="A token is issued where the catalog runs: ostiary catalog member-token MEMBER.",
    no_args_is_help=True,
)


@app.command("list")
def list_tokens(
    member: Annotated[str | None, typer.Option(help="Whose; one's own without it.")] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List tokens with their expiry and last use. The text of a token is stored nowhere."""
    columns = ("key_id", "member", "label", "expires_at", "last_used_at", "revoked_at")
    header = ("ID", "MEMBER", "FOR", "EXPIRES", "LAST USED", "REVOKED")
    found = connect(profile, as_json).pages("/tokens", member=member)
    print_list(
        found, as_json, header, lambda each: tuple(each[column] or "" for column in columns), "There is no token."
    )


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The public part of the token.")],
    reason: Annotated[str, typer.Option(help="Why. It stands in the audit log.")],
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a token at once."""
    remote = connect(profile, as_json)
    ended = remote.call("DELETE", f"/tokens/{segment(key_id)}", query={"reason": reason}).value
    if as_json:
        print_json(ended)
    else:
        typer.echo(f"{ended['key_id']} of {ended['member']} is revoked")
