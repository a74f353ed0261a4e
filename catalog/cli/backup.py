"""`ostiary catalog export` and `import`: the whole store as one file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from catalog.cli.local import Data, open_settings, require_catalog, store_faults
from catalog.cli.output import fail, note, print_json

Json = Annotated[bool, typer.Option("--json", help="Print what it holds as JSON.")]


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the back-up.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Write everything in the store to one file, as it is at one moment, while the catalog goes on.

    The file appears whole or not at all. Of tokens and secrets it has digests; the key files are not in it and are
    backed up by themselves.
    """
    settings = open_settings(data=data or (context.obj or {}).get("data"))
    require_catalog(settings)
    if file.exists() and not force:
        fail(f"{file} is there already", hint="Choose another name, or --force.")
    import asyncio

    from catalog.backup.exporting import OtherSchema, export_to

    try:
        with store_faults():
            summary = asyncio.run(export_to(settings.store_url, file))
    except OtherSchema as error:
        fail(str(error))
    if as_json:
        print_json(summary)
    else:
        note(f"{summary.rows} rows of {len(summary.tables)} tables in {file}, {summary.digest}")


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A back-up, as export writes it.")],
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Read a back-up into an empty store: all of it, or nothing.

    The store may be on the other database. Stop the catalog before, and give it the key files that belong to the
    back-up: what is signed and the digests of secrets are good with them alone. Exit code 2 for a store that is
    not empty, and for a file that is cut off, altered, or of another version.
    """
    settings = open_settings(data=data or (context.obj or {}).get("data"))
    import asyncio

    from catalog.backup.importing import StoreNotEmpty, import_from
    from catalog.backup.reading import BadBackup

    try:
        with store_faults():
            summary = asyncio.run(import_from(settings.store_url, file))
    except (BadBackup, StoreNotEmpty) as error:
        fail(str(error))
    if as_json:
        print_json(summary)
    else:
        note(f"{summary.rows} rows of {len(summary.tables)} tables from {file}, {summary.digest}")
        note("Next: `ostiary audit verify` with the key files of the back-up.")
