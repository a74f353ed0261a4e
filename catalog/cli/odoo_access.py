"""How commands get at an Odoo: the options that say where it is and who asks, and the connection."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from catalog.cli.output import fail

if TYPE_CHECKING:
    from catalog.odoo.remote import Login, Remote

T = TypeVar("T")

Url = Annotated[str, typer.Option("--url", envvar="OSTIARY_ODOO_URL", metavar="URL", help="Where the Odoo is.")]
Db = Annotated[
    str,
    typer.Option(
        "--db",
        envvar="OSTIARY_ODOO_DB",
        metavar="NAME",
        help="Its database. JSON-2 needs it only where it has several.",
    ),
]
User = Annotated[
    str,
    typer.Option("--user", envvar="OSTIARY_ODOO_USER", metavar="LOGIN", help="Who asks. JSON-RPC needs it."),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        envvar="OSTIARY_ODOO_KEY",
        metavar="KEY",
        help="An API key. On the command line others may see it.",
    ),
]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", metavar="FILE", help="A file with the key.", show_default=False)
]
Protocol = Annotated[
    Literal["json2", "jsonrpc"] | None,
    typer.Option(
        "--protocol", help="What to speak. Without it, the newest that the Odoo has.", show_default=False
    ),
]


def with_odoo(
    work: "Callable[[Remote], Coroutine[Any, Any, T]]",
    url: str,
    db: str,
    user: str,
    key: str | None,
    key_file: Path | None,
    protocol: Literal["json2", "jsonrpc"] | None,
) -> "tuple[T, Login]":
    """Does the work with a connection. Ends the command where the Odoo cannot be asked."""
    from catalog.odoo.remote import Login, OdooError, connected

    if key_file is not None:
        try:
            key = key_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            fail(f"--key-file {str(key_file)!r} cannot be read: {error.strerror}")
    if not key:
        fail("there is no key", hint="Give it with --key-file, or in the environment as OSTIARY_ODOO_KEY.")
    login = Login(url, db, user, key)

    async def run() -> T:
        async with connected(login, protocol) as remote:
            return await work(remote)

    try:
        return asyncio.run(run()), login
    except OdooError as refusal:
        fail(str(refusal))
