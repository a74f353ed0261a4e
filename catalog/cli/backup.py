"""`ostiary catalog export` and `import`: the whole store as one file, and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalog.cli.local import Data, open_settings, require_catalog, store_faults
from catalog.cli.output import fail, note, print_json
from catalog.cli.remote import ProfileOption, Remote, connect, names_a_catalog

if TYPE_CHECKING:
    from catalog.backup.format import Summary
    from catalog.settings import CatalogSettings

Json = Annotated[bool, typer.Option("--json", help="Print what it holds as JSON.")]


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the back-up.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: Json = False,
    data: Data = None,
    profile: ProfileOption = None,
) -> None:
    """Write everything in the store to one file, as it is at one moment, while the catalog goes on.

    Of the store on this machine; with a profile, or with OSTIARY_TOKEN, of a catalog elsewhere, for operators. The
    file appears whole or not at all. Of tokens and secrets it has digests; the key files are not in it and are
    backed up by themselves.
    """
    data = data or (context.obj or {}).get("data")
    elsewhere = names_a_catalog(profile) and (data is None or profile is not None)
    settings = None if elsewhere else open_settings(data=data)
    if settings is not None:
        require_catalog(settings)
    if file.exists() and not force:
        fail(f"{file} is there already", hint="Choose another name, or --force.")
    summary = _from_far(connect(profile, as_json), file) if settings is None else _from_near(settings, file)
    if as_json:
        print_json(summary)
    else:
        note(f"{summary.rows} rows of {len(summary.tables)} tables in {file}, {summary.digest}")


def _from_near(settings: "CatalogSettings", file: Path) -> "Summary":
    import asyncio

    from catalog.backup.exporting import OtherSchema, export_to

    try:
        with store_faults():
            return asyncio.run(export_to(settings.store_url, file))
    except OtherSchema as error:
        fail(str(error))


def _from_far(remote: Remote, file: Path) -> "Summary":
    from catalog.backup.exporting import appearing
    from catalog.backup.reading import BadBackup, summary_in

    try:
        with appearing(file) as stream:
            remote.download("/export", stream)
            return summary_in(stream)
    except BadBackup as error:
        fail(f"what came is not whole: {error}")


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A back-up, as export writes it.")],
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Read a back-up into an empty store: all of it, or nothing.

    The store is that on this machine: an empty one has nobody who could ask for it from elsewhere. It may be on
    the other database. Stop the catalog before, and give it the key files that belong to the
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
