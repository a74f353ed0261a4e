"""`ostiary token`: get an access token, for trying."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from catalog.cli.output import fail, print_json

_HINTS = {
    "invalid_client": "Unknown client id, or a secret that is wrong or expired. "
    "`ostiary catalog issue CLIENT_ID` issues a new one.",
    "invalid_scope": "Ask for scopes that the application's subscriptions grant (consumers.yaml), "
    "or leave --scope out to get all of them.",
    "unsupported_grant_type": "Is this an Ostiary catalog? Its metadata is at "
    "/.well-known/oauth-authorization-server.",
}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def token(
    client_id: Annotated[
        str | None, typer.Option(help="The application's client id.", envvar="OSTIARY_CLIENT_ID")
    ] = None,
    client_secret: Annotated[
        str | None,
        typer.Option(
            metavar="-",
            help="`-` reads the secret from standard input. Without it: $OSTIARY_CLIENT_SECRET, --credentials, or "
            "a prompt. A secret is never taken from the command line, where other users can see it.",
        ),
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="A scope to ask for; repeat for more. Default: all that are granted.")
    ] = None,
    catalog: Annotated[
        str, typer.Option(help="URL of the catalog.", envvar="OSTIARY_CATALOG_URL")
    ] = "http://127.0.0.1:8081",
    credentials: Annotated[
        Path | None, typer.Option(help="File with clients and their secrets, as `up` and `demo` write it.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the whole token response, not the token alone.")
    ] = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Send the secret over http:// to another machine.")
    ] = False,
) -> None:
    """Get an access token from the catalog (OAuth client credentials) and print it.

    Exit code 2, with the reason, when none is given. Use it at once:
    curl -H "Authorization: Bearer $(ostiary token --client-id my-app)" …
    """
    parts = urlsplit(catalog)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not insecure:
        fail(
            f"{catalog} is not https: the secret would travel in clear",
            hint="Use https, or --insecure where the network itself is private.",
        )
    if client_id is None or credentials is not None:
        client_id, secret = _from_file(credentials, client_id)
    else:
        secret = _secret(client_secret)
    import asyncio

    from catalog.oauth.token_client import TokenError, request_token

    scopes = tuple(name for text in scope or () for name in text.split())
    try:
        answer = asyncio.run(request_token(catalog, client_id, secret, scopes))
    except TokenError as error:
        fail(str(error), hint=_HINTS.get(error.code, ""))
    if as_json:
        print_json(answer)
    else:
        typer.echo(answer["access_token"])


def _secret(option: str | None) -> str:
    if option not in (None, "-"):
        fail(
            "a secret on the command line can be read by other users and stays in the shell's history",
            hint="Use --client-secret - and standard input, or $OSTIARY_CLIENT_SECRET.",
        )
    if option == "-":
        text = sys.stdin.readline().strip()
    elif "OSTIARY_CLIENT_SECRET" in os.environ:
        text = os.environ["OSTIARY_CLIENT_SECRET"].strip()
    elif sys.stdin.isatty():
        text = typer.prompt("Client secret", hide_input=True, err=True).strip()
    else:
        fail("there is no client secret", hint="Give it by --client-secret - or $OSTIARY_CLIENT_SECRET.")
    if not text:
        fail("the client secret is empty")
    return text


def _from_file(path: Path | None, client_id: str | None) -> tuple[str, str]:
    """The client (the only one, where none is named) and its secret, from `{client_id: {"secret": …}}`."""
    if path is None:
        fail("which application? Give --client-id, or --credentials with a file that has just one")
    entries = _read(path)
    if client_id is None:
        if len(entries) != 1:
            fail(f"{path} has {len(entries)} applications", hint=f"Choose by --client-id: {', '.join(entries)}")
        [client_id] = entries
    entry = entries.get(client_id)
    if not isinstance(entry, dict) or not isinstance(entry.get("secret"), str):
        fail(f"{path} has no secret of {client_id!r}", hint=f"It has those of: {', '.join(entries)}")
    return client_id, entry["secret"]


def _read(path: Path) -> dict[str, Any]:
    import msgspec

    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        fail(f"{path} is no credentials file: {error}")
