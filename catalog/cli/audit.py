"""`ostiary audit`: read the audit log, prove it, export it."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from catalog.cli.local import Data, open_settings, require_catalog
from catalog.cli.output import FINDINGS, fail, note, print_json

if TYPE_CHECKING:
    from catalog.audit.chain import Entry
    from catalog.audit.log import AuditLog
    from catalog.settings import CatalogSettings

T = TypeVar("T")

app = typer.Typer(
    help="Read the audit log: what was decided and changed, by whom, when and why.",
    epilog="Works on the catalog's store, whether the catalog is running or not. Nothing can change an entry.",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Subject = Annotated[str | None, typer.Option(help="Only of this kind of thing, such as `client-secret`.")]
Actor = Annotated[str | None, typer.Option(help="Only what this one did.")]


@app.command("list")
def list_entries(
    subject: Subject = None,
    object_: Annotated[str | None, typer.Option("--object", help="Only of this one of its kind.")] = None,
    actor: Actor = None,
    last: Annotated[int, typer.Option(min=1, help="How many, the newest.")] = 50,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """List entries, the newest last."""
    from collections import deque

    from catalog.audit.log import Filter

    async def read(log: "AuditLog") -> "deque[Entry]":
        return deque([entry async for entry in log.entries(Filter(subject, object_, actor))], maxlen=last)

    found = _with_log(data, read)
    if as_json:
        print_json([_members(entry) for entry in found])
        return
    for entry in found:
        members = _members(entry)
        why = f" ({members['reason']})" if members["reason"] else ""
        what = f"{members['subject']} {members['object']} {members['action']}"
        typer.echo(f"{entry.number:>6}  {members['at']}  {what} by {members['actor']}{why}")
    if not found:
        note("The audit log has no such entry.")


@app.command()
def export(data: Data = None) -> None:
    """Print every entry as a line of JSON, in order, with its digest and the one before."""
    import msgspec

    async def write(log: "AuditLog") -> None:
        async for entry in log.entries():
            typer.echo(msgspec.json.encode(_members(entry)).decode())

    _with_log(data, write)


@app.command()
def verify(
    expect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NUMBER:DIGEST",
            help="A checkpoint that was kept elsewhere, as the catalog logs it. Again for more.",
        ),
    ] = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Prove that no entry was altered, removed or put in.

    Exit code 1 where one was, with the first that is not as it was written. What was removed after the last
    checkpoint is found only with --expect.
    """
    expected = dict(_anchor(text) for text in expect or ())
    settings = open_settings(data=data)
    require_catalog(settings)
    from catalog.key_files import KeyFileError, load_snapshot_key

    try:
        key = load_snapshot_key(settings.keys_directory).public_key()
    except KeyFileError as error:
        fail(str(error))
    good, fault = _with_log(data, lambda log: log.verify(key, expected))
    if as_json:
        print_json(
            {
                "verified": fault is None,
                "entries": good,
                "fault": None if fault is None else {"entry": fault.number, "reason": fault.what},
            }
        )
    elif fault is None:
        typer.echo(f"{good} entries, each as it was written")
    else:
        typer.echo(str(fault))
        note(f"{good} entries before it are as they were written.")
    if fault is not None:
        raise typer.Exit(FINDINGS)


def _anchor(text: str) -> tuple[int, bytes]:
    number, _, digest = text.partition(":")
    try:
        anchor = int(number), bytes.fromhex(digest)
    except ValueError:
        anchor = 0, b""
    if anchor[0] < 1 or len(anchor[1]) != 32:
        hint = "Such as 42:9f86d081…, with the 64 digits of SHA-256."
        fail(f"--expect {text!r} is not NUMBER:DIGEST", hint=hint)
    return anchor


def _with_log(data: Path | None, use: "Callable[[AuditLog], Coroutine[Any, Any, T]]") -> T:
    from sqlalchemy.exc import SQLAlchemyError

    settings = open_settings(data=data)
    require_catalog(settings)
    try:
        return asyncio.run(_opened(settings, use))
    except SQLAlchemyError as error:
        fail(f"the store does not answer ({type(error).__name__})")


async def _opened(settings: "CatalogSettings", use: "Callable[[AuditLog], Coroutine[Any, Any, T]]") -> T:
    from catalog.audit.log import AuditLog
    from catalog.clock import system_clock
    from catalog.storage.engine import Store

    store = Store.open(settings.store_url)
    try:
        await store.migrate()
        return await use(AuditLog(store, system_clock))
    finally:
        await store.close()


def _members(entry: "Entry") -> dict[str, Any]:
    from datetime import UTC, datetime

    import msgspec

    at = datetime.fromtimestamp(entry.at, UTC).isoformat().replace("+00:00", "Z")
    return {
        "number": entry.number,
        "at": at,
        **msgspec.structs.asdict(entry.event),
        "previous": entry.previous.hex(),
        "digest": entry.digest.hex(),
    }
